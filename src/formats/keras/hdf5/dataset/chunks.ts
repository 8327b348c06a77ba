import { malformed, unsupported } from '../errors.ts';
import type { Hdf5File } from '../file.ts';
import { fixedArrayEntries } from '../trees/fixedArray.ts';
import type { Layout } from './layout.ts';
import { MAX_OBJECTS } from '../limits.ts';
import { chunkEntries } from '../trees/treeV1.ts';
import { records } from '../trees/treeV2.ts';
import { product } from '../../../../tensors/dims.ts';

/**
 * One stored chunk. `offsets` count elements from the dataset's first; `skipped` has a bit for each filter that was not
 * applied.
 */
export interface Chunk {
  readonly offsets: readonly number[];
  readonly address: number;
  readonly bytes: number;
  readonly skipped: number;
}

export interface ChunkedDataset {
  readonly maxDims: readonly number[];
  readonly elementBytes: number;
  readonly layout: Extract<Layout, { kind: 'chunked' }>;
  readonly filtered: boolean;
  /** Where the layout message lies, for messages. */
  readonly from: number;
}

/** The chunks that were written, in no order. Those that were not hold the fill value. */
export async function storedChunks(file: Hdf5File, dataset: ChunkedDataset): Promise<Chunk[]> {
  const { index, chunk } = dataset.layout;
  const bytes = chunk.reduce((total, dim) => total * dim, dataset.elementBytes);
  if (index.address === null) return [];
  const found: Chunk[] = [];
  for await (const entry of entriesOf(file, { ...dataset, address: index.address, bytes })) {
    found.push(entry);
    if (found.length > MAX_OBJECTS) throw malformed('a dataset has too many chunks', dataset.from);
  }
  return found;
}

interface Indexed extends ChunkedDataset {
  readonly address: number;
  /** Of a chunk that no filter has changed. */
  readonly bytes: number;
}

async function* entriesOf(file: Hdf5File, dataset: Indexed): AsyncGenerator<Chunk> {
  const { index, chunk } = dataset.layout;
  switch (index.kind) {
    case 'treeV1':
      yield* inTreeV1(file, dataset);
      return;
    case 'treeV2':
      yield* inTreeV2(file, dataset);
      return;
    case 'single': {
      const { size, mask } = index.filtered ?? { size: dataset.bytes, mask: 0 };
      yield { offsets: chunk.map(() => 0), address: dataset.address, bytes: size, skipped: mask };
      return;
    }
    case 'implicit':
      for (let i = 0; i < gridCount(dataset); i++)
        yield {
          offsets: offsetsOf(dataset, i),
          address: dataset.address + i * dataset.bytes,
          bytes: dataset.bytes,
          skipped: 0,
        };
      return;
    case 'fixedArray':
      yield* inFixedArray(file, dataset);
      return;
    case 'extensibleArray':
      throw unsupported('A dataset that can grow (extensible array index)', dataset.from);
  }
}

async function* inTreeV1(file: Hdf5File, dataset: Indexed): AsyncGenerator<Chunk> {
  const rank = dataset.layout.chunk.length;
  for await (const { key, child } of chunkEntries(file, dataset.address, { from: dataset.from, rank })) {
    const bytes = key.u32();
    const skipped = key.u32();
    const offsets = Array.from({ length: rank }, () => key.uint(8));
    yield { offsets, address: child, bytes, skipped };
  }
}

const UNFILTERED_CHUNKS = 10;
const FILTERED_CHUNKS = 11;

async function* inTreeV2(file: Hdf5File, dataset: Indexed): AsyncGenerator<Chunk> {
  const { chunk } = dataset.layout;
  for await (const { type, body } of records(file, dataset.address, dataset.from)) {
    if (type !== UNFILTERED_CHUNKS && type !== FILTERED_CHUNKS)
      throw malformed('the index of chunks is another tree', dataset.from);
    const address = body.address();
    const sizeBytes = body.left - 4 - 8 * chunk.length;
    const bytes = type === FILTERED_CHUNKS ? body.uint(sizeBytes) : dataset.bytes;
    const skipped = type === FILTERED_CHUNKS ? body.u32() : 0;
    const offsets = chunk.map((dim) => body.uint(8) * dim);
    if (address !== null) yield { offsets, address, bytes, skipped };
  }
}

async function* inFixedArray(file: Hdf5File, dataset: Indexed): AsyncGenerator<Chunk> {
  for await (const { index, element } of fixedArrayEntries(file, dataset.address, dataset.from)) {
    const address = element.address();
    if (address === null || index >= gridCount(dataset)) continue;
    const sizeBytes = element.left - 4;
    const bytes = dataset.filtered ? element.uint(sizeBytes) : dataset.bytes;
    const skipped = dataset.filtered ? element.u32() : 0;
    yield { offsets: offsetsOf(dataset, index), address, bytes, skipped };
  }
}

/** Chunks along each axis. */
function grid({ maxDims, layout, from }: ChunkedDataset): number[] {
  const sizes = layout.chunk.map((dim, axis) => Math.ceil((maxDims[axis] ?? 0) / dim));
  if (!Number.isSafeInteger(product(sizes))) throw malformed('a dataset has too many chunks', from);
  return sizes;
}

function gridCount(dataset: ChunkedDataset): number {
  return product(grid(dataset));
}

/** The offsets of the chunk with this number, the last axis running first. */
function offsetsOf(dataset: ChunkedDataset, index: number): number[] {
  const sizes = grid(dataset);
  const offsets = new Array<number>(sizes.length).fill(0);
  let rest = index;
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    const size = sizes[axis] ?? 1;
    offsets[axis] = (rest % size) * (dataset.layout.chunk[axis] ?? 1);
    rest = Math.floor(rest / size);
  }
  return offsets;
}
