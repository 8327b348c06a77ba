import { STRING, type DtypeRow } from '../../../tensors/dtypes.ts';
import { knownRow } from '../../../tensors/elements.ts';
import { ChannelwiseError } from '../../../bytes/errors.ts';
import type { SparseTensor, Tensor } from '../model.ts';
import {
  checkHeld,
  checkRange,
  decodeTensor,
  elementCount,
  numericRow,
  place,
  readNumbers,
  sizeError,
  streamBytes,
  type ElementRange,
  type TensorContext,
} from './tensorData.ts';
import { LEN } from '../scan/wire.ts';

/**
 * Some elements, without loss: `numbers` has two per element for complex types, `integers` holds the 64-bit types,
 * `texts` the bytes of each string (UTF-8 if the writer kept to the standard).
 */
export type Elements =
  | { readonly kind: 'numbers'; readonly values: Float64Array }
  | { readonly kind: 'integers'; readonly values: BigInt64Array | BigUint64Array }
  | { readonly kind: 'texts'; readonly values: readonly Uint8Array[] };

/**
 * Elements [from, to) of any tensor of any type, for display; `from` and `to` count elements of the full shape. Reads only what the range
 * needs: its bytes; varints and texts before it are walked, and of a sparse tensor all indices and stored values are read.
 * Throws RangeError for a range outside the tensor, otherwise as decodeTensor does.
 */
export async function readElements(
  ctx: TensorContext,
  tensor: Tensor | SparseTensor,
  range: ElementRange,
  label: string,
): Promise<Elements> {
  if ('indices' in tensor) return readSparse(ctx, tensor, range, label);
  checkRange(tensor, range);
  if (tensor.dtype === STRING) return { kind: 'texts', values: await readTexts(ctx, tensor, range, label) };
  const row = numericRow(tensor, label);
  if (isWide(row)) return { kind: 'integers', values: await readWide(ctx, tensor, row, range, label) };
  return { kind: 'numbers', values: await readNumbers(ctx, tensor, range, label) };
}

async function readWide(
  ctx: TensorContext,
  tensor: Tensor,
  row: DtypeRow,
  range: ElementRange,
  label: string,
): Promise<BigInt64Array | BigUint64Array> {
  const count = range.to - range.from;
  checkHeld(count, tensor, label);
  let values = emptyWide(row, 0);
  let at = 0;
  await streamBytes(ctx, tensor, row, range, label, (raw) => {
    if (at === 0) values = emptyWide(row, count);
    const part = wideElements(row, raw);
    for (const value of part) values[at++] = value;
  });
  return values;
}

/** The 64-bit integers in some little-endian bytes. */
export function wideElements(row: DtypeRow, raw: Uint8Array): BigInt64Array | BigUint64Array {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  const values = emptyWide(row, raw.length / 8);
  for (let i = 0; i < values.length; i++)
    values[i] = row.kind === 'int' ? view.getBigInt64(i * 8, true) : view.getBigUint64(i * 8, true);
  return values;
}

/** string_data is walked from its start; texts outside the range are stepped over. */
async function readTexts(
  ctx: TensorContext,
  tensor: Tensor,
  { from, to }: ElementRange,
  label: string,
): Promise<Uint8Array[]> {
  const count = elementCount(tensor);
  const { storage } = tensor;
  if (storage.kind === 'unclear')
    throw new ChannelwiseError(
      'unsupported',
      'unclear-storage',
      `${label} can't be read: ${storage.why}.`,
      place(tensor, label),
    );
  if (storage.kind !== 'none' && !(storage.kind === 'typed' && storage.field === 6))
    throw sizeError(tensor, label, `${count} texts`, 'other data');
  const found: Uint8Array[] = [];
  let seen = 0;
  for (const piece of storage.kind === 'typed' ? storage.pieces : []) {
    for (let at = piece.start; at < piece.end && (seen < to || to === count); seen++) {
      await ctx.wire.breathe();
      const field = await ctx.wire.fieldAt(at, piece.end);
      if (field.wireType !== LEN || seen === count) throw sizeError(tensor, label, `${count} texts`, 'more');
      if (seen >= from && seen < to) found.push(await ctx.wire.payload(field));
      at = field.end;
    }
  }
  if (seen < to) throw sizeError(tensor, label, `${count} texts`, `${seen}`);
  return found;
}

async function readSparse(
  ctx: TensorContext,
  sparse: SparseTensor,
  range: ElementRange,
  label: string,
): Promise<Elements> {
  const dense = { name: label, dims: sparse.dims };
  checkRange(dense, range);
  const stored = await readElements(ctx, sparse.values, { from: 0, to: elementCount(sparse.values) }, label);
  const row = knownRow(sparse.values.dtype, label);
  const count = range.to - range.from;
  checkHeld(count * row.lanes, sparse.values, label);
  const places = await sparsePlaces(ctx, sparse, label);
  const inside = (visit: (at: number, i: number) => void): void => {
    for (const [i, place] of places.entries())
      if (place >= range.from && place < range.to) visit(place - range.from, i);
  };
  if (stored.kind === 'texts') {
    const values = Array.from({ length: count }, () => new Uint8Array(0));
    inside((at, i) => {
      values[at] = Uint8Array.from(stored.values[i] ?? []);
    });
    return { kind: 'texts', values };
  }
  if (stored.kind === 'integers') {
    const values = emptyWide(row, count);
    inside((at, i) => {
      values[at] = stored.values[i] ?? 0n;
    });
    return { kind: 'integers', values };
  }
  const values = new Float64Array(count * row.lanes);
  inside((at, i) => {
    for (let lane = 0; lane < row.lanes; lane++)
      values[at * row.lanes + lane] = stored.values[i * row.lanes + lane] ?? 0;
  });
  return { kind: 'numbers', values };
}

/**
 * Where in the flat tensor each stored value of a sparse tensor lies. Indices are positions in the flat tensor (rank 1) or one coordinate
 * row per value (rank 2). Throws `malformed` where they leave the dims or are not one per value.
 */
async function sparsePlaces(ctx: TensorContext, sparse: SparseTensor, label: string): Promise<Float64Array> {
  const { dims, values, indices } = sparse;
  const given = elementCount(values);
  const flat = indices.dims.length <= 1;
  if (elementCount(indices) !== (flat ? given : given * dims.length))
    throw sparseError(sparse, label, `has ${given} values and ${elementCount(indices)} indices`);
  const decoded = await decodeTensor(ctx, indices, `the indices of ${label}`);
  const total = elementCount({ name: label, dims });
  const places = new Float64Array(given);
  for (let i = 0; i < given; i++) {
    let at = flat ? (decoded.values[i] ?? -1) : 0;
    if (!flat) {
      for (const [axis, dim] of dims.entries()) {
        const index = decoded.values[i * dims.length + axis] ?? -1;
        at = index >= 0 && index < dim ? at * dim + index : NaN;
      }
    }
    if (!(Number.isInteger(at) && at >= 0 && at < total))
      throw sparseError(sparse, label, 'has an index outside its shape');
    places[i] = at;
  }
  return places;
}

function sparseError(sparse: SparseTensor, label: string, what: string): ChannelwiseError {
  return new ChannelwiseError('malformed', 'sparse', `The sparse tensor ${label} ${what}.`, {
    tensor: label,
    offset: sparse.ref.start,
  });
}

function emptyWide(row: DtypeRow, count: number): BigInt64Array | BigUint64Array {
  return row.kind === 'int' ? new BigInt64Array(count) : new BigUint64Array(count);
}

/** True for the integer types that a double can't hold. */
export function isWide(row: DtypeRow): boolean {
  return row.bits === 64 && (row.kind === 'int' || row.kind === 'uint');
}
