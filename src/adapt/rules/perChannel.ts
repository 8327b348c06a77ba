import { FLOAT, UINT8, isInteger, isNarrowInteger } from '../../tensors/dtypes.ts';
import { compose, evenUse, isPermutation, isSelection, lanes, scaleRows } from '../maps/affine.ts';
import { isPlain, TAKEN_OUT, withMap, type Flow } from '../flow/flow.ts';
import type { ConstantValue } from '../constants/constantValue.ts';
import { wide } from '../flow/otherBase.ts';
import type { Operand } from '../flow/rewrite.ts';
import type { Rule, Step } from '../flow/step.ts';
import { inNewOrder } from './operands.ts';
import { fromFront } from '../../tensors/dims.ts';
import { range } from '../../bytes/lists.ts';

/**
 * y = (x − mean) / √(var + ε) · scale + bias, one number per channel:
 * https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
 */
const batchNormalization: Rule = async (step) => {
  const given = step.only();
  const flow = given && wide(step.walk, given);
  if (!flow || flow.axis !== 1) return 'it expects channels on axis 1';
  if (
    step.int('training_mode', 0) !== 0 ||
    (step.walk.known.opset < 7 && step.int('is_test', 0) === 0) ||
    step.node.outputs.slice(1).some(Boolean)
  )
    return 'it runs in training mode';
  if (step.int('spatial', 1) === 0) return 'it normalises every pixel by its own numbers';
  const [scale, bias, mean, variance] = [
    await step.value(1),
    await step.value(2),
    await step.value(3),
    await step.value(4),
  ];
  const channels = flow.map.m.length;
  if (
    !scale ||
    !bias ||
    !mean ||
    !variance ||
    [scale, bias, mean, variance].some((constant) => constant.values.length !== channels)
  )
    return 'its numbers are not known before the model runs';
  if (step.walk.keepsOrder && isPermutation(flow.map)) return passInOrder(step, flow, [scale, bias, mean, variance]);
  const epsilon = step.float('epsilon', 1e-5);
  const factor = [...scale.values].map((value, c) => value / Math.sqrt((variance.values[c] ?? 0) + epsilon));
  const shift = factor.map((f, c) => (bias.values[c] ?? 0) - f * (mean.values[c] ?? 0));
  if (![...factor, ...shift].every(Number.isFinite)) return 'its numbers are not finite';
  return step.absorb(withMap(flow, scaleRows(flow.map, factor, shift)));
};

/** The node over the base, with its numbers per channel, inputs 1 and on, in the order of the base. */
export async function passInOrder(step: Step, flow: Flow, numbers: readonly ConstantValue[]): Promise<true> {
  const inputs = new Map<number, Operand>();
  for (const [i, constant] of numbers.entries())
    inputs.set(i + 1, await inNewOrder(step, i + 1, { constant, flow, axis: 0 }));
  return step.pass(flow, { inputs, flow: { dims: flow.dims } });
}

/** Reductions over pixels only, or over the channel axis only. */
const reduce: Rule = async (step) => {
  const flow = step.only();
  if (!flow || flow.gone) return flow ? TAKEN_OUT : 'its axes come from the image itself';
  const axes = await reducedAxes(step, flow.rank);
  if (!axes) return 'its axes are not known before the model runs';
  const keep = step.int('keepdims', 1) !== 0;
  if (axes.includes(flow.axis))
    return axes.length === 1 && isPlain(flow) ? reduceChannels(step, flow, keep) : reduceAll(step, flow);
  const linear =
    (step.node.opType === 'ReduceMean' && !isInteger(flow.dtype)) ||
    (step.node.opType === 'ReduceSum' && flow.map.b.every((v) => v === 0));
  if (!linear && !isSelection(flow.map))
    return 'the channels are mixed or scaled here, and the operator does not commute with that';
  const stays = flow.dims.map((_, i) => i).filter((i) => keep || !axes.includes(i));
  return step.pass(flow, { flow: { axis: stays.indexOf(flow.axis), rank: stays.length } });
};

/** The axes of a reduction, all where none are named; null where they are not known. */
async function reducedAxes(step: Step, rank: number): Promise<readonly number[] | null> {
  const stored = step.node.inputs[1] ? ((await step.value(1))?.values ?? []) : [];
  const given = step.ints('axes') ?? [...stored];
  if (given.length) return given.map((axis) => fromFront(axis, rank));
  const mayBeNone = Boolean(step.node.inputs[1]) || step.int('noop_with_empty_axes', 0) !== 0;
  return mayBeNone ? null : range(0, rank);
}

/** Over channels and pixels together: copies change neither the extremes nor, when all are copied alike, the mean. */
function reduceAll(step: Step, flow: Flow): true | string {
  const { opType } = step.node;
  const times = evenUse(flow.map);
  const extreme =
    (opType === 'ReduceMax' || opType === 'ReduceMin') &&
    isSelection(flow.map) &&
    new Set(lanes(flow.map)).size === flow.base.channels;
  return extreme || times === 1 || (opType === 'ReduceMean' && times !== null)
    ? step.sink(new Map())
    : 'it reduces channels and pixels at once';
}

function reduceChannels(step: Step, flow: Flow, keep: boolean): true | string {
  const { opType } = step.node;
  const rows = flow.map.m.length;
  if (rows > 1 && isPermutation(flow.map)) return reduceAll(step, flow);
  if (isInteger(flow.dtype)) return 'it reduces integers over the channels';
  if (opType === 'ReduceMean' || opType === 'ReduceSum') {
    const weight = opType === 'ReduceMean' ? 1 / rows : 1;
    const map = compose({ m: [new Array<number>(rows).fill(weight)], b: [0] }, flow.map);
    return step.absorb({ ...withMap(flow, map), gone: !keep });
  }
  const same = isSelection(flow.map) && new Set(lanes(flow.map)).size === 1;
  if ((opType === 'ReduceMax' || opType === 'ReduceMin') && same) {
    return step.absorb({ ...withMap(flow, { m: flow.map.m.slice(0, 1), b: [0] }), gone: !keep });
  }
  return reduceAll(step, flow) === true ? true : 'it compares or multiplies channels with each other';
}

/** QuantizeLinear gives the type of its zero point, uint8 without one; DequantizeLinear that of its scale. */
function typeMade({ node, walk }: Step): number {
  const typeOf = (index: number): number | null => walk.known.dtype(node.inputs[index] ?? '');
  return node.opType === 'QuantizeLinear' ? (typeOf(2) ?? UINT8) : (typeOf(1) ?? FLOAT);
}

/** QuantizeLinear with one scale treats all channels alike; DequantizeLinear with one scale is affine besides. */
const quantize: Rule = async (step) => {
  const flow = step.only();
  if (!flow) return 'its scale comes from the image itself';
  if (step.int('block_size', 0) !== 0) return 'it has a scale per block';
  if (!isSelection(flow.map))
    return step.node.opType === 'DequantizeLinear'
      ? dequantizeMixed(step, flow)
      : 'the channels are mixed or scaled here, and rounding does not commute with that';
  const inputs = new Map<number, Operand>();
  for (const i of [1, 2]) {
    if (!step.node.inputs[i]) continue;
    const value = await step.value(i);
    if (!value) {
      const dims = step.walk.dimsOf(step.node.inputs[i] ?? '');
      if (dims?.length !== 0) return 'its scale is not known before the model runs';
      continue;
    }
    if (value.values.length === 1) continue;
    const numbers = perBase(step, flow, value);
    if (!numbers) return 'it has a scale or zero point per channel';
    const dims = numbers.length > 1 ? [numbers.length] : [];
    inputs.set(i, step.walk.constant(`${step.node.inputs[i]}/per_channel`, value.dtype, dims, numbers));
  }
  return step.pass(flow, { inputs, flow: { dims: flow.dims, dtype: typeMade(step) } });
};

/** One number per base channel, or one for all, where the old channels that copy a base channel have the same. */
function perBase(step: Step, flow: Flow, value: ConstantValue): number[] | null {
  const first = value.values[0] ?? 0;
  if (value.values.every((v) => v === first)) return [first];
  if (
    !isPlain(flow) ||
    step.axis('axis', 1, flow.rank) !== flow.axis ||
    value.dims.length !== 1 ||
    value.values.length !== flow.map.m.length
  )
    return null;
  const numbers = new Array<number>(flow.base.channels).fill(first);
  const picks = lanes(flow.map);
  picks.forEach((pick, c) => {
    numbers[pick] = value.values[c] ?? 0;
  });
  return picks.every((pick, c) => numbers[pick] === value.values[c]) ? numbers : null;
}

/** (q − z) · s with one scale is affine: m·q + b becomes m·(q − z)·s + s·(Σ m·z + b − z). */
async function dequantizeMixed(step: Step, flow: Flow): Promise<true | string> {
  const scale = await step.value(1);
  const zero = step.node.inputs[2] ? await step.value(2) : null;
  if (scale?.values.length !== 1 || (step.node.inputs[2] && zero?.values.length !== 1) || !isNarrowInteger(flow.dtype))
    return 'it has a scale or zero point per channel, or one that is not known';
  const [s, z] = [scale.values[0] ?? 0, zero?.values[0] ?? 0];
  const b = flow.map.m.map((row, c) => s * (row.reduce((sum, v) => sum + v * z, 0) + (flow.map.b[c] ?? 0) - z));
  return step.pass(flow, { flow: { dims: flow.dims, dtype: scale.dtype, map: { m: flow.map.m, b } } });
}

/**
 * Its scale and zero point come from the smallest and largest value of the tensor: the same when every base channel is
 * used.
 */
const dynamicQuantize: Rule = (step) => {
  const flow = step.only();
  if (!flow || flow.gone || !isSelection(flow.map))
    return 'the channels are mixed or scaled here, and rounding does not commute with that';
  if (new Set(lanes(flow.map)).size !== flow.base.channels)
    return 'its scale would see channels that the model does not use';
  step.pass(flow, { flow: { dims: flow.dims, dtype: UINT8 } });
  for (const name of step.node.outputs.slice(1)) if (name) step.walk.seam.add(name);
  return true;
};

export const PER_CHANNEL: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    'ReduceMean ReduceSum ReduceMax ReduceMin ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceProd ReduceSumSquare'
      .split(' ')
      .map((op) => [op, reduce]),
  ),
  BatchNormalization: batchNormalization,
  QuantizeLinear: quantize,
  DequantizeLinear: quantize,
  'com.microsoft:QuantizeLinear': quantize,
  'com.microsoft:DequantizeLinear': quantize,
  DynamicQuantizeLinear: dynamicQuantize,
};
