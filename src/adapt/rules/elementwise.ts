import { isWhole } from '../../tensors/dtypes.ts';
import type { Dim } from '../../formats/onnx/model.ts';
import {
  addMaps,
  evenUse,
  hasNoShift,
  isSelection,
  isSmall,
  keepsConstants,
  lanes,
  sameMap,
  scaleRows,
  stack,
} from '../maps/affine.ts';
import { product, type ConstantValue } from '../constants/constantValue.ts';
import { isPlain, overOneBase, withMap, type Flow } from '../flow/flow.ts';
import { wide } from '../flow/otherBase.ts';
import type { Operand } from '../flow/rewrite.ts';
import type { Rule, Step } from '../flow/step.ts';
import { BROADCASTING } from '../flow/walk.ts';

/** How a constant lies against a flow: the same for all channels, one number per channel, the same per channel but not per pixel, or neither. */
type Profile =
  | { readonly kind: 'uniform'; readonly value: number }
  | { readonly kind: 'channel'; readonly values: readonly number[] }
  | { readonly kind: 'spatial' }
  | { readonly kind: 'other' };

/** From this opset on, Max, Min, Sum and Mean broadcast their operands. */
const BROADCASTING_LISTS = 8;
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
const BROADCASTS = new Set(['Max', 'Min', 'Sum', 'Mean']);
/** Branches that meet again are short; longer chains are not looked back through. */
const MAX_EARLIER = 8;

function profile(step: Step, constant: ConstantValue, flow: Flow): Profile {
  const first = constant.values[0];
  if (first === undefined || !constant.values.every(Number.isFinite)) return { kind: 'other' };
  const rank = flow.gone ? flow.rank - 1 : flow.rank;
  if (constant.dims.length > rank || !staysAligned(constant.dims, flow)) return { kind: 'other' };
  const at = flow.gone ? -1 : flow.axis - firstAxis(step, constant.dims.length, rank);
  const channels = constant.dims[at] ?? 1;
  const others = constant.values.length / channels;
  // One channel against many becomes many; whoever can take that has widened the flow first.
  if (!flow.gone && channels !== 1 && channels !== flow.map.m.length * flow.outer * flow.inner)
    return { kind: 'other' };
  if (others === 1 && constant.values.every((v) => v === first)) return { kind: 'uniform', value: first };
  if (flow.gone || flow.outer !== 1 || flow.inner !== 1)
    return channels === 1 ? { kind: 'spatial' } : { kind: 'other' };
  if (channels === 1) return { kind: 'spatial' };
  if (others !== 1) return { kind: 'other' };
  return { kind: 'channel', values: [...constant.values] };
}

/** Channels and pixels that share an axis, each with a number of its own: the axis counts as channels from here on. Null where it doesn't. */
function perElement(step: Step, constant: ConstantValue, flow: Flow): Flow | null {
  if (flow.gone || isPlain(flow)) return null;
  const size = constant.dims[flow.axis - firstAxis(step, constant.dims.length, flow.rank)] ?? 1;
  return size > 1 && size === constant.values.length && !constant.values.every((v) => v === constant.values[0])
    ? wide(step.walk, flow)
    : null;
}

/** One channel beside a constant of many is copied to each of them: a gray image that meets three means. */
function broadcast(step: Step, constant: ConstantValue, flow: Flow): Flow {
  if (
    !isPlain(flow) ||
    flow.map.m.length !== 1 ||
    step.walk.known.opset < BROADCASTING ||
    constant.dims.length > flow.rank
  )
    return flow;
  const channels = constant.dims[flow.axis - firstAxis(step, constant.dims.length, flow.rank)] ?? 1;
  return channels > 1 && isSmall(channels, flow.base.channels)
    ? withMap(flow, stack(new Array<Flow['map']>(channels).fill(flow.map)))
    : flow;
}

/** Where a shorter operand's axes start: at the right end, or before opset 7 where the attribute `axis` says; there PRelu has a slope per channel. */
function firstAxis(step: Step, length: number, rank: number): number {
  if (step.walk.known.opset < BROADCASTING && step.node.opType === 'PRelu') return 1;
  const old = step.walk.known.opset < BROADCASTING ? step.attribute('axis')?.int : undefined;
  return old === undefined ? rank - length : Number(old) < 0 ? Number(old) + rank : Number(old);
}

/** A uniform constant as the base sees it: one number, whatever shape the file gave it. */
function oneNumber(step: Step, index: number, constant: ConstantValue, value: number): Operand {
  if (constant.values.length === 1) return step.node.inputs[index] ?? '';
  const dims = constant.dims.map(() => 1);
  return step.walk.constant(`${step.node.inputs[index] ?? ''}/uniform`, constant.dtype, dims, [value]);
}

type Apply = (flow: Flow, numbers: readonly number[], constantFirst: boolean) => Flow | null;

/** The four operations with one number per channel, on either side. A constant divided by a tensor is not linear. */
const PER_CHANNEL: Readonly<Record<string, Apply>> = {
  Add: (f, c) =>
    withMap(
      f,
      scaleRows(
        f.map,
        c.map(() => 1),
        c,
      ),
    ),
  Sub: (f, c, first) =>
    withMap(
      f,
      first
        ? scaleRows(
            f.map,
            c.map(() => -1),
            c,
          )
        : scaleRows(
            f.map,
            c.map(() => 1),
            c.map((v) => -v),
          ),
    ),
  Mul: (f, c) =>
    withMap(
      f,
      scaleRows(
        f.map,
        c,
        c.map(() => 0),
      ),
    ),
  Div: (f, c, first) =>
    first || c.some((v) => v === 0)
      ? null
      : withMap(f, {
          m: f.map.m.map((row, r) => row.map((v) => v / (c[r] ?? 1))),
          b: f.map.b.map((v, r) => v / (c[r] ?? 1)),
        }),
};

/** What a uniform constant does to the map when the node itself passes to the base. Null where it does not commute. */
function uniformMap(op: string, flow: Flow, value: number, constantFirst: boolean): Flow['map'] | null {
  const { map } = flow;
  if (op === 'Mul') return { m: map.m, b: map.b.map((v) => v * value) };
  if (op === 'Div' && !constantFirst && value !== 0 && !isWhole(flow.dtype))
    return { m: map.m, b: map.b.map((v) => v / value) };
  if ((op === 'Add' || op === 'Sub') && keepsConstants(map))
    return op === 'Sub' && constantFirst ? { m: map.m, b: map.b.map((v) => -v) } : map;
  return null;
}

const arithmetic: Rule = async (step) => {
  const { node } = step;
  const [a, b] = [step.flows[0] ?? null, step.flows[1] ?? null];
  if (a && b) return twoFlows(step, a, b);
  const given = a ?? b;
  if (!given) return 'nothing flows here';
  const constantFirst = b !== null;
  const index = constantFirst ? 0 : 1;
  const constant = await step.value(index);
  const flow = (constant && perElement(step, constant, given)) || (constant ? broadcast(step, constant, given) : given);
  if (!constant) {
    const scales = node.opType === 'Mul' || (node.opType === 'Div' && !constantFirst && !isWhole(flow.dtype));
    if (scales && hasNoShift(flow.map) && sameForChannels(step, node.inputs[index] ?? '', flow)) return step.pass(flow);
    return alikeWithOthers(step);
  }
  const kind = profile(step, constant, flow);
  const apply = PER_CHANNEL[node.opType];
  if (kind.kind === 'uniform') {
    const map = isSelection(flow.map) ? flow.map : uniformMap(node.opType, flow, kind.value, constantFirst);
    if (map)
      return step.pass(flow, {
        inputs: new Map([[index, oneNumber(step, index, constant, kind.value)]]),
        flow: { map, dims: flow.dims },
        earlier: absorbed(flow, apply, kind.value, constantFirst),
      });
  }
  const numbers =
    kind.kind === 'uniform' ? flow.map.m.map(() => kind.value) : kind.kind === 'channel' ? kind.values : [];
  if (apply && numbers.length && !isWhole(flow.dtype)) {
    const out = numbers.length === flow.map.m.length ? apply(flow, numbers, constantFirst) : null;
    if (out) return step.absorb(out);
  }
  if (broadcastsBack(step)) return step.sink(new Map());
  const moved = new Map<number, Operand>();
  if (rearranged(step, constant, flow, index, moved))
    return step.pass(flow, { inputs: moved, flow: { dims: flow.dims } });
  const linear = node.opType === 'Mul' || (node.opType === 'Div' && !constantFirst && !isWhole(flow.dtype));
  if (kind.kind === 'spatial' && (isSelection(flow.map) || (linear && hasNoShift(flow.map))))
    return step.pass(flow, { flow: { dims: flow.dims } });
  return kind.kind === 'other' || kind.kind === 'channel'
    ? 'its constant differs per channel in a way that does not fold'
    : 'the channels are mixed or shifted here, and the operator does not commute with that';
};

/** The output over the bases that the input has, so that it can meet another branch there. */
function absorbed(flow: Flow, apply: Apply | undefined, value: number, constantFirst: boolean): Flow | null {
  if (!apply || isWhole(flow.dtype) || flow.outer !== 1 || flow.inner !== 1) return null;
  let out: Flow | null = null;
  const bases: Flow[] = [];
  for (let f: Flow | null | undefined = flow; f && bases.length < MAX_EARLIER; f = f.earlier) bases.push(f);
  for (const f of bases.reverse()) {
    const made = apply(
      f,
      f.map.m.map(() => value),
      constantFirst,
    );
    if (made) out = { ...made, earlier: out };
  }
  return out;
}

/**
 * A base of one channel, copied to all: where another operand has all channels, broadcasting gives the old output with no node added.
 * Skip connections in image-to-image models end like this, and constants per channel in operators that are not linear.
 */
function broadcastsBack(step: Step): boolean {
  const { node, walk } = step;
  if (
    walk.known.opset < BROADCASTING ||
    !(ARITHMETIC.has(node.opType) || (walk.known.opset >= BROADCASTING_LISTS && BROADCASTS.has(node.opType)))
  )
    return false;
  const flows = step.flows.filter((f): f is Flow => f !== null);
  const first = flows[0];
  if (
    !first ||
    !flows.every(
      (f) => isPlain(f) && f.base.channels === 1 && isSelection(f.map) && f.rank - f.axis === first.rank - first.axis,
    )
  )
    return false;
  const channels = flows.reduce((most, f) => Math.max(most, f.map.m.length), 0);
  const behind = first.rank - first.axis;
  return node.inputs.some((name, i) => {
    const dims = name && !step.flows[i] ? walk.dimsOf(name) : null;
    return dims?.[dims.length - behind] === channels && dims.length >= behind;
  });
}

function twoFlows(step: Step, a: Flow, b: Flow): true | string {
  if (!sameLayout(a, b)) return 'two tensors with different channel axes meet here';
  const op = step.node.opType;
  const linear = (op === 'Add' || op === 'Sub') && !isWhole(a.dtype);
  const alike = step.alike();
  if (typeof alike !== 'string' && !(linear && a.base === b.base)) return step.pass(alike.flow);
  const pair = linear ? overOneBase([a, b]) : null;
  if (!pair && linear && sameMap({ m: a.map.m, b: [] }, { m: b.map.m, b: [] })) {
    // m·x + b ± (m·y + c) = m·(x ± y) + (b ± c)
    const shift = a.map.b.map((v, c) => (op === 'Add' ? v + (b.map.b[c] ?? 0) : v - (b.map.b[c] ?? 0)));
    return step.pass(a, { flow: { map: { m: a.map.m, b: shift } } });
  }
  if (!pair) return typeof alike === 'string' ? alike : step.pass(alike.flow);
  const [x = a, y = b] = pair;
  return step.absorb(withMap(x.map.m.length >= y.map.m.length ? x : y, addMaps(x.map, y.map, op === 'Add' ? 1 : -1)));
}

/** Several inputs of which some are settled tensors: right when those are the same for every channel. */
async function alikeWithOthers(step: Step): Promise<true | string> {
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
    const constant = await step.value(i);
    const kind = constant && profile(step, constant, flow);
    if (constant && kind?.kind === 'uniform') inputs.set(i, oneNumber(step, i, constant, kind.value));
    else if (kind?.kind === 'spatial') continue;
    else if (constant && rearranged(step, constant, flow, i, inputs)) continue;
    else if (constant || !sameForChannels(step, name, flow)) return `${name} may differ per channel`;
  }
  return step.pass(flow, { inputs });
}

/** Under a permutation of channels, a constant per channel goes through the same permutation. */
function rearranged(
  step: Step,
  constant: ConstantValue,
  flow: Flow,
  index: number,
  inputs: Map<number, Operand>,
): boolean {
  if (!isPlain(flow) || evenUse(flow.map) !== 1 || flow.map.m.length !== flow.base.channels) return false;
  const at = flow.axis - firstAxis(step, constant.dims.length, flow.rank);
  const channels = flow.base.channels;
  if (constant.dims[at] !== channels) return false;
  const picks = lanes(flow.map);
  const run = product(constant.dims.slice(at + 1));
  const values = new Float64Array(constant.values.length);
  for (let i = 0; i < values.length; i++) {
    const c = Math.floor(i / run) % channels;
    values[i + ((picks[c] ?? 0) - c) * run] = constant.values[i] ?? 0;
  }
  inputs.set(
    index,
    step.walk.constant(`${step.node.inputs[index] ?? ''}/rearranged`, constant.dtype, constant.dims, values),
  );
  return true;
}

function sameForChannels(step: Step, name: string, flow: Flow): boolean {
  const dims = step.walk.dimsOf(name);
  if (!dims) return false;
  const rank = flow.gone ? flow.rank - 1 : flow.rank;
  const at = flow.axis - firstAxis(step, dims.length, rank);
  return dims.length <= rank && staysAligned(dims, flow) && (flow.gone || at < 0 || dims[at] === 1);
}

/** Where a channel axis was taken out, the base has one axis more: an operand meets the same pixels when it holds nothing in front of that place. */
function staysAligned(dims: readonly Dim[], flow: Flow): boolean {
  return !flow.gone || dims.slice(0, Math.max(0, dims.length - (flow.rank - 1 - flow.axis))).every((d) => d === 1);
}

/** Operators on single elements: every element is treated alike whatever its place. */
const elementwise: Rule = (step) => alikeWithOthers(step);

/** Sum and Mean of channels that one base makes are linear: gray as a mean of slices. */
const sum: Rule = (step) => {
  const flows = step.flows.filter((f): f is Flow => f !== null);
  const first = flows[0];
  const together =
    flows.length === step.node.inputs.length &&
    flows.every((f) => sameLayout(f, flows[0] ?? f)) &&
    !isWhole(first?.dtype ?? 0)
      ? overOneBase(flows)
      : null;
  if (!together) return alikeWithOthers(step);
  const widest = together.reduce((w, f) => (f.map.m.length > w.map.m.length ? f : w));
  const nothing: Flow['map'] = { m: widest.map.m.map((row) => row.map(() => 0)), b: widest.map.b.map(() => 0) };
  const weight = step.node.opType === 'Mean' ? 1 / together.length : 1;
  const added = together.reduce((map, f) => addMaps(map, f.map, weight), nothing);
  return step.absorb(withMap(widest, added));
};

/** Channels on the same axis of tensors of the same layout. */
function sameLayout(a: Flow, b: Flow): boolean {
  return a.axis === b.axis && a.rank === b.rank && a.gone === b.gone && a.outer === b.outer && a.inner === b.inner;
}

const UNARY =
  `Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Ceil Celu Cos Cosh Elu Erf Exp Floor Gelu HardSigmoid HardSwish IsInf IsNaN LeakyRelu Log Mish Not ParametricSoftplus
  Reciprocal Relu Round ScaledTanh Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu`.split(
    /\s+/,
  );
const NARY =
  'And BitShift BitwiseAnd BitwiseOr BitwiseXor Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Or Pow PRelu Sum Where Xor'.split(
    ' ',
  );

/** min and max are single numbers by the operator's definition. */
const clip: Rule = (step) => {
  const alike = step.alike();
  if (typeof alike === 'string') return alike;
  return step.flows.slice(1).some(Boolean)
    ? 'a limit comes from the image itself'
    : step.pass(alike.flow, { flow: { dims: alike.flow.dims } });
};

/** A second input, as FastGelu has for a bias, would hold numbers of its own. */
const unary: Rule = (step) => {
  if (step.node.inputs.slice(1).some(Boolean)) return 'it has a bias of its own';
  const alike = step.alike();
  if (typeof alike === 'string') return alike;
  return step.pass(alike.flow, {
    flow: { dims: alike.flow.dims, dtype: step.walk.known.dtype(step.node.outputs[0] ?? '') ?? alike.flow.dtype },
  });
};

const negative: Rule = (step) => {
  const flow = step.only();
  if (!flow || isSelection(flow.map) || isWhole(flow.dtype)) return unary(step);
  return step.absorb(
    withMap(
      flow,
      scaleRows(
        flow.map,
        flow.map.m.map(() => -1),
        flow.map.m.map(() => 0),
      ),
    ),
  );
};

const identity: Rule = (step) => {
  const flow = step.flows[0];
  return flow ? step.absorb(flow) : 'nothing flows here';
};

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
  Add: arithmetic,
  Sub: arithmetic,
  Mul: arithmetic,
  Div: arithmetic,
  Sum: sum,
  Mean: sum,
  Neg: negative,
  Clip: clip,
  Identity: identity,
  Dropout: dropout,
};
