import type { RuleInput } from './shapeRule.ts';

/** A small integer tensor whose values are partly known; flat, with its rank implied by its shape. */
export type Integers = readonly (number | null)[];

/** Longer vectors don't steer shapes. */
export const MAX_STEERING = 64;

type Evaluate = (i: RuleInput, integers: readonly (Integers | null)[]) => Integers | null;

const elementwise = (apply: (a: number, b: number) => number): Evaluate => (_, [a, b]) => {
  if (!a || !b) return null;
  const length = Math.max(a.length, b.length);
  if ((a.length !== length && a.length !== 1) || (b.length !== length && b.length !== 1)) return null;
  return Array.from({ length }, (__, k) => {
    const [x, y] = [a[a.length === 1 ? 0 : k], b[b.length === 1 ? 0 : k]];
    const value = typeof x === 'number' && typeof y === 'number' ? apply(x, y) : null;
    return value !== null && Number.isFinite(value) ? value : null;
  });
};

const same: Evaluate = (_, [x]) => x ?? null;

/** Operators that exporters use to compute shapes, evaluated on what is known. */
export const EVALUATE: Readonly<Record<string, Evaluate>> = {
  Identity: same, Cast: same, Squeeze: same, Unsqueeze: same, Reshape: same, Floor: (_, [x]) => x?.map((v) => (v === null ? null : Math.floor(v))) ?? null, Ceil: (_, [x]) => x?.map((v) => (v === null ? null : Math.ceil(v))) ?? null,
  Shape: (i) => {
    const dims = i.dims(0)?.map((d) => (typeof d === 'number' ? d : null)) ?? null;
    if (!dims) return null;
    const clamp = (v: number): number => Math.min(Math.max(v < 0 ? v + dims.length : v, 0), dims.length);
    return dims.slice(clamp(i.int('start', 0)), clamp(i.int('end', dims.length)));
  },
  Gather: (i, [x, indices]) => (x && indices && i.int('axis', 0) === 0 && (i.dims(0)?.length ?? 1) === 1 ? indices.map((k) => (k === null ? null : x[k < 0 ? k + x.length : k] ?? null)) : null),
  Slice: (i, [x, s, e, , t]) => {
    const start = i.ints('starts')?.[0] ?? s?.[0];
    const end = i.ints('ends')?.[0] ?? e?.[0];
    if (!x || typeof start !== 'number' || typeof end !== 'number' || (i.has(4) && t?.[0] !== 1) || (i.dims(0)?.length ?? 1) !== 1) return null;
    return x.slice(start, Math.min(end, x.length));
  },
  Concat: (i, parts) => {
    const known = parts.map((p, k) => {
      const [length, ...more] = i.dims(k) ?? [];
      return p ?? (typeof length === 'number' && length <= MAX_STEERING && !more.length ? new Array<null>(length).fill(null) : null);
    });
    return known.every((p) => p !== null) ? known.flatMap((p) => [...(p ?? [])]) : null;
  },
  Add: elementwise((a, b) => a + b), Sub: elementwise((a, b) => a - b), Mul: elementwise((a, b) => a * b),
  Div: elementwise((a, b) => (Number.isInteger(a) && Number.isInteger(b) && b !== 0 ? Math.trunc(a / b) : NaN)),
};
