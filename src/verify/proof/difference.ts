import { dtypeName } from '../../tensors/dtypes.ts';
import { valueRow, toNumbers, type Value } from '../values.ts';

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
  /** The original gives one and the same number everywhere, as where a coarse scale cuts all off; a single number is no such case. */
  readonly flat: boolean;
  /** What rounding may explain at the element that comes closest to it or exceeds it most. */
  readonly tolerance: number;
  readonly ok: boolean;
  /** Why it is not ok, ending a sentence. */
  readonly why: string | null;
}

interface Tolerances {
  /** Times the change that one rounding step in every pixel makes. */
  readonly noise: number;
  /** Times the type's rounding step, of the largest magnitude in the lane. */
  readonly lane: number;
  /** The same, of the largest magnitude in the tensor: lanes whose terms cancel. */
  readonly tensor: number;
  /** Never more than this part of the tensor's largest magnitude, or the change itself (with a small margin) that the rounding steps made. */
  readonly cap: number;
}

/**
 * How much rounding may explain. A folded weight is rounded once more and sums run in another order, which acts like noise in the pixels; so the measure is what
 * one rounding step in every pixel does to the original itself, with a margin for the length of the sums. Measured on real models: errors reach 0.4 of it, mostly 0.03.
 */
const TOLERANCES: Readonly<Record<number, Tolerances>> = {
  1: { noise: 32, lane: 64, tensor: 16, cap: 1e-3 },
  10: { noise: 8, lane: 8, tensor: 4, cap: 5e-2 },
  11: { noise: 32, lane: 64, tensor: 16, cap: 1e-9 },
};
/** Where large numbers are added up to a small one: times the type's rounding step, of the largest of them. Each is rounded, and so is their sum. */
const TERMS = 4;
/** Behind steps (a sigmoid's smallest output, a rounding) one rounding step in a pixel jumps; twice two such jumps meet. */
const JUMPS = 4;
/** Integers come from rounding, which a difference in the last place can tip over; so a few may be off by one. */
const TIPPED_SHARE = 1e-3;

/** Compares two runs of one tensor. `noise` is the original's value with every pixel off by one rounding step, `terms` what the original adds up to make it. */
export function difference(
  name: string,
  original: Value | undefined,
  adapted: Value | undefined,
  noise: Value | undefined,
  terms: readonly Value[] = [],
): TensorDifference {
  const dims = original?.dims ?? [];
  const bare = {
    name,
    dtype: original ? dtypeName(original.dtype) : 'unknown',
    dims,
    maxAbs: NaN,
    maxRel: NaN,
    relL2: NaN,
    peak: NaN,
    flat: false,
    tolerance: 0,
    ok: false,
  };
  if (!original || !adapted) return { ...bare, why: 'the runtime gives no numbers for it' };
  if (original.dtype !== adapted.dtype)
    return { ...bare, why: `it is ${dtypeName(adapted.dtype)} now, not ${dtypeName(original.dtype)}` };
  if (dims.length !== adapted.dims.length || dims.some((d, i) => d !== adapted.dims[i]))
    return { ...bare, why: `its shape is [${adapted.dims.join(', ')}] now, not [${dims.join(', ')}]` };
  const [a, b] = [toNumbers(original), toNumbers(adapted)];
  const stats = statistics(a, b);
  const common = { ...bare, ...stats, flat: a.length > 1 && a.every((v) => v === a[0]) };
  if (stats.broken) return { ...common, why: 'one of the models gives no finite number where the other does' };
  const rule = TOLERANCES[original.dtype];
  if (!rule) return { ...common, ...integerVerdict(a, b, stats.maxAbs) };
  const shaken = noise && noise.data.length === a.length ? toNumbers(noise) : null;
  const { epsilon } = valueRow(original.dtype, name);
  const added = TERMS * epsilon * largest(terms.filter((t) => t.dtype === original.dtype));
  return { ...common, ...floatVerdict(a, b, shaken, dims, stats.peak, rule, epsilon, added) };
}

function largest(values: readonly Value[]): number {
  let most = 0;
  for (const value of values)
    for (const v of toNumbers(value)) if (Number.isFinite(v)) most = Math.max(most, Math.abs(v));
  return most;
}

export interface Statistics {
  readonly maxAbs: number;
  readonly maxRel: number;
  readonly relL2: number;
  readonly peak: number;
  /** A NaN or infinity stands in one list only. */
  readonly broken: boolean;
}

/** Differences of two lists of the same length; equal NaNs and infinities count as equal. */
export function statistics(a: Float64Array, b: Float64Array): Statistics {
  let maxAbs = 0;
  let peak = 0;
  let square = 0;
  let size = 0;
  let broken = false;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      broken ||= !Object.is(x, y);
      continue;
    }
    const d = Math.abs(x - y);
    maxAbs = Math.max(maxAbs, d);
    peak = Math.max(peak, Math.abs(x));
    square += d * d;
    size += x * x;
  }
  const over = (n: number, m: number): number => (n === 0 ? 0 : n / m);
  return { maxAbs, maxRel: over(maxAbs, peak), relL2: over(Math.sqrt(square), Math.sqrt(size)), peak, broken };
}

function integerVerdict(
  a: Float64Array,
  b: Float64Array,
  maxAbs: number,
): Pick<TensorDifference, 'tolerance' | 'ok' | 'why'> {
  if (maxAbs === 0) return { tolerance: 0, ok: true, why: null };
  let off = 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) off++;
  const ok = maxAbs <= 1 && off <= a.length * TIPPED_SHARE;
  return { tolerance: 1, ok, why: ok ? null : `${off} of its ${a.length} whole numbers differ, by up to ${maxAbs}` };
}

/** Each lane along axis 1 (for images the channel) has its own tolerance, so that a wrong filter can't hide behind a louder one. */
function floatVerdict(
  a: Float64Array,
  b: Float64Array,
  noise: Float64Array | null,
  dims: readonly number[],
  peak: number,
  rule: Tolerances,
  epsilon: number,
  added: number,
): Pick<TensorDifference, 'tolerance' | 'ok' | 'why'> {
  const lanes = dims.length > 1 ? (dims[1] ?? 1) : 1;
  const inner = dims.slice(2).reduce((n, d) => n * d, 1);
  const worst = { abs: new Float64Array(lanes), peak: new Float64Array(lanes), noise: new Float64Array(lanes) };
  for (let i = 0; i < a.length; i++) {
    const lane = Math.floor(i / inner) % lanes;
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    worst.abs[lane] = Math.max(worst.abs[lane] ?? 0, Math.abs(x - y));
    worst.peak[lane] = Math.max(worst.peak[lane] ?? 0, Math.abs(x));
    const n = noise ? Math.abs((noise[i] ?? x) - x) : 0;
    if (Number.isFinite(n)) worst.noise[lane] = Math.max(worst.noise[lane] ?? 0, n);
  }
  const cap = Math.max(rule.cap * peak, JUMPS * worst.noise.reduce((n, v) => Math.max(n, v), 0));
  let tolerance = 0;
  let ratio = -1;
  for (let lane = 0; lane < lanes; lane++) {
    const wide =
      rule.noise * (worst.noise[lane] ?? 0) +
      epsilon * (rule.lane * (worst.peak[lane] ?? 0) + rule.tensor * peak) +
      added;
    const allowed = Math.min(wide, cap);
    const here = worst.abs[lane] === 0 ? 0 : (worst.abs[lane] ?? 0) / allowed;
    if (here > ratio) [ratio, tolerance] = [here, allowed];
  }
  const ok = ratio <= 1;
  return {
    tolerance,
    ok,
    why: ok
      ? null
      : `it differs by ${(ratio * tolerance).toPrecision(3)} where rounding explains ${tolerance.toPrecision(2)}`,
  };
}

/** The worse of two measurements of the same tensor: not ok before ok, then nearer to its tolerance, then the one that shows more. */
export function worse(x: TensorDifference, y: TensorDifference): TensorDifference {
  if (x.ok !== y.ok) return x.ok ? y : x;
  const share = (d: TensorDifference): number => (d.maxAbs === 0 ? 0 : d.maxAbs / (d.tolerance || 1e-300));
  if (share(x) !== share(y)) return share(y) > share(x) ? y : x;
  return x.flat === y.flat ? (y.peak > x.peak ? y : x) : x.flat ? y : x;
}

/** Numbers were measured, and they say nothing: floats that are all zero, or nothing but whole numbers that are all the same. */
export function silent(tensors: readonly TensorDifference[]): boolean {
  const floats = tensors.filter((t) => /float/.test(t.dtype));
  return floats.length ? floats.every((t) => t.peak === 0) : tensors.length > 0 && tensors.every((t) => t.flat);
}
