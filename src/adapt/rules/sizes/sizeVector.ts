import { range } from '../../../bytes/lists.ts';
import { attributeOf } from '../../../formats/onnx/attributes.ts';
import type { Node } from '../../../formats/onnx/model.ts';
import { connectionsOf } from '../../../graph/connections.ts';
import { onlyReader } from '../../../graph/use.ts';
import { clampedFromFront, fromFront } from '../../../tensors/dims.ts';
import { INT64 } from '../../../tensors/dtypes.ts';
import { MAX_RANK } from '../../flow/flow.ts';
import type { Operand } from '../../flow/rewrite.ts';
import type { Step } from '../../flow/step.ts';
import type { Walk } from '../../flow/walk.ts';

/** Nodes between a vector of sizes and the Concat that puts it together are few. */
const MAX_CASTS = 4;
/** And so are those back to the Shape that an entry comes from. */
const MAX_BACK = 8;

/** A place in a vector of sizes, and the size that stands there from now on. */
export interface Entry {
  readonly at: number;
  readonly size: number;
}

/**
 * Input `index`, a vector of sizes, with `size` at place `at`. `known` is what it holds, null where the model computes
 * an entry. A constant is written anew; what comes from a Shape is the size of what that reads now; a Concat that only
 * this node reads takes another part; else one small Add of constants does it. Null where none of these is possible.
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
  if (known.every((value) => value !== null)) {
    const values = known.map((value, i) => (i === at ? size : value));
    return walk.constant(`${name}/sizes`, INT64, [values.length], values);
  }
  const bare = await fromShape(step, sizes, entry);
  if (bare) return bare;
  if (await concatTakes(walk, sizes, old, entry)) return sizes;
  // Sizes are int64 by every operator's definition; a file that declares another type gets no constant of it.
  if ((walk.known.dtype(sizes) ?? INT64) !== INT64) return null;
  const changes = known.map((_, i) => (i === at ? size - old : 0));
  const delta = walk.constant(`${name}/sizes_change`, INT64, [changes.length], changes);
  return walk.insert('Add', `${name}/sizes`, [sizes, delta], { after: makerOf(walk, sizes) });
}

function makerOf(walk: Walk, name: string | undefined): Node | null {
  return name === undefined ? null : (connectionsOf(walk.graph.nodes).makers.get(name) ?? null);
}

/**
 * The standard operator that makes a tensor for one reader alone, and that no rule has changed yet; null for others.
 */
function ownMaker(walk: Walk, name: string): Node | null {
  const maker = makerOf(walk, name);
  if (!maker || maker.domain !== '' || walk.rewrites.has(maker)) return null;
  return onlyReader(walk.known.use, name) ? maker : null;
}

/**
 * A vector whose entry `at` comes from a Shape of `size` channels, by way of nodes that nobody else reads: they take
 * the bare Shape, without the Add behind it.
 */
async function fromShape(step: Step, sizes: string, { at: place, size }: Entry): Promise<Operand | null> {
  const { walk } = step;
  let [reader, name, at] = [step.node, sizes, place];
  for (let i = 0; i < MAX_BACK; i++) {
    const shape = walk.baseShapes.get(name);
    if (shape) {
      const isReadOnce = reader.inputs.indexOf(name) === reader.inputs.lastIndexOf(name);
      if (shape.at !== at || shape.size !== size || !isReadOnce) return null;
      if (reader === step.node) return shape.bare;
      const inputs = reader.inputs.map((input): Operand => (input === name ? shape.bare : input));
      walk.rewrites.set(reader, { inputs });
      return sizes;
    }
    const maker = ownMaker(walk, name);
    const before = maker && (await entryBefore(walk, maker, at));
    if (!before) return null;
    [reader, name, at] = [maker, before.name, before.at];
  }
  return null;
}

/** An entry of a vector. */
interface Place {
  readonly name: string;
  readonly at: number;
}

/**
 * Which entry of which vector a node gives at place `at`; null where that is not known, or where it gives the entry
 * more than once.
 */
async function entryBefore(walk: Walk, node: Node, at: number): Promise<Place | null> {
  const [name = ''] = node.inputs;
  if (node.opType === 'Cast' || node.opType === 'Identity') return { name, at };
  if (node.opType === 'Concat') return partAt(walk, node, at);
  const length = await vectorLength(walk, name);
  const read = length === null ? null : await entriesRead(walk, node, length);
  if (read?.dims.length !== 1) return null;
  const found = read.entries[at];
  const isGivenOnce = read.entries.filter((entry) => entry === found).length === 1;
  return found !== undefined && isGivenOnce ? { name, at: found } : null;
}

async function vectorLength(walk: Walk, name: string): Promise<number | null> {
  const dims = walk.known.dims(name) ?? (await walk.value(name))?.dims;
  return dims?.length === 1 && typeof dims[0] === 'number' ? dims[0] : null;
}

/** The input of a Concat of vectors that gives its entry `at`; null where the lengths in front are not known. */
async function partAt(walk: Walk, concat: Node, at: number): Promise<(Place & { readonly input: number }) | null> {
  let offset = 0;
  for (const [input, name] of concat.inputs.entries()) {
    const length = await vectorLength(walk, name);
    if (length === null) return null;
    if (at < offset + length) return { name, at: at - offset, input };
    offset += length;
  }
  return null;
}

/** Puts the new size into the Concat that makes the vector, where nobody else reads that. */
async function concatTakes(walk: Walk, sizes: string, old: number, entry: Entry): Promise<boolean> {
  let name = sizes;
  for (let i = 0; i < MAX_CASTS; i++) {
    const maker = ownMaker(walk, name);
    if (maker?.opType === 'Concat') return replacePart(walk, maker, old, entry);
    if (maker?.opType !== 'Cast' && maker?.opType !== 'Identity') return false;
    name = maker.inputs[0] ?? '';
  }
  return false;
}

async function replacePart(walk: Walk, concat: Node, old: number, { at, size }: Entry): Promise<boolean> {
  const part = await partAt(walk, concat, at);
  if (!part) return false;
  const length = await vectorLength(walk, part.name);
  const values = length === 1 ? [old] : walk.known.integers(part.name);
  if (!values?.every((value) => value !== null) || values[part.at] !== old || values.length > MAX_RANK) return false;
  const sizes = values.map((value, i) => (i === part.at ? size : value));
  const made = walk.constant(`${part.name}/size`, walk.known.dtype(part.name) ?? INT64, [sizes.length], sizes);
  const inputs = concat.inputs.map((name, i): Operand => (i === part.input ? made : name));
  walk.rewrites.set(concat, { inputs });
  return true;
}

/** One number of input `index` when a Concat of partly known vectors makes it; null when it is not known. */
export async function partNumber(step: Step, index: number, at: number): Promise<number | null> {
  const { walk } = step;
  const concat = makerOf(walk, step.node.inputs[index]);
  if (concat?.opType !== 'Concat' || concat.domain !== '') return null;
  const part = await partAt(walk, concat, at);
  return part ? ((await walk.value(part.name))?.values[part.at] ?? null) : null;
}

/** Places of a vector that a node takes, and the dims of what it makes of them. */
interface EntriesRead {
  readonly entries: readonly number[];
  readonly dims: readonly number[];
}

/**
 * Which entries of a vector of this length a Gather or a Slice takes; null when not known:
 * https://onnx.ai/onnx/operators/onnx__Gather.html, https://onnx.ai/onnx/operators/onnx__Slice.html
 */
export async function entriesRead(walk: Walk, node: Node, length: number): Promise<EntriesRead | null> {
  const { constants } = walk.known;
  if (node.opType === 'Gather') {
    const picked = await constants.value(node.inputs[1] ?? '');
    return picked && { entries: Array.from(picked.values, (i) => fromFront(i, length)), dims: picked.dims };
  }
  if (node.opType !== 'Slice') return null;
  const list = async (index: number, attribute: string): Promise<readonly bigint[] | null> =>
    attributeOf(node, attribute)?.ints ?? constants.integers(node.inputs[index] ?? '');
  const starts = await list(1, 'starts');
  const ends = await list(2, 'ends');
  const steps = node.inputs[4] ? await constants.integers(node.inputs[4]) : [1n];
  if (starts?.length !== 1 || ends?.length !== 1 || steps?.[0] !== 1n) return null;
  const from = clampedFromFront(Number(starts[0]), length);
  const entries = range(from, clampedFromFront(Number(ends[0]), length));
  return { entries, dims: [entries.length] };
}
