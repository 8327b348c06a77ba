import type { Node } from '../../formats/onnx/model.ts';
import { nameOf, type InsertedNode, type NewConstant, type NodeRewrite } from './rewrite.ts';
import type { Walk } from './walk.ts';

/** A walk's outcome with all names final and everything nobody needs left out. */
export interface Settled {
  readonly inserted: readonly InsertedNode[];
  readonly constants: readonly NewConstant[];
  readonly rewrites: ReadonlyMap<Node, NodeRewrite>;
  readonly removedNodes: readonly Node[];
  readonly removedInitializers: ReadonlySet<string>;
  /** Graph inputs that subgraphs read, and the rebuilt tensor they read instead. */
  readonly renamedCaptures: ReadonlyMap<string, string>;
  /** Tensors that the new graph no longer has. */
  readonly goneTensors: ReadonlySet<string>;
}

/** Names what was rebuilt, and finds what is no longer needed. */
export function settle(walk: Walk): Settled {
  nameRebuilt(walk);
  const replaced = replaceShared(walk);
  const renamedCaptures = new Map<string, string>();
  for (const [tensor, rebuilt] of walk.rebuilds)
    if (rebuilt.name !== tensor && walk.known.use.captures.has(tensor)) renamedCaptures.set(tensor, rebuilt.name);
  const before = liveNodes(walk, original(walk));
  // Nodes that nobody needed before stay as they were, and so does what they read.
  const wirings = adapted(walk, renamedCaptures);
  const idle = wirings.filter((w) => 'ref' in w.node && !before.nodes.has(w.node));
  const after = liveNodes(walk, wirings, idle);
  const absorbed = new Set(
    walk.graph.nodes.filter(
      (n) => walk.dropped.has(n) || (n.outputs.some((o) => walk.flows.has(o)) && !walk.rewrites.has(n)),
    ),
  );
  const removedNodes = walk.graph.nodes.filter((n) => absorbed.has(n) || (before.nodes.has(n) && !after.nodes.has(n)));
  const removed = new Set(removedNodes);
  const inserted = walk.inserted.filter((n) => after.nodes.has(n));
  const made = new Set([...walk.constants.map((c) => c.name), ...inserted.flatMap((n) => n.outputs.map(nameOf))]);
  for (const node of walk.graph.nodes)
    if (!removed.has(node))
      for (const output of walk.rewrites.get(node)?.outputs ?? node.outputs) made.add(nameOf(output));
  const read = readNames(walk, removed, inserted, renamedCaptures);
  const readBefore = readNames(walk, new Set(), [], new Map(), true);
  return {
    inserted,
    constants: walk.constants.filter((c) => read.has(c.name) && !replaced.has(c)),
    rewrites: walk.rewrites,
    removedNodes,
    removedInitializers: new Set(
      [
        ...walk.graph.initializers.map((t) => t.name),
        ...walk.graph.sparseInitializers.map((s) => s.values.name),
      ].filter((name) => readBefore.has(name) && !read.has(name)),
    ),
    renamedCaptures,
    goneTensors: new Set(walk.graph.nodes.flatMap((n) => n.outputs).filter((name) => name && !made.has(name))),
  };
}

/** A rebuilt tensor gets its old name, so that outputs and subgraphs find it; the base that held the name steps aside. A graph input keeps its name. */
function nameRebuilt(walk: Walk): void {
  const inputs = new Set(walk.graph.inputs.map((i) => i.name));
  for (const rebuilt of walk.rebuilds.values()) {
    if (inputs.has(rebuilt.tensor)) continue;
    const base = walk.flows.get(rebuilt.tensor)?.base;
    if (base && base.name === rebuilt.tensor && base.producer) {
      base.name = walk.fresh(`${rebuilt.tensor}/base`);
      const rewrite = walk.rewrites.get(base.producer) ?? {};
      rewrite.outputs = (rewrite.outputs ?? base.producer.outputs).map((o) =>
        nameOf(o) === rebuilt.tensor ? base : o,
      );
      walk.rewrites.set(base.producer, rewrite);
    }
    rebuilt.name = rebuilt.tensor;
  }
}

/** A weight that all its readers fold alike is replaced where it lies, under its name. */
function replaceShared(walk: Walk): ReadonlySet<NewConstant> {
  const replaced = new Set<NewConstant>();
  const { use } = walk.known;
  const stored = new Map(walk.graph.initializers.map((t) => [t.name, t]));
  for (const [name, [made, ...others]] of walk.folded) {
    const tensor = stored.get(name);
    const readers = use.readers.get(name) ?? [];
    const leave = readers.every((node) => !(walk.rewrites.get(node)?.inputs ?? node.inputs).includes(name));
    if (!tensor || !made || others.length || !leave || use.captures.has(name) || use.outputs.has(name)) continue;
    made.name = name;
    replaced.add(made);
    walk.replacements.set(name, { tensor, dims: made.dims, values: made.values });
  }
  return replaced;
}

type AnyNode = Node | InsertedNode;
interface Wiring {
  readonly node: AnyNode;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

function captured(walk: Walk, node: Node, renamed: ReadonlyMap<string, string>): string[] {
  return (walk.known.use.capturedBy.get(node) ?? []).map((name) => renamed.get(name) ?? name);
}

function original(walk: Walk): Wiring[] {
  return walk.graph.nodes.map((node) => ({
    node,
    inputs: [...node.inputs, ...captured(walk, node, new Map())],
    outputs: node.outputs,
  }));
}

function adapted(walk: Walk, renamed: ReadonlyMap<string, string>): Wiring[] {
  const kept = walk.graph.nodes
    .filter((n) => !walk.dropped.has(n))
    .filter((n) => walk.rewrites.has(n) || !n.outputs.some((o) => walk.flows.has(o)));
  return [
    ...kept.map((node) => {
      const rewrite = walk.rewrites.get(node);
      return {
        node,
        inputs: [...(rewrite?.inputs ?? node.inputs).map(nameOf), ...captured(walk, node, renamed)],
        outputs: (rewrite?.outputs ?? node.outputs).map(nameOf),
      };
    }),
    ...walk.inserted.map((node) => ({ node, inputs: node.inputs.map(nameOf), outputs: node.outputs.map(nameOf) })),
  ];
}

function liveNodes(walk: Walk, wirings: readonly Wiring[], also: readonly Wiring[] = []): { nodes: Set<AnyNode> } {
  const maker = new Map<string, Wiring>();
  for (const w of wirings) for (const output of w.outputs) if (output) maker.set(output, w);
  const nodes = new Set<AnyNode>(also.map((w) => w.node));
  const open = [...walk.graph.outputs.map((o) => o.name), ...also.flatMap((w) => w.inputs)];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const w = maker.get(name);
    if (!w || nodes.has(w.node)) continue;
    nodes.add(w.node);
    for (const input of w.inputs) open.push(input);
  }
  return { nodes };
}

function readNames(
  walk: Walk,
  removed: ReadonlySet<Node>,
  inserted: readonly InsertedNode[],
  renamed: ReadonlyMap<string, string>,
  asWas = false,
): Set<string> {
  const read = new Set(walk.graph.outputs.map((o) => o.name));
  for (const node of walk.graph.nodes) {
    if (removed.has(node)) continue;
    const inputs = asWas ? node.inputs : (walk.rewrites.get(node)?.inputs ?? node.inputs);
    for (const input of inputs) read.add(nameOf(input));
  }
  for (const node of inserted) for (const input of node.inputs) read.add(nameOf(input));
  for (const [name, nodes] of walk.known.use.captures)
    if ([...nodes].some((n) => !removed.has(n))) read.add(renamed.get(name) ?? name);
  return read;
}
