import { connectionsOf } from '../connections.ts';
import { isInteger } from '../../tensors/dtypes.ts';
import { floatOf, intsOf, isConstant } from '../../formats/onnx/attributes.ts';
import { decodeConstant } from '../../formats/onnx/constant.ts';
import { isTellable } from '../../bytes/errors.ts';
import type { Graph, Node, SparseTensor, Tensor } from '../../formats/onnx/model.ts';
import type { TensorContext } from '../../formats/onnx/tensors/tensorContext.ts';
import { decodeTensor, type DecodedTensor } from '../../formats/onnx/tensors/tensorData.ts';
import { storedTensors } from '../storedTensors.ts';
import { product } from '../../tensors/dims.ts';

/**
 * One step that a model takes on its pixels before anything is learned: `y = x · scale + shift`, with one number, or
 * one per channel.
 */
export interface InputStep {
  readonly node: Node;
  /** The numbers as stored: of a BatchNormalization the means. */
  readonly values: readonly number[];
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

export interface InputSteps {
  readonly steps: readonly InputStep[];
  /** The axes as Transposes on the way order them, such as [0, 3, 1, 2]; null where there is none. */
  readonly perm: readonly number[] | null;
  /** The tensor behind the last step understood. */
  readonly end: string;
}

/** Operators that pass pixels on between an input and its normalisation. */
const PASSING = new Set(['Cast', 'Transpose', 'Identity', 'Resize', 'Squeeze', 'Unsqueeze']);
const ARITHMETIC = new Set(['Sub', 'Add', 'Mul', 'Div']);
/** The numbers of a small constant; null for other tensors. */
type ReadConstant = (name: string) => Promise<readonly number[] | null>;

/** No model normalises in more steps. */
const MAX_STEPS = 16;
/** A mean or std has one number per channel. */
const MAX_CONSTANT = 4096;

/**
 * Follows an input through arithmetic with constants and BatchNormalization, as long as one node reads each tensor.
 * Reads only those constants.
 */
export async function inputSteps(graph: Graph, ctx: TensorContext, input: string): Promise<InputSteps> {
  const stored = storedTensors(graph);
  const { makers, readers } = connectionsOf(graph.nodes);
  const constant: ReadConstant = (name) => smallConstant(ctx, name, stored, makers);
  const steps: InputStep[] = [];
  let perm: readonly number[] | null = null;
  let end = input;
  for (let i = 0; i < MAX_STEPS; i++) {
    const [node, ...others] = new Set(readers.get(end));
    if (!node || others.length > 0 || node.domain || !node.outputs[0]) break;
    if (node.opType === 'Split') {
      const joined = await splitSteps(node, readers, constant);
      if (!joined) break;
      steps.push(...joined.steps);
      end = joined.end;
      continue;
    }
    if (!PASSING.has(node.opType)) {
      const step = await stepOf(node, end, constant);
      if (!step) break;
      steps.push(step);
    }
    if (node.opType === 'Transpose') perm = composed(perm, node);
    end = node.outputs[0];
  }
  return { steps, perm, end };
}

/** What a node computes of the tensor it reads; null where that is no step with constants. */
function stepOf(node: Node, read: string, constant: ReadConstant): Promise<InputStep | null> {
  if (node.opType === 'BatchNormalization') return normalization(node, constant);
  return ARITHMETIC.has(node.opType) ? arithmetic(node, read, constant) : Promise.resolve(null);
}

/** The steps of one channel between a Split and a Concat. */
interface ChannelSteps {
  readonly steps: InputStep[];
  readonly end: string;
  readonly concat: Node;
}

/** Follows one output of a Split to the Concat that reads it; null where anything else does. */
async function channelSteps(
  output: string,
  readers: ReadonlyMap<string, readonly Node[]>,
  constant: ReadConstant,
): Promise<ChannelSteps | null> {
  const steps: InputStep[] = [];
  let end = output;
  for (;;) {
    const [node, ...others] = new Set(readers.get(end));
    if (!node || others.length > 0 || node.domain || !node.outputs[0]) return null;
    if (node.opType === 'Concat') return { steps, end, concat: node };
    if (!ARITHMETIC.has(node.opType) || steps.length === MAX_STEPS) return null;
    const step = await arithmetic(node, end, constant);
    if (step?.values.length !== 1) return null;
    steps.push(step);
    end = node.outputs[0];
  }
}

/**
 * Steps on each channel by itself, between a Split and the Concat that joins its outputs in their order; null where
 * they are not alike.
 */
async function splitSteps(
  split: Node,
  readers: ReadonlyMap<string, readonly Node[]>,
  constant: ReadConstant,
): Promise<Pick<InputSteps, 'steps' | 'end'> | null> {
  const channels: ChannelSteps[] = [];
  for (const output of split.outputs) {
    const channel = await channelSteps(output, readers, constant);
    if (!channel) return null;
    channels.push(channel);
  }
  const [first] = channels;
  if (!first) return null;
  const { concat } = first;
  const joined = channels.every((channel, k) => channel.concat === concat && channel.end === concat.inputs[k]);
  const alike = channels.every(({ steps }) => sameOperators(steps, first.steps));
  if (!joined || concat.inputs.length !== channels.length || !alike) return null;
  const all = (index: number, of: 'values' | 'scale' | 'shift'): number[] =>
    channels.map(({ steps }) => steps[index]?.[of][0] ?? NaN);
  const steps = first.steps.map(({ node }, i) => ({
    node,
    values: all(i, 'values'),
    scale: all(i, 'scale'),
    shift: all(i, 'shift'),
  }));
  return { steps, end: concat.outputs[0] ?? '' };
}

function sameOperators(a: readonly InputStep[], b: readonly InputStep[]): boolean {
  return a.length === b.length && a.every(({ node }, i) => node.opType === b[i]?.node.opType);
}

async function arithmetic(node: Node, tensor: string, constant: ReadConstant): Promise<InputStep | null> {
  const first = node.inputs[0] === tensor;
  const values = await constant(node.inputs[first ? 1 : 0] ?? '');
  if (!values || (node.opType === 'Div' && !first)) return null;
  switch (node.opType) {
    case 'Mul':
      return { node, values, scale: values, shift: [0] };
    case 'Div':
      return { node, values, scale: values.map((value) => 1 / value), shift: [0] };
    case 'Add':
      return { node, values, scale: [1], shift: values };
    default:
      return first
        ? { node, values, scale: [1], shift: values.map((value) => -value) }
        : { node, values, scale: [-1], shift: values };
  }
}

/** `(x − mean) / sqrt(var + epsilon) · scale + B`: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html */
async function normalization(node: Node, constant: ReadConstant): Promise<InputStep | null> {
  const [gamma, beta, mean, variance] = await Promise.all([1, 2, 3, 4].map((i) => constant(node.inputs[i] ?? '')));
  if (!gamma || !beta || !mean || !variance) return null;
  const epsilon = floatOf(node, 'epsilon', 1e-5);
  const scale = gamma.map((g, c) => g / Math.sqrt((variance[c] ?? 0) + epsilon));
  return { node, values: mean, scale, shift: beta.map((b, c) => b - (mean[c] ?? 0) * (scale[c] ?? 0)) };
}

/** What all steps do together, per channel; null where their numbers don't go together. */
export function composedSteps(
  steps: readonly InputStep[],
): { scale: readonly number[]; shift: readonly number[] } | null {
  const channels = Math.max(1, ...steps.flatMap((step) => [step.scale.length, step.shift.length]));
  if (steps.some((step) => [step.scale.length, step.shift.length].some((n) => n !== 1 && n !== channels))) return null;
  const at = (list: readonly number[], c: number): number => list[list.length === 1 ? 0 : c] ?? 0;
  const each = Array.from({ length: channels }, (_, c) =>
    steps.reduce(([a, b], step) => [a * at(step.scale, c), b * at(step.scale, c) + at(step.shift, c)] as const, [
      1, 0,
    ] as readonly [number, number]),
  );
  return { scale: each.map(([a]) => a), shift: each.map(([, b]) => b) };
}

/** Means of pixels in 0 to 1 lie below this; those of raw pixels around 100. */
const RAW_MEAN = 2;
/** A factor this small turns 0 to 255 into about 0 to 1. */
const RAW_FACTOR = 1 / 64;

/**
 * The pixels that a model's own first steps call for: `raw` (0 to 255) or `zero-to-one` where it normalises by itself;
 * null where it doesn't.
 */
export function pixelRange(dtype: number | null, steps: readonly InputStep[]): 'raw' | 'zero-to-one' | null {
  if (dtype !== null && isInteger(dtype)) return 'raw';
  let shifted = false;
  for (const { node, values } of steps) {
    if (!ARITHMETIC.has(node.opType)) break;
    const largest = values.reduce((total, value) => Math.max(total, Math.abs(value)), 0);
    if (node.opType === 'Mul' ? largest <= RAW_FACTOR : largest >= RAW_MEAN) return 'raw';
    shifted ||= node.opType === 'Sub' || node.opType === 'Add';
  }
  return shifted ? 'zero-to-one' : null;
}

function composed(before: readonly number[] | null, node: Node): readonly number[] {
  const perm = intsOf(node, 'perm') ?? [3, 2, 1, 0];
  return before ? perm.map((axis) => before[axis] ?? -1) : perm;
}

async function smallConstant(
  ctx: TensorContext,
  name: string,
  stored: ReturnType<typeof storedTensors>,
  makers: ReadonlyMap<string, Node>,
): Promise<readonly number[] | null> {
  try {
    const value = await constantBehind(ctx, name, stored.get(name), makers.get(name));
    return value && value.values.length > 0 ? [...value.values] : null;
  } catch (error) {
    if (!isTellable(error)) throw error;
    return null;
  }
}

async function constantBehind(
  ctx: TensorContext,
  name: string,
  tensor: Tensor | SparseTensor | undefined,
  maker: Node | undefined,
): Promise<DecodedTensor | null> {
  if (tensor) {
    const isLarge = product(tensor.dims) > MAX_CONSTANT;
    return isLarge || 'indices' in tensor ? null : decodeTensor(ctx, tensor, name);
  }
  return maker && isConstant(maker) ? decodeConstant(ctx, maker, name) : null;
}
