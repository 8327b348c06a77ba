import { foldWeight } from '../../adapt/weights/foldTensor.ts';
import { grayscale } from '../../adapt/maps/channelMap.ts';
import { weightAxes } from '../../adapt/weights/tensorNames.ts';
import { DTYPES, dtypeName, isComputedFloat } from '../../tensors/dtypes.ts';
import { elementCount, type StoredTensor } from '../../tensors/storedTensor.ts';
import { readNumbers } from '../../tensors/tensorElements.ts';
import type { TensorChange, TensorSide } from '../compare/compareTensors.ts';
import { pairTensors, type ChangedTensor } from './pairTensors.ts';
import type { Comparison } from '../compare/comparison.ts';
import { ValueCounter, sumRounding } from '../compare/valueDifference.ts';
import type { ValueDifference } from '../compare/valueDifference.ts';
import { sameNumbers } from '../../bytes/sameNumbers.ts';
import { sameBesides } from '../../tensors/dims.ts';

/** Larger tensors are told apart by their bytes alone. */
const MAX_COMPARED = 2 ** 23;
/** Compares two files of weights: tensors by name, byte by byte, their numbers only where bytes differ. */
export async function compareWeights(
  a: readonly StoredTensor[],
  b: readonly StoredTensor[],
  onProgress: (fraction: number) => void,
): Promise<Comparison> {
  const paired = await pairTensors(a, b, onProgress);
  const tensors: TensorChange[] = [];
  for (const pair of paired.changed) tensors.push(await tensorChange(pair));
  const first = new Map(a.map((tensor) => [tensor.name, tensor]));
  const second = new Map(b.map((tensor) => [tensor.name, tensor]));
  for (const name of paired.unpaired) tensors.push(loneTensor(name, first.get(name), second.get(name)));
  return {
    identical: tensors.length === 0,
    sameFile: false,
    header: [],
    inputs: [],
    outputs: [],
    valueInfo: [],
    nodes: { added: [], removed: [], changed: [], renamed: [], same: 0 },
    tensors,
    renamedTensors: [],
    metadata: [],
    alignment: [],
  };
}

function side({ dtype, dims }: StoredTensor): TensorSide {
  return { dtype: dtypeName(dtype), dims, storage: 'raw' };
}

function loneTensor(name: string, a: StoredTensor | undefined, b: StoredTensor | undefined): TensorChange {
  const change = b ? 'added' : 'removed';
  const bare = { name, was: null, change, values: null, sumOverAxis: null, note: null } as const;
  return { ...bare, a: a ? side(a) : null, b: b ? side(b) : null };
}

async function tensorChange({ name, original, adapted }: ChangedTensor): Promise<TensorChange> {
  const bare = { name, was: null, a: side(original), b: side(adapted), values: null, sumOverAxis: null, note: null };
  const isNumeric = [original, adapted].every((tensor) => DTYPES[tensor.dtype] && elementCount(tensor) <= MAX_COMPARED);
  if (!sameNumbers(original.dims, adapted.dims))
    return {
      ...bare,
      change: 'dims',
      sumOverAxis: isNumeric && (await isSum(original, adapted)) ? weightAxes(original).channels : null,
    };
  const values = isNumeric ? await valueDifference(original, adapted) : null;
  return { ...bare, change: original.dtype === adapted.dtype ? 'values' : 'dtype', values };
}

async function valueDifference(a: StoredTensor, b: StoredTensor): Promise<ValueDifference> {
  const counter = new ValueCounter();
  counter.add(await readNumbers(a), await readNumbers(b));
  return counter.difference();
}

/** True where the second is the sum of the first over its channels, as gray leaves it. */
async function isSum(a: StoredTensor, b: StoredTensor): Promise<boolean> {
  const axis = weightAxes(a).channels;
  const channels = a.dims[axis] ?? 0;
  const fits = sameBesides(axis, a.dims, b.dims);
  if (!fits || b.dims[axis] !== 1 || a.dtype !== b.dtype || !isComputedFloat(a.dtype)) return false;
  const rounding = sumRounding(a.dtype);
  const values = await readNumbers(a);
  const sums = foldWeight({ values, dims: a.dims, axis }, grayscale(channels));
  const sizes = foldWeight({ values: values.map(Math.abs), dims: a.dims, axis }, grayscale(channels));
  const now = await readNumbers(b);
  return now.every((value, i) => Math.abs(value - (sums[i] ?? 0)) <= rounding * (sizes[i] ?? 0));
}
