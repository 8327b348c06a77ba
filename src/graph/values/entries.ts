import { BOOL, DOUBLE, FLOAT, integerRange } from '../../tensors/dtypes.ts';
import { binaryFraction, entryOf, expressionOf, orderOf } from '../sizes/dims.ts';
import { add, constant, divide, multiply, scale, wholeNumber, type Expression } from '../sizes/expression.ts';
import { choose, compare, floor, floorDivide, lowest } from '../sizes/rounding.ts';
import type { Entry } from './smallTensor.ts';

/** How numbers of one element type behave. */
export interface Arithmetic {
  readonly float: boolean;
  /** Rounds a number to the type; null where it leaves it. */
  readonly round: (n: number) => number | null;
}

function within(low: number, high: number): (n: number) => number | null {
  return (n) => (Number.isInteger(n) && n >= low && n <= high ? n : null);
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
const FLOATS: Readonly<Record<number, Arithmetic>> = {
  [FLOAT]: { float: true, round: (n) => finite(Math.fround(n)) },
  [DOUBLE]: { float: true, round: finite },
};
const TRUTH: Arithmetic = { float: false, round: within(0, 1) };

/**
 * How numbers of a type behave; null for types that steer no shapes, such as half floats. 64-bit integers are followed
 * as far as doubles hold them.
 */
export function arithmeticOf(dtype: number | null): Arithmetic | null {
  if (dtype === null) return null;
  if (dtype === BOOL) return TRUTH;
  const range = integerRange(dtype);
  return range ? { float: false, round: within(...range) } : (FLOATS[dtype] ?? null);
}

/**
 * An entry as an expression; in floats only fractions of a power of two, whose sums and products with sizes are exact.
 */
function expression(entry: number | string, exact: boolean): Expression | null {
  if (typeof entry === 'number') {
    const fraction = binaryFraction(entry);
    const whole = fraction && constant(fraction.n);
    return fraction && whole && scale(whole, 1, fraction.den);
  }
  const e = expressionOf(entry);
  return !e || (exact && !isPowerOfTwo(e.den)) ? null : e;
}

function isPowerOfTwo(n: number): boolean {
  return Number.isInteger(Math.log2(n));
}

/** A step of two entries: plain numbers by `numbers`, expressions by `expressions`. */
export type Step2 = (a: Entry, b: Entry, type: Arithmetic) => Entry;

function step(
  numbers: (a: number, b: number, type: Arithmetic) => number,
  expressions: (a: Expression, b: Expression, type: Arithmetic) => Expression | null,
): Step2 {
  return (a, b, type) => {
    if (a === null || b === null) return null;
    if (typeof a === 'number' && typeof b === 'number') return type.round(numbers(a, b, type));
    const [x, y] = [expression(a, type.float), expression(b, type.float)];
    return entryOf(x && y && expressions(x, y, type));
  };
}

export const sum = step(
  (a, b) => a + b,
  (a, b) => add(a, b),
);
export const difference = step(
  (a, b) => a - b,
  (a, b) => add(a, b, -1),
);
export const product = step((a, b) => a * b, multiply);
export const least = step(
  (a, b) => Math.min(a, b),
  (a, b) => choose(a, b, 'min'),
);
export const most = step(
  (a, b) => Math.max(a, b),
  (a, b) => choose(a, b, 'max'),
);
/** Integers are cut towards zero, which is ⌊⌋ for sizes. */
export const ratio = step(
  (a, b, { float }) => {
    if (b === 0) return NaN;
    return float ? a / b : Math.trunc(a / b);
  },
  (a, b, { float }) => {
    const exact = divide(a, b);
    const by = wholeNumber(b);
    if (exact && (float || exact.den === 1)) return exact;
    if (float || by === null || by < 1 || lowest(a) < 0) return null;
    return floorDivide(a, by);
  },
);
/** The remainder with the sign of the divisor, as Mod gives it for integers. */
export const remainder = step(
  (a, b) => (b === 0 ? NaN : a - Math.floor(a / b) * b),
  (a, b, { float }) => {
    const by = wholeNumber(b);
    const whole = float || by === null || by < 1 || lowest(a) < 0 ? null : floorDivide(a, by);
    const taken = whole && by !== null && scale(whole, by, 1);
    return taken ? add(a, taken, -1) : null;
  },
);

/** 0 − a. */
export function negated(a: Entry, type: Arithmetic): Entry {
  return difference(0, a, type);
}

/** |a|; null for an expression that may be negative. */
export function absolute(a: Entry): Entry {
  if (typeof a !== 'string') return a === null ? null : Math.abs(a);
  const e = expressionOf(a);
  return e && lowest(e) >= 0 ? a : null;
}

/** ⌊a⌋. */
export function roundedDown(a: Entry): Entry {
  if (typeof a !== 'string') return a === null ? null : Math.floor(a);
  return entryOf(floor(expressionOf(a)));
}

/** ⌈a⌉ = −⌊−a⌋. */
export function roundedUp(a: Entry): Entry {
  if (typeof a !== 'string') return a === null ? null : Math.ceil(a);
  const e = expressionOf(a);
  const down = floor(e && scale(e, -1, 1));
  return entryOf(down && scale(down, -1, 1));
}

/** What a Cast from floats to integers does. */
export function truncated(a: Entry): Entry {
  if (typeof a !== 'string') return a === null ? null : Math.trunc(a);
  const e = expressionOf(a);
  return e && lowest(e) >= 0 ? roundedDown(a) : null;
}

/** -1, 0 or 1 where the order of two entries is decided; null otherwise. */
export function order(a: Entry, b: Entry): -1 | 0 | 1 | null {
  if (a === null || b === null) return null;
  if (typeof a === 'number' && typeof b === 'number') return orderOf(a, b);
  const [x, y] = [expression(a, false), expression(b, false)];
  return x && y && compare(x, y);
}
