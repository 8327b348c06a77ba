import { axisOf } from '../shapes/shapeRule.ts';
import {
  broadcastAt,
  build,
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
import { product, clampedFromFront, fromFront, slicedPlaces } from '../../tensors/dims.ts';
import { range } from '../../bytes/lists.ts';

/** The same entries in the same order under the output's dims. */
const reshaped: Evaluate = (reading) => {
  const [x, dims] = [reading.small(0), reading.out(0)];
  return [x && dims && small(dims, x.values)];
};

const shape: Evaluate = (reading) => {
  const dims = reading.rule.dims(0);
  if (!dims) return [null];
  const start = clampedFromFront(reading.rule.int('start', 0), dims.length);
  const end = clampedFromFront(reading.rule.int('end', dims.length), dims.length);
  return [vector(dims.slice(start, end))];
};

/** An index counted from the front; null where it is not known, or lies outside. */
function wrapped(index: Entry, size: number): number | null {
  if (typeof index !== 'number') return null;
  const at = fromFront(index, size);
  return Number.isInteger(at) && at >= 0 && at < size ? at : null;
}

const gather: Evaluate = (reading) => {
  const [x, indices] = [reading.small(0), reading.small(1)];
  if (!x || !indices || !x.dims.length) return [null];
  const axis = axisOf(reading.rule.int('axis', 0), x.dims.length);
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

const gatherElements: Evaluate = (reading) => {
  const [x, indices] = [reading.small(0), reading.small(1)];
  if (!x || !indices || !x.dims.length) return [null];
  const axis = axisOf(reading.rule.int('axis', 0), x.dims.length);
  return [
    build(indices.dims, (places) => {
      const at = wrapped(entryAt(indices, places), x.dims[axis] ?? 0);
      return at === null
        ? null
        : entryAt(
            x,
            places.map((place, k) => (k === axis ? at : place)),
          );
    }),
  ];
};

const gatherNd: Evaluate = (reading) => {
  const [x, indices, dims] = [reading.small(0), reading.small(1), reading.out(0)];
  const depth = indices?.dims.at(-1);
  if (!x || !indices || !dims || depth === undefined || reading.rule.int('batch_dims', 0) !== 0) return [null];
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

/** https://onnx.ai/onnx/operators/onnx__Slice.html */
const slice: Evaluate = (reading) => {
  const x = reading.small(0);
  const list = (name: string, index: number): number[] | null =>
    reading.rule.ints(name) ?? numbersOf(reading.small(index));
  const [starts, ends] = [list('starts', 1), list('ends', 2)];
  if (!x || !starts || !ends) return [null];
  const axes =
    reading.rule.ints('axes') ?? (reading.rule.has(3) ? numbersOf(reading.small(3)) : starts.map((_, k) => k));
  const steps = reading.rule.has(4) ? numbersOf(reading.small(4)) : starts.map(() => 1);
  if (!axes || !steps || steps.includes(0)) return [null];
  const kept = x.dims.map((dim) => range(0, dim));
  for (const [i, axis] of axes.entries()) {
    const at = axisOf(axis, x.dims.length);
    const limits = { start: starts[i] ?? 0, end: ends[i] ?? 0, step: steps[i] ?? 1 };
    kept[at] = slicedPlaces(x.dims[at] ?? 0, limits);
  }
  return [
    build(
      kept.map((k) => k.length),
      (places) =>
        entryAt(
          x,
          places.map((place, k) => kept[k]?.[place] ?? 0),
        ),
    ),
  ];
};

/** Parts whose entries are unknown keep their places, so that the others are still known. */
const concat: Evaluate = (reading) => {
  const parts = reading.rule.node.inputs.map((_, k) => reading.small(k) ?? blank(reading, k));
  if (!parts.every((part) => part !== null)) return [null];
  const rank = parts[0]?.dims.length ?? 0;
  if (rank === 0 || parts.some((part) => part.dims.length !== rank)) return [null];
  const axis = axisOf(reading.rule.int('axis', 1), rank);
  const total = parts.reduce((sum, part) => sum + (part.dims[axis] ?? 0), 0);
  return [
    build(
      (parts[0]?.dims ?? []).map((dim, k) => (k === axis ? total : dim)),
      (places) => {
        let at = places[axis] ?? 0;
        for (const part of parts) {
          const length = part.dims[axis] ?? 0;
          if (at < length)
            return entryAt(
              part,
              places.map((place, k) => (k === axis ? at : place)),
            );
          at -= length;
        }
        return null;
      },
    ),
  ];
};

function blank(reading: Reading, index: number): SmallTensor | null {
  const dims = reading.rule.dims(index);
  return isSmall(dims) ? small(dims, new Array<null>(product(dims)).fill(null)) : null;
}

const split: Evaluate = (reading) => {
  const x = reading.small(0);
  if (!x?.dims.length) return [null];
  const axis = axisOf(reading.rule.int('axis', 0), x.dims.length);
  let from = 0;
  let known = true;
  return reading.rule.node.outputs.map((_, o) => {
    const dims = known ? reading.out(o) : null;
    known = dims !== null;
    if (!dims) return null;
    const start = from;
    from += dims[axis] ?? 0;
    return build(dims, (places) =>
      entryAt(
        x,
        places.map((place, k) => (k === axis ? place + start : place)),
      ),
    );
  });
};

const transpose: Evaluate = (reading) => {
  const x = reading.small(0);
  if (!x) return [null];
  const perm = reading.rule.ints('perm') ?? x.dims.map((_, k) => x.dims.length - 1 - k);
  if (perm.length !== x.dims.length || new Set(perm).size !== perm.length) return [null];
  return [
    build(
      perm.map((axis) => x.dims[axis] ?? 0),
      (places) =>
        entryAt(
          x,
          x.dims.map((_, k) => places[perm.indexOf(k)] ?? 0),
        ),
    ),
  ];
};

const expand: Evaluate = (reading) => {
  const [x, dims] = [reading.small(0), reading.out(0)];
  return [x && dims && build(dims, (places) => broadcastAt(x, places))];
};

const tile: Evaluate = (reading) => {
  const [x, dims] = [reading.small(0), reading.out(0)];
  if (!x || !dims || dims.length !== x.dims.length) return [null];
  return [
    build(dims, (places) =>
      entryAt(
        x,
        places.map((place, k) => place % (x.dims[k] || 1)),
      ),
    ),
  ];
};

/** Zeros, where no value is given. */
const constantOfShape: Evaluate = (reading) => {
  const dims = reading.out(0);
  const fill = reading.rule.attribute('value')?.tensor ? reading.attribute('value') : vector([0]);
  return [dims && fill && build(dims, () => fill.values[0] ?? null)];
};

const scatterElements: Evaluate = (reading) => {
  const [x, indices, updates] = [reading.small(0), reading.small(1), reading.small(2)];
  if (!x || !indices || !updates || !x.dims.length || reading.rule.text('reduction', 'none') !== 'none') return [null];
  const axis = axisOf(reading.rule.int('axis', 0), x.dims.length);
  return [
    written(
      x,
      updates,
      indices.values.map((index, i) => {
        const at = wrapped(index, x.dims[axis] ?? 0);
        return at === null ? null : placesOf(i, indices.dims).map((place, k) => (k === axis ? at : place));
      }),
    ),
  ];
};

/** Only whole entries: each index names one. */
const scatterNd: Evaluate = (reading) => {
  const [x, indices, updates] = [reading.small(0), reading.small(1), reading.small(2)];
  const depth = indices?.dims.at(-1);
  if (!x || !indices || !updates || depth !== x.dims.length || reading.rule.text('reduction', 'none') !== 'none')
    return [null];
  return [
    written(
      x,
      updates,
      updates.values.map((_, i) => {
        const at = x.dims.map((dim, k) => wrapped(indices.values[i * x.dims.length + k] ?? null, dim));
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
  const values = new Map(places.map((place, i) => [place?.join(), updates.values[i] ?? null]));
  return build(x.dims, (at) => (values.has(at.join()) ? values.get(at.join()) : entryAt(x, at)));
}

const nonZero: Evaluate = (reading) => {
  const x = reading.small(0);
  const numbers = numbersOf(x);
  if (!x || !numbers) return [null];
  const found = numbers.flatMap((value, i) => (value === 0 ? [] : [placesOf(i, x.dims)]));
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
