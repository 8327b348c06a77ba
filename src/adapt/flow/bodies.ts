import { isRefusal } from '../../bytes/errors.ts';
import { namesFromOutside } from '../../graph/connections.ts';
import { directGraphs, graphsInside } from '../../graph/nested.ts';
import type { Node } from '../../formats/onnx/model.ts';
import type { Base, Flow } from './flow.ts';
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
  const walked: WalkedBody[] = [];
  const asBefore = new Set<string>();
  for (const body of directGraphs(node)) {
    const reads = namesFromOutside([body, ...graphsInside(body.nodes)]).filter((name) => walk.flows.has(name));
    if (!reads.length) continue;
    const inside = await foldedInside(walk.inside(node, body), reads, walkOn);
    if (!inside) {
      for (const name of reads) asBefore.add(name);
      continue;
    }
    walk.takeIn(body, inside);
    walked.push({ body, walk: inside });
  }
  if (walked.length) {
    walk.bodies.set(node, walked);
    for (const output of node.outputs) if (output) walk.seam.add(output);
  }
  return [...asBefore];
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
