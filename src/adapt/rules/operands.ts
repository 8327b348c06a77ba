import type { Dim } from '../../formats/onnx/model.ts';
import { isPermutation, isSelection, isSmall, lanes, stack } from '../maps/affine.ts';
import type { ConstantValue } from '../constants/constantValue.ts';
import { axisLength, isPlain, withMap, type Flow } from '../flow/flow.ts';
import { wide } from '../flow/otherBase.ts';
import type { Operand } from '../flow/rewrite.ts';
import type { Step } from '../flow/step.ts';
import { BROADCASTING } from '../flow/walk.ts';
import { foldWeight } from '../flow/weight.ts';
import { product } from '../../tensors/dims.ts';

/**
 * How a constant lies against a flow: the same for all channels, one number per channel, the same per channel but not
 * per pixel, or neither.
 */
export type Profile =
  | { readonly kind: 'uniform'; readonly value: number }
  | { readonly kind: 'channel'; readonly values: readonly number[] }
  | { readonly kind: 'spatial' }
  | { readonly kind: 'other' };

/** From this opset on, Max, Min, Sum and Mean broadcast their operands. */
const BROADCASTING_LISTS = 8;
/** Operators of two or three operands that broadcast from opset 7 on. */
const ARITHMETIC = new Set([
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Pow',
  'Equal',
  'Greater',
  'Less',
  'GreaterOrEqual',
  'LessOrEqual',
  'And',
  'Or',
  'Xor',
  'Mod',
  'Where',
]);
const LISTS = new Set(['Max', 'Min', 'Sum', 'Mean']);

/** How a constant lies against a flow, by numpy's broadcasting: https://onnx.ai/onnx/repo-docs/Broadcasting.html */
export function profile(step: Step, constant: ConstantValue, flow: Flow): Profile {
  const first = constant.values[0];
  if (first === undefined || !constant.values.every(Number.isFinite)) return { kind: 'other' };
  const rank = flow.gone ? flow.rank - 1 : flow.rank;
  if (constant.dims.length > rank || !staysAligned(constant.dims, flow)) return { kind: 'other' };
  const at = flow.gone ? -1 : flow.axis - firstAxis(step, constant.dims.length, rank);
  const channels = constant.dims[at] ?? 1;
  const others = constant.values.length / channels;
  // One channel against many becomes many; whoever can take that has widened the flow first.
  if (!flow.gone && channels !== 1 && channels !== axisLength(flow)) return { kind: 'other' };
  if (others === 1 && constant.values.every((value) => value === first)) return { kind: 'uniform', value: first };
  if (flow.gone || flow.outer !== 1 || flow.inner !== 1)
    return channels === 1 ? { kind: 'spatial' } : { kind: 'other' };
  if (channels === 1) return { kind: 'spatial' };
  if (others !== 1) return { kind: 'other' };
  return { kind: 'channel', values: [...constant.values] };
}

/**
 * Channels and pixels that share an axis, each with a number of its own: the axis counts as channels from here on. Null
 * where it doesn't.
 */
export function perElement(step: Step, constant: ConstantValue, flow: Flow): Flow | null {
  if (flow.gone || isPlain(flow)) return null;
  const size = constant.dims[flow.axis - firstAxis(step, constant.dims.length, flow.rank)] ?? 1;
  return size > 1 && size === constant.values.length && !constant.values.every((value) => value === constant.values[0])
    ? wide(step.walk, flow)
    : null;
}

/** One channel beside a constant of many is copied to each of them: a gray image that meets three means. */
export function broadcast(step: Step, constant: ConstantValue, flow: Flow): Flow {
  const isOne = isPlain(flow) && flow.map.m.length === 1;
  if (!isOne || step.walk.known.opset < BROADCASTING || constant.dims.length > flow.rank) return flow;
  const channels = constant.dims[flow.axis - firstAxis(step, constant.dims.length, flow.rank)] ?? 1;
  return channels > 1 && isSmall(channels, flow.base.channels)
    ? withMap(flow, stack(new Array<Flow['map']>(channels).fill(flow.map)))
    : flow;
}

/**
 * Where a shorter operand's axes start: at the right end, or before opset 7 where the attribute `axis` says; there
 * PRelu has a slope per channel.
 */
function firstAxis(step: Step, length: number, rank: number): number {
  if (step.walk.known.opset >= BROADCASTING) return rank - length;
  if (step.node.opType === 'PRelu') return 1;
  return step.attribute('axis')?.int === undefined ? rank - length : step.axis('axis', 0, rank);
}

/** A uniform constant as the base sees it: one number, whatever shape the file gave it. */
export function oneNumber(step: Step, index: number, constant: ConstantValue, value: number): Operand {
  if (constant.values.length === 1) return step.node.inputs[index] ?? '';
  const dims = constant.dims.map(() => 1);
  return step.walk.constant(`${step.node.inputs[index] ?? ''}/uniform`, constant.dtype, dims, [value]);
}

/**
 * A base of one channel, copied to all: where another operand has all channels, broadcasting gives the old output with
 * no node added. Skip connections in image-to-image models end like this, and constants per channel in operators that
 * are not linear.
 */
export function broadcastsBack(step: Step): boolean {
  const { node, walk } = step;
  const { opset } = walk.known;
  const broadcasts =
    (ARITHMETIC.has(node.opType) && opset >= BROADCASTING) || (LISTS.has(node.opType) && opset >= BROADCASTING_LISTS);
  if (!broadcasts) return false;
  const flows = step.flows.filter((flow): flow is Flow => flow !== null);
  const [first] = flows;
  if (!first) return false;
  const fromBack = first.rank - first.axis;
  const isCopied = (flow: Flow): boolean => isPlain(flow) && flow.base.channels === 1 && isSelection(flow.map);
  if (!flows.every((flow) => isCopied(flow) && flow.rank - flow.axis === fromBack)) return false;
  const channels = flows.reduce((most, flow) => Math.max(most, flow.map.m.length), 0);
  return node.inputs.some((name, i) => {
    const dims = name && !step.flows[i] ? walk.dimsOf(name) : null;
    return dims?.[dims.length - fromBack] === channels && dims.length >= fromBack;
  });
}

/** Under a permutation of channels, a constant per channel goes through the same permutation; null where it is none. */
export async function rearranged(
  step: Step,
  index: number,
  constant: ConstantValue,
  flow: Flow,
): Promise<Operand | null> {
  if (!isPlain(flow) || !isPermutation(flow.map)) return null;
  const axis = flow.axis - firstAxis(step, constant.dims.length, flow.rank);
  return constant.dims[axis] === flow.base.channels ? inNewOrder(step, index, { constant, flow, axis }) : null;
}

/** Input `index`, whose axis holds one entry per channel, in the order of the base. */
export function inNewOrder(
  step: Step,
  index: number,
  { constant, flow, axis }: { readonly constant: ConstantValue; readonly flow: Flow; readonly axis: number },
): Promise<Operand> {
  const picks = lanes(flow.map);
  const run = product(constant.dims.slice(axis + 1));
  const values = new Float64Array(constant.values.length);
  for (let i = 0; i < values.length; i++) {
    const c = Math.floor(i / run) % picks.length;
    values[i + ((picks[c] ?? 0) - c) * run] = constant.values[i] ?? 0;
  }
  const how = { axis, outer: 1, inner: 1, map: flow.map };
  return foldWeight(step, index, { old: constant, dims: constant.dims, values, how });
}

/** True for a tensor that is the same for every channel. */
export function sameForChannels(step: Step, name: string, flow: Flow): boolean {
  const dims = step.walk.dimsOf(name);
  if (!dims) return false;
  const rank = flow.gone ? flow.rank - 1 : flow.rank;
  if (dims.length > rank || !staysAligned(dims, flow)) return false;
  const at = flow.axis - firstAxis(step, dims.length, rank);
  return flow.gone || at < 0 || dims[at] === 1;
}

/**
 * Where a channel axis was taken out, the base has one axis more: an operand meets the same pixels when it holds
 * nothing in front of that place.
 */
function staysAligned(dims: readonly Dim[], flow: Flow): boolean {
  return !flow.gone || dims.slice(0, Math.max(0, dims.length - (flow.rank - 1 - flow.axis))).every((dim) => dim === 1);
}
