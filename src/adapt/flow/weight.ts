import { isInteger } from '../../tensors/dtypes.ts';
import type { Affine } from '../maps/affine.ts';
import { product, type ConstantValue } from '../constants/constantValue.ts';
import type { Operand, Replacement } from './rewrite.ts';
import { Step } from './step.ts';
import type { Fold, FoldRecipe, Walk } from './walk.ts';

/** Largest and smallest values by dtype: a folded weight that leaves them can't keep its type. float16, and the integers of quantised weights. */
const RANGE: Readonly<Record<number, readonly [number, number]>> = {
  1: [-3.4028234663852886e38, 3.4028234663852886e38],
  2: [0, 255],
  3: [-128, 127],
  4: [0, 65535],
  5: [-32768, 32767],
  6: [-2147483648, 2147483647],
  10: [-65504, 65504],
  11: [-Number.MAX_VALUE, Number.MAX_VALUE],
  16: [-3.3895313892515355e38, 3.3895313892515355e38],
};

/** True when every value can be stored as `dtype`; integers must be whole. */
export function fits(dtype: number, values: Float64Array): boolean {
  const range = RANGE[dtype];
  if (!range) return false;
  return values.every((v) => v >= range[0] && v <= range[1] && (!isInteger(dtype) || Number.isInteger(v)));
}

/**
 * Contracts one axis of a weight with the map: `W'[…, o, k, i, …] = Σ_c W[…, o, c, i, …] · m[c][k]`.
 * The axis holds outer · C · inner elements before and outer · K · inner after. Sums run in double.
 */
export function contract(
  w: ConstantValue,
  axis: number,
  outer: number,
  inner: number,
  map: Affine,
): { dims: number[]; values: Float64Array } {
  const oldChannels = map.m.length;
  const newChannels = map.m[0]?.length ?? 0;
  const blocks = product(w.dims.slice(0, axis)) * outer;
  const run = inner * product(w.dims.slice(axis + 1));
  const values = new Float64Array(blocks * newChannels * run);
  const entries = map.m.flatMap((row, c) => row.flatMap((factor, k) => (factor === 0 ? [] : [{ c, k, factor }])));
  for (let block = 0; block < blocks; block++) {
    for (const { c, k, factor } of entries) {
      const from = (block * oldChannels + c) * run;
      const to = (block * newChannels + k) * run;
      for (let i = 0; i < run; i++) values[to + i] = (values[to + i] ?? 0) + factor * (w.values[from + i] ?? 0);
    }
  }
  return { dims: w.dims.map((d, i) => (i === axis ? outer * newChannels * inner : d)), values };
}

/** `Σ_c W[…, c, …] · b[c]` over the channel axis and everything but the axes `keep`, in their order: what the shift adds to each output. */
export function shiftThrough(
  w: ConstantValue,
  axis: number,
  inner: number,
  b: readonly number[],
  keep: readonly number[],
): Float64Array {
  const strides = w.dims.map((_, i) => product(w.dims.slice(i + 1)));
  const at = (i: number, on: number): number => Math.floor(i / (strides[on] ?? 1)) % (w.dims[on] ?? 1);
  const out = new Float64Array(product(keep.map((k) => w.dims[k] ?? 1)));
  for (let i = 0; i < w.values.length; i++) {
    const c = Math.floor(at(i, axis) / inner) % b.length;
    const o = keep.reduce((n, k) => n * (w.dims[k] ?? 1) + at(i, k), 0);
    out[o] = (out[o] ?? 0) + (w.values[i] ?? 0) * (b[c] ?? 0);
  }
  return out;
}

/**
 * A weight that only this node reads is replaced where it lies, also behind its DequantizeLinear where the new numbers still fit the integers;
 * a shared or computed one gets a new tensor beside it.
 */
export async function newWeight(
  step: Step,
  index: number,
  old: ConstantValue,
  dims: readonly number[],
  values: Float64Array,
): Promise<Operand> {
  const { walk, node } = step;
  const name = node.inputs[index] ?? '';
  const fold: Fold = { node: node.name, opType: node.opType, tensor: name, oldDims: old.dims, newDims: dims };
  walk.folds.push(fold);
  walk.foldedAt.set(fold, node);
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
  const made = walk.folded.get(name) ?? [];
  const same = made.find((f) => `${f.dims}` === `${dims}` && f.values.every((v, i) => v === values[i]));
  if (same) return same;
  const constant = walk.constant(`${name}/folded`, old.dtype, dims, values);
  walk.folded.set(name, [...made, constant]);
  return constant;
}

/**
 * A sink with numbers added behind, where an operator has no bias that a shift could go into. `dims` are those of `added`, broadcast to the output.
 * An Add of constants behind it takes them in; else one is put there.
 */
export async function sinkPlus(
  step: Step,
  inputs: ReadonlyMap<number, Operand>,
  dtype: number,
  dims: readonly number[],
  added: Float64Array,
): Promise<true> {
  const { node, walk } = step;
  const output = node.outputs[0] ?? '';
  step.sink(inputs);
  if (await intoNextAdd(step, dims, added)) return true;
  const made = { name: walk.fresh(`${output}/unshifted`) };
  walk.rewrites.set(node, { ...walk.rewrites.get(node), outputs: [made] });
  walk.inserted.push({
    opType: 'Add',
    name: walk.fresh(`${output}/Add`),
    inputs: [made, walk.constant(`${output}/shift`, dtype, dims, added)],
    outputs: [{ name: output }],
    attributes: new Map(),
    after: node,
    multiplyAdds: 0,
  });
  return true;
}

/** Dims without the ones in front, which broadcasting adds again; the last one stays. */
export function withoutOnes(dims: readonly number[]): number[] {
  const first = dims.findIndex((d) => d !== 1);
  return dims.slice(first < 0 ? -1 : first);
}

/** The sum of both is the bias of a layer that exporters write as a product and an Add. */
async function intoNextAdd(step: Step, dims: readonly number[], added: Float64Array): Promise<boolean> {
  const { node, walk } = step;
  const output = node.outputs[0] ?? '';
  const { use } = walk.known;
  const [add, ...more] = use.readers.get(output) ?? [];
  if (
    !add ||
    more.length ||
    add.domain !== '' ||
    add.opType !== 'Add' ||
    use.outputs.has(output) ||
    use.captures.has(output)
  )
    return false;
  const index = add.inputs[0] === output ? 1 : 0;
  const bias = await walk.value(add.inputs[index]);
  if (!bias || `${withoutOnes(bias.dims)}` !== `${dims}`) return false;
  const sum = added.map((v, i) => v + (bias.values[i] ?? 0));
  if (!fits(bias.dtype, sum)) return false;
  const inputs = [...add.inputs] as Operand[];
  inputs[index] = await newWeight(new Step(walk, add), index, bias, bias.dims, sum);
  walk.rewrites.set(add, { inputs });
  walk.seam.delete(output);
  walk.seam.add(add.outputs[0] ?? '');
  return true;
}

type Recipe = Pick<FoldRecipe, 'axis' | 'newDims' | 'outer' | 'inner'> &
  Partial<Pick<FoldRecipe, 'shift' | 'bias' | 'biasFactor' | 'groups' | 'quantised'>>;

/** Notes how input `index` took the map in. */
export function record(step: Step, index: number, old: ConstantValue, map: Affine, recipe: Recipe): void {
  const { node, walk } = step;
  walk.recipes.push({
    node: node.name,
    opType: node.opType,
    tensor: node.inputs[index] ?? '',
    oldDims: old.dims,
    matrix: map.m,
    shift: map.b,
    bias: null,
    biasFactor: 1,
    groups: [1, 1],
    quantised: false,
    readers: walk.known.use.readers.get(node.inputs[index] ?? '')?.length ?? 0,
    ...recipe,
  });
}

/** How far from whole a folded weight may be in units of its scale: float32's rounding of a few hundred steps, far below half a step. */
const WHOLE_WITHIN = 1e-3;

/** The folded weight in the integers of its DequantizeLinear, when the same scale and zero point still hold it; null otherwise. */
async function inQuantised(
  walk: Walk,
  name: string,
  dims: readonly number[],
  values: Float64Array,
): Promise<Replacement | null> {
  const { constants } = walk.known;
  const found = constants.dequantised(name);
  if (!found || !usedOnce(walk, name) || !usedOnce(walk, found.stored.name) || found.stored.dims.length !== dims.length)
    return null;
  const { node, stored } = found;
  const scale = await constants.value(node.inputs[1] ?? '');
  const zero = node.inputs[2] ? await constants.value(node.inputs[2]) : null;
  const given = Number(node.attributes.find((a) => a.name === 'axis')?.int ?? 1n);
  const axis = given < 0 ? given + dims.length : given;
  if (!scale || (node.inputs[2] && !zero) || node.attributes.some((a) => a.name === 'block_size' && a.int !== 0n))
    return null;
  const perAxis = scale.values.length > 1;
  if (perAxis && scale.values.length !== dims[axis]) return null;
  const inner = product(dims.slice(axis + 1));
  const whole = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const c = perAxis ? Math.floor(i / inner) % scale.values.length : 0;
    const steps = (values[i] ?? 0) / (scale.values[c] ?? 1);
    if (Math.abs(steps - Math.round(steps)) > WHOLE_WITHIN) return null;
    whole[i] = Math.round(steps) + (zero?.values[zero.values.length > 1 ? c : 0] ?? 0);
  }
  return fits(stored.dtype, whole) ? { tensor: stored, dims, values: whole } : null;
}

function usedOnce(walk: Walk, name: string): boolean {
  const { use } = walk.known;
  return use.readers.get(name)?.length === 1 && !use.captures.has(name) && !use.outputs.has(name);
}
