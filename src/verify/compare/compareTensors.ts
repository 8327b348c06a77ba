import { dtypeName, rawBytes, isComputedFloat } from '../../tensors/dtypes.ts';
import { knownRow } from '../../tensors/elements.ts';
import { isTellable } from '../../bytes/errors.ts';
import type { Tensor } from '../../formats/onnx/model.ts';
import { decodeTensor } from '../../formats/onnx/tensors/tensorData.ts';
import { elementCount } from '../../tensors/storedTensor.ts';
import type { ByteComparer } from '../sameBytes.ts';
import type { ModelFile } from '../wiring.ts';
import { product } from '../../tensors/dims.ts';
import { ValueCounter, sumRounding } from './valueDifference.ts';
import type { ValueDifference } from './valueDifference.ts';
import { sameNumbers } from '../../bytes/sameNumbers.ts';

export interface TensorSide {
  readonly dtype: string;
  readonly dims: readonly number[];
  readonly storage: Tensor['storage']['kind'];
}

/** One stored tensor that is not the same in both models. */
export interface TensorChange {
  readonly name: string;
  /** Its name in the first model where that is another one. */
  readonly was: string | null;
  readonly change: 'added' | 'removed' | 'dtype' | 'dims' | 'values' | 'storage';
  readonly a: TensorSide | null;
  readonly b: TensorSide | null;
  /** For other values of the same shape, also where the type is another one. */
  readonly values: ValueDifference | null;
  /** The axis along which the second is the exact sum of the first, as folding gray leaves it. */
  readonly sumOverAxis: number | null;
  /** What could not be compared, as a sentence. */
  readonly note: string | null;
}

/** Two models that are compared, and what compares their bytes. */
export interface ComparedModels {
  readonly a: ModelFile;
  readonly b: ModelFile;
  readonly bytes: ByteComparer;
}

/** Numbers decoded at once from each file: 64 MiB as doubles. A multiple of all element packings. */
const STEP_ELEMENTS = 2 ** 23;

/**
 * What differs between two tensors of one name; null when nothing does. Bytes first, numbers only where they differ.
 */
export async function compareTensors(
  models: ComparedModels,
  name: string,
  a: Tensor,
  b: Tensor,
): Promise<TensorChange | null> {
  const { bytes } = models;
  const bare = { name, was: null, a: side(a), b: side(b), values: null, sumOverAxis: null, note: null };
  const sameDims = sameNumbers(a.dims, b.dims);
  if (a.dtype !== b.dtype) {
    const isComparable = sameDims && comparable(a) && comparable(b);
    return noted({ ...bare, change: 'dtype' }, async () => ({
      values: isComparable ? await valueDifference(models, a, b) : null,
    }));
  }
  if (!sameDims) return noted({ ...bare, change: 'dims' }, async () => ({ sumOverAxis: await sumAxis(models, a, b) }));
  return noted({ ...bare, change: 'values' }, async () => {
    const values = (await bytes.sameTensor(a, b)) ? null : await valueDifference(models, a, b);
    if (values?.count) return { values };
    return a.storage.kind === b.storage.kind ? null : { change: 'storage' };
  });
}

/**
 * A change with what looking closer adds to it; with the reason where that can't be done. null where it turns out to be
 * none.
 */
async function noted(
  change: TensorChange,
  look: () => Promise<Partial<TensorChange> | null>,
): Promise<TensorChange | null> {
  try {
    const more = await look();
    return more && { ...change, ...more };
  } catch (error) {
    if (!isTellable(error)) throw error;
    return { ...change, note: error.message };
  }
}

/** Numbers of these types mean the same when one is stored as another: a model in half precision. */
function comparable(tensor: Tensor): boolean {
  return isComputedFloat(tensor.dtype);
}

/** What a difference says of one of its two tensors. */
export function side(tensor: Tensor): TensorSide {
  return { dtype: dtypeName(tensor.dtype), dims: tensor.dims, storage: tensor.storage.kind };
}

async function valueDifference(models: ComparedModels, a: Tensor, b: Tensor): Promise<ValueDifference> {
  const total = elementCount(a);
  const counter = new ValueCounter();
  const whole = a.storage.kind === 'typed' || b.storage.kind === 'typed' || total <= STEP_ELEMENTS;
  const step = whole ? Math.max(1, total) : STEP_ELEMENTS;
  for (let at = 0; at < total; at += step) {
    const n = Math.min(step, total - at);
    const x = (await decodeTensor(models.a.ctx, part(a, at, n, total), a.name)).values;
    const y = (await decodeTensor(models.b.ctx, part(b, at, n, total), b.name)).values;
    counter.add(x, y);
  }
  return counter.difference();
}

/** Elements [at, at + n) of a tensor as a tensor of its own; the whole one stays as it is. */
function part(tensor: Tensor, at: number, n: number, total: number): Tensor {
  if (n === total) return tensor;
  const row = knownRow(tensor.dtype, tensor.name);
  const [skip, length] = [rawBytes(row, at), rawBytes(row, n)];
  const { storage } = tensor;
  if (storage.kind === 'raw')
    return {
      ...tensor,
      dims: [n],
      storage: { kind: 'raw', start: storage.start + skip, end: Math.min(storage.end, storage.start + skip + length) },
    };
  if (storage.kind === 'external')
    return { ...tensor, dims: [n], storage: { ...storage, offset: storage.offset + skip, length } };
  return tensor;
}

/** The one axis along which `b` is the sum of `a`, to the rounding of its type; null where it is not. */
async function sumAxis(models: ComparedModels, a: Tensor, b: Tensor): Promise<number | null> {
  const axes = a.dims.flatMap((dim, i) => (dim === b.dims[i] ? [] : [i]));
  const [axis, ...more] = axes;
  if (a.dims.length !== b.dims.length || axis === undefined || more.length) return null;
  const isComparable = isComputedFloat(a.dtype) && elementCount(a) <= STEP_ELEMENTS;
  if (b.dims[axis] !== 1 || !isComparable) return null;
  const x = (await decodeTensor(models.a.ctx, a, a.name)).values;
  const y = (await decodeTensor(models.b.ctx, b, b.name)).values;
  const rounding = sumRounding(a.dtype);
  const channels = a.dims[axis] ?? 0;
  const inner = product(a.dims.slice(axis + 1));
  for (let i = 0; i < y.length; i++) {
    const base = Math.floor(i / inner) * channels * inner + (i % inner);
    let [sum, size] = [0, 0];
    for (let c = 0; c < channels; c++) {
      const v = x[base + c * inner] ?? 0;
      sum += v;
      size += Math.abs(v);
    }
    if (!(Math.abs(sum - (y[i] ?? NaN)) <= rounding * size)) return null;
  }
  return axis;
}
