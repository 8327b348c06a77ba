import { VERSION } from '../jobs/version.ts';
import { limitHelp } from './limits.ts';
import type { Verb } from './verb.ts';

/** Lines of help fit into so many columns. */
const COLUMNS = 100;

/** Words of a usage in lines, each but the first one indented. */
export function usageText(usage: readonly string[], indent = 0): string {
  const lines: string[] = [];
  let line = `${' '.repeat(indent)}channelwise`;
  for (const word of usage) {
    if (line.length + 1 + word.length <= COLUMNS) {
      line += ` ${word}`;
      continue;
    }
    lines.push(line);
    line = `${' '.repeat(indent + 4)}${word}`;
  }
  return [...lines, line].join('\n');
}

/** A verb's usage on one line, for the end of a sentence. */
export function usageSentence({ usage }: Verb): string {
  return `Usage: channelwise ${usage.join(' ')}`;
}

/** What `channelwise VERB --help` prints. */
export function verbHelp(verb: Verb): string {
  const limits = verb.work === null ? [] : ['', ...limitHelp(verb.work)];
  return [usageText(verb.usage), verb.about, ...[...(verb.help ?? []), ...limits].map(indented)].join('\n');
}

function indented(line: string): string {
  return line === '' ? '' : `  ${line}`;
}

/** What `channelwise --help` prints. */
export function helpText(verbs: Readonly<Record<string, Verb>>): string {
  const listed = Object.values(verbs).map((verb) => `${usageText(verb.usage, 2)}\n      ${verb.about}`);
  return [
    `Channelwise ${VERSION}: open trained networks and adapt their input channels, exactly.`,
    '',
    ...listed,
    '',
    '`channelwise COMMAND --help` says more. Every command takes --json, --time-limit and --memory-limit.',
    'Exit codes: 0 done, 1 internal error, 2 refused with a reason, 3 the models are not the same.',
  ].join('\n');
}
