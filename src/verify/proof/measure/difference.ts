import { DOUBLE, FLOAT, FLOAT16, dtypeName } from '../../../tensors/dtypes.ts';
import { coarsest } from './precision.ts';
import { numbersOf, type NumberArray, type Value } from '../../values.ts';
import { product } from '../../../tensors/dims.ts';
import { stepOf } from '../../../tensors/precision.ts';

/** How far one tensor of the adapted model is from the original's. */
export interface TensorDifference {
  readonly name: string;
  readonly dtype: string;
  readonly dims: readonly number[];
  readonly maxAbs: number;
  /** maxAbs over the original's largest magnitude. */
  readonly maxRel: number;
  /** ‖adapted − original‖₂ / ‖original‖₂. */
  readonly relL2: number;
  /** The original's largest magnitude. */
  readonly peak: number;
  /** What rounding may explain at the element that comes closest to it or exceeds it most. */
  readonly tolerance: number;
  readonly ok: boolean;
  /** Why it is not ok, ending a sentence. */
  readonly why: string | null;
}

/** Two runs of one tensor, and what tells how much rounding may explain. */
export interface MeasuredTensor {
  readonly name: string;
  readonly original: Value | undefined;
  readonly adapted: Value | undefined;
  /** The original's values with every pixel off by one rounding step, drawn anew for each. */
  readonly shaken?: readonly Value[];
  /** What the original adds up to make it. */
  readonly terms?: readonly Value[];
  /** The coarsest float type that anything was rounded to on the way to it, where that is not its own. */
  readonly roundedTo?: number | undefined;
}

type Verdict = Pick<TensorDifference, 'tolerance' | 'ok' | 'why'>;

interface Tolerances {
  /** Times the change that one rounding step in every pixel makes. */
  readonly noise: number;
  /** Times how far the type rounds the largest magnitude in the channel. */
  readonly channel: number;
  /** The same, of the largest magnitude in the tensor: channels whose terms cancel. */
  readonly tensor: number;
  /**
   * Never more than this part of the tensor's largest magnitude, or the change itself (with a small margin) that the
   * rounding steps made.
   */
  readonly cap: number;
}

/**
 * How much rounding may explain. A changed weight is rounded once more and sums run in another order, which acts like
 * noise in the pixels; so the measure is what one rounding step in every pixel does to the original itself, with a
 * margin for the length of the sums. Measured on real models: errors reach 0.4 of it, mostly 0.03.
 */
const TOLERANCES: Readonly<Record<number, Tolerances>> = {
  [FLOAT]: { noise: 32, channel: 64, tensor: 16, cap: 1e-3 },
  [FLOAT16]: { noise: 8, channel: 8, tensor: 4, cap: 5e-2 },
  [DOUBLE]: { noise: 32, channel: 64, tensor: 16, cap: 1e-9 },
};
/**
 * Where large numbers are added up to a small one: times how far the type rounds the largest of them. Each is rounded,
 * and so is their sum.
 */
const TERMS = 4;
/**
 * Some operators jump: a rounding, a comparison, a sigmoid near its smallest output. There a rounding step in a pixel
 * makes a whole jump, and both models may jump apart in opposite directions, each twice. So this many times the
 * measured change is allowed, whatever the cap says.
 */
const JUMPS = 4;
/** Integers come from rounding, which a difference in the last place can tip over; so a few may be off by one. */
const TIPPED_SHARE = 1e-3;

/** Compares two runs of one tensor. */
export function difference(measuredTensor: MeasuredTensor): TensorDifference {
  const { name, original, adapted, shaken = [], terms = [], roundedTo } = measuredTensor;
  const dims = original?.dims ?? [];
  const unmeasured = {
    name,
    dtype: original ? dtypeName(original.dtype) : 'unknown',
    dims,
    maxAbs: NaN,
    maxRel: NaN,
    relL2: NaN,
    peak: NaN,
    tolerance: 0,
    ok: false,
  };
  if (!original || !adapted) return { ...unmeasured, why: 'the runtime gives no numbers for it' };
  if (original.dtype !== adapted.dtype)
    return { ...unmeasured, why: `it is ${dtypeName(adapted.dtype)} now, not ${dtypeName(original.dtype)}` };
  if (dims.length !== adapted.dims.length || dims.some((dim, i) => dim !== adapted.dims[i]))
    return { ...unmeasured, why: `its shape is [${adapted.dims.join(', ')}] now, not [${dims.join(', ')}]` };
  const [a, b] = [numbersOf(original), numbersOf(adapted)];
  const stats = statistics(a, b);
  const measured = { ...unmeasured, ...stats };
  if (stats.broken) return { ...measured, why: 'one of the models gives no finite number where the other does' };
  const type = TOLERANCES[original.dtype] ? coarsest([original.dtype, roundedTo]) : null;
  const rule = type === null ? undefined : TOLERANCES[type];
  if (type === null || !rule) return { ...measured, ...integerVerdict(a, b, stats.maxAbs) };
  const rounding = stepOf(type) / 2;
  const noises = shaken.filter((value) => value.data.length === a.length).map(numbersOf);
  const channels = channelStatistics({ original: a, adapted: b, noises, dims });
  const added = TERMS * rounding * largest(terms.filter((term) => term.dtype === original.dtype));
  return { ...measured, ...floatVerdict(channels, stats.peak, { rule, rounding, added }) };
}

function largest(values: readonly Value[]): number {
  let most = 0;
  for (const value of values)
    for (const v of numbersOf(value)) if (Number.isFinite(v)) most = Math.max(most, Math.abs(v));
  return most;
}

/** How far two lists of numbers are apart. */
export interface Statistics {
  readonly maxAbs: number;
  readonly maxRel: number;
  readonly relL2: number;
  readonly peak: number;
  /** A NaN or infinity stands in one list only. */
  readonly broken: boolean;
}

/** Differences of two lists of the same length; equal NaNs and infinities count as equal. */
export function statistics(a: NumberArray, b: NumberArray): Statistics {
  let maxAbs = 0;
  let peak = 0;
  let square = 0;
  let size = 0;
  let broken = false;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    const d = Math.abs(x - y);
    const magnitude = Math.abs(x);
    // Infinities and NaNs make the difference one too.
    if (!(d < Infinity)) {
      broken ||= !Object.is(x, y);
      continue;
    }
    if (d > maxAbs) maxAbs = d;
    if (magnitude > peak) peak = magnitude;
    square += d * d;
    size += x * x;
  }
  return {
    maxAbs,
    maxRel: share(maxAbs, peak),
    relL2: share(Math.sqrt(square), Math.sqrt(size)),
    peak,
    broken,
  };
}

function share(part: number, whole: number): number {
  return part === 0 ? 0 : part / whole;
}

function integerVerdict(a: NumberArray, b: NumberArray, maxAbs: number): Verdict {
  if (maxAbs === 0) return { tolerance: 0, ok: true, why: null };
  let off = 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) off++;
  const ok = maxAbs <= 1 && off <= a.length * TIPPED_SHARE;
  return { tolerance: 1, ok, why: ok ? null : `${off} of its ${a.length} whole numbers differ, by up to ${maxAbs}` };
}

/** The largest error, magnitude and effect of a rounding step in each channel. */
interface ChannelStatistics {
  readonly error: Float64Array;
  readonly peak: Float64Array;
  readonly noise: Float64Array;
}

interface ChannelRuns {
  readonly original: NumberArray;
  readonly adapted: NumberArray;
  readonly noises: readonly NumberArray[];
  readonly dims: readonly number[];
}

/** Channels lie along axis 1; a tensor of fewer axes counts as one. */
function channelStatistics({ original, adapted, noises, dims }: ChannelRuns): ChannelStatistics {
  const channels = dims.length > 1 ? (dims[1] ?? 1) : 1;
  const inner = dims.length > 1 ? product(dims.slice(2)) : original.length;
  const error = new Float64Array(channels);
  const peak = new Float64Array(channels);
  const noise = new Float64Array(channels);
  let channel = 0;
  for (let start = 0; start < original.length; start += inner) {
    const run = { start, end: start + inner };
    error[channel] = Math.max(error[channel] ?? 0, largestChange(original, adapted, run));
    peak[channel] = Math.max(peak[channel] ?? 0, largestMagnitude(original, run));
    for (const values of noises) noise[channel] = Math.max(noise[channel] ?? 0, largestChange(original, values, run));
    channel = channel + 1 === channels ? 0 : channel + 1;
  }
  return { error, peak, noise };
}

/** Numbers of one channel that lie one after the other. */
interface Run {
  readonly start: number;
  readonly end: number;
}

/** The largest finite distance between two tensors in a run. */
function largestChange(a: NumberArray, b: NumberArray, { start, end }: Run): number {
  let largest = 0;
  for (let i = start; i < end; i++) {
    const change = Math.abs((a[i] ?? 0) - (b[i] ?? 0));
    if (change > largest && change < Infinity) largest = change;
  }
  return largest;
}

function largestMagnitude(values: NumberArray, { start, end }: Run): number {
  let largest = 0;
  for (let i = start; i < end; i++) {
    const magnitude = Math.abs(values[i] ?? 0);
    if (magnitude > largest && magnitude < Infinity) largest = magnitude;
  }
  return largest;
}

interface Allowance {
  readonly rule: Tolerances;
  /** How far the type rounds a number, as a part of it. */
  readonly rounding: number;
  /** What rounding the terms of a sum adds. */
  readonly added: number;
}

/** Each channel has its own tolerance, so that a wrong filter can't hide behind a louder one. */
function floatVerdict(
  { error, peak, noise }: ChannelStatistics,
  tensorPeak: number,
  { rule, rounding, added }: Allowance,
): Verdict {
  const loudest = noise.reduce((total, value) => Math.max(total, value), 0);
  const cap = Math.max(rule.cap * tensorPeak, JUMPS * loudest);
  let [ratio, tolerance] = [-1, 0];
  let [largest, shown] = [-1, 0];
  for (const [channel, worst] of error.entries()) {
    const ownSteps = rounding * (rule.channel * (peak[channel] ?? 0) + rule.tensor * tensorPeak);
    const allowed = Math.min(rule.noise * (noise[channel] ?? 0) + ownSteps + added, cap);
    const used = share(worst, allowed);
    if (used > ratio) [ratio, tolerance] = [used, allowed];
    if (worst > largest) [largest, shown] = [worst, allowed];
  }
  // The largest difference is shown beside it, so the tolerance is that of its channel.
  if (ratio <= 1) return { tolerance: shown, ok: true, why: null };
  const off = (ratio * tolerance).toPrecision(3);
  return {
    tolerance,
    ok: false,
    why: `it differs by ${off}, and the rounding tolerance is ${tolerance.toPrecision(2)}`,
  };
}

/** How much of its tolerance a tensor's error takes. */
export function shareOfTolerance({ maxAbs, tolerance }: TensorDifference): number {
  if (Number.isNaN(maxAbs)) return Infinity;
  return maxAbs === 0 ? 0 : maxAbs / (tolerance || Number.MIN_VALUE);
}

/**
 * The worse of two measurements of the same tensor: not ok before ok, then nearer to its tolerance, then the one that
 * shows more.
 */
export function worse(x: TensorDifference, y: TensorDifference): TensorDifference {
  if (x.ok !== y.ok) return x.ok ? y : x;
  const [first, second] = [shareOfTolerance(x), shareOfTolerance(y)];
  if (first !== second) return second > first ? y : x;
  return y.peak > x.peak ? y : x;
}

/** True for a tensor of any floating-point type, by the type's name. */
export function isFloatTensor({ dtype }: TensorDifference): boolean {
  return dtype.includes('float');
}
