import { COMMON_OPTIONS } from './commonOptions.ts';
import type { Verb } from './verb.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];
type Verbs = Readonly<Record<string, Verb>>;

/** Values that an option may have, where they are few. What is not listed is a file. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  map: ['gray', 'bgr', 'rgb-from-gray', 'bands:', 'drop-alpha', 'fold-repeats', 'normalize'],
  preset: ['imagenet', 'plus-minus-one', 'zero-to-one', 'raw'],
  order: ['rgb', 'bgr'],
};

/**
 * A script for the shell, made from the table of verbs, so that it never lags behind. Its words are ours: letters,
 * digits and dashes.
 */
export function completionScript(shell: Shell, verbs: Verbs): string {
  return SCRIPTS[shell](verbs);
}

const SCRIPTS: { readonly [S in Shell]: (verbs: Verbs) => string } = { bash, zsh, fish };

function names(verbs: Verbs): string[] {
  return [...Object.keys(verbs), 'completion', 'help'];
}

function optionsOf(verb: Verb): string[] {
  const options = { ...verb.options, ...COMMON_OPTIONS };
  return Object.entries(options).flatMap(([name, { short }]) => [`--${name}`, ...(short ? [`-${short}`] : [])]);
}

function bash(verbs: Verbs): string {
  return `_channelwise() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${names(verbs).join(' ')} --help --version' -- "$word"))
    return
  fi
  case "$before" in
${Object.entries(CHOICES)
  .map(([name, values]) => `    --${name}) COMPREPLY=($(compgen -f -W '${values.join(' ')}' -- "$word")); return ;;`)
  .join('\n')}
    completion) COMPREPLY=($(compgen -W '${SHELLS.join(' ')}' -- "$word")); return ;;
    help) COMPREPLY=($(compgen -W '${names(verbs).join(' ')}' -- "$word")); return ;;
  esac
  if [[ "$word" == -* ]]; then
    case "\${COMP_WORDS[1]}" in
${Object.entries(verbs)
  .map(([name, verb]) => `      ${name}) COMPREPLY=($(compgen -W '${optionsOf(verb).join(' ')}' -- "$word")) ;;`)
  .join('\n')}
    esac
    return
  fi
  COMPREPLY=($(compgen -f -- "$word"))
}
complete -o filenames -F _channelwise channelwise`;
}

function zsh(verbs: Verbs): string {
  return `#compdef channelwise
_channelwise() {
  local before=\${words[CURRENT-1]}
  if (( CURRENT == 2 )); then
    compadd ${names(verbs).join(' ')} --help --version
    return
  fi
  case "$before" in
${Object.entries(CHOICES)
  .map(([name, values]) => `    --${name}) compadd -- ${values.join(' ')}; _files; return ;;`)
  .join('\n')}
    completion) compadd ${SHELLS.join(' ')}; return ;;
    help) compadd ${names(verbs).join(' ')}; return ;;
  esac
  if [[ "$PREFIX" == -* ]]; then
    case "\${words[2]}" in
${Object.entries(verbs)
  .map(([name, verb]) => `      ${name}) compadd -- ${optionsOf(verb).join(' ')} ;;`)
  .join('\n')}
    esac
    return
  fi
  _files
}
if [ "$funcstack[1]" = "_channelwise" ]; then _channelwise "$@"; else compdef _channelwise channelwise; fi`;
}

function fish(verbs: Verbs): string {
  const first = `complete -c channelwise -n __fish_use_subcommand -f -a`;
  const lines = Object.entries(verbs).map(([name, { about }]) => `${first} ${name} -d '${about.replaceAll("'", '')}'`);
  const options = Object.entries(verbs).flatMap(([verb, { options }]) =>
    Object.entries({ ...options, ...COMMON_OPTIONS }).map(([name, { type, short }]) => {
      const value = type === 'string' ? ' -r' : '';
      const choices = CHOICES[name] ? ` -a '${CHOICES[name].join(' ')}'` : '';
      const letter = short ? ` -s ${short}` : '';
      return `complete -c channelwise -n '__fish_seen_subcommand_from ${verb}' -l ${name}${letter}${value}${choices}`;
    }),
  );
  return [
    ...lines,
    `${first} completion`,
    `complete -c channelwise -n '__fish_seen_subcommand_from completion' -f -a '${SHELLS.join(' ')}'`,
    ...options,
  ].join('\n');
}
