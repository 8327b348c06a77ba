import { INT64 } from '../../../tensors/dtypes.ts';
import type { Dim } from '../../../formats/onnx/model.ts';
import { compare, floorDivide, larger, minus, multiply, plus, smaller, sum } from '../../sizes/dims.ts';
import {
  Unknown,
  atRunTime,
  axisOf,
  fixed,
  like,
  likeAny,
  openDims,
  tensors,
  type Rule,
  type RuleInput,
  type Shape,
  type ShapeRule,
} from '../../shapes/shapeRule.ts';
import { agreed, lengthOf } from './layout.ts';
import { clampedFromFront, slicedRange } from '../../../tensors/dims.ts';
import { range } from '../../../bytes/lists.ts';

/** Until opset 4 the axis of a Concat could be left out. */
const concat: ShapeRule = (input) => {
  const shapes = input.node.inputs.map((_, k) => input.dims(k));
  return [joined(shapes, input.int('axis', 1))];
};

/**
 * Tensors joined along an axis; a shape that is not known leaves its size open. Throws RangeError where ranks or other
 * sizes differ.
 */
export function joined(shapes: readonly (readonly Dim[] | null)[], given: number): Shape {
  const first = shapes.find((shape) => shape !== null);
  if (!first) return null;
  for (const shape of shapes)
    if (shape && shape.length !== first.length)
      throw new RangeError(`tensors of rank ${first.length} and ${shape.length} can't be joined`);
  const axis = axisOf(given, first.length);
  return first.map((_, k) =>
    k === axis ? sum(shapes.map((shape) => shape?.[k] ?? null)) : agreed(shapes.map((shape) => shape?.[k] ?? null)),
  );
}

/** From this opset on the last part of a Split may be smaller than the others. */
const UNEVEN_SPLIT = 18;

/**
 * Sizes come from an attribute, an input, or by dividing evenly; from opset 18 the last part may be smaller.
 * https://onnx.ai/onnx/operators/onnx__Split.html
 */
const split: ShapeRule = (input) => {
  const x = input.dims(0);
  const count = input.outputs;
  if (!x) return input.node.outputs.map(() => null);
  const axis = axisOf(input.int('axis', 0), x.length);
  const size = x[axis] ?? null;
  const parts = splitParts(input, size, count);
  return parts.map((part): Shape => {
    const dims = x.with(axis, part);
    return size !== null && part === null ? atRunTime('the sizes of its parts are', dims) : dims;
  });
};

/** The sizes of the parts of an axis of `size`. */
function splitParts(input: RuleInput, size: Dim, count: number): readonly Dim[] {
  const sizes = input.ints('split') ?? (input.has(1) ? input.sizes(1) : null);
  if (sizes) return givenParts(sizes, size, count);
  const outputs = [...new Array<null>(count).keys()];
  if (input.has(1)) return outputs.map(() => null);
  const isEven = input.opset < UNEVEN_SPLIT;
  if (isEven && typeof size === 'number' && size % count !== 0)
    throw new RangeError(`an axis of ${size} can't be divided evenly into ${count} parts`);
  if (isEven) return outputs.map(() => floorDivide(size, 0, count));
  const each = floorDivide(size, count - 1, count);
  if (typeof size === 'number' && typeof each === 'number')
    return outputs.map((output) => Math.max(0, Math.min(each, size - output * each)));
  // A symbol may be so small that further parts are cut short as well.
  return outputs.map((output) => (output === 0 ? each : null));
}

function givenParts(sizes: readonly Dim[], size: Dim, count: number): readonly Dim[] {
  if (sizes.length !== count) throw new RangeError(`it has ${sizes.length} sizes for ${count} outputs`);
  if (sizes.every((part) => typeof part === 'number') && typeof size === 'number' && sum(sizes) !== size)
    throw new RangeError(`its parts have ${sum(sizes)} elements together, and the axis ${size}`);
  return sizes;
}

/** Ends from here on say "to the end": exporters write the largest int32 or int64. */
const FAR = 2 ** 31 - 1;

/** The limits of a Slice along one axis. */
interface Cut {
  readonly start: Dim;
  readonly end: Dim;
  readonly step: Dim;
}

/** How many elements a Slice keeps: https://onnx.ai/onnx/operators/onnx__Slice.html */
function kept(size: Dim, { start, end, step }: Cut): Dim {
  if (step === 0) throw new RangeError('its step is 0');
  if (size === 0) return 0;
  // Going backward to the largest number is going nowhere by the text, and to the start in ONNX Runtime.
  const endsAtLargest = end === FAR || end === Number(2n ** 63n - 1n);
  if (typeof step !== 'number' || (step < 0 && endsAtLargest)) return null;
  if (typeof size === 'number' && typeof start === 'number' && typeof end === 'number') {
    return slicedRange(size, { start, end, step }).count;
  }
  if (step > 0) return span(edge(start, size), edge(end, size), step);
  const fromLast = start === -1 || (typeof start === 'number' && start >= FAR);
  const toFirst = typeof end === 'number' && end <= -FAR;
  return fromLast && toFirst ? floorDivide(size, -step - 1, -step) : null;
}

/** Where a cut lies in an axis: counted from behind when negative, and never outside. */
function edge(at: Dim, size: Dim): Dim {
  if (typeof at === 'number' && at >= FAR) return size;
  if (typeof at === 'number' && at <= -FAR) return 0;
  if (at === size) return at;
  const sign = compare(at, 0);
  if (sign === null) return null;
  return sign < 0 ? larger(sum([size, at]), 0) : smaller(at, size);
}

/** How many steps lead from one place to another; none backwards. */
function span(from: Dim, to: Dim, step: number): Dim {
  const order = compare(from, to);
  if (order === null) return floorDivide(larger(minus(to, from), 0), step - 1, step);
  return order >= 0 ? 0 : floorDivide(minus(to, from), step - 1, step);
}

/** Without a list of axes the first ones are meant. */
function firstAxes(count: number | null, rank: number): number[] | null {
  return count === null ? null : range(0, Math.min(count, rank));
}

/** Slice-1 has attributes; later ones have inputs, and axes and steps may be left out. */
const slice: ShapeRule = (input) => {
  const x = input.dims(0);
  if (!x) return [null];
  const starts = input.ints('starts') ?? input.sizes(1);
  const ends = input.ints('ends') ?? input.sizes(2);
  const count = starts?.length ?? ends?.length ?? lengthOf(input, 1) ?? lengthOf(input, 2);
  const axes = input.ints('axes') ?? (input.has(3) ? input.integers(3) : firstAxes(count, x.length));
  const steps = input.has(4) ? input.sizes(4) : null;
  if (!axes?.every((axis) => axis !== null)) return [atRunTime('the axes it slices are', openDims(x.length))];
  const at = axes.map((axis) => axisOf(axis ?? 0, x.length));
  const dims = x.map((dim, k) => {
    const entry = at.indexOf(k);
    if (entry < 0) return dim;
    const step = input.has(4) ? (steps?.[entry] ?? null) : 1;
    return kept(dim, { start: starts?.[entry] ?? null, end: ends?.[entry] ?? null, step });
  });
  return [
    dims.some((dim, k) => dim === null && x[k] !== null)
      ? new Unknown('where it cuts is only known when the model runs', dims)
      : dims,
  ];
};

/** The indices' shape in place of the axis: https://onnx.ai/onnx/operators/onnx__Gather.html */
const gather: ShapeRule = (input) => {
  const x = input.dims(0);
  const indices = input.dims(1);
  if (!x || !indices) return [null];
  const axis = axisOf(input.int('axis', 0), x.length);
  return [[...x.slice(0, axis), ...indices, ...x.slice(axis + 1)]];
};

/**
 * The last axis of the indices says how many axes of the data one of them names:
 * https://onnx.ai/onnx/operators/onnx__GatherND.html
 */
export const gatherNd: ShapeRule = (input) => {
  const x = input.dims(0);
  const indices = input.dims(1);
  if (!x || !indices?.length) return [null];
  const depth = indices.at(-1) ?? null;
  const batch = input.int('batch_dims', 0);
  if (typeof depth !== 'number') return [atRunTime('how many axes an index names is')];
  if (batch < 0 || batch + depth > x.length)
    throw new RangeError(`an index names ${depth} axes of a tensor of rank ${x.length}`);
  return [[...indices.slice(0, -1), ...x.slice(batch + depth)]];
};

/**
 * Pad-1 and Pad-2 have attributes, Pad-11 an input, Pad-18 also axes:
 * https://onnx.ai/onnx/operators/onnx__Pad.html
 */
export const pad: ShapeRule = (input) => {
  const x = input.dims(0);
  const pads = input.ints('pads') ?? input.ints('paddings') ?? input.sizes(1);
  if (!x) return [null];
  const axes = input.has(3) ? input.integers(3) : x.map((_, k) => k);
  if (!pads || !axes?.every((axis) => axis !== null)) return [atRunTime('its pads are', openDims(x.length))];
  if (pads.length !== 2 * axes.length) throw new RangeError(`it has ${pads.length} pads for ${axes.length} axes`);
  const at = axes.map((axis) => axisOf(axis ?? 0, x.length));
  const dims = x.map((dim, k) => {
    const entry = at.indexOf(k);
    return entry < 0 ? dim : padded(dim, pads[entry] ?? null, pads[entry + axes.length] ?? null);
  });
  return [pads.includes(null) ? atRunTime('its pads are', dims) : dims];
};

/** Pads may be negative, which plus and minus allow one at a time. */
function padded(dim: Dim, before: Dim, behind: Dim): Dim {
  if (typeof before === 'number' && typeof behind === 'number') return plus(dim, before + behind);
  return sum([dim, before, behind]);
}

/** One more axis, as long as there are classes: https://onnx.ai/onnx/operators/onnx__OneHot.html */
const oneHot: ShapeRule = (input) => {
  const x = input.dims(0);
  if (!x) return [null];
  const axis = axisOf(input.int('axis', -1), x.length + 1);
  const depth = input.sizes(1)?.[0] ?? null;
  const dims = [...x.slice(0, axis), depth, ...x.slice(axis)];
  return [depth === null ? atRunTime('the number of classes is', dims) : dims];
};

/** With an axis, slices along it; without, single elements of the flattened tensor. */
const compress: ShapeRule = (input) => {
  const x = input.dims(0);
  const axis = input.attribute('axis') ? input.int('axis', 0) : null;
  if (axis !== null && !x) return [null];
  const condition = input.integers(1);
  const count = condition?.every((value) => value !== null) ? condition.filter((value) => value !== 0).length : null;
  const dims = axis === null || !x ? [count] : x.map((dim, k) => (k === axisOf(axis, x.length) ? count : dim));
  return [count === null ? new Unknown('how many it keeps depends on its condition', dims) : dims];
};

/** Values, first places, places of each element, counts: https://onnx.ai/onnx/operators/onnx__Unique.html */
const unique: ShapeRule = (input) => {
  const x = input.dims(0);
  const axis = input.attribute('axis') ? input.int('axis', 0) : null;
  const reason = 'how many different values there are depends on the data';
  const values = axis === null ? [null] : x && x.map((dim, k) => (k === axisOf(axis, x.length) ? null : dim));
  const all = axis === null ? x && multiply(x) : (x?.[axisOf(axis, x.length)] ?? null);
  return [new Unknown(reason, values), new Unknown(reason, [null]), [all], new Unknown(reason, [null])];
};

/** Exporters before Range wrote it as the places in a tensor of ones. */
const nonZero: ShapeRule = (input) => {
  const x = input.dims(0);
  const rank = x && Math.max(1, x.length);
  const everywhere = input.uniform(0);
  const count = everywhere === null ? nonZeroCount(input.sizes(0)) : uniformCount(everywhere, x);
  return [
    count === null ? new Unknown('how many elements are not zero depends on the data', [rank, null]) : [rank, count],
  ];
};

function nonZeroCount(values: readonly Dim[] | null): number | null {
  return values?.every((value) => typeof value === 'number') ? values.filter((value) => value !== 0).length : null;
}

/** Of a tensor whose elements are all one number: none, or all of them. */
function uniformCount(number: number, dims: readonly Dim[] | null): Dim {
  if (number === 0) return 0;
  return dims && multiply(dims);
}

export const SELECT: Readonly<Record<string, Rule>> = {
  Concat: tensors(concat, likeAny),
  Split: tensors(split, like(0)),
  Slice: tensors(slice, like(0)),
  DynamicSlice: tensors(slice, like(0)),
  Gather: tensors(gather, like(0)),
  GatherND: tensors(gatherNd, like(0)),
  GatherElements: tensors((input) => [input.dims(1)], like(0)),
  Pad: tensors(pad, like(0)),
  OneHot: tensors(oneHot, like(2)),
  Compress: tensors(compress, like(0)),
  Unique: tensors(unique, like(0), fixed(INT64)),
  NonZero: tensors(nonZero, fixed(INT64)),
  Shape: tensors((input) => [[input.dims(0) ? shapeLength(input) : null]], fixed(INT64)),
  Size: tensors(() => [[]], fixed(INT64)),
};

/** https://onnx.ai/onnx/operators/onnx__Shape.html: start and end are clamped. */
function shapeLength(input: RuleInput): number {
  const rank = input.dims(0)?.length ?? 0;
  return Math.max(0, clampedFromFront(input.int('end', rank), rank) - clampedFromFront(input.int('start', 0), rank));
}
