import { INT64 } from '../../tensors/dtypes.ts';
import { evenUse, hasNoShift, isPermutation, isSelection } from '../maps/affine.ts';
import { isPlain, TAKEN_OUT } from '../flow/flow.ts';
import type { Rule } from '../flow/step.ts';
import { fromFront } from '../../tensors/dims.ts';

const MIXED = 'the channels are mixed or scaled here, and the operator does not commute with that';
/** From this opset on, Softmax and its kin work along one axis; before it, over all axes from there on. */
const ONE_AXIS = 13;

/** Softmax and its kin: apart for each channel along another axis; along the channels they keep any order of them. */
const softmax: Rule = (step) => {
  const flow = step.only();
  if (!flow || !isPlain(flow)) return TAKEN_OUT;
  if (!isSelection(flow.map)) return MIXED;
  const oneAxis = step.walk.known.opset >= ONE_AXIS;
  const axis = step.axis('axis', oneAxis ? -1 : 1, flow.rank);
  const apart = oneAxis ? axis !== flow.axis : axis > flow.axis;
  const order = isPermutation(flow.map) && step.node.opType !== 'Hardmax';
  return apart || order ? step.pass(flow, { flow: { dims: flow.dims } }) : 'it compares channels with each other';
};

/** Sums along another axis than the channels. */
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
    : 'it compares channels with each other';
};

/** Mean and deviation over some axes: also over the channels, when all are copied alike. */
const meanVariance: Rule = (step) => {
  const flow = step.only();
  if (!flow || !isPlain(flow) || !isSelection(flow.map)) return MIXED;
  const axes = (step.ints('axes') ?? [0, 2, 3]).map((axis) => fromFront(axis, flow.rank));
  return !axes.includes(flow.axis) || evenUse(flow.map) !== null
    ? step.pass(flow, { flow: { dims: flow.dims } })
    : 'some channels would count more than others';
};

/** The place of the largest or smallest element along another axis: the same for all copies of a channel. */
const argument: Rule = (step) => {
  const flow = step.only();
  if (!flow || !isPlain(flow) || !isSelection(flow.map)) return MIXED;
  const axis = step.axis('axis', 0, flow.rank);
  if (axis === flow.axis) return 'it compares channels with each other';
  const keep = step.int('keepdims', 1) !== 0;
  return step.pass(flow, {
    flow: { dtype: INT64, ...(keep ? {} : { rank: flow.rank - 1, axis: flow.axis - (axis < flow.axis ? 1 : 0) }) },
  });
};

/** Picks or zeroes elements by their place on other axes than the channels. */
const compress: Rule = (step) => {
  const flow = step.only();
  if (!flow || !step.attribute('axis') || step.axis('axis', 0, flow.rank) === flow.axis)
    return 'it may pick among channels';
  return step.pass(flow);
};

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
