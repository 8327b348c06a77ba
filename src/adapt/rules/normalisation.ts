import { evenUse, isPermutation, isSelection, scaleRows } from '../maps/affine.ts';
import type { ConstantValue } from '../constants/constantValue.ts';
import { isPlain, TAKEN_OUT, type Flow } from '../flow/flow.ts';
import { wide } from '../flow/otherBase.ts';
import type { AttributeValue, Operand } from '../flow/rewrite.ts';
import type { Rule, Step } from '../flow/step.ts';
import { passInOrder } from './perChannel.ts';

/** Normalisations pass to the base with ones and zeros in place of their own numbers, which go into the map. */
const UNKNOWN = 'its numbers are not known before the model runs';
const MIXED = 'the channels are mixed or scaled here, and the operator does not commute with that';
/** From this opset on, GroupNormalization has a scale and bias per channel; before it, per group. */
const PER_CHANNEL = 21;

/** A normalisation over the base, which holds `channels` numbers of its own. */
interface Neutral {
  readonly flow: Flow;
  readonly channels: number;
  readonly scale: ConstantValue;
  readonly bias: ConstantValue | null;
  readonly attributes?: ReadonlyMap<string, AttributeValue>;
}

function passNeutral(step: Step, { flow, channels, scale, bias, attributes }: Neutral): true {
  const output = step.node.outputs[0] ?? '';
  const constant = (what: string, value: number): Operand =>
    step.walk.constant(`${output}/${what}`, scale.dtype, [channels], new Array<number>(channels).fill(value));
  const rows = flow.map.m.length;
  const each = (v: ConstantValue): number[] =>
    Array.from({ length: rows }, (_, c) => v.values[v.values.length === 1 ? 0 : c] ?? 0);
  const inputs = new Map([[1, constant('ones', 1)], ...(bias ? [[2, constant('zeros', 0)] as const] : [])]);
  return step.pass(flow, {
    inputs,
    ...(attributes ? { attributes } : {}),
    flow: { dims: flow.dims, map: scaleRows(flow.map, each(scale), bias ? each(bias) : []) },
  });
}

/**
 * y = (x − mean) / √(var + ε) · scale + bias over the pixels of each channel:
 * https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html
 */
const instance: Rule = async (step) => {
  const flow = step.only();
  if (!flow || !isPlain(flow) || flow.axis !== 1) return 'it expects channels on axis 1';
  if (!isSelection(flow.map)) return MIXED;
  const [scale, bias] = [await step.value(1), await step.value(2)];
  if (!scale || !bias || [scale, bias].some((constant) => constant.values.length !== flow.map.m.length)) return UNKNOWN;
  if (step.walk.keepsOrder && isPermutation(flow.map)) return passInOrder(step, flow, [scale, bias]);
  return passNeutral(step, { flow, channels: flow.base.channels, scale, bias });
};

/** One group per channel, or one group of all: https://onnx.ai/onnx/operators/onnx__GroupNormalization.html */
const group: Rule = async (step) => {
  const flow = step.only();
  if (!flow || !isPlain(flow) || flow.axis !== 1) return 'it expects channels on axis 1';
  const groups = step.int('num_groups', 0);
  const channels = flow.map.m.length;
  const times = evenUse(flow.map);
  if (!isSelection(flow.map) || (groups !== channels && (groups !== 1 || times === null))) return MIXED;
  const [scale, bias] = [await step.value(1), await step.value(2)];
  const count = step.walk.known.opset >= PER_CHANNEL ? channels : groups;
  if (!scale || !bias || [scale, bias].some((constant) => constant.values.length !== count)) return UNKNOWN;
  const newGroups = groups === 1 ? 1 : flow.base.channels;
  const newCount = step.walk.known.opset >= PER_CHANNEL ? flow.base.channels : newGroups;
  const attributes = new Map([['num_groups', { kind: 'int' as const, value: newGroups }]]);
  return passNeutral(step, { flow, channels: newCount, scale, bias, attributes });
};

/**
 * Over the last axes, from `axis` on: https://onnx.ai/onnx/operators/onnx__LayerNormalization.html. Behind the channels
 * it treats each alike; over the channels alone (patches of pixels among them), copies change neither mean nor
 * deviation.
 */
const layer: Rule = async (step) => {
  const given = step.only();
  if (!given || given.gone) return TAKEN_OUT;
  if (step.node.outputs.slice(1).some(Boolean)) return 'its mean or deviation is used besides';
  if (!isSelection(given.map)) return MIXED;
  const axis = step.axis('axis', -1, given.rank);
  if (axis > given.axis) return step.pass(given, { flow: { dims: given.dims } });
  const flow =
    axis === given.rank - 1 && axis === given.axis && evenUse(given.map) !== null ? wide(step.walk, given) : null;
  if (!flow) return 'it compares channels with each other';
  const [scale, bias] = [await step.value(1), step.node.inputs[2] ? await step.value(2) : null];
  const fits = (constant: ConstantValue | null): boolean =>
    constant !== null && constant.values.length === flow.map.m.length;
  if (!scale || !fits(scale) || (step.node.inputs[2] && !fits(bias))) return UNKNOWN;
  if (step.walk.keepsOrder && isPermutation(flow.map)) return passInOrder(step, flow, bias ? [scale, bias] : [scale]);
  return passNeutral(step, { flow, channels: flow.base.channels, scale, bias });
};

export const NORMALISATION: Readonly<Record<string, Rule>> = {
  InstanceNormalization: instance,
  GroupNormalization: group,
  LayerNormalization: layer,
};
