import { rawBytes, type DtypeRow } from '../../../tensors/dtypes.ts';
import { malformed } from '../scan/wire.ts';
import { TENSOR } from '../fields.ts';

/**
 * Which typed fields hold varints; the others (float_data, double_data) hold little-endian floats of this many bytes.
 */
export const FIXED_WIDTH: Readonly<Record<number, number>> = { [TENSOR.floatData]: 4, [TENSOR.doubleData]: 8 };

/** The most bytes one entry takes: a tag and a varint of ten bytes each. */
export const ENTRY_BYTES = 20;

/** What one step took from a chunk of a typed field: bytes used and entries found. */
export interface Taken {
  readonly bytes: number;
  readonly entries: number;
}

/** The halves of 64-bit values. */
export interface Halves {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}

/** Entries [first, last). */
export interface EntryRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Reads whole varints from a chunk into `low` and `high`, until the chunk or the room ends. In an unpacked run each
 * value has its tag before it. A varint cut by the chunk's end is left for the next chunk.
 */
export function takeVarints(chunk: Uint8Array, packed: boolean, { low, high }: Halves, offset: number): Taken {
  let at = 0;
  let entries = 0;
  while (at < chunk.length && entries < low.length) {
    let next = at;
    if (!packed) {
      next = varintEnd(chunk, next, offset);
      if (next < 0) break;
    }
    const end = varintEnd(chunk, next, offset);
    if (end < 0) break;
    let lo = 0;
    let hi = 0;
    for (let i = next, shift = 0; i < end; i++, shift += 7) {
      const part = (chunk[i] ?? 0) & 0x7f;
      if (shift < 28) lo += part * 2 ** shift;
      else if (shift === 28) {
        lo += (part % 16) * 2 ** 28;
        hi += Math.floor(part / 16);
      } else hi += part * 2 ** (shift - 32);
    }
    low[entries] = lo;
    high[entries] = hi % 2 ** 32;
    entries++;
    at = end;
  }
  return { bytes: at, entries };
}

/** Where the varint at `at` ends; -1 when the chunk ends first. */
function varintEnd(chunk: Uint8Array, at: number, offset: number): number {
  for (let i = at; i < chunk.length; i++) {
    if (i - at >= 10) throw malformed('a number is longer than ten bytes', offset + at);
    if ((chunk[i] ?? 0) < 0x80) return i + 1;
  }
  if (chunk.length - at >= 10) throw malformed('a number is longer than ten bytes', offset + at);
  return -1;
}

/**
 * Strips the tags from an unpacked run of fixed-width fields; what is left is the packed form. A field cut by the
 * chunk's end is left.
 */
export function takeFixed(chunk: Uint8Array, width: number, offset: number): { bytes: number; packed: Uint8Array } {
  const packed = new Uint8Array(chunk.length);
  let at = 0;
  let length = 0;
  while (at < chunk.length) {
    const body = varintEnd(chunk, at, offset);
    if (body < 0 || body + width > chunk.length) break;
    packed.set(chunk.subarray(body, body + width), length);
    length += width;
    at = body + width;
  }
  return { bytes: at, packed: packed.subarray(0, length) };
}

/**
 * How many entries of the typed varint field hold `count` elements: elements below a byte share one entry as they share
 * a byte, where a byte holds whole ones.
 */
export function entriesFor(row: DtypeRow, count: number): number {
  return row.bits !== null && row.bits < 8 && !areApart(row) ? rawBytes(row, count) : count;
}

/** Elements of six bits lie across bytes in raw_data, and each has an entry of its own. */
export function areApart({ bits }: DtypeRow): boolean {
  return bits !== null && bits < 8 && 8 % bits !== 0;
}

/**
 * Entries [first, last) of a varint field as raw_data would hold them: int32_data keeps small floats as bit patterns,
 * and bytes of packed elements. Elements that lie across bytes come one in a byte.
 */
export function entriesToRaw(row: DtypeRow, { low, high }: Halves, { first, last }: EntryRange): Uint8Array {
  const width = Math.max((row.bits ?? 8) / 8, 1);
  const bytes = new Uint8Array((last - first) * width);
  const view = new DataView(bytes.buffer);
  for (let i = first, at = 0; i < last; i++, at += width) {
    const value = low[i] ?? 0;
    if (width === 1) bytes[at] = row.kind === 'bool' ? Number(value !== 0) : value;
    else if (width === 2) view.setUint16(at, value, true);
    else {
      view.setUint32(at, value, true);
      if (width === 8) view.setUint32(at + 4, high[i] ?? 0, true);
    }
  }
  return bytes;
}
