import { cutText } from '../text/cutText.ts';

/** A sentence quotes a name, not a text of megabytes. */
const MAX_NAME = 120;
const MAX_LISTED = 3;

/** A name from a file, short enough for a sentence. */
export function quoted(name: string): string {
  return cutText(name, MAX_NAME);
}

/** The first names of a list, each in backticks. */
export function quotedList(names: readonly string[]): string {
  if (!names.length) return 'none';
  const shown = names.slice(0, MAX_LISTED).map((name) => `\`${quoted(name)}\``);
  return names.length > MAX_LISTED ? `${shown.join(', ')}, …` : shown.join(', ');
}
