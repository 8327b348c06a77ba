import { evenUse, isPermutation, isSelection, scaleRows } from '../maps/affine.ts';
import type { ConstantValue } from '../constants/constantValue.ts';
import { isPlain, type Flow, withMap } from '../flow/flow.ts';
import { wide } from '../flow/otherBase.ts';
import type { AttributeValue, Operand } from '../flow/rewrite.ts';
import type { Rule, Step } from '../flow/step.ts';
import { TAKEN_OUT, MIXED, COMPARES_CHANNELS, NOT_ON_AXIS_1, NUMBERS_UNKNOWN } from '../flow/reasons.ts';
import { inNewOrder } from './operands.ts';

/** From this opset on, BatchNormalization uses the stored mean and variance unless `training_mode` says otherwise. */
const TESTS_BY_DEFAULT = 7;
/** From this opset on, GroupNormalization has a scale and bias per channel; before it, per group. */
const PER_CHANNEL = 21;

/** A normalisation that runs over the base, and takes `channels` numbers there. Its own numbers are per old channel. */
interface Neutral {
  readonly flow: Flow;
  readonly channels: number;
  readonly scale: ConstantValue;
  readonly bias: ConstantValue | null;
  readonly attributes?: ReadonlyMap<string, AttributeValue>;
}

/** The node over the base with ones and zeros; its own scale and bias go into the map. */
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
 * y = (x − mean) / √(var + ε) · scale + bias, one number per channel:
 * https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
 */
const batchNormalization: Rule = async (step) => {
  const given = step.only();
  const flow = given && wide(step.walk, given);
  if (!flow || flow.axis !== 1) return NOT_ON_AXIS_1;
  if (isTraining(step)) return 'it runs in training mode';
  if (step.int('spatial', 1) === 0) return 'it normalises every pixel by its own numbers';
  const numbers = await numbersOf(step, [1, 2, 3, 4], flow.map.m.length);
  const [scale, bias, mean, variance] = numbers ?? [];
  if (!numbers || !scale || !bias || !mean || !variance) return NUMBERS_UNKNOWN;
  if (step.walk.keepsOrder && isPermutation(flow.map)) return passInOrder(step, flow, numbers);
  const epsilon = step.float('epsilon', 1e-5);
  const factor = [...scale.values].map((value, c) => value / Math.sqrt((variance.values[c] ?? 0) + epsilon));
  const shift = factor.map((f, c) => (bias.values[c] ?? 0) - f * (mean.values[c] ?? 0));
  if (![...factor, ...shift].every(Number.isFinite)) return 'its numbers are not finite';
  return step.absorb(withMap(flow, scaleRows(flow.map, factor, shift)));
};

/** Statistics of the batch take the place of the stored ones, or are given out. */
function isTraining(step: Step): boolean {
  const trainsByDefault = step.walk.known.opset < TESTS_BY_DEFAULT;
  const isTold = step.int('training_mode', 0) !== 0 || (trainsByDefault && step.int('is_test', 0) === 0);
  return isTold || step.node.outputs.slice(1).some(Boolean);
}

/** The constants at these inputs, each of `count` numbers; null where one is none, or has another length. */
async function numbersOf(step: Step, inputs: readonly number[], count: number): Promise<ConstantValue[] | null> {
  const found: ConstantValue[] = [];
  for (const index of inputs) {
    const constant = await step.value(index);
    if (constant?.values.length !== count) return null;
    found.push(constant);
  }
  return found;
}

/** The node over the base, with its numbers per channel, inputs 1 and on, in the order of the base. */
async function passInOrder(step: Step, flow: Flow, numbers: readonly ConstantValue[]): Promise<true> {
  const inputs = new Map<number, Operand>();
  for (const [i, constant] of numbers.entries())
    inputs.set(i + 1, await inNewOrder(step, i + 1, { constant, flow, axis: 0 }));
  return step.pass(flow, { inputs, flow: { dims: flow.dims } });
}

/**
 * y = (x − mean) / √(var + ε) · scale + bias over the pixels of each channel:
 * https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html
 */
const instance: Rule = async (step) => {
  const flow = step.only();
  if (!flow || !isPlain(flow) || flow.axis !== 1) return NOT_ON_AXIS_1;
  if (!isSelection(flow.map)) return MIXED;
  const [scale, bias] = (await numbersOf(step, [1, 2], flow.map.m.length)) ?? [];
  if (!scale || !bias) return NUMBERS_UNKNOWN;
  if (step.walk.keepsOrder && isPermutation(flow.map)) return passInOrder(step, flow, [scale, bias]);
  return passNeutral(step, { flow, channels: flow.base.channels, scale, bias });
};

/** One group per channel, or one group of all: https://onnx.ai/onnx/operators/onnx__GroupNormalization.html */
const group: Rule = async (step) => {
  const flow = step.only();
  if (!flow || !isPlain(flow) || flow.axis !== 1) return NOT_ON_AXIS_1;
  const groups = step.int('num_groups', 0);
  const channels = flow.map.m.length;
  const times = evenUse(flow.map);
  const isPerChannel = groups === channels;
  const isOverAll = groups === 1 && times !== null;
  if (!isSelection(flow.map) || !(isPerChannel || isOverAll)) return MIXED;
  const count = step.walk.known.opset >= PER_CHANNEL ? channels : groups;
  const [scale, bias] = (await numbersOf(step, [1, 2], count)) ?? [];
  if (!scale || !bias) return NUMBERS_UNKNOWN;
  const newGroups = groups === 1 ? 1 : flow.base.channels;
  const newCount = step.walk.known.opset >= PER_CHANNEL ? flow.base.channels : newGroups;
  const attributes = new Map([['num_groups', { kind: 'int' as const, value: newGroups }]]);
  return passNeutral(step, { flow, channels: newCount, scale, bias, attributes });
};

/**
 * Over the last axes, from `axis` on: https://onnx.ai/onnx/operators/onnx__LayerNormalization.html. Behind the channels
 * it treats each alike; over the channels alone (patches of pixels among them), copies change neither mean nor
 * deviation. RMSNormalization has neither mean nor bias, and is else the same.
 */
const layer: Rule = async (step) => {
  const given = step.only();
  if (!given || given.gone) return TAKEN_OUT;
  if (step.node.outputs.slice(1).some(Boolean)) return 'its mean or deviation is used besides';
  if (!isSelection(given.map)) return MIXED;
  const axis = step.axis('axis', -1, given.rank);
  if (axis > given.axis) return step.pass(given, { flow: { dims: given.dims } });
  const isOverChannels = axis === given.rank - 1 && axis === given.axis;
  const flow = isOverChannels && evenUse(given.map) !== null ? wide(step.walk, given) : null;
  if (!flow) return COMPARES_CHANNELS;
  const [scale, bias] = [await step.value(1), step.node.inputs[2] ? await step.value(2) : null];
  const fits = (constant: ConstantValue | null): boolean =>
    constant !== null && constant.values.length === flow.map.m.length;
  if (!scale || !fits(scale) || (step.node.inputs[2] && !fits(bias))) return NUMBERS_UNKNOWN;
  if (step.walk.keepsOrder && isPermutation(flow.map)) return passInOrder(step, flow, bias ? [scale, bias] : [scale]);
  return passNeutral(step, { flow, channels: flow.base.channels, scale, bias });
};

export const NORMALISATION: Readonly<Record<string, Rule>> = {
  BatchNormalization: batchNormalization,
  InstanceNormalization: instance,
  GroupNormalization: group,
  LayerNormalization: layer,
  RMSNormalization: layer,
};
