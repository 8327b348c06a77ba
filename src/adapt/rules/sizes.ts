import { connectionsOf } from '../../graph/connections.ts';
import { INT64 } from '../../tensors/dtypes.ts';
import { attributeOf, intOf } from '../../formats/onnx/attributes.ts';
import type { Node } from '../../formats/onnx/model.ts';
import { isSmall, type Affine } from '../maps/affine.ts';
import type { ConstantValue } from '../constants/constantValue.ts';
import { axisLength, MAX_RANK, TAKEN_OUT, TOO_MANY, type Flow } from '../flow/flow.ts';
import type { Operand } from '../flow/rewrite.ts';
import type { Rule, Step } from '../flow/step.ts';
import type { Walk } from '../flow/walk.ts';
import { product, fromFront, clampedFromFront } from '../../tensors/dims.ts';
import { range } from '../../bytes/lists.ts';

/** Steps between a vector of sizes and the Concat that puts it together are few. */
const MAX_CASTS = 4;
/** And so are those back to the Shape that an entry comes from. */
const MAX_BACK = 8;

/** The node behind which something that reads input `index` may stand. */
function makerOf(walk: Walk, name: string | undefined): Node | null {
  return name === undefined ? null : (connectionsOf(walk.graph.nodes).makers.get(name) ?? null);
}

/** A place in a vector of sizes, and the size that stands there from now on. */
interface Entry {
  readonly at: number;
  readonly size: number;
}

/**
 * Input `index`, a vector of sizes, with `size` at place `at`. `known` is what it holds, null where the model computes
 * an entry. A constant is written anew; what comes from a Shape is the size of what that reads now; a Concat that only
 * this node reads takes another part; else one small Add of constants does it.
 */
export async function withSize(
  step: Step,
  index: number,
  known: readonly (number | null)[],
  entry: Entry,
): Promise<Operand | null> {
  const { at, size } = entry;
  const { walk, node } = step;
  const old = known[at];
  const name = node.outputs[0] ?? '';
  const sizes = node.inputs[index] ?? '';
  if (old === null || old === undefined) return null;
  if (known.every((d) => d !== null))
    return walk.constant(
      `${name}/sizes`,
      INT64,
      [known.length],
      known.map((d, i) => (i === at ? size : (d ?? 0))),
    );
  const bare = await fromShape(step, sizes, entry);
  if (bare) return bare;
  if (concatTakes(walk, sizes, old, entry)) return sizes;
  // Sizes are int64 by every operator's definition; a file that declares another type gets no constant of it.
  if ((walk.known.dtype(sizes) ?? INT64) !== INT64) return null;
  const delta = walk.constant(
    `${name}/sizes_change`,
    INT64,
    [known.length],
    known.map((_, i) => (i === at ? size - old : 0)),
  );
  return walk.insert('Add', `${name}/sizes`, [sizes, delta], { after: makerOf(walk, sizes) });
}

/**
 * A vector whose entry `at` comes from a Shape of `size` channels, by way of nodes that nobody else reads: they take
 * the bare Shape, without the Add behind it.
 */
async function fromShape(step: Step, sizes: string, { at: place, size }: Entry): Promise<Operand | null> {
  const { walk } = step;
  const { use } = walk.known;
  let [reader, name, at] = [step.node, sizes, place];
  for (let i = 0; i < MAX_BACK; i++) {
    const shape = walk.baseShapes.get(name);
    if (shape) {
      if (shape.at !== at || shape.size !== size || reader.inputs.indexOf(name) !== reader.inputs.lastIndexOf(name))
        return null;
      if (reader === step.node) return shape.bare;
      walk.rewrites.set(reader, {
        inputs: reader.inputs.map((input): Operand => (input === name ? shape.bare : input)),
      });
      return sizes;
    }
    const maker = makerOf(walk, name);
    if (
      !maker ||
      maker.domain !== '' ||
      walk.rewrites.has(maker) ||
      use.readers.get(name)?.length !== 1 ||
      use.captures.has(name) ||
      use.outputs.has(name)
    )
      return null;
    const before = await entryBefore(walk, maker, at);
    if (!before) return null;
    [reader, name, at] = [maker, before.name, before.at];
  }
  return null;
}

/**
 * Which entry of which vector a node gives at place `at`; null where that is not known, or where it gives the entry
 * more than once.
 */
async function entryBefore(walk: Walk, node: Node, at: number): Promise<{ name: string; at: number } | null> {
  const [name = ''] = node.inputs;
  const lengthOf = (vector: string): number | null => {
    const dims = walk.known.dims(vector);
    return dims?.length === 1 && typeof dims[0] === 'number' ? dims[0] : null;
  };
  if (node.opType === 'Cast' || node.opType === 'Identity') return { name, at };
  if (node.opType === 'Concat') {
    let offset = 0;
    for (const part of node.inputs) {
      const length = lengthOf(part);
      if (length === null) return null;
      if (at < offset + length) return { name: part, at: at - offset };
      offset += length;
    }
    return null;
  }
  const length = lengthOf(name);
  const read = length === null ? null : await entriesRead(walk, node, length);
  const found = read?.dims.length === 1 ? read.at[at] : undefined;
  return found === undefined || read?.at.indexOf(found) !== read?.at.lastIndexOf(found) ? null : { name, at: found };
}

/** Puts the new size into the Concat that makes the vector, where nobody else reads that. */
function concatTakes(walk: Walk, sizes: string, old: number, entry: Entry): boolean {
  const { use } = walk.known;
  let name = sizes;
  for (let i = 0; i < MAX_CASTS; i++) {
    if (use.readers.get(name)?.length !== 1 || use.captures.has(name) || use.outputs.has(name)) return false;
    const maker = makerOf(walk, name);
    if (!maker || maker.domain !== '' || walk.rewrites.has(maker)) return false;
    if (maker.opType === 'Concat') return replacePart(walk, maker, old, entry);
    if (maker.opType !== 'Cast' && maker.opType !== 'Identity') return false;
    name = maker.inputs[0] ?? '';
  }
  return false;
}

function replacePart(walk: Walk, concat: Node, old: number, { at, size }: Entry): boolean {
  let offset = 0;
  for (const [i, part] of concat.inputs.entries()) {
    const dims = walk.known.dims(part);
    const length = dims?.length === 1 ? dims[0] : null;
    if (typeof length !== 'number') return false;
    if (at >= offset + length) {
      offset += length;
      continue;
    }
    const values = length === 1 ? [old] : walk.known.integers(part);
    if (!values?.every((value) => value !== null) || values[at - offset] !== old) return false;
    if (length > MAX_RANK) return false;
    const made = walk.constant(
      `${part}/size`,
      walk.known.dtype(part) ?? INT64,
      [length],
      values.map((value, k) => (k === at - offset ? size : value)),
    );
    walk.rewrites.set(concat, { inputs: concat.inputs.map((name, k): Operand => (k === i ? made : name)) });
    return true;
  }
  return false;
}

/** One number of input `index` when a Concat of partly known vectors makes it; null when it is not known. */
export async function partNumbers(step: Step, index: number, at: number): Promise<number | null> {
  const { walk } = step;
  const concat = makerOf(walk, step.node.inputs[index]);
  if (concat?.opType !== 'Concat' || concat.domain !== '') return null;
  let offset = 0;
  for (const part of concat.inputs) {
    const value: ConstantValue | null = await walk.value(part);
    const dims = value?.dims ?? walk.known.dims(part);
    const length = dims?.length === 1 ? dims[0] : null;
    if (typeof length !== 'number') return null;
    if (at < offset + length) return value?.values[at - offset] ?? null;
    offset += length;
  }
  return null;
}

/**
 * Shape gives the base's sizes. Who reads the channel count alone gets the old one as a constant; else one small Add
 * makes the old sizes.
 */
const shape: Rule = async (step) => {
  const flow = step.only();
  if (!flow || flow.gone) return TAKEN_OUT;
  const start = clampedFromFront(step.int('start', 0), flow.rank);
  const end = clampedFromFront(step.int('end', flow.rank), flow.rank);
  const { walk, node } = step;
  const name = node.outputs[0] ?? '';
  const old = axisLength(flow);
  const change = old - flow.base.channels * flow.outer * flow.inner;
  if (
    change === 0 ||
    flow.axis < start ||
    flow.axis >= end ||
    (await countsFrozen(walk, { name, length: end - start }, { at: flow.axis - start, size: old }))
  ) {
    walk.rewrites.set(node, { inputs: [flow.base] });
    return true;
  }
  const made = { name: walk.fresh(`${name}/base`) };
  walk.rewrites.set(node, { inputs: [flow.base], outputs: [made] });
  const delta = Array.from({ length: end - start }, (_, i) => (i + start === flow.axis ? change : 0));
  walk.baseShapes.set(name, { bare: made, at: flow.axis - start, size: flow.base.channels * flow.outer * flow.inner });
  walk.addBehind(node, made, name, () => walk.constant(`${name}/change`, INT64, [delta.length], delta));
  return true;
};

/**
 * True when every reader takes entries other than the channel count, or that alone: then it is a number from now on.
 */
async function countsFrozen(
  walk: Walk,
  { name, length }: { readonly name: string; readonly length: number },
  { at, size: count }: Entry,
): Promise<boolean> {
  const { use } = walk.known;
  const frozen: { readonly node: Node; readonly dtype: number; readonly dims: readonly number[] }[] = [];
  const open = [{ name, dtype: INT64 }];
  for (let next = open.pop(); next; next = open.pop()) {
    if (use.outputs.has(next.name) || use.captures.has(next.name)) return false;
    for (const reader of use.readers.get(next.name) ?? []) {
      if (!readsAsData(reader, next.name)) return false;
      if (reader.opType === 'Cast' || reader.opType === 'Identity') {
        const to = intOf(reader, 'to', next.dtype);
        open.push({ name: reader.outputs[0] ?? '', dtype: to });
        continue;
      }
      const read = await entriesRead(walk, reader, length);
      if (!read || read.at.length > MAX_RANK) return false;
      if (!read.at.includes(at)) continue;
      if (read.at.some((i) => i !== at) || use.outputs.has(reader.outputs[0] ?? '')) return false;
      frozen.push({ node: reader, dtype: next.dtype, dims: read.dims });
    }
  }
  for (const { node, dtype, dims } of frozen)
    walk.freeze(node, dtype, dims, new Array<number>(product(dims)).fill(count));
  return true;
}

/** A node of the standard operators that takes the tensor as its first input, and nowhere else. */
function readsAsData(node: Node, name: string): boolean {
  return node.domain === '' && node.inputs[0] === name && node.inputs.lastIndexOf(name) === 0;
}

/** Which entries of a vector a Gather or Slice takes, and the dims of what it gives; null when not known. */
async function entriesRead(
  walk: Walk,
  node: Node,
  length: number,
): Promise<{ at: number[]; dims: readonly number[] } | null> {
  const { constants } = walk.known;
  if (node.opType === 'Gather') {
    const picked = await constants.value(node.inputs[1] ?? '');
    return picked && { at: [...picked.values].map((i) => fromFront(i, length)), dims: picked.dims };
  }
  if (node.opType !== 'Slice') return null;
  const list = async (index: number, attribute: string): Promise<readonly bigint[] | null> =>
    attributeOf(node, attribute)?.ints ?? constants.integers(node.inputs[index] ?? '');
  const starts = await list(1, 'starts');
  const ends = await list(2, 'ends');
  const steps = node.inputs[4] ? await constants.integers(node.inputs[4]) : [1n];
  if (starts?.length !== 1 || ends?.length !== 1 || steps?.[0] !== 1n) return null;
  const from = clampedFromFront(Number(starts[0]), length);
  const at = range(from, clampedFromFront(Number(ends[0]), length));
  return { at, dims: [at.length] };
}

/** The size that an Expand asks for on the flow's axis, and where. */
interface AskedSize {
  readonly rank: number;
  readonly axis: number;
  /** Its place in the vector of sizes, which may leave out axes in front; negative for those. */
  readonly at: number;
  /** Null where the model computes it. */
  readonly entry: number | null;
}

function askedSize(flow: Flow, asked: readonly (number | null)[]): AskedSize {
  const rank = Math.max(flow.rank, asked.length);
  const axis = flow.axis + rank - flow.rank;
  const at = axis - (rank - asked.length);
  return { rank, axis, at, entry: at < 0 ? 1 : (asked[at] ?? null) };
}

/** Copies along axes of size one: https://onnx.ai/onnx/operators/onnx__Expand.html */
const expand: Rule = async (step) => {
  const flow = step.only();
  if (!flow || flow.gone || flow.outer !== 1 || flow.inner !== 1) return 'its shape comes from the image itself';
  const stored = await step.value(1);
  const asked = stored ? [...stored.values] : step.walk.known.integers(step.node.inputs[1] ?? '');
  if (!asked || asked.length > MAX_RANK) return 'its shape is not known before the model runs';
  const { rank, axis, at, entry } = askedSize(flow, asked);
  const rows = flow.map.m.length;
  if (entry === null) return 'it may copy channels, as often as the model computes';
  const moved: Partial<Flow> = { axis, rank };
  if (entry === 1) return step.pass(flow, { flow: moved });
  if (entry < 1 || (entry !== rows && rows !== 1)) return 'its shape does not fit the channels';
  const size = flow.base.channels;
  const inputs = entry === size ? undefined : await withSize(step, 1, asked, { at, size });
  if (inputs === null) return 'its shape is computed while the model runs';
  if (rank > MAX_RANK || !isSmall(entry, size)) return TOO_MANY;
  return step.pass(flow, {
    ...(inputs === undefined ? {} : { inputs: new Map([[1, inputs]]) }),
    flow: { ...moved, map: entry === rows ? flow.map : copied(flow.map, entry) },
  });
};

/** The first row, so many times. */
function copied({ m, b }: Affine, times: number): Affine {
  return { m: Array.from({ length: times }, () => m[0] ?? []), b: new Array<number>(times).fill(b[0] ?? 0) };
}

export const SIZES: Readonly<Record<string, Rule>> = { Shape: shape, Expand: expand };
