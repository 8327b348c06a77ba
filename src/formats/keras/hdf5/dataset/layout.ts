import { Cursor } from '../cursor.ts';
import { malformed, unsupported } from '../errors.ts';
import { MAX_RANK } from '../limits.ts';

/** Where a dataset's elements lie: https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html#DataLayoutMessage */
export type Layout =
  | { readonly kind: 'compact'; readonly version: number; readonly data: Cursor }
  | { readonly kind: 'contiguous'; readonly version: number; readonly address: number | null }
  | {
      readonly kind: 'chunked';
      readonly version: number;
      readonly chunk: readonly number[];
      readonly index: ChunkIndex;
    };

/** How the chunks of a dataset are found. A null address: none was written. */
export type ChunkIndex =
  | { readonly kind: 'treeV1' | 'treeV2' | 'implicit'; readonly address: number | null }
  | {
      readonly kind: 'single';
      readonly address: number | null;
      readonly filtered: { readonly size: number; readonly mask: number } | null;
    }
  | { readonly kind: 'fixedArray'; readonly address: number | null }
  | { readonly kind: 'extensibleArray'; readonly address: number | null };

const COMPACT = 0;
const CONTIGUOUS = 1;
const CHUNKED = 2;
const VIRTUAL = 3;

/** A layout message, versions 1 to 4. */
export function readLayout(cursor: Cursor): Layout {
  const start = cursor.place;
  const version = cursor.u8();
  if (version === 1 || version === 2) return readOld(cursor, version);
  if (version !== 3 && version !== 4) throw unsupported(`A data layout of version ${version}`, start);
  const kind = cursor.u8();
  if (kind === COMPACT) return { kind: 'compact', version, data: part(cursor, cursor.u16()) };
  if (kind === CONTIGUOUS) return { kind: 'contiguous', version, address: cursor.address() };
  if (kind === VIRTUAL) throw unsupported('A virtual dataset', start);
  if (kind !== CHUNKED) throw malformed('a dataset has another layout', start);
  return version === 3 ? chunkedV3(cursor) : chunkedV4(cursor);
}

function part(cursor: Cursor, length: number): Cursor {
  const at = cursor.place;
  const taken = cursor.take(length);
  return new Cursor(taken, at, cursor.widths);
}

/** Versions 1 and 2, as HDF5 before 1.6.3 writes them: the sizes follow behind the address. */
function readOld(cursor: Cursor, version: number): Layout {
  const start = cursor.place;
  const rank = checkedRank(cursor.u8(), start);
  const kind = cursor.u8();
  cursor.skip(5);
  const address = kind === COMPACT ? null : cursor.address();
  const sizes = Array.from({ length: rank }, () => cursor.u32());
  if (kind === COMPACT) return { kind: 'compact', version, data: part(cursor, cursor.u32()) };
  if (kind === CONTIGUOUS) return { kind: 'contiguous', version, address };
  if (kind !== CHUNKED) throw malformed('a dataset has another layout', start);
  return { kind: 'chunked', version, chunk: chunkDims(sizes, start), index: { kind: 'treeV1', address } };
}

/** The last size is that of an element. */
function chunkDims(sizes: readonly number[], start: number): number[] {
  const dims = sizes.slice(0, -1);
  if (sizes.includes(0)) throw malformed('a chunk is empty', start);
  return dims;
}

function checkedRank(rank: number, start: number): number {
  if (rank < 1 || rank > MAX_RANK + 1) throw malformed(`a chunk has ${rank} axes`, start);
  return rank;
}

function chunkedV3(cursor: Cursor): Layout {
  const start = cursor.place;
  const rank = checkedRank(cursor.u8(), start);
  const address = cursor.address();
  const sizes = Array.from({ length: rank }, () => cursor.u32());
  return { kind: 'chunked', version: 3, chunk: chunkDims(sizes, start), index: { kind: 'treeV1', address } };
}

const SINGLE_FILTERED = 2;

function chunkedV4(cursor: Cursor): Layout {
  const start = cursor.place;
  const flags = cursor.u8();
  const rank = checkedRank(cursor.u8(), start);
  const width = cursor.u8();
  if (width < 1 || width > 8) throw malformed('a chunk has odd sizes', start);
  const chunk = chunkDims(
    Array.from({ length: rank }, () => cursor.uint(width)),
    start,
  );
  return { kind: 'chunked', version: 4, chunk, index: readIndex(cursor, flags) };
}

/** The index's own parameters are said again where it stands, so they are stepped over here. */
function readIndex(cursor: Cursor, flags: number): ChunkIndex {
  const start = cursor.place;
  const type = cursor.u8();
  switch (type) {
    case 1: {
      const filtered = flags & SINGLE_FILTERED ? { size: cursor.length(), mask: cursor.u32() } : null;
      return { kind: 'single', filtered, address: cursor.address() };
    }
    case 2:
      return { kind: 'implicit', address: cursor.address() };
    case 3:
      cursor.skip(1);
      return { kind: 'fixedArray', address: cursor.address() };
    case 4:
      cursor.skip(5);
      return { kind: 'extensibleArray', address: cursor.address() };
    case 5:
      cursor.skip(6);
      return { kind: 'treeV2', address: cursor.address() };
    default:
      throw malformed(`chunks are indexed in way ${type}`, start);
  }
}
