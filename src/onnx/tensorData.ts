import { STRING, dtypeName, rawBytes, type DtypeRow } from './dtypes.ts';
import { decodeRaw, knownRow } from './elements.ts';
import { ChannelwiseError } from './errors.ts';
import type { ExternalReader } from './externalData.ts';
import type { Tensor, TypedPiece } from './model.ts';
import { FIXED_WIDTH, entriesFor, entriesToNumbers, takeFixed, takeVarints } from './typedData.ts';
import { LEN, malformed, type WireReader } from './wire.ts';

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

/** A step of decoding: between two steps a cancel is noticed and other work gets its turn. A multiple of all element widths. */
const CHUNK_BYTES = 1024 * 1024;
/** Decoded at once: 2^28 doubles are 2 GiB, beyond which typed arrays and editors get into trouble. Larger tensors can be streamed. */
const MAX_DECODED_NUMBERS = 2 ** 28;

/** The number of elements that dims name. Throws `malformed` if it isn't a safe integer. */
export function elementCount(tensor: { readonly name: string; readonly dims: readonly number[] }): number {
  let count = 1;
  for (const dim of tensor.dims) count *= dim;
  if (!Number.isSafeInteger(count)) throw new ChannelwiseError('malformed', 'dims', `Tensor ${tensor.name} has more elements than a file can hold.`, { tensor: tensor.name });
  return count;
}

/**
 * All values of a numeric tensor, whatever its type and storage.
 * Throws `malformed` if the data doesn't match dims, `refused` for strings, and what the external reader throws.
 */
export async function decodeTensor(ctx: TensorContext, tensor: Tensor, label: string): Promise<DecodedTensor> {
  const row = numericRow(tensor, label);
  const numbers = elementCount(tensor) * row.lanes;
  if (numbers > MAX_DECODED_NUMBERS) {
    throw new ChannelwiseError('unsupported', 'tensor-too-large', `${label} has ${numbers} values, more than this version holds in memory.`, place(tensor, label));
  }
  await checkStored(ctx, tensor, row, label);
  const values = new Float64Array(numbers);
  let at = 0;
  await streamTensor(ctx, tensor, label, (chunk) => {
    values.set(chunk, at);
    at += chunk.length;
  });
  return { dtype: tensor.dtype, dims: tensor.dims, values };
}

/** Hands the values of a numeric tensor of any size to `visit`, part by part and in order. Throws as decodeTensor does. */
export async function streamTensor(ctx: TensorContext, tensor: Tensor, label: string, visit: (values: Float64Array) => void): Promise<void> {
  const row = numericRow(tensor, label);
  await checkStored(ctx, tensor, row, label);
  const { storage } = tensor;
  if (storage.kind === 'raw') await streamRaw(ctx, tensor, row, (at, length) => ctx.wire.bytes(storage.start + at, storage.start + at + length), visit);
  else if (storage.kind === 'external') await streamRaw(ctx, tensor, row, (at, length) => external(ctx, tensor, label).read(storage.location, storage.offset + at, length), visit);
  else if (storage.kind === 'typed') await streamTyped(ctx, tensor, row, storage.field, storage.pieces, label, visit);
}

/** The 64-bit integers of an int64 or uint64 tensor, exactly. Throws as decodeTensor does, and `refused` for other types. */
export async function decodeWide(ctx: TensorContext, tensor: Tensor, label: string): Promise<BigInt64Array | BigUint64Array> {
  const row = numericRow(tensor, label);
  if (row.bits !== 64 || (row.kind !== 'int' && row.kind !== 'uint')) throw new ChannelwiseError('refused', 'dtype', `${label} is ${row.name}, not a 64-bit integer.`, place(tensor, label));
  // Read as doubles, the 8 bytes of each integer come through untouched where they are raw; varints give both halves.
  const count = elementCount(tensor);
  await checkStored(ctx, tensor, row, label);
  if (count > MAX_DECODED_NUMBERS) throw new ChannelwiseError('unsupported', 'tensor-too-large', `${label} has ${count} values, more than this version holds in memory.`, place(tensor, label));
  const values = row.kind === 'int' ? new BigInt64Array(count) : new BigUint64Array(count);
  const words = new DataView(values.buffer);
  const { storage } = tensor;
  let at = 0;
  if (storage.kind === 'typed') {
    await streamEntries(ctx, storage.pieces, label, count, (low, high, entries) => {
      for (let i = 0; i < entries; i++, at += 8) words.setBigUint64(at, BigInt(high[i] ?? 0) * 2n ** 32n + BigInt(low[i] ?? 0), LITTLE_ENDIAN);
    });
    return values;
  }
  const copy = (bytes: Uint8Array): void => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let i = 0; i < bytes.length; i += 8, at += 8) words.setBigUint64(at, view.getBigUint64(i, true), LITTLE_ENDIAN);
  };
  for (let done = 0; done < count * 8; done += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, count * 8 - done);
    if (storage.kind === 'raw') copy(await ctx.wire.bytes(storage.start + done, storage.start + done + length));
    if (storage.kind === 'external') copy(await external(ctx, tensor, label).read(storage.location, storage.offset + done, length));
  }
  return values;
}

/** Typed arrays use the machine's byte order. */
const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** The elements of a string tensor, as the bytes the file holds. Throws `refused` for other types. */
export async function decodeStrings(ctx: TensorContext, tensor: Tensor, label: string): Promise<Uint8Array[]> {
  if (tensor.dtype !== STRING) throw new ChannelwiseError('refused', 'dtype', `${label} is ${dtypeName(tensor.dtype)}, not texts.`, place(tensor, label));
  const count = elementCount(tensor);
  const { storage } = tensor;
  const found: Uint8Array[] = [];
  if (storage.kind === 'typed' && storage.field === 6) {
    for (const piece of storage.pieces) {
      for (let at = piece.start; at < piece.end;) {
        const field = await ctx.wire.fieldAt(at, piece.end);
        if (field.wireType !== LEN || found.length === count) throw sizeError(tensor, label, `${count} texts`, 'more');
        found.push(await ctx.wire.payload(field));
        at = field.end;
      }
    }
  } else if (storage.kind !== 'none') throw sizeError(tensor, label, `${count} texts`, 'other data');
  if (found.length !== count) throw sizeError(tensor, label, `${count} texts`, `${found.length}`);
  return found;
}

async function streamRaw(
  ctx: TensorContext, tensor: Tensor, row: DtypeRow, read: (at: number, length: number) => Promise<Uint8Array>, visit: (values: Float64Array) => void,
): Promise<void> {
  const total = elementCount(tensor);
  const step = CHUNK_BYTES * 8 / (row.bits ?? 8);
  for (let done = 0; done < total; done += step) {
    await ctx.wire.breathe();
    const count = Math.min(step, total - done);
    const values = new Float64Array(count * row.lanes);
    decodeRaw(tensor.dtype, await read(rawBytes(row, done), rawBytes(row, count)), values, 0, count);
    visit(values);
  }
}

async function streamTyped(
  ctx: TensorContext, tensor: Tensor, row: DtypeRow, field: number, pieces: readonly TypedPiece[], label: string, visit: (values: Float64Array) => void,
): Promise<void> {
  const width = FIXED_WIDTH[field];
  const total = elementCount(tensor);
  if (width === undefined) {
    let left = total;
    await streamEntries(ctx, pieces, label, entriesFor(row, total), (low, high, entries) => {
      const values = new Float64Array(Math.min(left, row.bits !== null && row.bits < 8 ? entries * 8 / row.bits : entries));
      left -= entriesToNumbers(tensor.dtype, row, low, high, entries, values, 0);
      visit(values);
    });
    return;
  }
  // float_data holds complex64 as two floats per element, double_data complex128 as two doubles.
  const single = width === 4 ? 1 : 11;
  let found = 0;
  for (const piece of pieces) {
    await forEachChunk(ctx, piece, (chunk, offset) => {
      const { bytes, packed } = piece.packed ? { bytes: chunk.length - chunk.length % width, packed: chunk } : takeFixed(chunk, width, offset);
      const values = new Float64Array(Math.floor((piece.packed ? bytes : packed.length) / width));
      decodeRaw(single, packed, values, 0, values.length);
      found += values.length;
      if (found > total * row.lanes) throw sizeError(tensor, label, `${total * row.lanes} values`, 'more');
      visit(values);
      return bytes;
    });
  }
  if (found !== total * row.lanes) throw sizeError(tensor, label, `${total * row.lanes} values`, `${found}`);
}

async function streamEntries(
  ctx: TensorContext, pieces: readonly TypedPiece[], label: string, expected: number, visit: (low: Uint32Array, high: Uint32Array, entries: number) => void,
): Promise<void> {
  const low = new Uint32Array(Math.min(CHUNK_BYTES, expected + 1));
  const high = new Uint32Array(low.length);
  let found = 0;
  for (const piece of pieces) {
    await forEachChunk(ctx, piece, (chunk, offset) => {
      const taken = takeVarints(chunk, piece.packed, low, high, offset);
      found += taken.entries;
      if (found > expected) throw new ChannelwiseError('malformed', 'tensor-size', `${label} should hold ${expected} numbers for its shape, but has more.`, { tensor: label, offset });
      visit(low, high, taken.entries);
      return taken.bytes;
    });
  }
  if (found !== expected) throw new ChannelwiseError('malformed', 'tensor-size', `${label} should hold ${expected} numbers for its shape, but has ${found}.`, { tensor: label });
}

/** Walks a piece in chunks; `take` says how many bytes it used, and the rest comes again at the head of the next chunk. */
async function forEachChunk(ctx: TensorContext, piece: TypedPiece, take: (chunk: Uint8Array, offset: number) => number): Promise<void> {
  for (let at = piece.start; at < piece.end;) {
    await ctx.wire.breathe();
    const used = take(await ctx.wire.bytes(at, Math.min(piece.end, at + CHUNK_BYTES)), at);
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
      if (storage.end - storage.start !== wanted) throw sizeError(tensor, label, `${wanted} bytes`, `${storage.end - storage.start}`);
      return;
    case 'external':
      if (storage.length !== null && storage.length !== wanted) throw sizeError(tensor, label, `${wanted} bytes`, `${storage.length}`);
      // Reading its last byte shows that the file is there and long enough.
      if (wanted > 0) await external(ctx, tensor, label).read(storage.location, storage.offset + wanted - 1, 1);
      return;
    case 'typed': {
      if (storage.field !== row.field) throw sizeError(tensor, label, `${row.name} values`, `another kind of field (${storage.field})`);
      const bytes = storage.pieces.reduce((n, piece) => n + piece.end - piece.start, 0);
      const least = (FIXED_WIDTH[storage.field] ?? 1) * (FIXED_WIDTH[storage.field] ? count * row.lanes : entriesFor(row, count));
      if (bytes < least) throw sizeError(tensor, label, `at least ${least} bytes`, `${bytes}`);
      return;
    }
    case 'unclear': throw new ChannelwiseError('unsupported', 'unclear-storage', `${label} can't be read: ${storage.why}.`, place(tensor, label));
    case 'none':
      if (count > 0) throw sizeError(tensor, label, `${wanted} bytes`, 'none');
  }
}

function numericRow(tensor: Tensor, label: string): DtypeRow {
  const row = knownRow(tensor.dtype, label);
  if (row.kind === 'string') throw new ChannelwiseError('refused', 'weight-type', `${label} holds texts, not numbers.`, place(tensor, label));
  return row;
}

function external(ctx: TensorContext, tensor: Tensor, label: string): ExternalReader {
  if (!ctx.external) throw new ChannelwiseError('unsupported', 'no-external-reader', `${label} lies in a file beside the model, which can't be read here.`, place(tensor, label));
  return ctx.external;
}

function sizeError(tensor: Tensor, label: string, wanted: string, found: string): ChannelwiseError {
  return new ChannelwiseError('malformed', 'tensor-size', `${label} should hold ${wanted} for its shape, but has ${found}.`, place(tensor, label));
}

function place(tensor: Tensor, label: string): { tensor: string; offset: number } {
  return { tensor: label, offset: tensor.ref.start };
}
