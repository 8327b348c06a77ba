import type { Dim } from '../../../formats/onnx/model.ts';
import { spread } from '../../maps/affine.ts';
import { baseOf, MAX_RANK, withMap, type Flow } from '../../flow/flow.ts';
import type { Operand } from '../../flow/rewrite.ts';
import type { Rule, Step } from '../../flow/step.ts';
import { knownProduct, MERGE_REFUSED, mergeIsSafe } from '../layout.ts';
import { dimOf, namedSizes, ONE, sameMonomial, timesSize, type Size } from './namedSizes.ts';
import { withSize } from './sizeVector.ts';
import { product } from '../../../tensors/dims.ts';
import { TAKEN_OUT } from '../../flow/reasons.ts';

/** From this rank on, a reshaped tensor is taken for an image with channels again. */
const IMAGE_RANK = 4;
/** More channels than pixels shuffled into channels ever make; the map is a dense matrix. */
const MAX_SPREAD = 1024;

interface Target {
  readonly axis: number;
  readonly outer: number;
  readonly inner: number;
}

/** Dims of a tensor, one of which holds `outer · channels · inner` elements. */
interface ChannelDims extends Target {
  readonly dims: readonly Dim[];
  readonly channels: number;
}

/**
 * Finds where the channel axis goes in `target`, looking from the front, then from the back: sizes unknown on one side
 * don't matter on the other.
 */
function reshapedAxis(from: ChannelDims, target: readonly Size[]): Target | null {
  const front = axisFromFront(from, target);
  if (front) return front;
  const reversed = {
    dims: [...from.dims].reverse(),
    axis: from.dims.length - 1 - from.axis,
    channels: from.channels,
    outer: from.inner,
    inner: from.outer,
  };
  const back = axisFromFront(reversed, [...target].reverse());
  return back && { axis: target.length - 1 - back.axis, outer: back.inner, inner: back.outer };
}

/** Cuts both lists into runs of equal product until the run with the channel axis is reached. */
function axisFromFront(from: ChannelDims, target: readonly Size[]): Target | null {
  const { dims, axis } = from;
  let i = 0;
  let j = 0;
  while (i < dims.length && j < target.length) {
    const [i0, j0] = [i, j];
    let left = timesSize(ONE, dims[i] ?? null, i++);
    let right = timesSize(ONE, target[j] ?? null, j++);
    while (!sameMonomial(left, right)) {
      const takeLeft =
        left.symbols.length < right.symbols.length ||
        (left.symbols.length === right.symbols.length && left.n < right.n);
      if (takeLeft && i < dims.length) left = timesSize(left, dims[i] ?? null, i++);
      else if (j < target.length) right = timesSize(right, target[j] ?? null, j++);
      else if (i < dims.length) left = timesSize(left, dims[i] ?? null, i++);
      else return null;
    }
    if (axis < i0 || axis >= i) continue;
    const found = within({ ...from, dims: dims.slice(i0, i), axis: axis - i0 }, target.slice(j0, j));
    return found && { ...found, axis: j0 + found.axis };
  }
  return null;
}

/** The same for two runs of equal product. */
function within({ dims, axis, channels, ...flow }: ChannelDims, target: readonly Size[]): Target | null {
  const before = knownProduct(dims.slice(0, axis));
  const after = knownProduct(dims.slice(axis + 1));
  if (before === null || after === null)
    return dims.length === 1 && target.length === 1 ? { axis: 0, outer: flow.outer, inner: flow.inner } : null;
  const outer = before * flow.outer;
  const inner = after * flow.inner;
  const sizes = target.map((dim) => (typeof dim === 'number' ? dim : 0));
  let front = 1;
  for (let k = 0; k < sizes.length; k++) {
    const size = sizes[k] ?? 0;
    const back = product(sizes.slice(k + 1));
    if (outer % front === 0 && inner % back === 0 && size === (outer / front) * channels * (inner / back))
      return { axis: k, outer: outer / front, inner: inner / back };
    front *= size;
  }
  return null;
}

/** The new shape as an attribute or input says it; null where all of it is computed. */
async function askedShape(step: Step): Promise<readonly (number | null)[] | null> {
  const written = step.ints('shape');
  if (written) return written;
  const stored = await step.value(1);
  return stored ? [...stored.values] : step.walk.known.integers(step.node.inputs[1] ?? '');
}

/**
 * The channel axis stays an axis of its own, or shares one with pixels:
 * https://onnx.ai/onnx/operators/onnx__Reshape.html
 */
const reshape: Rule = async (step) => {
  const flow = step.only();
  if (!flow || flow.gone) return TAKEN_OUT;
  const allowZero = step.int('allowzero', 0) !== 0;
  const asked = await askedShape(step);
  const output = step.node.outputs[0] ?? '';
  if (asked && asked.length > MAX_RANK) return 'its new shape has very many axes';
  const target = targetDims(flow.dims, asked, allowZero, step.walk.known.dims(output));
  if (!target) return 'its new shape is not known before the model runs';
  const sizes = await namedSizes(step.walk, step.node.inputs[1] ?? '', target);
  const to = reshapedAxis({ ...flow, channels: flow.map.m.length }, sizes);
  const dims = sizes.map(dimOf);
  if (!to) return 'the new shape cuts through the channels';
  const copiesChannels = asked?.[flow.axis] === 0 && !allowZero && to.axis !== flow.axis;
  if (copiesChannels && flow.base.channels !== flow.map.m.length)
    return 'the new shape copies the number of channels to another axis';
  const blocks = to.outer * to.inner;
  const makesChannels = target.length >= IMAGE_RANK && fitsSpread(flow, blocks);
  if (blocks > 1 && !makesChannels && !mergeIsSafe(step, flow)) return MERGE_REFUSED;
  const shape = await newShape(step, flow, asked, to);
  if (!shape) return 'its new shape is computed while the model runs';
  if (makesChannels) return passAsChannels(step, flow, { to, dims, shape });
  return step.pass(flow, { ...shape, flow: { ...to, rank: target.length, dims } });
};

/** So many pixels can become channels: the map stays as small as maps are kept. */
function fitsSpread(flow: Flow, blocks: number): boolean {
  return blocks > 1 && blocks * Math.max(flow.map.m.length, flow.base.channels) <= MAX_SPREAD;
}

/** Pixels that became channels (pixel unshuffle): the merged axis is an axis of channels of its own. */
function passAsChannels(
  step: Step,
  flow: Flow,
  { to, dims, shape }: { readonly to: Target; readonly dims: readonly Dim[]; readonly shape: NewShape },
): true {
  const base = baseOf(step.node.outputs[0] ?? '', flow.base.channels * to.outer * to.inner, step.node);
  const passed = { ...flow, base, axis: to.axis, rank: dims.length, outer: 1, inner: 1, dims };
  const sizes = shape.inputs?.get(1);
  const inputs = [flow.base, ...(sizes ? [sizes] : step.node.inputs.slice(1))];
  return step.passAs(base, withMap(passed, spread(flow.map, to.outer, to.inner)), inputs, shape.attributes);
}

/** The old output's dims: 0 copies, -1 takes what is left, what stays open comes from inference. */
function targetDims(
  dims: readonly Dim[],
  asked: readonly (number | null)[] | null,
  allowZero: boolean,
  known: readonly Dim[] | null,
): Dim[] | null {
  if (!asked) return known ? [...known] : null;
  const target = asked.map((d, i): Dim => {
    if (d === 0 && !allowZero) return dims[i] ?? null;
    return d === -1 ? null : d;
  });
  const inferred = (i: number): Dim => (known?.length === target.length ? (known[i] ?? null) : null);
  const open = asked.indexOf(-1);
  if (open >= 0) {
    target[open] = inferred(open) ?? quotient(dims, without(target, open));
  }
  const full = target.map((dim, i) => dim ?? inferred(i));
  const unknown = full.indexOf(null);
  if (unknown >= 0 && unknown === full.lastIndexOf(null)) full[unknown] = quotient(dims, without(full, unknown));
  return full;
}

function without(dims: readonly Dim[], place: number): Dim[] {
  return dims.filter((_, i) => i !== place);
}

/** What remains of `dims` when the dims of `rest` are divided out; null when it is no single size. */
function quotient(dims: readonly Dim[], rest: readonly Dim[]): Dim {
  const left = dims.map((dim, i) => dim ?? `?${i}`);
  let n = 1;
  for (const d of rest) {
    const at = left.findIndex((l) => typeof l === 'string' && l === d);
    if (at >= 0) left.splice(at, 1);
    else if (typeof d === 'number') n *= d;
    else return null;
  }
  const symbols = left.filter((d): d is string => typeof d === 'string');
  const total = left.reduce((p: number, d) => (typeof d === 'number' ? p * d : p), 1);
  if (symbols.length === 0) return n > 0 && total % n === 0 ? total / n : null;
  return symbols.length === 1 && total === n && !symbols[0]?.startsWith('?') ? (symbols[0] ?? null) : null;
}

/** What of a Reshape's shape changes. */
interface NewShape {
  readonly inputs?: ReadonlyMap<number, Operand>;
  readonly attributes?: ReadonlyMap<string, { readonly kind: 'ints'; readonly value: number[] }>;
}

/** The shape input or attribute with the base's size on the channel axis. */
async function newShape(
  step: Step,
  flow: Flow,
  asked: readonly (number | null)[] | null,
  to: Target,
): Promise<NewShape | null> {
  const blocks = to.outer * to.inner;
  const size = flow.base.channels * blocks;
  const old = flow.map.m.length * blocks;
  const entry = asked?.[to.axis];
  const copies = entry === 0 && to.axis === flow.axis;
  if (entry === -1 || copies) return {};
  if (entry !== undefined && entry !== null && entry !== old) return null;
  if (old === size) return {};
  if (step.ints('shape')) {
    const value = (asked ?? []).map((dim, i) => (i === to.axis ? size : (dim ?? -1)));
    return { attributes: new Map([['shape', { kind: 'ints', value }]]) };
  }
  if (!asked || entry === undefined || entry === null) return null;
  const sizes = await withSize(step, 1, asked, { at: to.axis, size });
  return sizes === null ? null : { inputs: new Map([[1, sizes]]) };
}

export const RESHAPE: Readonly<Record<string, Rule>> = { Reshape: reshape };
