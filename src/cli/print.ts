import { printable } from '../bytes/errors.ts';
import { cutText } from '../text/cutText.ts';
import type { Call } from './verb.ts';

/** A name can be as long as a file; a person reads so much of it. */
const LONGEST_WORD = 300;
const LONGEST_LINE = 4000;
const LONGEST_VALUE = 10_000;

/** Prints a verb's result: as one JSON document with `--json`, else as lines. */
export function print({ output, values }: Call, data: unknown, text: () => readonly string[]): void {
  if (values.json) output.line(jsonText(data));
  else for (const line of text()) output.line(shownLine(line));
}

/** A line with names from a file as a terminal may show it. */
export function shownLine(line: string): string {
  const words = line.replace(LONG_WORDS, (word) => cutText(word, LONGEST_WORD));
  return printable(cutText(words, LONGEST_LINE));
}

const LONG_WORDS = new RegExp(`[^\\s]{${LONGEST_WORD + 1},}`, 'g');

/**
 * A JSON document in which no text from a file can do anything to a terminal: such characters are written as escapes,
 * which mean the same.
 */
export function jsonText(data: unknown): string {
  return JSON.stringify(data, plainValue, 2).replace(UNSAFE, escaped);
}

/** The same for a document that is of use only whole, such as a picture: nothing in it is cut. */
export function wholeJsonText(data: unknown): string {
  return JSON.stringify(data).replace(UNSAFE, escaped);
}

/** What JSON allows inside a string but a terminal obeys: delete, C1 controls, and marks of lines and directions. */
const UNSAFE = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function plainValue(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'string') return cutText(value, LONGEST_VALUE);
  return isRecord(value) ? withShortKeys(value) : value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Sizes stand under the names of their inputs, which may be as long as any name. */
function withShortKeys(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const isLong = Object.keys(record).some((key) => key.length > LONGEST_VALUE);
  return isLong
    ? Object.fromEntries(Object.entries(record).map(([key, value]) => [cutText(key, LONGEST_VALUE), value]))
    : record;
}
