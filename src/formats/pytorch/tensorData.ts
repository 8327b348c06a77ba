import { ChannelwiseError } from '../../bytes/errors.ts';
import type { Turns } from '../../bytes/turns.ts';
import { DTYPES, rawBytes, type DtypeRow } from '../../tensors/dtypes.ts';
import type { ElementRange } from '../../tensors/storedTensor.ts';
import { contiguousStrides, viewEnd, viewStart, type RebuiltTensor } from './rebuiltTensor.ts';
import type { TorchStorage } from './container/torchContainer.ts';

/** A step of reading. A multiple of all element widths. */
const CHUNK_BYTES = 512 * 1024;
/** A tensor whose elements do not lie in order is gathered from memory: far more than any convolution's weights. */
const MAX_GATHERED_BYTES = 512 * 1024 * 1024;

/** Elements to read, part by part with turns for other work between. */
export interface TimedRange extends ElementRange {
  readonly turns: Turns;
}

/**
 * Elements [from, to) of a tensor in row-major order, little-endian, part by part. Reads only their bytes where they
 * lie in order in the storage. Throws `cancelled`.
 */
export async function streamTensor(
  tensor: RebuiltTensor,
  storage: TorchStorage,
  { from, to, turns }: TimedRange,
  visit: (bytes: Uint8Array) => void,
): Promise<void> {
  const row = rowOf(tensor);
  const parts = isContiguous(tensor) ? readParts : gatherParts;
  for await (const bytes of parts({ tensor, storage, row, from, to })) {
    await turns.breathe();
    visit(storage.bigEndian ? reversedElements(row, bytes) : bytes);
  }
}

interface Wanted {
  readonly tensor: RebuiltTensor;
  readonly storage: TorchStorage;
  readonly row: DtypeRow;
  readonly from: number;
  readonly to: number;
}

function rowOf(tensor: RebuiltTensor): DtypeRow {
  const row = DTYPES[tensor.dtype];
  if (!row) throw new RangeError(`element type ${tensor.dtype}`);
  return row;
}

/** Axes of one element may have any stride. */
function isContiguous({ dims, strides }: Pick<RebuiltTensor, 'dims' | 'strides'>): boolean {
  const inOrder = contiguousStrides(dims);
  return dims.includes(0) || dims.every((dim, axis) => dim === 1 || strides[axis] === inOrder[axis]);
}

async function* readParts({ tensor, storage, row, from, to }: Wanted): AsyncGenerator<Uint8Array> {
  const start = viewStart(tensor);
  const end = rawBytes(row, start + to);
  const source = await storage.open();
  const first = rawBytes(row, start + from);
  const chunk = new Uint8Array(Math.min(CHUNK_BYTES, end - first));
  for (let at = first; at < end; at += CHUNK_BYTES) {
    const part = chunk.subarray(0, end - at);
    await source.readInto(part, at);
    yield part;
  }
}

async function* gatherParts({ tensor, storage, row, from, to }: Wanted): AsyncGenerator<Uint8Array> {
  const width = rawBytes(row, 1);
  const start = viewStart(tensor) * width;
  const length = viewEnd(tensor) * width - start;
  if (length > MAX_GATHERED_BYTES) {
    throw new ChannelwiseError(
      'unsupported',
      'tensor-too-large',
      'A tensor whose elements are not in order is too large to be read; save it again after .contiguous().',
    );
  }
  const held = await (await storage.open()).read(start, length);
  const perPart = CHUNK_BYTES / width;
  for (let at = from; at < to; at += perPart) {
    const count = Math.min(perPart, to - at);
    const out = new Uint8Array(count * width);
    gather(tensor, { held, width, out, first: at });
    yield out;
  }
}

interface Gathering {
  readonly held: Uint8Array;
  readonly width: number;
  readonly out: Uint8Array;
  readonly first: number;
}

/** Fills `out` with elements from number `first` on, counting through the axes like an odometer. */
function gather({ dims, strides }: RebuiltTensor, { held, width, out, first }: Gathering): void {
  const index = unravelled(dims, first);
  let place = index.reduce((sum, i, axis) => sum + i * (strides[axis] ?? 0), 0);
  for (let to = 0; to < out.length; to += width) {
    const from = place * width;
    for (let byte = 0; byte < width; byte++) out[to + byte] = held[from + byte] ?? 0;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] ?? 0;
      const next = (index[axis] ?? 0) + 1;
      place += stride;
      if (next < (dims[axis] ?? 0)) {
        index[axis] = next;
        break;
      }
      place -= next * stride;
      index[axis] = 0;
    }
  }
}

function unravelled(dims: readonly number[], element: number): number[] {
  const index = new Array<number>(dims.length).fill(0);
  let left = element;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const dim = dims[axis] ?? 1;
    index[axis] = left % dim;
    left = Math.floor(left / dim);
  }
  return index;
}

/** Elements with their bytes in the opposite order; the two halves of a complex number stay in theirs. */
export function reversedElements(row: DtypeRow, bytes: Uint8Array): Uint8Array {
  const width = rawBytes(row, 1) / row.lanes;
  const out = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += width)
    for (let byte = 0; byte < width; byte++) out[at + byte] = bytes[at + width - 1 - byte] ?? 0;
  return out;
}
