import type { Affine } from '../../adapt/maps/affine.ts';
import { affine, grayscale, type ChannelMap } from '../../adapt/maps/channelMap.ts';
import { foldMoment } from '../../adapt/weights/foldTensor.ts';
import {
  convolutionOrder,
  isOptimizerState,
  momentPower,
  siblingName,
  weightAxes,
} from '../../adapt/weights/tensorNames.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { dtypeName } from '../../tensors/dtypes.ts';
import type { StoredTensor } from '../../tensors/storedTensor.ts';
import { permuted } from '../../tensors/permuted.ts';
import { readNumbers } from '../../tensors/tensorElements.ts';
import { statistics, worse, type TensorDifference } from '../proof/measure/difference.ts';
import { SeededRandom } from '../proof/measure/random.ts';
import type { RunRecord } from '../proof/measure/stemRun.ts';
import { shortNumber } from '../proof/matrixText.ts';
import type { Verdict, VerifyReport } from '../proof/report.ts';
import { runtimeVersion } from '../session.ts';
import { Convolution, type Numbers } from './convolution.ts';
import { pairTensors, type ChangedTensor, type PairedTensors } from './pairTensors.ts';

export interface VerifyWeightsRequest {
  readonly original: readonly StoredTensor[];
  readonly adapted: readonly StoredTensor[];
  /** The map that the adapted file was made with; null where it is not known. */
  readonly map: ChannelMap | null;
  readonly seed?: number | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** Pixels that the kernel moves over, in each direction. */
const STEPS = 4;
const IMAGE = 'image';
/** Seeds are drawn from so many. */
const SEEDS = 2 ** 31;
/** Rounding steps of types that round more coarsely than float32. Of a sum of rounded numbers, a few add up. */
const ROUNDING: Readonly<Record<string, number>> = {
  float16: 2 ** -11,
  bfloat16: 2 ** -8,
  float8e4m3fn: 2 ** -4,
  float8e5m2: 2 ** -3,
};
const FLOAT32_ROUNDING = 2 ** -24;
const ASSUMED = 'The file does not record its map; gray was assumed.';

/**
 * Proves a converted file of weights: for every changed weight one convolution is built from each file and run in ONNX
 * Runtime, the original's on the mapped channels; an optimizer's moments are recomputed; every other tensor is compared
 * byte for byte. What the runtime can't do makes the report `unproved`. Throws `refused` where the files don't belong
 * together.
 */
export async function verifyWeights(request: VerifyWeightsRequest): Promise<VerifyReport> {
  const { original, adapted, onProgress } = request;
  const seed = request.seed ?? Math.floor(Math.random() * SEEDS);
  const paired = await pairTensors(original, adapted, (fraction) => onProgress?.(fraction * 0.9));
  const map = request.map ?? assumedMap(paired.changed);
  const found = await changedTensors(paired, affine(map), { map, seed, original, adapted });
  onProgress?.(1);
  return reportOf({ paired, map, found, seed, isAssumed: request.map === null });
}

/** Gray, where the file does not say what was done. */
function assumedMap(changed: readonly ChangedTensor[]): ChannelMap {
  const weight = changed.find(({ name, original }) => isWeight(original) && !isOptimizerState(name));
  const axis = weight ? weightAxes(weight.original).channels : 0;
  const [was, now] = [weight?.original.dims[axis], weight?.adapted.dims[axis]];
  if (was === undefined || now !== 1)
    throw new ChannelwiseError(
      'refused',
      'no-map',
      'The files do not say which map lies between them; name it with --map.',
    );
  return grayscale(was);
}

function isWeight({ dims }: StoredTensor): boolean {
  return dims.length >= 3;
}

interface Context {
  readonly map: ChannelMap;
  readonly seed: number;
  readonly original: readonly StoredTensor[];
  readonly adapted: readonly StoredTensor[];
}

interface Found {
  readonly tensors: readonly TensorDifference[];
  readonly runs: readonly RunRecord[];
  /** Why the files are not the same function, a clause; null where nothing speaks against it. */
  readonly wrong: string | null;
  /** Why it could not be checked. */
  readonly unproved: string | null;
}

async function changedTensors(paired: PairedTensors, ends: Affine, context: Context): Promise<Found> {
  const tensors: TensorDifference[] = [];
  const runs: RunRecord[] = [];
  const weights = paired.changed.filter(({ name, original }) => isWeight(original) && !isOptimizerState(name));
  const biases = new Set(weights.map(({ name }) => siblingName(name, 'bias')));
  const [missing] = paired.unpaired;
  if (missing !== undefined) return { tensors, runs, wrong: `only one of the files has ${missing}.`, unproved: null };
  const convolution = await Convolution.open().catch((error: unknown) => {
    if (error instanceof ChannelwiseError) return error;
    throw error;
  });
  if (convolution instanceof ChannelwiseError)
    return { tensors, runs, wrong: null, unproved: `ONNX Runtime could not run: ${convolution.message}` };
  try {
    for (const pair of paired.changed) {
      const power = momentPower(pair.name);
      if (power !== null) tensors.push(await momentDifference(pair, context.map, power));
      else if (weights.includes(pair)) {
        const { difference, run } = await weightDifference(convolution, pair, ends, context);
        tensors.push(difference);
        runs.push(run);
      } else if (!biases.has(pair.name)) tensors.push(strange(pair));
    }
  } finally {
    await convolution.close();
  }
  tensors.push(...staleMoments(paired, weights, context.original));
  const bad = tensors.find(({ ok }) => !ok);
  return { tensors, runs, wrong: bad ? `${bad.name} ${bad.why}.` : null, unproved: null };
}

async function weightDifference(
  convolution: Convolution,
  { name, original, adapted }: ChangedTensor,
  ends: Affine,
  context: Context,
): Promise<{ difference: TensorDifference; run: RunRecord }> {
  const [rows, columns] = [ends.m.length, ends.m[0]?.length ?? 0];
  const [, channels = 1, ...kernel] = convolutionOrder(original);
  const fits =
    original.dims[channels] === rows && adapted.dims[channels] === columns && areSameBut(channels, original, adapted);
  const size = kernel.map((axis) => (original.dims[axis] ?? 1) + STEPS);
  const run = { on: 'random', sizes: { [IMAGE]: [1, columns, ...size] } };
  if (!fits) return { difference: strange({ name, original, adapted }), run };
  const x = randomImage([1, columns, ...size], context.seed);
  const mapped = mappedImage(x, ends);
  const [numbers, v] = [await kernelOf(original), await kernelOf(adapted)];
  const [b, c] = [await biasOf(original, context.original), await biasOf(adapted, context.adapted)];
  const was = await convolution.run(mapped, numbers, b);
  const now = await convolution.run(x, v, c);
  const size0 = await convolution.run(magnitudes(mapped), magnitudes(numbers), magnitudes(b));
  const terms = size0.length === 0 ? 0 : numbers.values.length / (numbers.dims[0] ?? 1);
  const rounding = (ROUNDING[dtypeName(original.dtype)] ?? 0) * 2 + FLOAT32_ROUNDING * (Math.sqrt(terms) + 4);
  return { difference: compared({ name, original }, { was, now }, (i) => rounding * (size0[i] ?? 0)), run };
}

function areSameBut(axis: number, a: Pick<StoredTensor, 'dims'>, b: Pick<StoredTensor, 'dims'>): boolean {
  return a.dims.length === b.dims.length && a.dims.every((dim, i) => i === axis || dim === b.dims[i]);
}

/** A weight as a convolution wants it: [outputs, channels, kernel…]. */
async function kernelOf(tensor: StoredTensor): Promise<Numbers> {
  const { dims } = tensor;
  const order = convolutionOrder(tensor);
  const values = await readNumbers(tensor);
  const bytes = permuted(new Uint8Array(values.buffer), values.BYTES_PER_ELEMENT, { dims, order });
  return { dims: order.map((axis) => dims[axis] ?? 1), values: new Float64Array(bytes.buffer) };
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
  const count = dims.reduce((product, dim) => product * dim, 1);
  // In float32, as it is fed: both sides then see the same numbers.
  return { dims, values: Float64Array.from({ length: count }, () => Math.fround(random.next())) };
}

/** x_old[c] = Σ_k M[c, k] · x_new[k] + b[c] */
function mappedImage({ dims, values }: Numbers, { m, b }: Affine): Numbers {
  const pixels = dims.slice(2).reduce((product, dim) => product * dim, 1);
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
  let [worst, tolerance] = [-1, 0];
  for (let i = 0; i < was.length; i++) {
    const limit = rounding(i);
    const share = Math.abs((was[i] ?? 0) - (now[i] ?? 0)) / (limit || Number.MIN_VALUE);
    if (share > worst) [worst, tolerance] = [share, limit];
  }
  const ok = !broken && was.length === now.length && was.length > 0 && worst <= 1;
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
    why: ok ? null : 'gives other numbers than rounding explains',
  };
}

/** The mean over the old channels, recomputed. */
async function momentDifference(pair: ChangedTensor, map: ChannelMap, power: number): Promise<TensorDifference> {
  const { original, adapted } = pair;
  const axis = weightAxes(original).channels;
  if (original.dims[axis] !== map.matrix.length || !areSameBut(axis, original, adapted)) return strange(pair);
  const was = foldMoment({ ...(await numbersOf(original)), axis }, map, power);
  const now = await readNumbers(adapted);
  const rounding = (ROUNDING[dtypeName(original.dtype)] ?? FLOAT32_ROUNDING) * 4;
  const peak = was.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return compared(pair, { was, now }, () => rounding * peak);
}

function strange({ name, original, adapted }: ChangedTensor): TensorDifference {
  const what = `is [${original.dims.join(', ')}] in one file and [${adapted.dims.join(', ')}] in the other, which the map does not explain`;
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

/** Moments that still have the shape of a weight that lost it: the next step of the optimizer would fail. */
function staleMoments(
  { changed }: PairedTensors,
  weights: readonly ChangedTensor[],
  original: readonly StoredTensor[],
): TensorDifference[] {
  const moved = new Set(changed.map(({ name }) => name));
  const kept = new Set(original.filter(({ name }) => !moved.has(name) && !isOptimizerState(name)).map(shapeText));
  const lost = weights.filter((pair) => shapeText(pair.original) !== shapeText(pair.adapted));
  const shapes = new Set(lost.map((pair) => shapeText(pair.original)).filter((shape) => !kept.has(shape)));
  return original
    .filter((tensor) => momentPower(tensor.name) !== null && !moved.has(tensor.name) && shapes.has(shapeText(tensor)))
    .map((tensor) => strange({ name: tensor.name, original: tensor, adapted: tensor }));
}

function shapeText({ dims }: StoredTensor): string {
  return dims.join('×');
}

interface ReportParts {
  readonly paired: PairedTensors;
  readonly map: ChannelMap;
  readonly found: Found;
  readonly seed: number;
  readonly isAssumed: boolean;
}

async function reportOf({ paired, map, found, seed, isAssumed }: ReportParts): Promise<VerifyReport> {
  const { tensors, runs, wrong, unproved } = found;
  const worst = tensors.length > 0 ? tensors.reduce(worse) : null;
  const nothing = tensors.length === 0 && wrong === null ? 'no tensor of the two files differs.' : null;
  const why = wrong ?? unproved ?? nothing;
  const verdict = verdictOf(wrong, why);
  return {
    verdict,
    ok: verdict === 'proved',
    statement: statementOf(verdict, why, { worst, same: paired.sameTensors }),
    maxAbs: worst?.maxAbs ?? null,
    maxRel: worst?.maxRel ?? null,
    relL2: worst?.relL2 ?? null,
    tolerance: worst?.tolerance ?? null,
    tensors,
    runs,
    rebuilt: 'impossible',
    seam: {
      tensors: tensors.map(({ name }) => name),
      identicalNodes: 0,
      stemNodes: runs.length,
      bytesCompared: paired.bytesCompared,
    },
    full: null,
    maps: {
      inputs: [{ name: IMAGE, axis: channelAxis(paired), map: affine(map) }],
      assumption: isAssumed ? ASSUMED : null,
    },
    folds: [],
    runtime: await runtimeVersion().catch(() => null),
    seed,
    warnings: isAssumed ? [ASSUMED] : [],
  };
}

/** The axis of the channels in the changed weight. */
function channelAxis({ changed }: PairedTensors): number {
  const weight = changed.find(({ original }) => isWeight(original));
  return weight ? weightAxes(weight.original).channels : 1;
}

interface Measured {
  readonly worst: TensorDifference | null;
  readonly same: number;
}

function statementOf(verdict: Verdict, why: string | null, { worst, same }: Measured): string {
  if (verdict === 'failed') return `Not the same function: ${why}`;
  if (verdict === 'unproved') return `Not verified: ${why}`;
  const error = `relative error ${shortNumber(worst?.maxRel ?? 0)} of the changed layer on random inputs in ONNX Runtime`;
  return `Verified: ${error}; the other ${same} tensors are byte-identical.`;
}

function verdictOf(wrong: string | null, why: string | null): Verdict {
  if (wrong !== null) return 'failed';
  return why === null ? 'proved' : 'unproved';
}
