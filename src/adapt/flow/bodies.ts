import { isRefusal } from '../../bytes/errors.ts';
import { namesFromOutside } from '../../graph/connections.ts';
import { directGraphs, graphsInside } from '../../graph/nested.ts';
import type { Graph, Node } from '../../formats/onnx/model.ts';
import { sameMap } from '../maps/affine.ts';
import { baseOf, MAX_RANK, sameLayout, withMap, type Base, type Flow } from './flow.ts';
import type { Walk, WalkedBody } from './walk.ts';

/** Operators whose graphs see the tensors around them: https://onnx.ai/onnx/repo-docs/IR.html#names-within-a-graph */
const WITH_BODIES = new Set(['If', 'Loop', 'Scan', 'SequenceMap']);
/** Graphs inside graphs that are walked; each level is a recursion. Deeper ones see their tensors rebuilt. */
const MAX_DEPTH = 8;

/**
 * Lets the graphs inside a node take the map in, each where everything it reads of the image folds there and nothing
 * would have to be rebuilt inside, where a Loop would do it again each round. Returns the captured tensors that some
 * graph still needs as they were.
 */
export async function walkBodies(
  walk: Walk,
  node: Node,
  walkOn: (inside: Walk) => Promise<Walk>,
): Promise<readonly string[]> {
  const captured = (walk.known.use.capturedBy.get(node) ?? []).filter((name) => walk.flows.has(name));
  if (!captured.length || node.domain !== '' || !WITH_BODIES.has(node.opType) || walk.depth >= MAX_DEPTH)
    return captured;
  const places = walk.depth === 0 ? outwardPlaces(node) : [];
  let tried = await tryBodies({ walk, node, walkOn }, places);
  let given = agreed(node, tried, places);
  if (!given) {
    tried = await tryBodies({ walk, node, walkOn }, []);
    given = new Map();
  }
  const walked: WalkedBody[] = [];
  for (const { body, inside } of tried) {
    if (!inside) continue;
    walk.takeIn(body, inside);
    walked.push({ body, walk: inside });
  }
  if (walked.length) walk.bodies.set(node, walked);
  for (const [i, output] of node.outputs.entries()) {
    const flow = given.get(i);
    if (output && flow) comesOut(walk, node, output, flow);
    else if (output && walked.length) walk.seam.add(output);
  }
  return tried.flatMap(({ reads, inside }) => (inside ? [] : reads));
}

/** An output of a node that an output of each graph inside it becomes, with so many axes in front. */
interface OutwardPlace {
  readonly output: number;
  readonly inside: number;
  readonly axes: number;
}

/**
 * Of an If all outputs, which are those of the branch; of a Loop those that it stacks, one for each round:
 * https://onnx.ai/onnx/operators/onnx__Loop.html
 */
function outwardPlaces(node: Node): OutwardPlace[] {
  const all = node.outputs.map((_, i): OutwardPlace => ({ output: i, inside: i, axes: 0 }));
  if (node.opType === 'If') return all;
  if (node.opType !== 'Loop') return [];
  // The first two inputs say how often it runs; the first output of the body, whether it goes on.
  const carried = Math.max(0, node.inputs.length - 2);
  return all.slice(carried).map(({ output }) => ({ output, inside: output + 1, axes: 1 }));
}

interface TriedBody {
  readonly body: Graph;
  /** Captured tensors that it reads. */
  readonly reads: readonly string[];
  /** Null where one of them would have to be rebuilt inside. */
  readonly inside: Walk | null;
}

interface Bodies {
  readonly walk: Walk;
  readonly node: Node;
  readonly walkOn: (inside: Walk) => Promise<Walk>;
}

/** Walks each graph inside a node that reads the image, where outputs at these places may go out over new channels. */
async function tryBodies({ walk, node, walkOn }: Bodies, places: readonly OutwardPlace[]): Promise<TriedBody[]> {
  const tried: TriedBody[] = [];
  for (const body of directGraphs(node)) {
    const reads = namesFromOutside([body, ...graphsInside(body.nodes)]).filter((name) => walk.flows.has(name));
    if (!reads.length) continue;
    const outward = new Set(places.flatMap((place) => body.outputs[place.inside]?.name ?? []));
    const inside = await foldedInside(walk.inside(node, body, outward), reads, walkOn);
    // Graphs side by side share no new name.
    for (const name of inside?.names.own ?? []) walk.names.add(name);
    tried.push({ body, reads, inside });
  }
  return tried;
}

/** What all graphs inside a node give out alike, by output of the node; null where they don't agree. */
function agreed(
  node: Node,
  tried: readonly TriedBody[],
  places: readonly OutwardPlace[],
): ReadonlyMap<number, Flow> | null {
  const given = new Map<number, Flow>();
  if (tried.every(({ inside }) => !inside?.given.size)) return given;
  if (tried.length !== directGraphs(node).length) return null;
  for (const place of places) {
    const [first, ...others] = tried.map(({ body, inside }) =>
      inside?.given.get(body.outputs[place.inside]?.name ?? ''),
    );
    if (!first) {
      if (others.some(Boolean)) return null;
      continue;
    }
    if (!others.every((other) => other && isAlike(first, other)) || first.rank + place.axes > MAX_RANK) return null;
    given.set(place.output, { ...first, axis: first.axis + place.axes, rank: first.rank + place.axes });
  }
  return given;
}

function isAlike(a: Flow, b: Flow): boolean {
  return sameLayout(a, b) && sameMap(a.map, b.map) && a.base.channels === b.base.channels && a.dtype === b.dtype;
}

/** The node gives out what the graphs inside it do. */
function comesOut(walk: Walk, node: Node, output: string, flow: Flow): void {
  const declared = walk.known.dims(output);
  const dims = declared?.length === flow.rank ? declared : new Array<null>(flow.rank).fill(null);
  const base = baseOf(output, flow.base.channels, node);
  walk.flows.set(output, withMap({ ...flow, base, dims }, flow.map));
  walk.rewrites.set(node, { inputs: node.inputs });
}

/** The walk through a body that reads these tensors; null where one of them would have to be rebuilt inside. */
async function foldedInside(
  inside: Walk,
  reads: readonly string[],
  walkOn: (inside: Walk) => Promise<Walk>,
): Promise<Walk | null> {
  const bases = new Map<Base, Base>();
  for (const name of reads) {
    const flow = inside.around?.flows.get(name);
    if (flow) inside.flows.set(name, seenFromInside(flow, bases));
  }
  try {
    await walkOn(inside);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return null;
  }
  return inside.rebuilt.size ? null : inside;
}

/** The same tensor inside a body: nodes that are inserted there come to the front of the body. */
function seenFromInside(flow: Flow, bases: Map<Base, Base>): Flow {
  const { base } = flow;
  const seen = bases.get(base) ?? { ...base, producer: null, after: null, same: base.same ?? base };
  bases.set(base, seen);
  return { ...flow, base: seen, earlier: null };
}
