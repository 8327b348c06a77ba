import { isWhole } from '../../tensors/dtypes.ts';
import { addMaps, hasNoShift, isPermutation, isSelection, keepsConstants, sameMap, scaleRows } from '../maps/affine.ts';
import type { ConstantValue } from '../constants/constantValue.ts';
import { overOneBase, withMap, type Flow, sameLayout } from '../flow/flow.ts';
import type { Rule, Step } from '../flow/step.ts';
import { alikeWithOthers, unary } from './elementwise.ts';
import {
  broadcast,
  broadcastsBack,
  oneNumber,
  perElement,
  profile,
  rearranged,
  sameForChannels,
  type Profile,
} from './operands.ts';
import { NO_FLOW, DIFFERENT_AXES } from '../flow/reasons.ts';

/** Branches that meet again are short; longer chains are not looked back through. */
const MAX_EARLIER = 8;

/** One number per channel, and whether it stands in front of the operator. */
interface Numbers {
  readonly values: readonly number[];
  readonly first: boolean;
}

/** A flow with the numbers taken into its map; null where the operation is not linear. */
type Apply = (flow: Flow, numbers: Numbers) => Flow | null;

/** As many numbers as there are values, all of them `one`. */
const ones = (values: readonly number[], one = 1): number[] => values.map(() => one);
const negated = (values: readonly number[]): number[] => values.map((value) => -value);

/** The four operations with one number per channel, on either side. A constant divided by a tensor is not linear. */
const PER_CHANNEL: Readonly<Record<string, Apply>> = {
  Add: (flow, { values }) => withMap(flow, scaleRows(flow.map, ones(values), values)),
  Sub: (flow, { values, first }) =>
    first
      ? withMap(flow, scaleRows(flow.map, ones(values, -1), values))
      : withMap(flow, scaleRows(flow.map, ones(values), negated(values))),
  Mul: (flow, { values }) => withMap(flow, scaleRows(flow.map, values, ones(values, 0))),
  Div: (flow, { values, first }) => {
    if (first || values.includes(0)) return null;
    const by = (row: number): number => values[row] ?? 1;
    return withMap(flow, {
      m: flow.map.m.map((row, r) => row.map((value) => value / by(r))),
      b: flow.map.b.map((value, r) => value / by(r)),
    });
  },
};

/** The output over all the bases that the input is known over, so that it can meet another branch there. */
function overBases(flow: Flow, apply: Apply, numbers: Numbers): Flow | null {
  if (flow.outer !== 1 || flow.inner !== 1) return apply(flow, numbers);
  const bases: Flow[] = [];
  for (let f: Flow | null | undefined = flow; f && bases.length < MAX_EARLIER; f = f.earlier) bases.push(f);
  let out: Flow | null = null;
  for (const base of bases.reverse()) {
    const made = apply(base, numbers);
    if (made) out = { ...made, earlier: out };
  }
  return out;
}

/** What a uniform constant does to the map when the node itself passes to the base. Null where it does not commute. */
function uniformMap(op: string, flow: Flow, value: number, constantFirst: boolean): Flow['map'] | null {
  const { map } = flow;
  if (isSelection(map)) return map;
  if (op === 'Mul') return { m: map.m, b: map.b.map((v) => v * value) };
  if (op === 'Div' && !constantFirst && value !== 0 && !isWhole(flow.dtype))
    return { m: map.m, b: map.b.map((v) => v / value) };
  if ((op === 'Add' || op === 'Sub') && keepsConstants(map))
    return op === 'Sub' && constantFirst ? { m: map.m, b: map.b.map((v) => -v) } : map;
  return null;
}

/** Mul, and Div by a tensor: linear in the image whatever the other operand is. */
function scales(step: Step, flow: Flow, constantFirst: boolean): boolean {
  const { opType } = step.node;
  return opType === 'Mul' || (opType === 'Div' && !constantFirst && !isWhole(flow.dtype));
}

/**
 * Add, Sub, Mul and Div of the image with a constant, with another tensor, or with the image itself:
 * https://onnx.ai/onnx/operators/onnx__Add.html
 */
const arithmetic: Rule = async (step) => {
  const { node } = step;
  const [a, b] = [step.flows[0] ?? null, step.flows[1] ?? null];
  if (a && b) return twoFlows(step, a, b);
  const given = a ?? b;
  if (!given) return NO_FLOW;
  const constantFirst = b !== null;
  const index = constantFirst ? 0 : 1;
  const constant = await step.value(index);
  if (constant) return withConstant(step, given, { constant, index });
  const linear = scales(step, given, constantFirst) && hasNoShift(given.map);
  return linear && sameForChannels(step, node.inputs[index] ?? '', given) ? step.pass(given) : alikeWithOthers(step);
};

/** The operand that is a constant, and the input that it is. */
interface Other {
  readonly constant: ConstantValue;
  readonly index: number;
}

async function withConstant(step: Step, given: Flow, { constant, index }: Other): Promise<true | string> {
  const { node, walk } = step;
  const first = index === 0;
  const flow = perElement(step, constant, given) ?? broadcast(step, constant, given);
  const kind = profile(step, constant, flow);
  const passed = kind.kind === 'uniform' ? passUniform(step, flow, { constant, index, value: kind.value }) : null;
  if (passed) return passed;
  const passRearranged = async (): Promise<true | null> => {
    const moved = await rearranged(step, index, constant, flow);
    if (!moved) return null;
    return step.pass(flow, { inputs: new Map([[index, moved]]), flow: { dims: flow.dims } });
  };
  const keepsOrder = kind.kind === 'channel' && walk.keepsOrder && isPermutation(flow.map);
  if (keepsOrder && (await passRearranged())) return true;
  const apply = PER_CHANNEL[node.opType];
  const values = numbersOf(kind, flow);
  if (apply && values.length === flow.map.m.length && !isWhole(flow.dtype)) {
    const out = overBases(flow, apply, { values, first });
    if (out) return step.absorb(out);
  }
  if (broadcastsBack(step)) return step.sink(new Map());
  if (await passRearranged()) return true;
  const commutes = isSelection(flow.map) || (scales(step, flow, first) && hasNoShift(flow.map));
  if (kind.kind === 'spatial' && commutes) return step.pass(flow, { flow: { dims: flow.dims } });
  return kind.kind === 'other' || kind.kind === 'channel'
    ? 'its constant differs per channel in a way that no weight can take in'
    : 'the channels are mixed or shifted here, and the operator does not commute with that';
}

/** The node over the base, with one number for all channels; null where it does not commute with the map. */
function passUniform(
  step: Step,
  flow: Flow,
  { constant, index, value }: Other & { readonly value: number },
): true | null {
  const { opType } = step.node;
  const first = index === 0;
  const map = uniformMap(opType, flow, value, first);
  if (!map) return null;
  const apply = PER_CHANNEL[opType];
  const folds = apply && !isWhole(flow.dtype) && flow.outer === 1 && flow.inner === 1;
  const earlier = folds ? overBases(flow, apply, { values: ones(flow.map.b, value), first }) : null;
  const inputs = new Map([[index, oneNumber(step, index, constant, value)]]);
  return step.pass(flow, { inputs, flow: { map, dims: flow.dims }, earlier });
}

/** The constant as one number per channel; empty where it is none. */
function numbersOf(kind: Profile, flow: Flow): readonly number[] {
  if (kind.kind === 'uniform') return ones(flow.map.b, kind.value);
  return kind.kind === 'channel' ? kind.values : [];
}

function twoFlows(step: Step, a: Flow, b: Flow): true | string {
  if (!sameLayout(a, b)) return DIFFERENT_AXES;
  const op = step.node.opType;
  const linear = (op === 'Add' || op === 'Sub') && !isWhole(a.dtype);
  const alike = step.alike();
  if (typeof alike !== 'string' && !(linear && a.base === b.base)) return step.pass(alike.flow);
  const pair = linear ? overOneBase([a, b]) : null;
  if (!pair && linear && sameMap({ m: a.map.m, b: [] }, { m: b.map.m, b: [] })) {
    // m·x + b ± (m·y + c) = m·(x ± y) + (b ± c)
    const shift = a.map.b.map((value, c) => (op === 'Add' ? value + (b.map.b[c] ?? 0) : value - (b.map.b[c] ?? 0)));
    return step.pass(a, { flow: { map: { m: a.map.m, b: shift } } });
  }
  if (!pair) return typeof alike === 'string' ? alike : step.pass(alike.flow);
  const [x = a, y = b] = pair;
  return step.absorb(withMap(x.map.m.length >= y.map.m.length ? x : y, addMaps(x.map, y.map, op === 'Add' ? 1 : -1)));
}

/**
 * Sum and Mean of channels that one base makes are linear: gray as a mean of slices.
 * https://onnx.ai/onnx/operators/onnx__Sum.html
 */
const sum: Rule = (step) => {
  const flows = step.flows.filter((flow): flow is Flow => flow !== null);
  const first = flows[0];
  const together =
    flows.length === step.node.inputs.length &&
    flows.every((flow) => sameLayout(flow, flows[0] ?? flow)) &&
    !isWhole(first?.dtype ?? 0)
      ? overOneBase(flows)
      : null;
  if (!together) return alikeWithOthers(step);
  const widest = together.reduce((flow, f) => (f.map.m.length > flow.map.m.length ? f : flow));
  const nothing: Flow['map'] = { m: widest.map.m.map((row) => row.map(() => 0)), b: widest.map.b.map(() => 0) };
  const weight = step.node.opType === 'Mean' ? 1 / together.length : 1;
  const added = together.reduce((map, flow) => addMaps(map, flow.map, weight), nothing);
  return step.absorb(withMap(widest, added));
};

/** Neg: linear, but whole numbers of a narrow type may have no negative. */
const negative: Rule = (step) => {
  const flow = step.only();
  if (!flow || isSelection(flow.map) || isWhole(flow.dtype)) return unary(step);
  return step.absorb(withMap(flow, scaleRows(flow.map, ones(flow.map.b, -1), ones(flow.map.b, 0))));
};

export const ARITHMETIC: Readonly<Record<string, Rule>> = {
  Add: arithmetic,
  Sub: arithmetic,
  Mul: arithmetic,
  Div: arithmetic,
  Sum: sum,
  Mean: sum,
  Neg: negative,
};
