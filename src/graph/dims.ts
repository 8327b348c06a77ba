import type { Dim } from '../onnx/model.ts';

/** Sizes beyond this are no tensor's; results that leave it are unknown. */
const MAX_SIZE = Number.MAX_SAFE_INTEGER;

function safe(n: number): Dim {
  return Number.isSafeInteger(n) && n >= 0 && n <= MAX_SIZE ? n : null;
}

/** Expressions stay readable up to this length; longer ones are unknown. */
const MAX_TEXT = 60;

function text(expression: string): Dim {
  return expression.length > MAX_TEXT ? null : expression;
}

function atom(dim: string): string {
  return /^[\w.]+$/.test(dim) || /^⌊[^⌊⌋]*⌋$/.test(dim) ? dim : `(${dim})`;
}

/** `dim + n`. */
export function plus(dim: Dim, n: number): Dim {
  if (n === 0 || dim === null) return dim;
  return typeof dim === 'number' ? safe(dim + n) : text(`${atom(dim)}${n < 0 ? '-' : '+'}${Math.abs(n)}`);
}

/** `⌊(dim + n) / divisor⌋`. */
export function floorDivide(dim: Dim, n: number, divisor: number): Dim {
  if (divisor === 1) return plus(dim, n);
  if (dim === null || divisor < 1) return null;
  if (typeof dim === 'number') return safe(Math.floor((dim + n) / divisor));
  return text(n === 0 ? `⌊${atom(dim)}/${divisor}⌋` : `⌊(${atom(dim)}${n < 0 ? '-' : '+'}${Math.abs(n)})/${divisor}⌋`);
}

export function times(dim: Dim, n: number): Dim {
  if (n === 1 || dim === null) return dim;
  if (n === 0) return 0;
  return typeof dim === 'number' ? safe(dim * n) : Number.isInteger(n) ? text(`${n}·${atom(dim)}`) : null;
}

/** The product of several dims: a number, or a number times symbols. */
export function multiply(dims: readonly Dim[]): Dim {
  let n = 1;
  const symbols: string[] = [];
  for (const d of dims) {
    if (d === null) return null;
    if (typeof d === 'number') n *= d;
    else symbols.push(d);
  }
  if (n === 0) return 0;
  if (!symbols.length) return safe(n);
  if (symbols.length === 1) return times(symbols[0] ?? null, n);
  const product = symbols.map(atom).sort().join('·');
  return text(n === 1 ? product : `${n}·${product}`);
}

/** Numpy's rule for one axis. A symbol against 1 stays; against another size it takes that size. */
export function broadcast(a: Dim, b: Dim): Dim {
  if (a === b) return a;
  if (a === 1) return b;
  if (b === 1) return a;
  if (typeof a === 'number' && typeof b === 'number') throw new RangeError(`sizes ${a} and ${b} do not broadcast`);
  if (typeof a === 'number') return a;
  return typeof b === 'number' ? b : null;
}

export function broadcastAll(shapes: readonly (readonly Dim[] | null)[]): Dim[] | null {
  let out: Dim[] = [];
  for (const shape of shapes) {
    if (!shape) return null;
    const rank = Math.max(out.length, shape.length);
    const at = (dims: readonly Dim[], i: number): Dim => (i < rank - dims.length ? 1 : dims[i - (rank - dims.length)] ?? null);
    const left = out;
    out = Array.from({ length: rank }, (_, i) => broadcast(at(left, i), at(shape, i)));
  }
  return out;
}
