import { evenUse, isSelection, scaleRows } from '../maps/affine.ts';
import { isPlain, withMap } from '../flow/flow.ts';
import type { Rule } from '../flow/step.ts';
import { SHARED_AXIS, NOT_ON_AXIS_1 } from '../flow/reasons.ts';

/*
 * Operators of the first opsets, which Core ML's and other converters wrote, and LRN. ONNX Runtime still runs them:
 * https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/graph/contrib_ops/onnx_deprecated_operators.cc
 */

/** ImageScaler: y = scale · x + bias[c], bias in an attribute. */
const imageScaler: Rule = (step) => {
  const flow = step.only();
  const bias = step.attribute('bias')?.floats;
  if (!flow || !isPlain(flow) || flow.axis !== 1 || bias?.length !== flow.map.m.length)
    return 'its numbers do not fit the channels';
  const scale = step.float('scale', 1);
  if (isSelection(flow.map) && bias.every((value) => value === bias[0])) {
    const value = new Array<number>(flow.base.channels).fill(bias[0] ?? 0);
    return step.pass(flow, { attributes: new Map([['bias', { kind: 'floats', value }]]), flow: { dims: flow.dims } });
  }
  const scales = new Array<number>(bias.length).fill(scale);
  return step.absorb(withMap(flow, scaleRows(flow.map, scales, bias)));
};

/** Affine: y = alpha · x + beta, one of each for all channels. */
const affine: Rule = (step) => {
  const flow = step.only();
  if (!flow) return 'its numbers come from the image itself';
  if (isSelection(flow.map)) return step.pass(flow, { flow: { dims: flow.dims } });
  const rows = flow.map.m.length;
  if (flow.outer !== 1 || flow.inner !== 1) return SHARED_AXIS;
  const alpha = new Array<number>(rows).fill(step.float('alpha', 1));
  const beta = new Array<number>(rows).fill(step.float('beta', 0));
  return step.absorb(withMap(flow, scaleRows(flow.map, alpha, beta)));
};

/** Crop: takes pixels off the last two axes of [N, C, H, W]. */
const crop: Rule = (step) => {
  const flow = step.only();
  return flow && isPlain(flow) && flow.axis === 1 && flow.rank === 4 ? step.pass(flow) : NOT_ON_AXIS_1;
};

/**
 * y = x / (k + α/size · Σ x²)^β over a window of channels: https://onnx.ai/onnx/operators/onnx__LRN.html. A window that
 * holds all channels at every channel sees the same sum, which the base's channels give times their copies.
 */
const localResponse: Rule = (step) => {
  const flow = step.only();
  const size = step.int('size', 0);
  const times = flow && isPlain(flow) && flow.axis === 1 ? evenUse(flow.map) : null;
  if (!flow || times === null || Math.floor((size - 1) / 2) < flow.map.m.length - 1)
    return 'it compares channels with their neighbours';
  return step.pass(flow, {
    attributes: new Map([['alpha', { kind: 'float', value: step.float('alpha', 1e-4) * times }]]),
    flow: { dims: flow.dims },
  });
};

export const LEGACY: Readonly<Record<string, Rule>> = {
  ImageScaler: imageScaler,
  Affine: affine,
  Crop: crop,
  LRN: localResponse,
};
