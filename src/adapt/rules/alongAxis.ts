import { INT64 } from '../../tensors/dtypes.ts';
import { evenUse, hasNoShift, isPermutation, isSelection } from '../maps/affine.ts';
import { isPlain } from '../flow/flow.ts';
import type { Rule } from '../flow/step.ts';
import { fromFront } from '../../tensors/dims.ts';
import { TAKEN_OUT, MIXED, COMPARES_CHANNELS } from '../flow/reasons.ts';

/** From this opset on, Softmax and its kin work along one axis; before it, over all axes from there on. */
const ONE_AXIS = 13;

/**
 * Softmax and its kin work apart for each channel along another axis; along the channels they keep any order of them.
 * Hardmax does not: of equal channels it takes the first. https://onnx.ai/onnx/operators/onnx__Softmax.html
 */
const softmax: Rule = (step) => {
  const flow = step.only();
  if (!flow || !isPlain(flow)) return TAKEN_OUT;
  if (!isSelection(flow.map)) return MIXED;
  const oneAxis = step.walk.known.opset >= ONE_AXIS;
  const axis = step.axis('axis', oneAxis ? -1 : 1, flow.rank);
  const apart = oneAxis ? axis !== flow.axis : axis > flow.axis;
  const order = isPermutation(flow.map) && step.node.opType !== 'Hardmax';
  return apart || order ? step.pass(flow, { flow: { dims: flow.dims } }) : COMPARES_CHANNELS;
};

/** Sums along another axis than the channels: https://onnx.ai/onnx/operators/onnx__CumSum.html */
const cumSum: Rule = async (step) => {
  const flow = step.only();
  const axis = (await step.value(1))?.values[0];
  if (!flow || !isPlain(flow) || axis === undefined) return 'its axis is not known before the model runs';
  const apart = fromFront(axis, flow.rank) !== flow.axis;
  return apart && (hasNoShift(flow.map) || isSelection(flow.map))
    ? step.pass(flow, { flow: { dims: flow.dims } })
    : MIXED;
};

/**
 * One norm for all elements along another axis than the channels:
 * https://onnx.ai/onnx/operators/onnx__LpNormalization.html
 */
const lpNormalization: Rule = (step) => {
  const flow = step.only();
  if (!flow || !isPlain(flow) || !isSelection(flow.map)) return MIXED;
  return step.axis('axis', -1, flow.rank) !== flow.axis || isPermutation(flow.map)
    ? step.pass(flow, { flow: { dims: flow.dims } })
    : COMPARES_CHANNELS;
};

/**
 * Mean and deviation over some axes: also over the channels, when all are copied alike.
 * https://onnx.ai/onnx/operators/onnx__MeanVarianceNormalization.html
 */
const meanVariance: Rule = (step) => {
  const flow = step.only();
  if (!flow || !isPlain(flow) || !isSelection(flow.map)) return MIXED;
  const axes = (step.ints('axes') ?? [0, 2, 3]).map((axis) => fromFront(axis, flow.rank));
  return !axes.includes(flow.axis) || evenUse(flow.map) !== null
    ? step.pass(flow, { flow: { dims: flow.dims } })
    : 'some channels would count more than others';
};

/**
 * The place of the largest or smallest element along another axis: the same for all copies of a channel.
 * https://onnx.ai/onnx/operators/onnx__ArgMax.html
 */
const argument: Rule = (step) => {
  const flow = step.only();
  if (!flow || !isPlain(flow) || !isSelection(flow.map)) return MIXED;
  const axis = step.axis('axis', 0, flow.rank);
  if (axis === flow.axis) return COMPARES_CHANNELS;
  const keep = step.int('keepdims', 1) !== 0;
  return step.pass(flow, {
    flow: { dtype: INT64, ...(keep ? {} : { rank: flow.rank - 1, axis: flow.axis - (axis < flow.axis ? 1 : 0) }) },
  });
};

/**
 * Picks elements by their place on another axis than the channels; without an axis the tensor is flattened first.
 * https://onnx.ai/onnx/operators/onnx__Compress.html
 */
const compress: Rule = (step) => {
  const flow = step.only();
  if (!flow || !step.attribute('axis') || step.axis('axis', 0, flow.rank) === flow.axis)
    return 'it may pick among channels';
  return step.pass(flow);
};

/** Zeroes what lies above or below a diagonal of the last two axes: https://onnx.ai/onnx/operators/onnx__Trilu.html */
const triangle: Rule = (step) => {
  const flow = step.only();
  if (!flow || flow.gone || flow.axis >= flow.rank - 2) return 'it cuts through the channels';
  return hasNoShift(flow.map) || isSelection(flow.map) ? step.pass(flow, { flow: { dims: flow.dims } }) : MIXED;
};

export const ALONG_AXIS: Readonly<Record<string, Rule>> = {
  Softmax: softmax,
  LogSoftmax: softmax,
  Hardmax: softmax,
  CumSum: cumSum,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: meanVariance,
  ArgMax: argument,
  ArgMin: argument,
  Compress: compress,
  Trilu: triangle,
};
