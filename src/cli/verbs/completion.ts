import { completionScript, SHELLS } from '../completion.ts';
import { usageError, type Verb } from '../verb.ts';

/** Completes the verbs given here, and itself. */
export function completionVerb(verbs: Readonly<Record<string, Verb>>): Verb {
  return {
    usage: ['completion bash|zsh|fish'],
    about: 'a script that completes commands and options in a shell',
    files: { least: 1, most: 1 },
    options: {},
    help: [
      'bash   channelwise completion bash > ~/.local/share/bash-completion/completions/channelwise',
      'zsh    channelwise completion zsh > a folder of $fpath, as _channelwise',
      'fish   channelwise completion fish > ~/.config/fish/completions/channelwise.fish',
    ],
    work: null,
    run: async ({ args, output }) => {
      const shell = SHELLS.find((name) => name === args[0]);
      if (!shell) throw usageError(`There is a completion for ${SHELLS.join(', ')}, but not for \`${args[0] ?? ''}\`.`);
      output.line(completionScript(shell, verbs));
    },
  };
}
