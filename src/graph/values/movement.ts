import { axisOf } from '../shapes/shapeRule.ts';
import {
  broadcastAt,
  build,
  count,
  entryAt,
  isSmall,
  numbersOf,
  placesOf,
  small,
  vector,
  type Entry,
  type Evaluate,
  type Reading,
  type SmallTensor,
} from './smallTensor.ts';

/** The same entries in the same order under the output's dims. */
const reshaped: Evaluate = (r) => {
  const [x, dims] = [r.small(0), r.out(0)];
  return [x && dims && small(dims, x.values)];
};

const shape: Evaluate = (r) => {
  const dims = r.rule.dims(0);
  if (!dims) return [null];
  const clamp = (v: number): number => Math.min(Math.max(v < 0 ? v + dims.length : v, 0), dims.length);
  return [vector(dims.slice(clamp(r.rule.int('start', 0)), clamp(r.rule.int('end', dims.length))))];
};

function wrapped(index: Entry, size: number): number | null {
  const at = typeof index === 'number' && index < 0 ? index + size : index;
  return typeof at === 'number' && Number.isInteger(at) && at >= 0 && at < size ? at : null;
}

const gather: Evaluate = (r) => {
  const [x, indices] = [r.small(0), r.small(1)];
  if (!x || !indices || !x.dims.length) return [null];
  const axis = axisOf(r.rule.int('axis', 0), x.dims.length);
  const dims = [...x.dims.slice(0, axis), ...indices.dims, ...x.dims.slice(axis + 1)];
  return [
    build(dims, (places) => {
      const at = wrapped(entryAt(indices, places.slice(axis, axis + indices.dims.length)), x.dims[axis] ?? 0);
      return at === null
        ? null
        : entryAt(x, [...places.slice(0, axis), at, ...places.slice(axis + indices.dims.length)]);
    }),
  ];
};

const gatherElements: Evaluate = (r) => {
  const [x, indices] = [r.small(0), r.small(1)];
  if (!x || !indices || !x.dims.length) return [null];
  const axis = axisOf(r.rule.int('axis', 0), x.dims.length);
  return [
    build(indices.dims, (places) => {
      const at = wrapped(entryAt(indices, places), x.dims[axis] ?? 0);
      return at === null
        ? null
        : entryAt(
            x,
            places.map((p, k) => (k === axis ? at : p)),
          );
    }),
  ];
};

const gatherNd: Evaluate = (r) => {
  const [x, indices, dims] = [r.small(0), r.small(1), r.out(0)];
  const depth = indices?.dims.at(-1);
  if (!x || !indices || !dims || depth === undefined || r.rule.int('batch_dims', 0) !== 0) return [null];
  const lead = indices.dims.length - 1;
  return [
    build(dims, (places) => {
      const at = Array.from({ length: depth }, (_, k) =>
        wrapped(entryAt(indices, [...places.slice(0, lead), k]), x.dims[k] ?? 0),
      );
      return at.includes(null) ? null : entryAt(x, [...(at as number[]), ...places.slice(lead)]);
    }),
  ];
};

/** Places that start, end and step pick along one axis: https://onnx.ai/onnx/operators/onnx__Slice.html */
function picked(size: number, start: number, end: number, step: number): number[] {
  const clamp = (v: number, low: number, high: number): number => Math.min(Math.max(v < 0 ? v + size : v, low), high);
  const [from, to] =
    step > 0 ? [clamp(start, 0, size), clamp(end, 0, size)] : [clamp(start, 0, size - 1), clamp(end, -1, size - 1)];
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, k) => from + k * step);
}

const slice: Evaluate = (r) => {
  const x = r.small(0);
  const list = (name: string, index: number): number[] | null => r.rule.ints(name) ?? numbersOf(r.small(index));
  const [starts, ends] = [list('starts', 1), list('ends', 2)];
  if (!x || !starts || !ends) return [null];
  const axes = r.rule.ints('axes') ?? (r.rule.has(3) ? numbersOf(r.small(3)) : starts.map((_, k) => k));
  const steps = r.rule.has(4) ? numbersOf(r.small(4)) : starts.map(() => 1);
  if (!axes || !steps || steps.includes(0)) return [null];
  const kept = x.dims.map((d) => Array.from({ length: d }, (_, k) => k));
  for (const [i, axis] of axes.entries()) {
    const at = axisOf(axis, x.dims.length);
    kept[at] = picked(x.dims[at] ?? 0, starts[i] ?? 0, ends[i] ?? 0, steps[i] ?? 1);
  }
  return [
    build(
      kept.map((k) => k.length),
      (places) =>
        entryAt(
          x,
          places.map((p, k) => kept[k]?.[p] ?? 0),
        ),
    ),
  ];
};

/** Parts whose entries are unknown keep their places, so that the others are still known. */
const concat: Evaluate = (r) => {
  const parts = r.rule.node.inputs.map((_, k) => r.small(k) ?? blank(r, k));
  if (!parts.every((p) => p !== null)) return [null];
  const rank = parts[0]?.dims.length ?? 0;
  if (rank === 0 || parts.some((p) => p.dims.length !== rank)) return [null];
  const axis = axisOf(r.rule.int('axis', 1), rank);
  const total = parts.reduce((n, p) => n + (p.dims[axis] ?? 0), 0);
  return [
    build(
      (parts[0]?.dims ?? []).map((d, k) => (k === axis ? total : d)),
      (places) => {
        let at = places[axis] ?? 0;
        for (const part of parts) {
          const length = part.dims[axis] ?? 0;
          if (at < length)
            return entryAt(
              part,
              places.map((p, k) => (k === axis ? at : p)),
            );
          at -= length;
        }
        return null;
      },
    ),
  ];
};

function blank(r: Reading, index: number): SmallTensor | null {
  const dims = r.rule.dims(index);
  return isSmall(dims) ? small(dims, new Array<null>(count(dims)).fill(null)) : null;
}

const split: Evaluate = (r) => {
  const x = r.small(0);
  if (!x?.dims.length) return [null];
  const axis = axisOf(r.rule.int('axis', 0), x.dims.length);
  let from = 0;
  let known = true;
  return r.rule.node.outputs.map((_, o) => {
    const dims = known ? r.out(o) : null;
    known = dims !== null;
    if (!dims) return null;
    const start = from;
    from += dims[axis] ?? 0;
    return build(dims, (places) =>
      entryAt(
        x,
        places.map((p, k) => (k === axis ? p + start : p)),
      ),
    );
  });
};

const transpose: Evaluate = (r) => {
  const x = r.small(0);
  if (!x) return [null];
  const perm = r.rule.ints('perm') ?? x.dims.map((_, k) => x.dims.length - 1 - k);
  if (perm.length !== x.dims.length || new Set(perm).size !== perm.length) return [null];
  return [
    build(
      perm.map((p) => x.dims[p] ?? 0),
      (places) =>
        entryAt(
          x,
          x.dims.map((_, k) => places[perm.indexOf(k)] ?? 0),
        ),
    ),
  ];
};

const expand: Evaluate = (r) => {
  const [x, dims] = [r.small(0), r.out(0)];
  return [x && dims && build(dims, (places) => broadcastAt(x, places))];
};

const tile: Evaluate = (r) => {
  const [x, dims] = [r.small(0), r.out(0)];
  if (!x || !dims || dims.length !== x.dims.length) return [null];
  return [
    build(dims, (places) =>
      entryAt(
        x,
        places.map((p, k) => p % (x.dims[k] || 1)),
      ),
    ),
  ];
};

/** Zeros, where no value is given. */
const constantOfShape: Evaluate = (r) => {
  const dims = r.out(0);
  const fill = r.rule.attribute('value')?.tensor ? r.attribute('value') : vector([0]);
  return [dims && fill && build(dims, () => fill.values[0] ?? null)];
};

const scatterElements: Evaluate = (r) => {
  const [x, indices, updates] = [r.small(0), r.small(1), r.small(2)];
  if (!x || !indices || !updates || !x.dims.length || r.rule.text('reduction', 'none') !== 'none') return [null];
  const axis = axisOf(r.rule.int('axis', 0), x.dims.length);
  return [
    written(
      x,
      updates,
      indices.values.map((index, i) => {
        const at = wrapped(index, x.dims[axis] ?? 0);
        return at === null ? null : placesOf(i, indices.dims).map((p, k) => (k === axis ? at : p));
      }),
    ),
  ];
};

/** Only whole entries: each index names one. */
const scatterNd: Evaluate = (r) => {
  const [x, indices, updates] = [r.small(0), r.small(1), r.small(2)];
  const depth = indices?.dims.at(-1);
  if (!x || !indices || !updates || depth !== x.dims.length || r.rule.text('reduction', 'none') !== 'none')
    return [null];
  return [
    written(
      x,
      updates,
      updates.values.map((_, i) => {
        const at = x.dims.map((d, k) => wrapped(indices.values[i * x.dims.length + k] ?? null, d));
        return at.includes(null) ? null : (at as number[]);
      }),
    ),
  ];
};

function written(
  x: SmallTensor,
  updates: SmallTensor,
  places: readonly (readonly number[] | null)[],
): SmallTensor | null {
  if (places.includes(null)) return null;
  const values = new Map(places.map((p, i) => [p?.join(), updates.values[i] ?? null]));
  return build(x.dims, (at) => (values.has(at.join()) ? values.get(at.join()) : entryAt(x, at)));
}

const nonZero: Evaluate = (r) => {
  const x = r.small(0);
  const numbers = numbersOf(x);
  if (!x || !numbers) return [null];
  const found = numbers.flatMap((v, i) => (v === 0 ? [] : [placesOf(i, x.dims)]));
  const rank = Math.max(1, x.dims.length);
  return [build([rank, found.length], ([axis = 0, k = 0]) => found[k]?.[axis] ?? 0)];
};

export const MOVEMENT: Readonly<Record<string, Evaluate>> = {
  Identity: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Reshape: reshaped,
  Flatten: reshaped,
  Shape: shape,
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  Slice: slice,
  Concat: concat,
  Split: split,
  Transpose: transpose,
  Expand: expand,
  Tile: tile,
  ConstantOfShape: constantOfShape,
  ScatterElements: scatterElements,
  Scatter: scatterElements,
  ScatterND: scatterNd,
  NonZero: nonZero,
};
