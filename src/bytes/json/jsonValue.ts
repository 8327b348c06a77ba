import { ChannelwiseError } from '../errors.ts';
import { readJson, type Json } from './json.ts';
import { countText } from '../../text/numbers.ts';

/** Longer texts are no settings, labels or records of ours. */
const MAX_LENGTH = 16 * 1024 * 1024;
/**
 * What people and programs write is some levels deep; code that walks a value level by level runs out of stack after
 * thousands.
 */
const MAX_DEPTH = 100;

export interface JsonLimits {
  /** UTF-16 units. */
  readonly maxLength?: number;
  /** Levels of lists and objects. */
  readonly maxDepth?: number;
}

/**
 * The value of a JSON text from outside, of bounded length and depth. Throws ChannelwiseError `malformed` with code
 * `json`, `json-length` or `json-depth`; the message is a clause such as `it is nested more than 100 levels
 * deep`, without a full stop, for the caller's sentence.
 */
export function parseJsonValue(
  text: string,
  { maxLength = MAX_LENGTH, maxDepth = MAX_DEPTH }: JsonLimits = {},
): unknown {
  if (text.length > maxLength) throw fault('json-length', `it has more than ${countText(maxLength)} characters`);
  return plain(readJson(text, { maxDepth, hasPythonWords: false, uniqueNames: false, fault }));
}

/** As deep as the text was allowed to be. */
function plain({ value }: Json): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, json]) => [name, plain(json)]));
  return Array.isArray(value) ? (value as readonly Json[]).map(plain) : value;
}

function fault(code: string, clause: string, at?: number): ChannelwiseError {
  const shown = code === 'json' ? `it is not JSON: ${clause} (character ${at})` : clause;
  return new ChannelwiseError('malformed', code, shown);
}
