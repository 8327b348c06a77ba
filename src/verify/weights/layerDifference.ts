import type { Affine } from '../../adapt/maps/affine.ts';
import { affine, type ChannelMap } from '../../adapt/maps/channelMap.ts';
import { foldMoment } from '../../adapt/weights/foldTensor.ts';
import { channelView, viewOrder, type PatchOrder } from '../../adapt/weights/patchOrder.ts';
import { siblingName, weightAxes } from '../../adapt/weights/tensorNames.ts';
import { dtypeName, FLOAT } from '../../tensors/dtypes.ts';
import { permuted } from '../../tensors/permuted.ts';
import type { StoredTensor } from '../../tensors/storedTensor.ts';
import { readNumbers } from '../../tensors/tensorElements.ts';
import { statistics, type TensorDifference } from '../proof/measure/difference.ts';
import { SeededRandom } from '../proof/measure/random.ts';
import type { Convolution, Numbers } from './convolution.ts';
import type { ChangedTensor } from './pairTensors.ts';
import { product, sameBesides } from '../../tensors/dims.ts';
import { columnCount } from '../../adapt/maps/affine.ts';
import type { RunRecord } from '../proof/measure/runPlan.ts';
import { stepOf } from '../../tensors/precision.ts';

export const IMAGE = 'image';
/** Pixels that the kernel moves over, in each direction. */
const STEPS = 4;
/** Half steps that a moment may be off by: the mean of a few rounded numbers, rounded itself. */
const MOMENT_STEPS = 4;
/** Float32 roundings of a layer's sum, beside those that its terms add: the mapped input, the bias, the output. */
const SUM_STEPS = 4;

/** What the layers of both files are compared by. */
export interface LayerContext {
  readonly convolution: Convolution;
  readonly ends: Affine;
  readonly seed: number;
  readonly original: readonly StoredTensor[];
  readonly adapted: readonly StoredTensor[];
}

export interface LayerDifference {
  readonly difference: TensorDifference;
  readonly run: RunRecord;
}

/**
 * Builds one convolution from each file's weight and runs the original's on the mapped channels, the other on the new
 * ones. A linear layer over patches is a convolution too, once its numbers stand in the order of channels.
 */
export async function layerDifference(
  pair: ChangedTensor,
  order: PatchOrder | null,
  context: LayerContext,
): Promise<LayerDifference> {
  const { name, original, adapted } = pair;
  const { convolution, ends } = context;
  const [rows, columns] = [ends.m.length, columnCount(ends.m)];
  if (!fits(pair, order, ends)) return { difference: strange(pair), run: runOf([1, columns]) };
  const before = { weight: await kernelOf(original, order, rows), bias: await biasOf(original, context.original) };
  const after = { weight: await kernelOf(adapted, order, columns), bias: await biasOf(adapted, context.adapted) };
  const { dims, values } = before.weight;
  const image = randomImage([1, columns, ...dims.slice(2).map((kernel) => kernel + STEPS)], context.seed);
  const mapped = mappedImage(image, ends);
  const was = await convolution.run(mapped, before.weight, before.bias);
  const now = await convolution.run(image, after.weight, after.bias);
  const sizes = await convolution.run(magnitudes(mapped), magnitudes(before.weight), magnitudes(before.bias));
  const terms = sizes.length === 0 ? 0 : values.length / (dims[0] ?? 1);
  const rounding = layerRounding(original.dtype, terms);
  const difference = compared({ name, original }, { was, now }, (i) => rounding * (sizes[i] ?? 0));
  return { difference, run: runOf(image.dims) };
}

/**
 * How far the outputs of a layer may lie apart, as a part of the sum of their terms' magnitudes: the runs add in
 * float32, whose roundings grow with the root of how many there are; both weights are rounded to their own type, which
 * counts where it is coarser.
 */
function layerRounding(dtype: number, terms: number): number {
  const [stored, added] = [stepOf(dtype), stepOf(FLOAT) / 2];
  return (stored > stepOf(FLOAT) ? stored : 0) + added * (Math.sqrt(terms) + SUM_STEPS);
}

function runOf(dims: readonly number[]): RunRecord {
  return { on: 'random', sizes: { [IMAGE]: dims } };
}

/** Whether the weights have the sizes that the map asks for. */
function fits({ original, adapted }: ChangedTensor, order: PatchOrder | null, { m }: Affine): boolean {
  const [rows, columns] = [m.length, columnCount(m)];
  const axis = weightAxes(original).channels;
  const [was = 0, now = 0] = [original.dims[axis], adapted.dims[axis]];
  const agree = order === null ? was === rows && now === columns : was % rows === 0 && now * rows === was * columns;
  return agree && sameBesides(axis, original.dims, adapted.dims);
}

/** A weight as a convolution wants it: [outputs, channels, kernel…]. */
async function kernelOf(tensor: StoredTensor, patches: PatchOrder | null, channels: number): Promise<Numbers> {
  const view = channelView(tensor, patches, channels);
  const order = viewOrder(view);
  const values = await readNumbers(tensor);
  const bytes = permuted(new Uint8Array(values.buffer), values.BYTES_PER_ELEMENT, { dims: view.dims, order });
  return { dims: order.map((axis) => view.dims[axis] ?? 1), values: new Float64Array(bytes.buffer) };
}

async function numbersOf(tensor: StoredTensor): Promise<Numbers> {
  return { dims: tensor.dims, values: await readNumbers(tensor) };
}

async function biasOf(weight: StoredTensor, tensors: readonly StoredTensor[]): Promise<Numbers> {
  const outputs = weight.dims[weightAxes(weight).outputs] ?? 0;
  const bias = tensors.find((tensor) => tensor.name === siblingName(weight.name, 'bias'));
  if (bias?.dims.join() === String(outputs)) return numbersOf(bias);
  return { dims: [outputs], values: new Float64Array(outputs) };
}

function randomImage(dims: readonly number[], seed: number): Numbers {
  const random = new SeededRandom(seed);
  const count = product(dims);
  // In float32, as it is fed: both sides then see the same numbers.
  return { dims, values: Float64Array.from({ length: count }, () => Math.fround(random.next())) };
}

/** x_old[c] = Σ_k M[c, k] · x_new[k] + b[c] */
function mappedImage({ dims, values }: Numbers, { m, b }: Affine): Numbers {
  const pixels = product(dims.slice(2));
  const out = new Float64Array(m.length * pixels);
  for (const [c, row] of m.entries())
    for (let i = 0; i < pixels; i++)
      out[c * pixels + i] = row.reduce((sum, f, k) => sum + f * (values[k * pixels + i] ?? 0), b[c] ?? 0);
  return { dims: [1, m.length, ...dims.slice(2)], values: out };
}

function magnitudes({ dims, values }: Numbers): Numbers {
  return { dims, values: values.map(Math.abs) };
}

interface Sides {
  readonly was: Float64Array;
  readonly now: Float64Array;
}

function compared(
  { name, original }: Pick<ChangedTensor, 'name' | 'original'>,
  { was, now }: Sides,
  rounding: (i: number) => number,
): TensorDifference {
  const { maxAbs, maxRel, relL2, peak, broken } = statistics(was, now);
  let [worst, exceeded] = [-1, 0];
  let [largest, allowed] = [-1, 0];
  for (let i = 0; i < was.length; i++) {
    const limit = rounding(i);
    const difference = Math.abs((was[i] ?? 0) - (now[i] ?? 0));
    const share = difference / (limit || Number.MIN_VALUE);
    if (share > worst) [worst, exceeded] = [share, limit];
    if (difference > largest) [largest, allowed] = [difference, limit];
  }
  const ok = !broken && was.length === now.length && was.length > 0 && worst <= 1;
  // Each element has its own tolerance; the one shown belongs to the largest difference, which is shown beside it.
  const tolerance = ok ? allowed : exceeded;
  return {
    name,
    dtype: dtypeName(original.dtype),
    dims: original.dims,
    maxAbs,
    maxRel,
    relL2,
    peak,
    tolerance,
    ok,
    why: ok ? null : 'differs by more than the rounding tolerance',
  };
}

/** How a moment was folded: the map, the power of the gradient that it averages, and the order of its weight. */
export interface MomentFold {
  readonly map: ChannelMap;
  readonly power: number;
  readonly order: PatchOrder | null;
}

/** The mean over the old channels, recomputed. */
export async function momentDifference(
  pair: ChangedTensor,
  { map, power, order }: MomentFold,
): Promise<TensorDifference> {
  const { original, adapted } = pair;
  if (!fits(pair, order, affine(map))) return strange(pair);
  const moment = { values: await readNumbers(original), ...channelView(original, order, map.matrix.length) };
  const was = foldMoment(moment, map, power);
  const now = await readNumbers(adapted);
  const rounding = (Math.max(stepOf(original.dtype), stepOf(FLOAT)) / 2) * MOMENT_STEPS;
  const peak = was.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return compared(pair, { was, now }, () => rounding * peak);
}

/** A tensor that no map explains. */
export function strange({ name, original, adapted }: ChangedTensor): TensorDifference {
  const what =
    `is [${original.dims.join(', ')}] in one file and [${adapted.dims.join(', ')}] in the other, which the map does ` +
    'not explain';
  return {
    name,
    dtype: dtypeName(original.dtype),
    dims: original.dims,
    maxAbs: NaN,
    maxRel: NaN,
    relL2: NaN,
    peak: NaN,
    tolerance: NaN,
    ok: false,
    why: what,
  };
}
