import { parseArgs } from 'node:util';
import { VERSION } from '../jobs/version.ts';
import { COMMON_OPTIONS } from './commonOptions.ts';
import { helpText, usageSentence, verbHelp } from './help.ts';
import { checkLimitOptions, limitsOf } from './limits.ts';
import { usageError, type Call, type Output, type Verb } from './verb.ts';
import { VERBS } from './verbs.ts';

const HELP = ['help', '--help', '-h'];
const VERSION_WORDS = ['--version', '-v'];

/** Runs one command line and returns its exit code. Throws ChannelwiseError for what the user can mend. */
export async function runVerb(argv: readonly string[], output: Output, signal: AbortSignal): Promise<number> {
  const [name = '', ...rest] = argv;
  if (VERSION_WORDS.includes(name)) return done(output, VERSION);
  if (HELP.includes(name)) {
    const asked = verbNamed(rest[0] ?? '');
    return done(output, asked ? verbHelp(asked) : helpText(VERBS));
  }
  const verb = verbNamed(name);
  if (!verb) throw unknownVerb(name);
  const { positionals, values } = parse(verb, rest);
  if (values.help) return done(output, verbHelp(verb));
  checkFiles(name, verb, positionals.length);
  const call: Call = { args: positionals, values, output, signal };
  checkLimitOptions(call, verb);
  if (verb.work !== null) output.starts?.(await limitsOf(call, verb.work));
  return (await verb.run(call)) ?? 0;
}

function verbNamed(name: string): Verb | undefined {
  return Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
}

function unknownVerb(name: string): Error {
  if (name === '') return usageError('Name a command; `channelwise --help` lists them.');
  return usageError(`There is no command \`${name}\`; try \`channelwise --help\`.`);
}

function checkFiles(name: string, verb: Verb, given: number): void {
  const { least, most } = verb.files;
  if (given >= least && given <= most) return;
  const files = least === 1 ? 'one file' : `${least} files`;
  const wanted = most > least ? `${files} or more` : files;
  throw usageError(`\`${name}\` takes ${wanted} but got ${given || 'none'}. ${usageSentence(verb)}`);
}

function parse(verb: Verb, args: readonly string[]): { positionals: string[]; values: Call['values'] } {
  const options: Verb['options'] = { ...COMMON_OPTIONS, ...verb.options };
  let parsed;
  try {
    parsed = parseArgs({ args: [...joinNegative(args)], options, allowPositionals: true, tokens: true });
  } catch (error) {
    throw usageError(`${optionFault(error)} ${usageSentence(verb)}`);
  }
  const { positionals, values, tokens } = parsed;
  const given = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    // Of two values the first one would be lost.
    if (given.has(token.name) && token.value !== undefined && !options[token.name]?.multiple)
      throw usageError(`The option \`${token.rawName}\` is given twice. ${usageSentence(verb)}`);
    given.add(token.name);
  }
  return { positionals, values };
}

/** What is wrong with an option, in one sentence. Node's own text for an unknown one speaks of positional arguments. */
function optionFault(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const [first = ''] = String(message).split('\n');
  const option = /'(-[^', ]*)/.exec(first)?.[1];
  if (option === undefined) return first;
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return `There is no option \`${option}\` here.`;
  if (/does not take/.test(first)) return `The option \`${option}\` takes no value.`;
  return `The option \`${option}\` needs a value.`;
}

/** `--mean -1,0,1` would read as two options; numbers after an option belong to it. */
function joinNegative(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const [word = '', next] = [args[i], args[i + 1]];
    const isOptionWithNumber = /^--[a-z-]+$/.test(word) && next !== undefined && /^-[\d.]/.test(next);
    joined.push(isOptionWithNumber ? `${word}=${next}` : word);
    if (isOptionWithNumber) i++;
  }
  return joined;
}

function done(output: Output, text: string): number {
  output.line(text);
  return 0;
}
