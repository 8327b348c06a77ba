import { hasNoShift, isPermutation, isSelection, lanes, unit, type Affine } from '../maps/affine.ts';
import type { ConstantValue } from '../constants/constantValue.ts';
import { TAKEN_OUT, TOO_MANY, type Flow } from '../flow/flow.ts';
import type { AttributeValue, Operand } from '../flow/rewrite.ts';
import type { Rule, Step } from '../flow/step.ts';
import { contract, fits, shiftThrough } from '../constants/contract.ts';
import { wide, withoutShift } from '../flow/otherBase.ts';
import { foldBias, foldWeight, storageFault } from '../flow/weight.ts';
import { product } from '../../tensors/dims.ts';

/** How a convolution of this operator names its parts. */
interface ConvKind {
  readonly weight: number;
  readonly bias: number | null;
  /** Zero points of image and weight, where the operator is quantised. */
  readonly zeros: readonly number[];
  readonly channelsLast: boolean;
  readonly transposed: boolean;
}

const FLOAT_CONV: ConvKind = { weight: 1, bias: 2, zeros: [], channelsLast: false, transposed: false };

const QLINEAR_CONV: ConvKind = { weight: 3, bias: 8, zeros: [5], channelsLast: false, transposed: false };

/** ONNX Runtime's own QLinearConv says in an attribute where channels lie; its weights are as in the standard one. */
export const CONV_KINDS: Readonly<Record<string, ConvKind>> = {
  Conv: FLOAT_CONV,
  ConvTranspose: { ...FLOAT_CONV, transposed: true },
  'com.microsoft:FusedConv': FLOAT_CONV,
  'com.microsoft:NhwcConv': { ...FLOAT_CONV, channelsLast: true },
  'com.microsoft:NhwcFusedConv': { ...FLOAT_CONV, channelsLast: true },
  ConvInteger: { weight: 1, bias: null, zeros: [3], channelsLast: false, transposed: false },
  QLinearConv: QLINEAR_CONV,
  'com.microsoft:QLinearConv': QLINEAR_CONV,
};

/** A grouped weight as a dense one: rows of old channels, zero where a group doesn't read a channel. Always exact. */
function dense(
  constant: ConstantValue,
  group: number,
  transposed: boolean,
  zero: (output: number) => number,
): ConstantValue {
  if (group === 1) return constant;
  const [a = 1, b = 1, ...kernel] = constant.dims;
  const run = product(kernel);
  const dims = [a, b * group, ...kernel];
  const values = new Float64Array(a * b * group * run);
  const perGroup = a / group;
  for (let x = 0; x < a; x++) {
    const g = Math.floor(x / perGroup);
    if (!transposed) values.fill(zero(x), x * b * group * run, (x + 1) * b * group * run);
    values.set(constant.values.subarray(x * b * run, (x + 1) * b * run), (x * b * group + g * b) * run);
  }
  return { ...constant, dims, values, stored: constant.stored };
}

/**
 * The map of one group when no group reads another's channels and all groups see the same map; the grouping can then
 * stay.
 */
function groupMap(map: Affine, group: number): Affine[] | null {
  const rows = map.m.length / group;
  const columns = (map.m[0]?.length ?? 0) / group;
  if (group === 1 || !Number.isInteger(rows) || !Number.isInteger(columns) || columns < 1) return null;
  const maps: Affine[] = [];
  for (let g = 0; g < group; g++) {
    const part = map.m.slice(g * rows, (g + 1) * rows);
    if (part.some((row) => row.some((v, k) => v !== 0 && Math.floor(k / columns) !== g))) return null;
    maps.push({
      m: part.map((row) => row.slice(g * columns, (g + 1) * columns)),
      b: map.b.slice(g * rows, (g + 1) * rows),
    });
  }
  return maps;
}

/**
 * Folds group by group and puts the parts back together along the output (Conv) or input (ConvTranspose) axis, which is
 * axis 0 in both.
 */
function contractGroups(
  constant: ConstantValue,
  maps: readonly Affine[],
  transposed: boolean,
): { dims: number[]; values: Float64Array } {
  const share = (constant.dims[0] ?? 0) / maps.length;
  const run = constant.values.length / (constant.dims[0] ?? 1);
  const place = { axis: transposed ? 0 : 1, outer: 1, inner: 1 };
  const parts = maps.map((map, g) => {
    const values = constant.values.subarray(g * share * run, (g + 1) * share * run);
    return contract({ ...constant, dims: [share, ...constant.dims.slice(1)], values }, place, map);
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

function pads(step: Step): boolean {
  const auto = step.text('auto_pad', 'NOTSET');
  if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER') return true;
  return auto !== 'VALID' && (step.ints('pads')?.some((int) => int !== 0) ?? false);
}

export const conv: Rule = async (step) => {
  const kind = CONV_KINDS[step.key];
  const flow = step.only();
  if (!kind || !flow || flow.gone) return flow ? TAKEN_OUT : 'its weights come from the image itself';
  const given = wide(step.walk, flow);
  if (!given) return TOO_MANY;
  if (given.axis !== (kind.channelsLast || step.int('channels_last', 0) !== 0 ? given.rank - 1 : 1))
    return 'it expects channels on another axis';
  const constant = await step.value(kind.weight);
  if (!constant) return 'its weights are not known before the model runs';
  const group = step.int('group', 1);
  const oldChannels = given.map.m.length;
  const reads = kind.transposed ? constant.dims[0] : (constant.dims[1] ?? 0) * group;
  if (constant.dims.length !== given.rank || reads !== oldChannels || group < 1 || (constant.dims[0] ?? 0) % group)
    return 'its weights do not fit the channels';
  const layer = { kind, flow: given, w: constant, group };
  return kind.zeros.length ? foldQuantised(step, layer) : foldFloat(step, layer);
};

/** A convolution whose weights are known and fit the channels. */
interface Layer {
  readonly kind: ConvKind;
  readonly flow: Flow;
  readonly w: ConstantValue;
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

async function foldFloat(step: Step, { kind, flow: given, w: constant, group }: Layer): Promise<true | string> {
  const bias = await biasOf(step, kind);
  const held = !hasNoShift(given.map) && holdsShift(step, kind, bias);
  const flow = held ? withoutShift(step.walk, given, step.node.inputs[0] ?? '') : given;
  if (!flow) return 'a shift stands in front of zero padding, and rebuilding is the cheapest exact form';
  const shifted = !hasNoShift(flow.map);
  if (shifted && bias.value && bias.value.values.length !== constant.dims[0])
    return 'its bias does not fit its weights';
  const place = { axis: kind.transposed ? 0 : 1, outer: 1, inner: 1 };
  const full = dense(constant, group, kind.transposed, () => 0);
  const maps = groupMap(flow.map, group);
  const mayTurn = step.walk.keepsOrder && !maps && !kind.transposed;
  const turned = mayTurn ? groupsInOrder(flow.map, group) : null;
  if (turned) return passGroups(step, { kind, flow, w: constant, group }, turned);
  const folded = maps ? contractGroups(constant, maps, kind.transposed) : contract(full, place, flow.map);
  const fault = await storageFault(step, kind.weight, { old: constant, ...folded });
  if (fault) return fault;
  const inputs = new Map<number, Operand>([[0, flow.base]]);
  if (shifted) {
    const values = plusBias(shiftThrough(full, place, flow.map.b, [0]), bias.value);
    if (!fits(constant.dtype, values)) return 'the changed bias would leave the range of its type';
    const index = kind.bias ?? 2;
    const dims = [values.length];
    inputs.set(index, await foldBias(step, index, { old: bias.value, dtype: constant.dtype, dims, values }));
  }
  const groups = [group, maps ? group : 1] as const;
  const how = { ...place, map: flow.map, bias: bias.name || null, groups };
  inputs.set(kind.weight, await foldWeight(step, kind.weight, { old: constant, ...folded, how }));
  return step.sink(inputs, groupAttribute(group, maps !== null));
}

function plusBias(values: Float64Array, bias: ConstantValue | null): Float64Array {
  return bias ? values.map((value, o) => value + (bias.values[o] ?? 0)) : values;
}

function groupAttribute(group: number, kept: boolean): ReadonlyMap<string, AttributeValue> | undefined {
  return group === 1 || kept ? undefined : new Map([['group', { kind: 'int', value: 1 }]]);
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
  { kind, flow, w: constant, group }: Layer,
  { from, maps }: { readonly from: readonly number[]; readonly maps: readonly Affine[] },
): Promise<true | string> {
  const filters = constant.dims[0] ?? 0;
  const share = filters / group;
  const bias = await biasOf(step, kind);
  if (bias.name && bias.value?.values.length !== filters) return 'its bias does not fit its weights';
  const outputs = from.flatMap((old) => Array.from({ length: share }, (_, i) => old * share + i));
  const run = constant.values.length / filters;
  const values = new Float64Array(constant.values.length);
  outputs.forEach((old, made) => values.set(constant.values.subarray(old * run, (old + 1) * run), made * run));
  const folded = contractGroups({ ...constant, values }, maps, false);
  const order: Affine = {
    m: invert(outputs).map((made) => unit(filters, made)),
    b: new Array<number>(filters).fill(0),
  };
  const how = { axis: 0, outer: 1, inner: 1, map: order, groups: [group, group] as const };
  const inputs = new Map<number, Operand>([
    [0, flow.base],
    [kind.weight, await foldWeight(step, kind.weight, { old: constant, ...folded, how })],
  ]);
  const old = bias.value;
  if (old && kind.bias !== null) {
    const values = Float64Array.from(outputs, (output) => old.values[output] ?? 0);
    const biasHow = { axis: 0, outer: 1, inner: 1, map: order };
    inputs.set(kind.bias, await foldWeight(step, kind.bias, { old, dims: old.dims, values, how: biasHow }));
  }
  return step.passTurned(flow, inputs, order);
}

/** The place of each number in a list of all numbers below its length. */
function invert(list: readonly number[]): number[] {
  const places = new Array<number>(list.length).fill(0);
  list.forEach((value, place) => {
    places[value] = place;
  });
  return places;
}

/**
 * Integer weights: `Σ_c (w − z) + z` must be whole and fit the type; then the sum is exact, else the image is rebuilt.
 */
async function foldQuantised(step: Step, { kind, flow, w: constant, group }: Layer): Promise<true | string> {
  if (!isSelection(flow.map)) return 'quantised weights take only copies of channels';
  const zeroName = step.node.inputs[kind.zeros[0] ?? 0];
  const zero = zeroName ? await step.value(kind.zeros[0] ?? 0) : null;
  if (zeroName && !zero) return 'its zero point is not known before the model runs';
  const zeroOf = (o: number): number => zero?.values[zero.values.length > 1 ? o : 0] ?? 0;
  const full = dense(constant, group, false, zeroOf);
  const run = full.values.length / (full.dims[0] ?? 1);
  const centred = { ...full, values: full.values.map((value, i) => value - zeroOf(Math.floor(i / run))) };
  const place = { axis: 1, outer: 1, inner: 1 };
  const folded = contract(centred, place, flow.map);
  const perOutput = folded.values.length / (folded.dims[0] ?? 1);
  const values = folded.values.map((value, i) => value + zeroOf(Math.floor(i / perOutput)));
  if (!fits(constant.dtype, values)) return 'the sum of its integer weights would overflow their type';
  const how = { ...place, map: flow.map, groups: [group, 1] as const, quantised: true };
  const weight = await foldWeight(step, kind.weight, { old: constant, dims: folded.dims, values, how });
  const inputs = new Map<number, Operand>([
    [0, flow.base],
    [kind.weight, weight],
  ]);
  return step.sink(inputs, groupAttribute(group, false));
}
