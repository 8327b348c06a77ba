import { rawBytes, type DtypeRow } from '../../../tensors/dtypes.ts';
import { decodeRaw, knownRow } from '../../../tensors/elements.ts';
import { ChannelwiseError } from '../../../bytes/errors.ts';
import type { ExternalReader } from '../externalData.ts';
import type { Tensor, TypedPiece } from '../model.ts';
import { ENTRY_BYTES, FIXED_WIDTH, entriesFor, entriesToRaw, takeFixed, takeVarints } from './typedData.ts';
import { malformed, type WireReader } from '../scan/wire.ts';

/** Where tensor data comes from. Without `external`, tensors in files beside the model can't be read. */
export interface TensorContext {
  readonly wire: WireReader;
  readonly external?: ExternalReader | undefined;
}

/** `values` has one number per element, two (real, imaginary) for complex types. 64-bit integers beyond 2^53 are rounded. */
export interface DecodedTensor {
  readonly dtype: number;
  readonly dims: readonly number[];
  readonly values: Float64Array;
}

/** Elements [from, to) of a tensor, in row-major order. */
export interface ElementRange {
  readonly from: number;
  readonly to: number;
}

/** A step of reading: between two steps a cancel is noticed and other work gets its turn. A multiple of all element widths. */
const CHUNK_BYTES = 1024 * 1024;

/** The number of elements that dims name. Throws `malformed` if it isn't a safe integer. */
export function elementCount(tensor: { readonly name: string; readonly dims: readonly number[] }): number {
  // A zero makes a tensor empty, whatever its other dims multiply to.
  if (tensor.dims.includes(0)) return 0;
  let count = 1;
  for (const dim of tensor.dims) count *= dim;
  if (!Number.isSafeInteger(count))
    throw new ChannelwiseError('malformed', 'dims', `Tensor ${tensor.name} has more elements than a file can hold.`, {
      tensor: tensor.name,
    });
  return count;
}

/** Decoded at once: 2^28 doubles are 2 GiB, beyond which typed arrays and editors get into trouble. Larger tensors can be streamed. */
const MAX_DECODED_NUMBERS = 2 ** 28;

/**
 * All values of a numeric tensor, whatever its type and storage.
 * Throws `malformed` if the data doesn't match dims, `refused` for strings, and what the external reader throws.
 */
export async function decodeTensor(ctx: TensorContext, tensor: Tensor, label: string): Promise<DecodedTensor> {
  return {
    dtype: tensor.dtype,
    dims: tensor.dims,
    values: await readNumbers(ctx, tensor, { from: 0, to: elementCount(tensor) }, label),
  };
}

/** The values of a range at once. Throws as decodeTensor does. */
export async function readNumbers(
  ctx: TensorContext,
  tensor: Tensor,
  range: ElementRange,
  label: string,
): Promise<Float64Array> {
  const numbers = (range.to - range.from) * numericRow(tensor, label).lanes;
  checkHeld(numbers, tensor, label);
  let values = new Float64Array(0);
  let at = 0;
  await streamTensor(
    ctx,
    tensor,
    label,
    (chunk) => {
      // Made when the first part is there: by then the stored size was checked against dims.
      if (at === 0) values = new Float64Array(numbers);
      values.set(chunk, at);
      at += chunk.length;
    },
    range,
  );
  return values;
}

/**
 * Hands the values of a numeric tensor of any size, or those of a range, to `visit`, part by part and in order; two per element for
 * complex types. Only the bytes of the range are read, see streamBytes. Throws as decodeTensor does.
 */
export async function streamTensor(
  ctx: TensorContext,
  tensor: Tensor,
  label: string,
  visit: (values: Float64Array) => void,
  range: ElementRange = { from: 0, to: elementCount(tensor) },
): Promise<void> {
  const row = numericRow(tensor, label);
  checkRange(tensor, range);
  const width = (row.bits ?? 8) / row.lanes;
  // Elements below a byte are read from the first one of their byte.
  let drop = width < 8 ? range.from % (8 / width) : 0;
  const from = range.from - drop;
  let left = (range.to - from) * row.lanes;
  await streamBytes(ctx, tensor, row, { from, to: range.to }, label, (raw) => {
    const count = Math.min(left, (raw.length * 8) / width);
    const values = new Float64Array(count);
    decodeRaw(tensor.dtype, raw, values);
    left -= count;
    visit(values.subarray(drop));
    drop = 0;
  });
}

/**
 * Hands a range of a numeric tensor to `visit`, part by part and in order, as raw_data holds it, whatever the storage. Elements below a
 * byte share bytes, so `from` must be the first one of its byte. Only the bytes of the range are read, except that varints before it
 * must be walked. Throws `malformed` if the data doesn't match dims as far as it was read, and what the external reader throws.
 */
export async function streamBytes(
  ctx: TensorContext,
  tensor: Tensor,
  row: DtypeRow,
  range: ElementRange,
  label: string,
  visit: (raw: Uint8Array) => void,
): Promise<void> {
  await checkStored(ctx, tensor, row, label);
  const { storage } = tensor;
  const [start, end] = [rawBytes(row, range.from), rawBytes(row, range.to)];
  if (storage.kind === 'raw')
    await streamParts(
      ctx,
      start,
      end,
      (at, length) => ctx.wire.bytes(storage.start + at, storage.start + at + length),
      visit,
    );
  else if (storage.kind === 'external') {
    const reader = external(ctx, tensor, label);
    await streamParts(
      ctx,
      start,
      end,
      (at, length) => reader.read(storage.location, storage.offset + at, length),
      visit,
    );
  } else if (storage.kind === 'typed') {
    const width = FIXED_WIDTH[storage.field];
    const entries = (count: number): number => (width === undefined ? entriesFor(row, count) : count * row.lanes);
    const wanted = { from: entries(range.from), to: entries(range.to), all: entries(elementCount(tensor)) };
    const found =
      width === undefined
        ? await streamVarints(ctx, storage.pieces, row, wanted, visit)
        : await streamFixed(ctx, storage.pieces, width, wanted, visit);
    if (found < wanted.to || (wanted.to === wanted.all && found !== wanted.all))
      throw sizeError(tensor, label, `${wanted.all} numbers`, found > wanted.all ? 'more' : `${found}`);
  }
}

async function streamParts(
  ctx: TensorContext,
  start: number,
  end: number,
  read: (at: number, length: number) => Promise<Uint8Array>,
  visit: (raw: Uint8Array) => void,
): Promise<void> {
  for (let at = start; at < end; at += CHUNK_BYTES) {
    await ctx.wire.breathe();
    visit(await read(at, Math.min(CHUNK_BYTES, end - at)));
  }
}

/** The entries [from, to) of a typed field that has `all` of them. */
interface Wanted {
  readonly from: number;
  readonly to: number;
  readonly all: number;
}

/** Reads float_data or double_data; returns how many entries were seen. Packed pieces before the range are stepped over. */
async function streamFixed(
  ctx: TensorContext,
  pieces: readonly TypedPiece[],
  width: number,
  wanted: Wanted,
  visit: (raw: Uint8Array) => void,
): Promise<number> {
  let found = 0;
  const pass = (raw: Uint8Array, count: number): void => {
    const first = Math.max(0, wanted.from - found);
    const last = Math.min(count, wanted.to - found);
    if (last > first) visit(raw.subarray(first * width, last * width));
    found += count;
  };
  for (const piece of pieces) {
    if (enough(found, wanted)) break;
    if (!piece.packed) {
      await forEachChunk(ctx, piece, wanted, (chunk, offset) => {
        const { bytes, packed } = takeFixed(chunk, width, offset);
        pass(packed, packed.length / width);
        return enough(found, wanted) ? null : bytes;
      });
      continue;
    }
    const count = (piece.end - piece.start) / width;
    if (!Number.isInteger(count)) throw malformed('a list of numbers is cut short', piece.start);
    const first = Math.min(count, Math.max(0, wanted.from - found));
    const last = Math.max(first, Math.min(count, wanted.to - found));
    await streamParts(
      ctx,
      piece.start + first * width,
      piece.start + last * width,
      (at, length) => ctx.wire.bytes(at, at + length),
      visit,
    );
    found += count;
  }
  return found;
}

/** Reads int32_data, int64_data or uint64_data; returns how many entries were seen. */
async function streamVarints(
  ctx: TensorContext,
  pieces: readonly TypedPiece[],
  row: DtypeRow,
  wanted: Wanted,
  visit: (raw: Uint8Array) => void,
): Promise<number> {
  const low = new Uint32Array(Math.min(CHUNK_BYTES, wanted.to + 1));
  const high = new Uint32Array(low.length);
  let found = 0;
  for (const piece of pieces) {
    if (enough(found, wanted)) break;
    await forEachChunk(ctx, piece, wanted, (chunk, offset) => {
      const taken = takeVarints(chunk, piece.packed, low, high, offset);
      const first = Math.max(0, wanted.from - found);
      const last = Math.min(taken.entries, wanted.to - found);
      if (last > first) visit(entriesToRaw(row, low, high, first, last));
      found += taken.entries;
      return enough(found, wanted) ? null : taken.bytes;
    });
  }
  return found;
}

/** True when nothing more need be read: the range is done, and it is not the last one, whose end shows whether there are too many. */
function enough(found: number, wanted: Wanted): boolean {
  return wanted.to < wanted.all ? found >= wanted.to : found > wanted.all;
}

/** Walks a piece in chunks. `take` says how many bytes it used, and the rest comes again at the head of the next chunk; null stops. */
async function forEachChunk(
  ctx: TensorContext,
  piece: TypedPiece,
  wanted: Wanted,
  take: (chunk: Uint8Array, offset: number) => number | null,
): Promise<void> {
  const size = Math.min(CHUNK_BYTES, ENTRY_BYTES * Math.max(1, wanted.to));
  for (let at = piece.start; at < piece.end;) {
    await ctx.wire.breathe();
    const used = take(await ctx.wire.bytes(at, Math.min(piece.end, at + size)), at);
    if (used === null) return;
    if (used === 0) throw malformed('a list of numbers is cut short', at);
    at += used;
  }
}

/** Checks, before anything is allocated, that as many bytes are stored as dims ask for. */
async function checkStored(ctx: TensorContext, tensor: Tensor, row: DtypeRow, label: string): Promise<void> {
  const count = elementCount(tensor);
  const { storage } = tensor;
  const wanted = rawBytes(row, count);
  if (!Number.isSafeInteger(wanted)) throw sizeError(tensor, label, 'fewer elements', 'more than a file can hold');
  switch (storage.kind) {
    case 'raw':
      if (storage.end - storage.start !== wanted)
        throw sizeError(tensor, label, `${wanted} bytes`, `${storage.end - storage.start}`);
      return;
    case 'external':
      if (storage.length !== null && storage.length !== wanted)
        throw sizeError(tensor, label, `${wanted} bytes`, `${storage.length}`);
      // Reading its last byte shows that the file is there and long enough.
      if (wanted > 0) await external(ctx, tensor, label).read(storage.location, storage.offset + wanted - 1, 1);
      return;
    case 'typed': {
      if (storage.field !== row.field)
        throw sizeError(tensor, label, `${row.name} values`, `another kind of field (${storage.field})`);
      const bytes = storage.pieces.reduce((n, piece) => n + piece.end - piece.start, 0);
      const least =
        (FIXED_WIDTH[storage.field] ?? 1) * (FIXED_WIDTH[storage.field] ? count * row.lanes : entriesFor(row, count));
      if (bytes < least) throw sizeError(tensor, label, `at least ${least} bytes`, `${bytes}`);
      return;
    }
    case 'unclear':
      throw new ChannelwiseError(
        'unsupported',
        'unclear-storage',
        `${label} can't be read: ${storage.why}.`,
        place(tensor, label),
      );
    case 'none':
      if (count > 0) throw sizeError(tensor, label, `${wanted} bytes`, 'none');
  }
}

function external(ctx: TensorContext, tensor: Tensor, label: string): ExternalReader {
  if (!ctx.external)
    throw new ChannelwiseError(
      'unsupported',
      'no-external-reader',
      `${label} lies in a file beside the model, which can't be read here.`,
      place(tensor, label),
    );
  return ctx.external;
}

export function sizeError(tensor: Tensor, label: string, wanted: string, found: string): ChannelwiseError {
  return new ChannelwiseError(
    'malformed',
    'tensor-size',
    `${label} should hold ${wanted} for its shape, but has ${found}.`,
    place(tensor, label),
  );
}

export function place(tensor: Tensor, label: string): { tensor: string; offset: number } {
  return { tensor: label, offset: tensor.ref.start };
}

export function checkRange(
  tensor: { readonly name: string; readonly dims: readonly number[] },
  { from, to }: ElementRange,
): void {
  const count = elementCount(tensor);
  if (!(Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && from <= to && to <= count))
    throw new RangeError(`elements ${from} to ${to} of ${count}`);
}

export function checkHeld(numbers: number, tensor: Tensor, label: string): void {
  if (numbers > MAX_DECODED_NUMBERS) {
    throw new ChannelwiseError(
      'unsupported',
      'tensor-too-large',
      `${label} has ${numbers} values, more than this version holds in memory.`,
      place(tensor, label),
    );
  }
}

export function numericRow(tensor: Tensor, label: string): DtypeRow {
  const row = knownRow(tensor.dtype, label);
  if (row.kind === 'string')
    throw new ChannelwiseError('refused', 'weight-type', `${label} holds texts, not numbers.`, place(tensor, label));
  return row;
}
