import { ChannelwiseError } from '../errors.ts';

/** Replaces the characters [start, end) of a JSON text. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The text with all edits, which must not overlap. */
export function editText(text: string, edits: readonly TextEdit[]): string {
  let out = '';
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    if (edit.start < at) throw new RangeError('two edits of a configuration overlap');
    out += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return out + text.slice(at);
}

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BETWEEN = new Set([0x2c, 0x3a]);

/**
 * A JSON text in exactly `length` bytes: a shorter one gets spaces at its end, a longer one loses the spaces that
 * Python writes behind commas and colons, as many as it must. Both mean the same. Throws `refused` where that is not
 * enough.
 */
export function fitJson(text: string, length: number): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const kept = withoutIdleSpaces(bytes, bytes.length - length);
  const missing = kept.length - length;
  if (missing > 0)
    throw new ChannelwiseError(
      'refused',
      'config-room',
      `The changed configuration is ${missing} bytes longer than the one in the file, which has no room for them.`,
    );
  const out = new Uint8Array(length).fill(SPACE);
  out.set(kept);
  return out;
}

/** Leaves out up to `surplus` spaces that stand behind commas and colons outside texts. */
function withoutIdleSpaces(bytes: Uint8Array, surplus: number): Uint8Array {
  if (surplus <= 0) return bytes;
  const kept: number[] = [];
  let isInText = false;
  let isEscaped = false;
  let left = surplus;
  bytes.forEach((byte, i) => {
    const isIdle = !isInText && byte === SPACE && BETWEEN.has(bytes[i - 1] ?? 0);
    if (isIdle && left > 0) {
      left -= 1;
      return;
    }
    if (byte === QUOTE && !isEscaped) isInText = !isInText;
    isEscaped = isInText && byte === BACKSLASH && !isEscaped;
    kept.push(byte);
  });
  return Uint8Array.from(kept);
}
