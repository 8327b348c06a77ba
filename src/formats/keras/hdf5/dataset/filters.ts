import { Unzlib } from 'fflate';
import { isOfKind } from '../../../../bytes/errors.ts';
import { fletcher32 } from '../checksum.ts';
import type { Cursor } from '../cursor.ts';
import { malformed, unsupported } from '../errors.ts';

/**
 * A filter of a chunk, in the order in which it was applied. `optional` ones may be unknown as long as no chunk used
 * them.
 */
export interface Filter {
  readonly id: number;
  readonly name: string;
  readonly values: readonly number[];
}

const DEFLATE = 1;
const SHUFFLE = 2;
const FLETCHER32 = 3;
const NAMES: Readonly<Record<number, string>> = {
  4: 'SZIP',
  5: 'N-bit',
  6: 'scale-offset',
  32000: 'LZF',
  32001: 'Blosc',
  32004: 'LZ4',
  32008: 'bitshuffle',
  32015: 'Zstandard',
};
/** HDF5 allows 32 filters (H5Z_MAX_NFILTERS). */
const MAX_FILTERS = 32;
/** Filters of the library have no name in the new form. */
const FIRST_NAMED = 256;

/** A filter pipeline message, versions 1 and 2. */
export function readFilters(cursor: Cursor): Filter[] {
  const start = cursor.place;
  const version = cursor.u8();
  if (version !== 1 && version !== 2) throw unsupported(`A filter pipeline of version ${version}`, start);
  const count = cursor.u8();
  if (count > MAX_FILTERS) throw malformed(`a dataset has ${count} filters`, start);
  if (version === 1) cursor.skip(6);
  return Array.from({ length: count }, () => readFilter(cursor, version));
}

function readFilter(cursor: Cursor, version: number): Filter {
  const id = cursor.u16();
  const hasName = version === 1 || id >= FIRST_NAMED;
  const nameBytes = hasName ? cursor.u16() : 0;
  cursor.skip(2);
  const valueCount = cursor.u16();
  const padding = version === 1 ? (8 - (nameBytes % 8)) % 8 : 0;
  const name = String.fromCharCode(...cursor.take(nameBytes)).replace(/\0.*$/s, '');
  cursor.skip(padding);
  const values = Array.from({ length: valueCount }, () => cursor.u32());
  if (version === 1 && valueCount % 2) cursor.skip(4);
  return { id, name, values };
}

/**
 * The elements of a chunk from its stored bytes: the filters are undone, last one first. `size` is what must come out.
 */
export function undoFilters(
  stored: Uint8Array,
  filters: readonly Filter[],
  { skipped, size, from }: { skipped: number; size: number; from: number },
): Uint8Array {
  let bytes = stored;
  for (let i = filters.length - 1; i >= 0; i--) {
    const filter = filters[i];
    if (!filter || (skipped & (2 ** i)) !== 0) continue;
    bytes = undo(bytes, filter, { size, from });
  }
  if (bytes.length !== size) throw malformed(`a chunk has ${bytes.length} bytes, not ${size}`, from);
  return bytes;
}

function undo(bytes: Uint8Array, filter: Filter, { size, from }: { size: number; from: number }): Uint8Array {
  switch (filter.id) {
    case DEFLATE:
      return inflate(bytes, size, from);
    case SHUFFLE:
      return unshuffle(bytes, filter.values[0] ?? 1);
    case FLETCHER32:
      return withoutSum(bytes, from);
    default:
      throw unsupported(`The filter ${NAMES[filter.id] ?? (filter.name || filter.id)} of a dataset`, from);
  }
}

/** A checksum of four bytes may stand behind the elements and be compressed with them. */
const MAX_BEHIND = 4;

/** Inflates a zlib stream that gives `size` bytes, and no more than that. */
function inflate(bytes: Uint8Array, size: number, from: number): Uint8Array {
  const parts = new Uint8Array(size + MAX_BEHIND);
  let length = 0;
  const stream = new Unzlib((part) => {
    if (length + part.length > parts.length) throw malformed('a chunk inflates to more than its elements', from);
    parts.set(part, length);
    length += part.length;
  });
  try {
    stream.push(bytes, true);
  } catch (error) {
    if (isOfKind(error, 'malformed')) throw error;
    throw malformed("a chunk can't be inflated", from);
  }
  return parts.subarray(0, length);
}

/**
 * The first bytes of all elements stand first, then the second ones, and so on. What is no whole element stays at the
 * end.
 */
function unshuffle(bytes: Uint8Array, elementBytes: number): Uint8Array {
  const count = Math.floor(bytes.length / elementBytes);
  // A file may claim elements of 4 GB.
  if (elementBytes <= 1 || count === 0) return bytes;
  const out = bytes.slice();
  for (let k = 0; k < elementBytes; k++)
    for (let i = 0; i < count; i++) out[i * elementBytes + k] = bytes[k * count + i] ?? 0;
  return out;
}

function withoutSum(bytes: Uint8Array, from: number): Uint8Array {
  if (bytes.length < 4) throw malformed('a chunk is shorter than its checksum', from);
  const data = bytes.subarray(0, bytes.length - 4);
  const stored = new DataView(bytes.buffer, bytes.byteOffset + data.length, 4).getUint32(0, true);
  if (stored !== fletcher32(data)) throw malformed('the checksum of a chunk is wrong, so the file is damaged', from);
  return data;
}
