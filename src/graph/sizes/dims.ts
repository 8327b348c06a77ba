import type { Dim } from '../../formats/onnx/model.ts';
import {
  add,
  constant,
  divide,
  expressionText,
  multiply as multiplyExpressions,
  scale,
  wholeNumber,
  type Expression,
} from './expression.ts';
import { bareName, nameText, readExpression, type Extreme } from './readExpression.ts';
import { choose, compare as compareExpressions, evaluate, floor, floorDivide as divided } from './rounding.ts';
import { product } from '../../tensors/dims.ts';

/** Sizes beyond this are no tensor's; results that leave it are unknown. */
function safe(n: number): Dim {
  return Number.isSafeInteger(n) && n >= 0 ? n : null;
}

/** The expression behind a dim. Equal expressions have equal texts, so dims compare with ===. */
export function expressionOf(dim: number | string): Expression | null {
  return typeof dim === 'number' ? constant(dim) : readExpression(dim);
}

/** A number, negative ones too, or a text; null where it is too long to be read. */
export function entryOf(expression: Expression | null): Dim {
  return expression && (wholeNumber(expression) ?? expressionText(expression));
}

function sizeOf(expression: Expression | null): Dim {
  const entry = entryOf(expression);
  return typeof entry === 'number' ? safe(entry) : entry;
}

/** The number a dim is for given sizes of names; null where one is missing. */
export function dimAt(dim: Dim, sizes: ReadonlyMap<string, number>): number | null {
  return typeof dim === 'string' ? evaluate(readExpression(dim), sizes) : dim;
}

/** What exporters write for "any size": Python's texts for a missing size, and the signs that stand for one. */
const ANY_SIZE = new Set(['', '?', '*', '-1', 'None', 'none', 'null']);

/** A symbol of a file as it stands in expressions; null for the names by which exporters say "any size". */
export function symbolDim(name: string): Dim {
  return ANY_SIZE.has(name) ? null : nameText(name);
}

/** A dim as people know it: a symbol that is no plain name without its brackets. */
export function shownDim(dim: Dim): Dim {
  return typeof dim === 'string' ? bareName(dim) : dim;
}

/** `dim + n`. */
export function plus(dim: Dim, n: number): Dim {
  if (n === 0 || dim === null) return dim;
  return typeof dim === 'number' ? safe(dim + n) : sum([dim, n]);
}

/** All of them added. */
export function sum(dims: readonly Dim[]): Dim {
  if (dims.every((dim) => typeof dim === 'number'))
    return safe(dims.reduce((total: number, dim) => total + (dim as number), 0));
  return sizeOf(dims.reduce<Expression | null>((total, dim) => combine(total, dim, add), constant(0)));
}

/** `a - b`. */
export function minus(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return safe(a - b);
  return a === null ? null : sizeOf(combine(expressionOf(a), b, (x, y) => add(x, y, -1)));
}

function combine(
  total: Expression | null,
  dim: Dim,
  how: (a: Expression, b: Expression) => Expression | null,
): Expression | null {
  const next = dim === null ? null : expressionOf(dim);
  return total && next && how(total, next);
}

/** `⌊(dim + n) / divisor⌋`. */
export function floorDivide(dim: Dim, n: number, divisor: number): Dim {
  if (dim === null || !Number.isSafeInteger(divisor) || divisor < 1) return null;
  if (typeof dim === 'number') return safe(Math.floor((dim + n) / divisor));
  const moved = combine(readExpression(dim), n, add);
  return sizeOf(moved && divided(moved, divisor));
}

/** `dim · n`. */
export function times(dim: Dim, n: number): Dim {
  if (n === 1 || dim === null) return dim;
  if (n === 0) return 0;
  if (typeof dim === 'number') return safe(dim * n);
  return Number.isSafeInteger(n) ? sizeOf(scale(readExpression(dim), n, 1)) : null;
}

/**
 * Fractions with larger denominators are no scales people choose; and their products with sizes are exact in float32.
 */
const MAX_FRACTION = 1024;

/** n/den for a number that is a fraction of a power of two, such as 0.5; null for others. */
export function binaryFraction(value: number): { n: number; den: number } | null {
  for (let den = 1; den <= MAX_FRACTION; den *= 2)
    if (Number.isSafeInteger(value * den)) return { n: value * den, den };
  return null;
}

/** ⌊dim · factor⌋, computed in float32 as ONNX Runtime does for the scales of Resize. */
export function scaled(dim: Dim, factor: number): Dim {
  if (dim === null || factor === 1) return dim;
  if (typeof dim === 'number') return safe(Math.floor(Math.fround(Math.fround(factor) * dim)));
  const fraction = binaryFraction(factor);
  return fraction && fraction.n >= 0 ? sizeOf(floor(scale(readExpression(dim), fraction.n, fraction.den))) : null;
}

/**
 * ⌈(to − from) / step⌉, at least 0, of entries that may be fractions where they are floats. Null where it is not known.
 */
export function stepsBetween(from: Dim, to: Dim, step: Dim): Dim {
  if (typeof step !== 'number' || from === null || to === null) return null;
  if (typeof from === 'number' && typeof to === 'number') return safe(Math.max(0, Math.ceil((to - from) / step)));
  const [a, b] = [expressionOf(from), expressionOf(to)];
  const down = Number.isSafeInteger(step) && step !== 0 && a && b ? add(a, b, -1) : null;
  const count = floor(down && scale(down, Math.sign(step), Math.abs(step)));
  return larger(sizeOf(count && scale(count, -1, 1)), 0);
}

/** The product of several dims. */
export function multiply(dims: readonly Dim[]): Dim {
  if (dims.includes(0)) return 0;
  const numbers = dims.filter((dim) => typeof dim === 'number');
  const factor = product(numbers);
  if (numbers.length === dims.length) return safe(factor);
  const [first = null, ...others] = dims.filter((dim) => typeof dim !== 'number');
  if (first === null) return null;
  const named = others.reduce<Expression | null>(
    (total, dim) => combine(total, dim, multiplyExpressions),
    readExpression(first),
  );
  return sizeOf(named && scale(named, factor, 1));
}

/** What is left of the product of `all` divided by the product of `parts`, where it divides; null where it doesn't. */
export function quotient(all: readonly Dim[], parts: readonly Dim[]): Dim {
  const [total, part] = [cancelled(all, parts), cancelled(parts, all)];
  const [a, b] = [multiply(total), multiply(part)];
  if (a === null || b === null || b === 0) return null;
  if (b === 1) return a;
  if (typeof a === 'number' && typeof b === 'number') return a % b === 0 ? a / b : null;
  if (a === 0) return null;
  const [x, y] = [expressionOf(a), expressionOf(b)];
  return sizeOf(x && y && divide(x, y));
}

/** `all` without what is in `others` too. Unknown sizes cancel with nothing. */
function cancelled(all: readonly Dim[], others: readonly Dim[]): Dim[] {
  const left = [...others];
  return all.filter((dim) => {
    const at = typeof dim === 'string' ? left.indexOf(dim) : -1;
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** -1, 0 or 1 as a is smaller, equal or larger. */
export function orderOf(a: number, b: number): -1 | 0 | 1 {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * -1, 0 or 1 as a is always smaller, equal or larger, if named sizes are at least one; null where it depends on them.
 */
export function compare(a: Dim, b: Dim): -1 | 0 | 1 | null {
  if (typeof a === 'number' && typeof b === 'number') return orderOf(a, b);
  if (a === null || b === null) return null;
  const [x, y] = [expressionOf(a), expressionOf(b)];
  return x && y && compareExpressions(x, y);
}

/** The smaller of two, as `min(a, b)` where named sizes decide; null where one is not known. */
export function smaller(a: Dim, b: Dim): Dim {
  return either(a, b, 'min');
}

/** The larger of two, as `max(a, b)` where named sizes decide; null where one is not known. */
export function larger(a: Dim, b: Dim): Dim {
  return either(a, b, 'max');
}

function either(a: Dim, b: Dim, which: Extreme): Dim {
  if (typeof a === 'number' && typeof b === 'number') return Math[which](a, b);
  if (a === null || b === null) return null;
  const [x, y] = [expressionOf(a), expressionOf(b)];
  return entryOf(x && y && choose(x, y, which));
}

/**
 * Numpy's rule for one axis. A symbol against 1 stays; against another size it takes that size. Throws RangeError for
 * two numbers that differ.
 */
export function broadcast(a: Dim, b: Dim): Dim {
  if (a === b) return a;
  if (a === 1) return b;
  if (b === 1) return a;
  if (typeof a === 'number' && typeof b === 'number') throw new RangeError(`sizes ${a} and ${b} do not broadcast`);
  if (typeof a === 'number') return a;
  return typeof b === 'number' ? b : null;
}

/**
 * The shape that all of these broadcast to, axes counted from the back: https://onnx.ai/onnx/repo-docs/Broadcasting.html.
 * Null where one has no known rank. Throws RangeError where they don't fit.
 */
export function broadcastAll(shapes: readonly (readonly Dim[] | null)[]): Dim[] | null {
  let out: Dim[] = [];
  for (const shape of shapes) {
    if (!shape) return null;
    const rank = Math.max(out.length, shape.length);
    const at = (dims: readonly Dim[], i: number): Dim =>
      i < rank - dims.length ? 1 : (dims[i - (rank - dims.length)] ?? null);
    const left = out;
    out = Array.from({ length: rank }, (_, i) => broadcast(at(left, i), at(shape, i)));
  }
  return out;
}
