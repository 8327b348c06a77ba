import { ChannelwiseError } from './errors.ts';

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
 * `json`, `json-length` or `json-depth`; the message is a clause such as `it is not JSON`, without a full stop, for the
 * caller's sentence.
 */
export function parseJson(text: string, { maxLength = MAX_LENGTH, maxDepth = MAX_DEPTH }: JsonLimits = {}): unknown {
  if (text.length > maxLength)
    throw fault('json-length', `it has more than ${maxLength.toLocaleString('en')} characters`);
  if (isDeeper(text, maxDepth)) throw fault('json-depth', `it is nested more than ${maxDepth} levels deep`);
  try {
    return JSON.parse(text);
  } catch {
    throw fault('json', 'it is not JSON');
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = [0x5b, 0x7b];
const CLOSING = [0x5d, 0x7d];

/** Counts the brackets outside strings. */
function isDeeper(text: string, maxDepth: number): boolean {
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) isInString = !isInString;
    else if (isInString && code === BACKSLASH) i++;
    else if (isInString) continue;
    else if (OPENING.includes(code)) depth++;
    else if (CLOSING.includes(code)) depth--;
    if (depth > maxDepth) return true;
  }
  return false;
}

function fault(code: string, message: string): ChannelwiseError {
  return new ChannelwiseError('malformed', code, message);
}
