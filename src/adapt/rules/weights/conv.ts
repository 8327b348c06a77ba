import { hasNoShift, isPermutation, isSelection, lanes, unit, type Affine, columnCount } from '../../maps/affine.ts';
import type { ConstantValue } from '../../constants/constantValue.ts';
import type { Flow } from '../../flow/flow.ts';
import type { AttributeValue, Operand } from '../../flow/rewrite.ts';
import type { Rule, Step } from '../../flow/step.ts';
import { contract, fits, shiftThrough } from '../../constants/contract.ts';
import { wide, withoutShift } from '../../flow/otherBase.ts';
import { foldBias, foldWeight, storageFault } from '../../flow/weight.ts';
import { product } from '../../../tensors/dims.ts';
import {
  TAKEN_OUT,
  TOO_MANY,
  WEIGHTS_UNKNOWN,
  WEIGHTS_DO_NOT_FIT,
  BIAS_DOES_NOT_FIT,
  BIAS_OUT_OF_RANGE,
  INTEGERS_TAKE_COPIES,
  INTEGERS_OVERFLOW,
} from '../../flow/reasons.ts';
import { inverse } from '../../../tensors/permuted.ts';

/** Which inputs of a convolution hold its parts, by their index, and how they lie. */
interface ConvKind {
  readonly weight: number;
  readonly bias: number | null;
  /** The zero point of the weight; null where the operator is not quantised. */
  readonly zero: number | null;
  readonly channelsLast: boolean;
  readonly transposed: boolean;
}

const FLOAT_CONV: ConvKind = { weight: 1, bias: 2, zero: null, channelsLast: false, transposed: false };

const QLINEAR_CONV: ConvKind = { weight: 3, bias: 8, zero: 5, channelsLast: false, transposed: false };

/** ONNX Runtime's own QLinearConv says in an attribute where channels lie; its weights are as in the standard one. */
export const CONV_KINDS: Readonly<Record<string, ConvKind>> = {
  Conv: FLOAT_CONV,
  ConvTranspose: { ...FLOAT_CONV, transposed: true },
  'com.microsoft:FusedConv': FLOAT_CONV,
  'com.microsoft:NhwcConv': { ...FLOAT_CONV, channelsLast: true },
  'com.microsoft:NhwcFusedConv': { ...FLOAT_CONV, channelsLast: true },
  ConvInteger: { weight: 1, bias: null, zero: 3, channelsLast: false, transposed: false },
  QLinearConv: QLINEAR_CONV,
  'com.microsoft:QLinearConv': QLINEAR_CONV,
};

/**
 * A grouped weight [rows, columns of one group, …kernel] as a dense one: the columns of all groups, with the row's
 * `zero` where its group doesn't reach. The same convolution, number by number.
 */
function dense(weight: ConstantValue, group: number, zero: (row: number) => number): ConstantValue {
  if (group === 1) return weight;
  const [rows = 1, columns = 1, ...kernel] = weight.dims;
  const block = columns * product(kernel);
  const wide = block * group;
  const values = new Float64Array(rows * wide);
  for (let row = 0; row < rows; row++) {
    const ownGroup = Math.floor((row * group) / rows);
    values.fill(zero(row), row * wide, (row + 1) * wide);
    values.set(weight.values.subarray(row * block, (row + 1) * block), row * wide + ownGroup * block);
  }
  return { ...weight, dims: [rows, columns * group, ...kernel], values };
}

/**
 * The map of each group where no group reads another's channels: the grouping can then stay. Null elsewhere.
 */
function groupMap(map: Affine, group: number): Affine[] | null {
  const rows = map.m.length / group;
  const columns = columnCount(map.m) / group;
  if (group === 1 || !Number.isInteger(rows) || !Number.isInteger(columns) || columns < 1) return null;
  const maps: Affine[] = [];
  for (let g = 0; g < group; g++) {
    const part = map.m.slice(g * rows, (g + 1) * rows);
    if (part.some((row) => row.some((value, k) => value !== 0 && Math.floor(k / columns) !== g))) return null;
    maps.push({
      m: part.map((row) => row.slice(g * columns, (g + 1) * columns)),
      b: map.b.slice(g * rows, (g + 1) * rows),
    });
  }
  return maps;
}

/** The axis of a weight that holds its input channels: https://onnx.ai/onnx/operators/onnx__ConvTranspose.html */
function inputAxis({ transposed }: ConvKind): 0 | 1 {
  return transposed ? 0 : 1;
}

/**
 * Folds group by group along `axis`, that of the input channels, and puts the parts back together along axis 0, which
 * the groups share out in both kinds of convolution.
 */
function contractGroups(
  weight: ConstantValue,
  maps: readonly Affine[],
  axis: 0 | 1,
): { dims: number[]; values: Float64Array } {
  const share = (weight.dims[0] ?? 0) / maps.length;
  const run = weight.values.length / (weight.dims[0] ?? 1);
  const place = { axis, outer: 1, inner: 1 };
  const parts = maps.map((map, g) => {
    const values = weight.values.subarray(g * share * run, (g + 1) * share * run);
    return contract({ ...weight, dims: [share, ...weight.dims.slice(1)], values }, place, map);
  });
  const values = new Float64Array(parts.reduce((total, part) => total + part.values.length, 0));
  let offset = 0;
  for (const part of parts) {
    values.set(part.values, offset);
    offset += part.values.length;
  }
  const rows = parts.reduce((total, part) => total + (part.dims[0] ?? 0), 0);
  return { dims: [rows, ...(parts[0]?.dims ?? []).slice(1)], values };
}

/** True where zeros stand around the image: https://onnx.ai/onnx/operators/onnx__Conv.html */
function pads(step: Step): boolean {
  const auto = step.text('auto_pad', 'NOTSET');
  if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER') return true;
  return auto !== 'VALID' && (step.ints('pads')?.some((int) => int !== 0) ?? false);
}

/**
 * A convolution of any rank, group and storage takes the map into its weight [out, in/group, …kernel], transposed [in,
 * out/group, …kernel], and the shift into its bias.
 */
export const conv: Rule = async (step) => {
  const kind = CONV_KINDS[step.key];
  const flow = step.only();
  if (!kind || !flow || flow.gone) return flow ? TAKEN_OUT : 'its weights come from the image itself';
  const given = wide(step.walk, flow);
  if (!given) return TOO_MANY;
  const channelsLast = kind.channelsLast || step.int('channels_last', 0) !== 0;
  if (given.axis !== (channelsLast ? given.rank - 1 : 1)) return 'it expects channels on another axis';
  const weight = await step.value(kind.weight);
  if (!weight) return WEIGHTS_UNKNOWN;
  const group = step.int('group', 1);
  const oldChannels = given.map.m.length;
  const reads = kind.transposed ? weight.dims[0] : (weight.dims[1] ?? 0) * group;
  if (weight.dims.length !== given.rank || reads !== oldChannels || group < 1 || (weight.dims[0] ?? 0) % group)
    return WEIGHTS_DO_NOT_FIT;
  const layer = { kind, flow: given, weight, group };
  return kind.zero !== null ? foldQuantised(step, layer) : foldFloat(step, layer);
};

/** A convolution whose weights are known and fit the channels. */
interface Layer {
  readonly kind: ConvKind;
  readonly flow: Flow;
  readonly weight: ConstantValue;
  readonly group: number;
}

/** Zero padding, or a bias that is computed, lets no shift through. */
function holdsShift(step: Step, kind: ConvKind, { name, value }: Bias): boolean {
  return kind.transposed || pads(step) || (name !== '' && value === null);
}

interface Bias {
  readonly name: string;
  /** Null where there is none, or where it is computed. */
  readonly value: ConstantValue | null;
}

async function biasOf(step: Step, kind: ConvKind): Promise<Bias> {
  const name = kind.bias === null ? '' : (step.node.inputs[kind.bias] ?? '');
  return { name, value: name ? await step.walk.value(name) : null };
}

async function foldFloat(step: Step, { kind, flow: given, weight, group }: Layer): Promise<true | string> {
  const bias = await biasOf(step, kind);
  const held = !hasNoShift(given.map) && holdsShift(step, kind, bias);
  const flow = held ? withoutShift(step.walk, given, step.node.inputs[0] ?? '') : given;
  if (!flow) return 'a shift stands in front of zero padding, and rebuilding is the cheapest exact form';
  const shifted = !hasNoShift(flow.map);
  if (shifted && bias.value && bias.value.values.length !== weight.dims[0]) return BIAS_DOES_NOT_FIT;
  const place = { axis: inputAxis(kind), outer: 1, inner: 1 };
  const full = dense(weight, group, () => 0);
  const maps = groupMap(flow.map, group);
  const mayTurn = step.walk.keepsOrder && !maps && !kind.transposed;
  const turned = mayTurn ? groupsInOrder(flow.map, group) : null;
  if (turned) return passGroups(step, { kind, flow, weight, group }, turned);
  const folded = maps ? contractGroups(weight, maps, inputAxis(kind)) : contract(full, place, flow.map);
  const fault = await storageFault(step, kind.weight, { old: weight, ...folded });
  if (fault) return fault;
  const inputs = new Map<number, Operand>([[0, flow.base]]);
  if (shifted) {
    const values = plusBias(shiftThrough(full, place, flow.map.b, [0]), bias.value);
    if (!fits(weight.dtype, values)) return BIAS_OUT_OF_RANGE;
    const index = kind.bias ?? 2;
    const dims = [values.length];
    inputs.set(index, await foldBias(step, index, { old: bias.value, dtype: weight.dtype, dims, values }));
  }
  const newGroup = maps ? group : 1;
  const groups = [group, newGroup] as const;
  const how = { ...place, map: flow.map, bias: bias.name || null, groups };
  inputs.set(kind.weight, await foldWeight(step, kind.weight, { old: weight, ...folded, how }));
  return step.sink(inputs, groupAttribute(group, newGroup));
}

function plusBias(values: Float64Array, bias: ConstantValue | null): Float64Array {
  return bias ? values.map((value, o) => value + (bias.values[o] ?? 0)) : values;
}

function groupAttribute(before: number, after: number): ReadonlyMap<string, AttributeValue> | undefined {
  return before === after ? undefined : new Map([['group', { kind: 'int', value: after }]]);
}

/**
 * A convolution whose groups come in another order: which old group each new one is, and the map within it. Null where
 * the map mixes groups.
 */
function groupsInOrder(
  map: Affine,
  group: number,
): { readonly from: readonly number[]; readonly maps: Affine[] } | null {
  const size = map.m.length / group;
  if (group === 1 || !Number.isInteger(size) || !isPermutation(map)) return null;
  const groupOf = (channel: number): number => Math.floor(channel / size);
  const picks = lanes(map);
  const from = new Array<number>(group).fill(-1);
  const maps = Array.from({ length: group }, (): Affine => ({ m: [], b: new Array<number>(size).fill(0) }));
  for (let old = 0; old < group; old++) {
    const own = picks.slice(old * size, (old + 1) * size);
    const made = groupOf(own[0] ?? 0);
    if (own.some((k) => groupOf(k) !== made)) return null;
    from[made] = old;
    maps[made] = { m: own.map((k) => unit(size, k - made * size)), b: maps[made]?.b ?? [] };
  }
  return { from, maps };
}

/** The filters follow their channels: the groups go into the order of the base, and the outputs carry that order on. */
async function passGroups(
  step: Step,
  { kind, flow, weight, group }: Layer,
  { from, maps }: { readonly from: readonly number[]; readonly maps: readonly Affine[] },
): Promise<true | string> {
  const filters = weight.dims[0] ?? 0;
  const share = filters / group;
  const bias = await biasOf(step, kind);
  if (bias.name && bias.value?.values.length !== filters) return BIAS_DOES_NOT_FIT;
  const outputs = from.flatMap((old) => Array.from({ length: share }, (_, i) => old * share + i));
  const run = weight.values.length / filters;
  const values = new Float64Array(weight.values.length);
  outputs.forEach((old, made) => values.set(weight.values.subarray(old * run, (old + 1) * run), made * run));
  const folded = contractGroups({ ...weight, values }, maps, inputAxis(kind));
  const order: Affine = {
    m: inverse(outputs).map((made) => unit(filters, made)),
    b: new Array<number>(filters).fill(0),
  };
  const how = { axis: 0, outer: 1, inner: 1, map: order, groups: [group, group] as const };
  const inputs = new Map<number, Operand>([
    [0, flow.base],
    [kind.weight, await foldWeight(step, kind.weight, { old: weight, ...folded, how })],
  ]);
  const old = bias.value;
  if (old && kind.bias !== null) {
    const values = Float64Array.from(outputs, (output) => old.values[output] ?? 0);
    const biasHow = { axis: 0, outer: 1, inner: 1, map: order };
    inputs.set(kind.bias, await foldWeight(step, kind.bias, { old, dims: old.dims, values, how: biasHow }));
  }
  return step.passTurned(flow, inputs, order);
}

/**
 * Integer weights: `Σ_c (w − z) + z` must be whole and fit the type; then the sum is exact, else the image is rebuilt.
 */
async function foldQuantised(step: Step, { kind, flow, weight, group }: Layer): Promise<true | string> {
  if (!isSelection(flow.map)) return INTEGERS_TAKE_COPIES;
  const zeroIndex = kind.zero ?? 0;
  const zeroName = step.node.inputs[zeroIndex];
  const zero = zeroName ? await step.value(zeroIndex) : null;
  if (zeroName && !zero) return 'its zero point is not known before the model runs';
  const zeroOf = (output: number): number => zero?.values[zero.values.length > 1 ? output : 0] ?? 0;
  const full = dense(weight, group, zeroOf);
  const run = full.values.length / (full.dims[0] ?? 1);
  const centred = { ...full, values: full.values.map((value, i) => value - zeroOf(Math.floor(i / run))) };
  const place = { axis: 1, outer: 1, inner: 1 };
  const folded = contract(centred, place, flow.map);
  const perOutput = folded.values.length / (folded.dims[0] ?? 1);
  const values = folded.values.map((value, i) => value + zeroOf(Math.floor(i / perOutput)));
  if (!fits(weight.dtype, values)) return INTEGERS_OVERFLOW;
  const how = { ...place, map: flow.map, groups: [group, 1] as const, quantised: true };
  const inputs = new Map<number, Operand>([
    [0, flow.base],
    [kind.weight, await foldWeight(step, kind.weight, { old: weight, dims: folded.dims, values, how })],
  ]);
  return step.sink(inputs, groupAttribute(group, 1));
}
