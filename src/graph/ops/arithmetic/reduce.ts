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
  return keepsDims ? x.map((dim, k): Dim => (gone.includes(k) ? 1 : dim)) : x.filter((_, k) => !gone.includes(k));
}

/**
 * Axes are an attribute, and an input from opset 13 (ReduceSum) or 18:
 * https://onnx.ai/onnx/operators/onnx__ReduceSum.html
 */
export const reduce: ShapeRule = (input) => {
  const x = input.dims(0);
  if (!x) return [null];
  const keep = input.int('keepdims', 1) !== 0;
  const axes = input.ints('axes') ?? (input.has(1) ? input.integers(1) : []);
  if (!axes?.every((axis) => axis !== null)) return [openAxes(input, x, keep)];
  const named = axes.map((axis) => axisOf(axis ?? 0, x.length));
  return [without(x, named.length ? named : axesWithoutNames(input, x.length), keep)];
};

/** Without axes all of them go, or none where the operator says so. */
function axesWithoutNames(input: RuleInput, rank: number): number[] {
  return input.int('noop_with_empty_axes', 0) ? [] : range(0, rank);
}

/** Each axis is kept or becomes 1; how many there are is known when the list's length is. */
function openAxes(input: RuleInput, x: readonly Dim[], keep: boolean): Shape {
  const what = 'the axes it reduces are';
  const kept = x.map((dim) => (dim === 1 ? 1 : null));
  if (keep) return atRunTime(what, kept);
  const count = lengthOf(input, 1);
  if (count === null || count > x.length) return atRunTime(what);
  const gone = count > 0 ? count : axesWithoutNames(input, x.length).length;
  return atRunTime(what, openDims(x.length - gone));
}

/** https://onnx.ai/onnx/operators/onnx__ArgMax.html */
const arg: ShapeRule = (input) => {
  const x = input.dims(0);
  return [x && without(x, [axisOf(input.int('axis', 0), x.length)], input.int('keepdims', 1) !== 0)];
};

/** k is an attribute before opset 10: https://onnx.ai/onnx/operators/onnx__TopK.html */
const topK: ShapeRule = (input) => {
  const x = input.dims(0);
  if (!x) return [null, null];
  const k = input.opset < 10 ? input.int('k', 0) : (input.sizes(1)?.[0] ?? null);
  const axis = axisOf(input.int('axis', -1), x.length);
  const size = x[axis];
  if (typeof k === 'number' && typeof size === 'number' && k > size)
    throw new RangeError(`it takes ${k} of ${size} elements`);
  const dims = x.map((dim, at): Dim => (at === axis ? k : dim));
  const out = k === null ? atRunTime('how many elements it keeps is', dims) : dims;
  return [out, out];
};

/** One loss per label, or a scalar; SoftmaxCrossEntropyLoss also gives the logarithms of the probabilities. */
const loss: ShapeRule = (input) => {
  const x = input.dims(0);
  const each = input.dims(1) ?? (x && x.filter((_, k) => k !== 1));
  return [input.text('reduction', 'mean') === 'none' ? each : [], x];
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
