import { INT64 } from '../../../tensors/dtypes.ts';
import type { Dim } from '../../../formats/onnx/model.ts';
import {
  atRunTime,
  axisOf,
  each,
  fixed,
  like,
  openDims,
  tensors,
  type Rule,
  type RuleInput,
  type Shape,
  type ShapeRule,
} from '../../shapes/shapeRule.ts';
import { lengthOf } from '../movement/layout.ts';
import { range } from '../../../bytes/lists.ts';

/** A shape without these axes, or with each of them as 1 where they are kept. */
function without(x: readonly Dim[], gone: readonly number[], keepsDims: boolean): Dim[] {
  return keepsDims ? x.map((d, k): Dim => (gone.includes(k) ? 1 : d)) : x.filter((_, k) => !gone.includes(k));
}

/**
 * Axes are an attribute, and an input from opset 13 (ReduceSum) or 18:
 * https://onnx.ai/onnx/operators/onnx__ReduceSum.html
 */
export const reduce: ShapeRule = (i) => {
  const x = i.dims(0);
  if (!x) return [null];
  const keep = i.int('keepdims', 1) !== 0;
  const axes = i.ints('axes') ?? (i.has(1) ? i.integers(1) : []);
  if (!axes?.every((axis) => axis !== null)) return [openAxes(i, x, keep)];
  const named = axes.map((axis) => axisOf(axis ?? 0, x.length));
  return [without(x, named.length ? named : axesWithoutNames(i, x.length), keep)];
};

/** Without axes all of them go, or none where the operator says so. */
function axesWithoutNames(i: RuleInput, rank: number): number[] {
  return i.int('noop_with_empty_axes', 0) ? [] : range(0, rank);
}

/** Each axis is kept or becomes 1; how many there are is known when the list's length is. */
function openAxes(i: RuleInput, x: readonly Dim[], keep: boolean): Shape {
  const what = 'the axes it reduces are';
  const kept = x.map((d) => (d === 1 ? 1 : null));
  if (keep) return atRunTime(what, kept);
  const count = lengthOf(i, 1);
  if (count === null || count > x.length) return atRunTime(what);
  const gone = count > 0 ? count : axesWithoutNames(i, x.length).length;
  return atRunTime(what, openDims(x.length - gone));
}

/** https://onnx.ai/onnx/operators/onnx__ArgMax.html */
const arg: ShapeRule = (i) => {
  const x = i.dims(0);
  return [x && without(x, [axisOf(i.int('axis', 0), x.length)], i.int('keepdims', 1) !== 0)];
};

/** k is an attribute before opset 10: https://onnx.ai/onnx/operators/onnx__TopK.html */
const topK: ShapeRule = (i) => {
  const x = i.dims(0);
  if (!x) return [null, null];
  const k = i.opset < 10 ? i.int('k', 0) : (i.sizes(1)?.[0] ?? null);
  const axis = axisOf(i.int('axis', -1), x.length);
  const size = x[axis];
  if (typeof k === 'number' && typeof size === 'number' && k > size)
    throw new RangeError(`it takes ${k} of ${size} elements`);
  const dims = x.map((d, at): Dim => (at === axis ? k : d));
  const out = k === null ? atRunTime('how many elements it keeps is', dims) : dims;
  return [out, out];
};

/** One loss per label, or a scalar; SoftmaxCrossEntropyLoss also gives the logarithms of the probabilities. */
const loss: ShapeRule = (i) => {
  const x = i.dims(0);
  const each = i.dims(1) ?? (x && x.filter((_, k) => k !== 1));
  return [i.text('reduction', 'mean') === 'none' ? each : [], x];
};

export const REDUCE: Readonly<Record<string, Rule>> = {
  ...each(
    'ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ' +
      'ReduceSumSquare',
    tensors(reduce, like(0)),
  ),
  ...each('ArgMax ArgMin', tensors(arg, fixed(INT64))),
  TopK: tensors(topK, like(0), fixed(INT64)),
  ...each('NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss', tensors(loss, like(0))),
};
