import type { Dim } from '../../onnx/model.ts';
import { isSelection } from '../affine.ts';
import { isPlain, type Flow } from '../flow.ts';
import type { Operand } from '../rewrite.ts';
import type { Rule, Step } from '../step.ts';

const MERGE_REFUSED = 'channels and pixels are merged into one axis, and another node than a matrix product reads that';

const transpose: Rule = (step) => {
  const flow = step.only();
  if (!flow || flow.gone) return 'a channel was taken out before it';
  const perm = step.ints('perm') ?? flow.dims.map((_, i) => flow.rank - 1 - i);
  if (perm.length !== flow.rank || !perm.includes(flow.axis)) return 'its perm does not fit the tensor';
  return step.pass(flow, { flow: { axis: perm.indexOf(flow.axis), dims: perm.map((p) => flow.dims[p] ?? null) } });
};

async function axes(step: Step, rank: number): Promise<number[] | null> {
  const given = step.ints('axes') ?? (step.node.inputs[1] ? [...((await step.value(1))?.values ?? [])] : null);
  return given?.length ? given.map((a) => (a < 0 ? a + rank : a)) : null;
}

const squeeze: Rule = async (step) => {
  const flow = step.only();
  if (!flow || flow.gone) return 'a channel was taken out before it';
  const gone = await axes(step, flow.rank);
  if (!gone || gone.includes(flow.axis)) return 'it may remove the channel axis';
  const stays = flow.dims.map((_, i) => i).filter((i) => !gone.includes(i));
  return step.pass(flow, { flow: { axis: stays.indexOf(flow.axis), rank: stays.length, dims: stays.map((i) => flow.dims[i] ?? null) } });
};

const unsqueeze: Rule = async (step) => {
  const flow = step.only();
  if (!flow) return 'its axes come from the image itself';
  const count = step.ints('axes')?.length ?? step.walk.known.constants.storedDims(step.node.inputs[1] ?? '')?.[0] ?? 1;
  const rank = (flow.gone ? flow.rank - 1 : flow.rank) + count;
  const added = await axes(step, rank);
  if (!added) return 'its axes are not known before the model runs';
  if (flow.gone) return added.length === 1 && added[0] === flow.axis ? step.absorb({ ...flow, gone: false }) : 'a single channel gets a new axis elsewhere';
  const stays = Array.from({ length: rank }, (_, i) => i).filter((i) => !added.includes(i));
  const dims = Array.from({ length: rank }, (_, i): Dim => (added.includes(i) ? 1 : flow.dims[stays.indexOf(i)] ?? null));
  return step.pass(flow, { flow: { axis: stays[flow.axis] ?? 0, rank, dims } });
};

function number(dims: readonly Dim[]): number | null {
  let n = 1;
  for (const d of dims) {
    if (typeof d !== 'number') return null;
    n *= d;
  }
  return n;
}

/** Merged axes fold into matrix products; a map that is not a plain copy has no cheap way back from there. */
function mergeIsSafe(step: Step, flow: Flow): boolean {
  if (isSelection(flow.map)) return true;
  const { use } = step.walk.known;
  const output = step.node.outputs[0] ?? '';
  if (use.outputs.has(output) || use.captures.has(output)) return false;
  return (use.readers.get(output) ?? []).every((n) => n.domain === '' && (n.opType === 'Gemm' || n.opType === 'MatMul') && n.inputs[0] === output
    && step.walk.known.constants.storedDims(n.inputs[1] ?? '') !== null);
}

const flatten: Rule = (step) => {
  const flow = step.only();
  if (!flow || !isPlain(flow)) return 'a channel was taken out before it';
  const axis = step.axis('axis', 1, flow.rank);
  const behind = axis <= flow.axis;
  const outer = number(flow.dims.slice(behind ? axis : 0, flow.axis));
  const inner = number(flow.dims.slice(flow.axis + 1, behind ? flow.rank : axis));
  if (outer === null || inner === null) return 'channels and pixels are merged, and the number of pixels is not known';
  if (!mergeIsSafe(step, flow)) return MERGE_REFUSED;
  return step.pass(flow, { flow: { axis: behind ? 1 : 0, rank: 2, outer, inner, dims: [null, null] } });
};

/** A product of dims: a number times named sizes. */
interface Monomial {
  readonly n: number;
  readonly symbols: readonly string[];
}

function times(m: Monomial, dim: Dim, index: number): Monomial {
  if (typeof dim === 'number') return { n: m.n * dim, symbols: m.symbols };
  return { n: m.n, symbols: [...m.symbols, dim ?? `?${index}`].sort() };
}

function equal(x: Monomial, y: Monomial): boolean {
  return x.n === y.n && x.symbols.join('\n') === y.symbols.join('\n');
}

const ONE: Monomial = { n: 1, symbols: [] };

interface Target {
  axis: number;
  outer: number;
  inner: number;
}

/** Finds where the channel axis of `dims` goes in `target`, by cutting both into runs of equal product. */
export function reshapedAxis(dims: readonly Dim[], axis: number, channels: number, flow: { outer: number; inner: number }, target: readonly Dim[]): Target | null {
  let i = 0;
  let j = 0;
  while (i < dims.length && j < target.length) {
    const [i0, j0] = [i, j];
    let left = times(ONE, dims[i] ?? null, i++);
    let right = times(ONE, target[j] ?? null, j++);
    while (!equal(left, right)) {
      const takeLeft = left.symbols.length < right.symbols.length || (left.symbols.length === right.symbols.length && left.n < right.n);
      if (takeLeft && i < dims.length) left = times(left, dims[i] ?? null, i++);
      else if (j < target.length) right = times(right, target[j] ?? null, j++);
      else if (i < dims.length) left = times(left, dims[i] ?? null, i++);
      else return null;
    }
    if (axis < i0 || axis >= i) continue;
    return within(dims.slice(i0, i), axis - i0, channels, flow, target.slice(j0, j), j0);
  }
  return null;
}

function within(run: readonly Dim[], at: number, channels: number, flow: { outer: number; inner: number }, target: readonly Dim[], j0: number): Target | null {
  const before = number(run.slice(0, at));
  const after = number(run.slice(at + 1));
  if (before === null || after === null) return run.length === 1 && target.length === 1 ? { axis: j0, ...flow } : null;
  const outer = before * flow.outer;
  const inner = after * flow.inner;
  const sizes = target.map((d) => (typeof d === 'number' ? d : 0));
  let front = 1;
  for (let k = 0; k < sizes.length; k++) {
    const size = sizes[k] ?? 0;
    const back = sizes.slice(k + 1).reduce((n, d) => n * d, 1);
    if (outer % front === 0 && inner % back === 0 && size === (outer / front) * channels * (inner / back)) return { axis: j0 + k, outer: outer / front, inner: inner / back };
    front *= size;
  }
  return null;
}

const reshape: Rule = async (step) => {
  const flow = step.only();
  if (!flow || flow.gone) return 'a channel was taken out before it';
  const allowZero = step.int('allowzero', 0) !== 0;
  const stored = await step.value(1);
  const asked = step.ints('shape') ?? (stored ? [...stored.values] : step.walk.known.integers(step.node.inputs[1] ?? ''));
  const output = step.node.outputs[0] ?? '';
  const target = targetDims(flow.dims, asked, allowZero, step.walk.known.dims(output));
  if (!target) return 'its new shape is not known before the model runs';
  const to = reshapedAxis(flow.dims, flow.axis, flow.map.m.length, flow, target);
  if (!to) return 'the new shape cuts through the channels';
  if ((to.outer !== 1 || to.inner !== 1) && !mergeIsSafe(step, flow)) return MERGE_REFUSED;
  const size = flow.base.channels * to.outer * to.inner;
  const shape = newShape(step, asked, to, flow, size);
  if (!shape) return 'its new shape is computed while the model runs';
  return step.pass(flow, { ...shape, flow: { ...to, rank: target.length, dims: target } });
};

/** The old output's dims: 0 copies, -1 takes what is left, what stays open comes from inference. */
function targetDims(dims: readonly Dim[], asked: readonly (number | null)[] | null, allowZero: boolean, known: readonly Dim[] | null): Dim[] | null {
  if (!asked) return known ? [...known] : null;
  const target = asked.map((d, i): Dim => (d === 0 && !allowZero ? dims[i] ?? null : d === -1 ? null : d));
  const open = asked.indexOf(-1);
  if (open >= 0) {
    const known1 = known?.length === target.length ? known[open] ?? null : null;
    target[open] = known1 ?? quotient(dims, target.filter((_, i) => i !== open));
  }
  return target.map((d, i) => d ?? (known?.length === target.length ? known[i] ?? null : null));
}

/** What remains of `dims` when the dims of `rest` are divided out; null when it is no single size. */
function quotient(dims: readonly Dim[], rest: readonly Dim[]): Dim {
  const left = dims.map((d, i) => d ?? `?${i}`);
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
  return symbols.length === 1 && total === n && !symbols[0]?.startsWith('?') ? symbols[0] ?? null : null;
}

/** The shape input or attribute with the base's size on the channel axis. */
function newShape(step: Step, asked: readonly (number | null)[] | null, to: Target, flow: Flow, size: number): { inputs?: Map<number, Operand>; attributes?: Map<string, { kind: 'ints'; value: number[] }> } | null {
  const entry = asked?.[to.axis];
  const copies = entry === 0 && to.axis === flow.axis;
  if (entry === -1 || copies) return {};
  const old = flow.map.m.length * to.outer * to.inner;
  if (entry !== undefined && entry !== null && entry !== old) return null;
  if (old === size) return {};
  if (step.ints('shape')) return { attributes: new Map([['shape', { kind: 'ints', value: (asked ?? []).map((d, i) => (i === to.axis ? size : d ?? -1)) }]]) };
  const open = asked?.filter((d) => d === null).length ?? 2;
  const name = step.node.outputs[0] ?? '';
  if (asked && open === 0) {
    return { inputs: new Map([[1, step.walk.constant(`${name}/shape`, 7, [asked.length], asked.map((d, i) => (i === to.axis ? size : d ?? 0)))]]) };
  }
  if (entry === undefined || entry === null) return null;
  const delta = (asked ?? []).map((_, i) => (i === to.axis ? size - old : 0));
  const sum = step.walk.insert('Add', `${name}/shape`, [step.node.inputs[1] ?? '', step.walk.constant(`${name}/shape_change`, 7, [delta.length], delta)], makerOf(step, 1));
  return { inputs: new Map([[1, sum]]) };
}

/** The node behind which something that reads input `index` may stand. */
export function makerOf(step: Step, index: number): Step['node'] | null {
  const name = step.node.inputs[index];
  return step.walk.graph.nodes.find((n) => name !== undefined && n.outputs.includes(name)) ?? null;
}

/** Shape gives the base's sizes; one small Add of constants makes the old ones, and nobody behind it notices. */
const shape: Rule = async (step) => {
  const flow = step.only();
  if (!flow || flow.gone) return 'a channel was taken out before it';
  const clamp = (v: number): number => Math.min(Math.max(v < 0 ? v + flow.rank : v, 0), flow.rank);
  const start = clamp(step.int('start', 0));
  const end = clamp(step.int('end', flow.rank));
  const { walk, node } = step;
  const name = node.outputs[0] ?? '';
  const change = (flow.map.m.length - flow.base.channels) * flow.outer * flow.inner;
  if (change === 0 || flow.axis < start || flow.axis >= end || await channelUnread(step, name, flow.axis - start, end - start)) {
    walk.rewrites.set(node, { inputs: [flow.base] });
    return true;
  }
  const made = { name: walk.fresh(`${name}/base`) };
  walk.rewrites.set(node, { inputs: [flow.base], outputs: [made] });
  const delta = Array.from({ length: end - start }, (_, i) => (i + start === flow.axis ? change : 0));
  walk.inserted.push({ opType: 'Add', name: walk.fresh(`${name}/Add`), inputs: [made, walk.constant(`${name}/change`, 7, [delta.length], delta)], outputs: [{ name }], attributes: new Map(), after: node });
  return true;
};

/** True when every reader takes entries of the shape vector other than the channel count. */
async function channelUnread(step: Step, name: string, at: number, length: number): Promise<boolean> {
  const { use, constants } = step.walk.known;
  if (use.outputs.has(name) || use.captures.has(name)) return false;
  for (const reader of use.readers.get(name) ?? []) {
    if (reader.domain !== '' || reader.opType !== 'Gather' || reader.inputs[0] !== name) return false;
    const picked = await constants.value(reader.inputs[1] ?? '');
    if (!picked || picked.values.some((i) => (i < 0 ? i + length : i) === at)) return false;
  }
  return true;
}

export const LAYOUT: Readonly<Record<string, Rule>> = { Transpose: transpose, Squeeze: squeeze, Unsqueeze: unsqueeze, Flatten: flatten, Reshape: reshape, Shape: shape };
