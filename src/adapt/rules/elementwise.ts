import type { Flow } from '../flow/flow.ts';
import type { Operand } from '../flow/rewrite.ts';
import type { Rule, Step } from '../flow/step.ts';
import { broadcastsBack, oneNumber, profile, rearranged, sameForChannels } from './operands.ts';
import { NO_FLOW } from '../flow/reasons.ts';

/** Several inputs of which some are settled tensors: right when those are the same for every channel. */
export async function alikeWithOthers(step: Step): Promise<true | string> {
  const passed = await passAlike(step);
  return passed !== true && broadcastsBack(step) ? step.sink(new Map()) : passed;
}

async function passAlike(step: Step): Promise<true | string> {
  const alike = step.alike();
  if (typeof alike === 'string') return alike;
  const { flow } = alike;
  const inputs = new Map<number, Operand>();
  for (const [i, name] of step.node.inputs.entries()) {
    if (!name || step.flows[i]) continue;
    const operand = await overBase(step, i, flow);
    if (!operand) return `${name} may differ per channel`;
    inputs.set(i, operand);
  }
  return step.pass(flow, { inputs });
}

/** What stands in for a settled input over the base; null where it may differ per channel. */
async function overBase(step: Step, index: number, flow: Flow): Promise<Operand | null> {
  const name = step.node.inputs[index] ?? '';
  const constant = await step.value(index);
  if (!constant) return sameForChannels(step, name, flow) ? name : null;
  const found = profile(step, constant, flow);
  if (found.kind === 'uniform') return oneNumber(step, index, constant, found.value);
  return found.kind === 'spatial' ? name : rearranged(step, index, constant, flow);
}

/** Operators on single elements: every element is treated alike whatever its place. */
const elementwise: Rule = (step) => alikeWithOthers(step);

const UNARY = [
  'Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Ceil Celu Cos Cosh Elu Erf Exp Floor Gelu HardSigmoid',
  'HardSwish IsInf IsNaN LeakyRelu Log Mish Not ParametricSoftplus Reciprocal Relu Round ScaledTanh Selu Shrink',
  'Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu',
].flatMap((line) => line.split(' '));
const NARY = [
  'And BitShift BitwiseAnd BitwiseOr BitwiseXor Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Or Pow',
  'PRelu Sum Where Xor',
].flatMap((line) => line.split(' '));

/** min and max are single numbers by the operator's definition: https://onnx.ai/onnx/operators/onnx__Clip.html */
const clip: Rule = (step) => {
  const alike = step.alike();
  if (typeof alike === 'string') return alike;
  return step.flows.slice(1).some(Boolean)
    ? 'a limit comes from the image itself'
    : step.pass(alike.flow, { flow: { dims: alike.flow.dims } });
};

/**
 * Operators of one input, which treat every element alike. A second input, as FastGelu has for a bias, would hold
 * numbers of its own.
 */
export const unary: Rule = (step) => {
  if (step.node.inputs.slice(1).some(Boolean)) return 'it has a bias of its own';
  const alike = step.alike();
  if (typeof alike === 'string') return alike;
  return step.pass(alike.flow, {
    flow: { dims: alike.flow.dims, dtype: step.walk.known.dtype(step.node.outputs[0] ?? '') ?? alike.flow.dtype },
  });
};

const identity: Rule = (step) => {
  const flow = step.flows[0];
  return flow ? step.absorb(flow) : NO_FLOW;
};

/**
 * Hands its input on, unless it runs in training mode: https://onnx.ai/onnx/operators/onnx__Dropout.html
 */
const dropout: Rule = async (step) => {
  const flow = step.only();
  if (!flow) return 'its options come from the image itself';
  if (step.node.outputs[1]) return 'its mask is used';
  const training = step.node.inputs[2] ? await step.value(2) : null;
  if (step.node.inputs[2] && training?.values[0] !== 0) return 'it may run in training mode';
  return step.absorb(flow);
};

export const ELEMENTWISE: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(UNARY.map((op) => [op, unary])),
  ...Object.fromEntries(['Gelu', 'FastGelu', 'QuickGelu'].map((op) => [`com.microsoft:${op}`, unary])),
  ...Object.fromEntries(NARY.map((op) => [op, elementwise])),
  Clip: clip,
  Identity: identity,
  Dropout: dropout,
};
