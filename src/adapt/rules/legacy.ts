import { evenUse, isSelection, scaleRows } from '../maps/affine.ts';
import { isPlain, withMap } from '../flow/flow.ts';
import type { Rule } from '../flow/step.ts';

/**
 * Operators of the first opsets that Core ML's and other converters wrote, and that ONNX Runtime still runs:
 * ImageScaler, Affine, Crop.
 */

/** y = scale · x + bias[c]. */
const imageScaler: Rule = (step) => {
  const flow = step.only();
  const bias = step.attribute('bias')?.floats;
  if (!flow || !isPlain(flow) || flow.axis !== 1 || bias?.length !== flow.map.m.length)
    return 'its numbers do not fit the channels';
  const scale = step.float('scale', 1);
  if (isSelection(flow.map) && bias.every((v) => v === bias[0])) {
    return step.pass(flow, {
      attributes: new Map([
        ['bias', { kind: 'floats', value: new Array<number>(flow.base.channels).fill(bias[0] ?? 0) }],
      ]),
      flow: { dims: flow.dims },
    });
  }
  return step.absorb(
    withMap(
      flow,
      scaleRows(
        flow.map,
        bias.map(() => scale),
        bias,
      ),
    ),
  );
};

/** y = alpha · x + beta. */
const affine: Rule = (step) => {
  const flow = step.only();
  if (!flow) return 'its numbers come from the image itself';
  if (isSelection(flow.map)) return step.pass(flow, { flow: { dims: flow.dims } });
  const rows = flow.map.m.length;
  if (flow.outer !== 1 || flow.inner !== 1) return 'channels and pixels share an axis here';
  return step.absorb(
    withMap(
      flow,
      scaleRows(
        flow.map,
        new Array<number>(rows).fill(step.float('alpha', 1)),
        new Array<number>(rows).fill(step.float('beta', 0)),
      ),
    ),
  );
};

const crop: Rule = (step) => {
  const flow = step.only();
  return flow && isPlain(flow) && flow.axis === 1 && flow.rank === 4
    ? step.pass(flow)
    : 'it expects channels on axis 1';
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
