import { malformed, unsupported } from '../errors.ts';
import { Cursor } from '../cursor.ts';
import { MAX_RANK } from '../limits.ts';
import { product } from '../../../../tensors/dims.ts';

/** The extent of a dataset or attribute. */
export interface Dataspace {
  readonly dims: readonly number[];
  /** How far each axis may grow; Infinity for without end. */
  readonly maxDims: readonly number[];
  /** False for H5S_NULL: nothing is stored, not even one element. */
  readonly some: boolean;
  /** Where the first dim lies; each takes as many bytes as a length. */
  readonly dimsAt: number;
  /** Where the largest dims lie, null where the message has none: then the dims are the largest. */
  readonly maxDimsAt: number | null;
}

const HAS_MAX = 1;
const NULL_SPACE = 2;

/** A dataspace message, versions 1 and 2. Moves the cursor behind the dims. */
export function readDataspace(cursor: Cursor): Dataspace {
  const start = cursor.place;
  const version = cursor.u8();
  if (version !== 1 && version !== 2) throw unsupported(`A dataspace of version ${version}`, start);
  const rank = cursor.u8();
  const flags = cursor.u8();
  const kind = cursor.u8();
  if (version === 1) cursor.skip(4);
  if (rank > MAX_RANK) throw malformed(`a dataspace has ${rank} axes`, start);
  const dimsAt = cursor.place;
  const dims = Array.from({ length: rank }, () => cursor.length());
  const maxDimsAt = flags & HAS_MAX ? cursor.place : null;
  const maxDims = maxDimsAt === null ? dims : dims.map(() => maxDim(cursor));
  if (dims.some((dim, axis) => dim > (maxDims[axis] ?? 0)))
    throw malformed('a dataspace is larger than it may grow', start);
  return { dims, maxDims, some: version === 1 || kind !== NULL_SPACE, dimsAt, maxDimsAt };
}

function maxDim(cursor: Cursor): number {
  const bytes = cursor.take(cursor.widths.length);
  if (bytes.every((byte) => byte === 0xff)) return Infinity;
  return new Cursor(bytes, cursor.place - bytes.length, cursor.widths).length();
}

/** How many elements dims name. Throws `malformed` where it is more than any file holds. */
export function countOf(dims: readonly number[], offset: number): number {
  if (dims.includes(0)) return 0;
  const count = product(dims);
  if (!Number.isSafeInteger(count)) throw malformed('a dataset has more elements than a file can hold', offset);
  return count;
}
