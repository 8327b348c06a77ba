import { DTYPES, dtypeName } from '../../tensors/dtypes.ts';
import { fits, type ChannelAxis } from '../constants/contract.ts';
import type { ConstantValue } from '../constants/constantValue.ts';
import { intOf } from '../../formats/onnx/attributes.ts';
import type { Node } from '../../formats/onnx/model.ts';
import type { Affine } from '../maps/affine.ts';
import type { FoldRecipe } from './fold.ts';
import type { Operand, Replacement } from './rewrite.ts';
import { Step } from './step.ts';
import type { Walk } from './walk.ts';
import { product, fromFront } from '../../tensors/dims.ts';
import { onlyReader } from '../../graph/use.ts';

/** How a weight took the map in. */
type How = ChannelAxis & { readonly map: Affine } & Partial<
    Pick<FoldRecipe, 'bias' | 'biasFactor' | 'groups' | 'quantised'>
  >;

/** A weight or bias with its new numbers. `how` is left out for a bias, which goes with the weight beside it. */
interface FoldedWeight {
  readonly old: ConstantValue;
  readonly dims: readonly number[];
  readonly values: Float64Array;
  readonly how?: How;
}

/**
 * Gives input `index` its new numbers. A weight that only this node reads is replaced where it lies, also behind its
 * DequantizeLinear where the new numbers still fit the integers; a shared or computed one gets a new tensor beside it.
 */
export async function foldWeight(step: Step, index: number, folded: FoldedWeight): Promise<Operand> {
  const { walk, node } = step;
  const { old, dims, values, how } = folded;
  const name = node.inputs[index] ?? '';
  walk.folds.push({
    at: node,
    known: walk.known,
    tensor: name,
    oldDims: old.dims,
    newDims: dims,
    how: how ? recipe(step, name, how) : null,
  });
  if (old.stored && usedOnce(walk, name)) {
    walk.replacements.set(name, { tensor: old.stored, dims, values });
    return name;
  }
  const quantised = await inQuantised(walk, name, dims, values);
  if (quantised) {
    walk.replacements.set(quantised.tensor.name, quantised);
    walk.dequantised.set(name, { oldDims: old.dims, newDims: dims });
    return name;
  }
  const integers = walk.known.constants.dequantised(name);
  if (integers) {
    const type = dtypeName(integers.stored.dtype);
    walk.notes.push(
      `\`${integers.stored.name}\` was ${type}; the new numbers of \`${name}\` need ${dtypeName(old.dtype)}, ` +
        `${product(dims) * bytesOf(old.dtype)} bytes in place of ` +
        `${product(old.dims) * bytesOf(integers.stored.dtype)}. To keep ${type}, let the channels be rebuilt in ` +
        `front (\`--keep-integers\`).`,
    );
  }
  const made = walk.folded.get(name) ?? [];
  const same = made.find(
    (newNumbers) => `${newNumbers.dims}` === `${dims}` && newNumbers.values.every((value, i) => value === values[i]),
  );
  if (same) return same;
  const constant = walk.constant(`${name}/folded`, old.dtype, dims, values);
  walk.folded.set(name, [...made, constant]);
  return constant;
}

/** A bias with a shift in its numbers; `old` is null where the layer has none yet. */
interface ShiftedBias {
  readonly old: ConstantValue | null;
  readonly dtype: number;
  readonly dims: readonly number[];
  readonly values: Float64Array;
}

/** Gives the bias at input `index` its new numbers: where it lies, or as a constant of its own. */
export async function foldBias(step: Step, index: number, bias: ShiftedBias): Promise<Operand> {
  const { old, dtype, dims, values } = bias;
  if (old) return foldWeight(step, index, { old, dims: old.dims, values });
  const output = step.node.outputs.find(Boolean) ?? '';
  return step.walk.constant(`${output}/bias`, dtype, dims, values);
}

function recipe({ walk }: Step, name: string, { map, ...how }: How): FoldRecipe {
  return {
    matrix: map.m,
    shift: map.b,
    bias: null,
    biasFactor: 1,
    groups: [1, 1],
    quantised: false,
    readers: walk.known.use.readers.get(name)?.length ?? 0,
    ...how,
  };
}

/** Numbers added behind a sink, broadcast to its output. */
interface Added {
  readonly dtype: number;
  readonly dims: readonly number[];
  readonly values: Float64Array;
}

/**
 * A sink with numbers added behind, where an operator has no bias that a shift could go into.
 * An Add of constants behind it takes them in; else one is put there.
 */
export async function sinkPlus(step: Step, inputs: ReadonlyMap<number, Operand>, added: Added): Promise<true> {
  const { node, walk } = step;
  const output = node.outputs[0] ?? '';
  step.sink(inputs);
  if (await intoNextAdd(step, added)) return true;
  const made = { name: walk.fresh(`${output}/unshifted`) };
  walk.rewrites.set(node, { ...walk.rewrites.get(node), outputs: [made] });
  walk.addBehind(node, made, output, () => walk.constant(`${output}/shift`, added.dtype, added.dims, added.values));
  return true;
}

/** Dims without the ones in front, which broadcasting adds again; the last one stays. */
export function withoutOnes(dims: readonly number[]): number[] {
  const first = dims.findIndex((dim) => dim !== 1);
  return dims.slice(first < 0 ? -1 : first);
}

/** The sum of both is the bias of a layer that exporters write as a product and an Add. */
async function intoNextAdd(step: Step, { dims, values }: Added): Promise<boolean> {
  const { node, walk } = step;
  const output = node.outputs[0] ?? '';
  const { use } = walk.known;
  const add = onlyReader(use, output);
  if (!add || add.domain !== '' || add.opType !== 'Add') return false;
  const index = add.inputs[0] === output ? 1 : 0;
  const bias = await walk.value(add.inputs[index]);
  if (!bias || `${withoutOnes(bias.dims)}` !== `${dims}`) return false;
  const sum = values.map((value, i) => value + (bias.values[i] ?? 0));
  if (!fits(bias.dtype, sum)) return false;
  const inputs = [...add.inputs] as Operand[];
  inputs[index] = await foldWeight(new Step(walk, add), index, { old: bias, dims: bias.dims, values: sum });
  walk.rewrites.set(add, { inputs });
  walk.seam.delete(output);
  walk.seam.add(add.outputs[0] ?? '');
  return true;
}

/** Why the new numbers of a weight can't be stored as the old ones are; null where they can. */
export async function storageFault(
  { walk, node }: Step,
  index: number,
  { old, dims, values }: FoldedWeight,
): Promise<string | null> {
  if (!fits(old.dtype, values)) return 'the changed weights would leave the range of their type';
  const name = node.inputs[index] ?? '';
  if (!walk.keepsIntegers || !walk.known.constants.dequantised(name)) return null;
  return (await inQuantised(walk, name, dims, values)) ? null : 'its integer weights would become floats';
}

/** Bytes of one element of a type. */
function bytesOf(dtype: number): number {
  return (DTYPES[dtype]?.bits ?? 0) / 8;
}

/**
 * How far from whole a folded weight may be in units of its scale: float32's rounding of a few hundred steps, far below
 * half a step.
 */
const WHOLE_WITHIN = 1e-3;

/**
 * The folded weight in the integers of its DequantizeLinear, when the same scale and zero point still hold it; null
 * otherwise.
 */
async function inQuantised(
  walk: Walk,
  name: string,
  dims: readonly number[],
  values: Float64Array,
): Promise<Replacement | null> {
  const found = walk.known.constants.dequantised(name);
  if (!found || !usedOnce(walk, name) || !usedOnce(walk, found.stored.name) || found.stored.dims.length !== dims.length)
    return null;
  const { node, stored } = found;
  const quantisation = await quantisationOf(walk, node, dims.length);
  if (!quantisation) return null;
  const { scales, axis } = quantisation;
  if (scales.length > 1 && scales.length !== dims[axis]) return null;
  const whole = wholeSteps(values, quantisation, product(dims.slice(axis + 1)));
  return whole && fits(stored.dtype, whole) ? { tensor: stored, dims, values: whole } : null;
}

/** One scale and zero point for all numbers, or one for each entry of an axis. */
interface Quantisation {
  readonly scales: Float64Array;
  readonly zeros: Float64Array;
  readonly axis: number;
}

/** How a DequantizeLinear reads its integers; null where it is not known, or differs by block. */
async function quantisationOf(walk: Walk, node: Node, rank: number): Promise<Quantisation | null> {
  const { constants } = walk.known;
  if (intOf(node, 'block_size', 0) !== 0) return null;
  const scale = await constants.value(node.inputs[1] ?? '');
  const zero = node.inputs[2] ? await constants.value(node.inputs[2]) : null;
  if (!scale || (node.inputs[2] && !zero)) return null;
  const axis = intOf(node, 'axis', 1);
  return { scales: scale.values, zeros: zero?.values ?? Float64Array.of(0), axis: fromFront(axis, rank) };
}

/** The integers of these numbers, `inner` of them for each entry of the axis; null where one is not whole. */
function wholeSteps(values: Float64Array, { scales, zeros }: Quantisation, inner: number): Float64Array | null {
  const whole = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const c = scales.length > 1 ? Math.floor(i / inner) % scales.length : 0;
    const steps = (values[i] ?? 0) / (scales[c] ?? 1);
    const nearest = Math.round(steps);
    if (Math.abs(steps - nearest) > WHOLE_WITHIN) return null;
    whole[i] = nearest + (zeros[zeros.length > 1 ? c : 0] ?? 0);
  }
  return whole;
}

/** True for a tensor that one node alone reads, in this graph and in those around it. */
function usedOnce(walk: Walk, name: string): boolean {
  const { use } = walk.known;
  return onlyReader(use, name) !== null && !use.readElsewhere.has(name);
}
