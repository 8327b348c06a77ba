import type { Node } from '../../formats/onnx/model.ts';
import type { InsertedNode, Named, NewConstant, NodeRewrite, Operand, Replacement } from './rewrite.ts';
import { freshName, TakenNames, type Walk } from './walk.ts';

/** A walk's outcome with all names final and everything nobody needs left out. */
export interface Settled {
  readonly inserted: readonly InsertedNode[];
  readonly constants: readonly NewConstant[];
  readonly rewrites: ReadonlyMap<Node, NodeRewrite>;
  readonly replacements: ReadonlyMap<string, Replacement>;
  readonly removedNodes: readonly Node[];
  readonly removedInitializers: ReadonlySet<string>;
  /** Graph inputs that subgraphs read, and the rebuilt tensor they read instead. */
  readonly renamedCaptures: ReadonlyMap<string, string>;
  /** Tensors that the new graph no longer has. */
  readonly goneTensors: ReadonlySet<string>;
  /** What a tensor is called in the new graph. */
  nameOf(operand: Operand): string;
}

/** Names what was rebuilt, and finds what is no longer needed. The walk stays as it was. */
export function settle(walk: Walk): Settled {
  const { rewrites, names } = nameRebuilt(walk);
  const shared = foldedInPlace(walk);
  for (const [name, constant] of shared) names.set(constant, name);
  const replacements = new Map(walk.replacements);
  const stored = new Map(walk.graph.initializers.map((t) => [t.name, t]));
  for (const [name, { dims, values }] of shared) {
    const tensor = stored.get(name);
    if (tensor) replacements.set(name, { tensor, dims, values });
  }
  const renamedCaptures = new Map<string, string>();
  for (const [tensor, rebuilt] of walk.rebuilt) {
    const name = names.get(rebuilt) ?? rebuilt.name;
    if (name !== tensor && walk.known.use.captures.has(tensor)) renamedCaptures.set(tensor, name);
  }
  const outcome = new Outcome(walk, { names, rewrites, renamedCaptures });
  const removedNodes = outcome.removedNodes();
  const removed = new Set(removedNodes);
  const inserted = walk.inserted.filter((n) => outcome.after.has(n));
  const read = outcome.readNames(removed, inserted);
  const inPlace = new Set<NewConstant>(shared.values());
  return {
    inserted,
    constants: walk.constants.filter((c) => read.has(outcome.nameOf(c)) && !inPlace.has(c)),
    rewrites,
    replacements,
    removedNodes,
    removedInitializers: removedInitializers(walk, read),
    renamedCaptures,
    goneTensors: outcome.goneTensors(removed, inserted),
    nameOf: (operand) => outcome.nameOf(operand),
  };
}

interface Renamed {
  /** Final names that differ from what the walk called a tensor. */
  readonly names: Map<Named, string>;
  readonly rewrites: Map<Node, NodeRewrite>;
}

/**
 * A rebuilt tensor gets its old name, so that outputs and subgraphs find it; the base that held the name steps aside. A
 * graph input keeps its name.
 */
function nameRebuilt(walk: Walk): Renamed {
  const names = new Map<Named, string>();
  const rewrites = new Map(walk.rewrites);
  const taken = new TakenNames(walk.names);
  const inputs = new Set(walk.graph.inputs.map((i) => i.name));
  for (const [tensor, rebuilt] of walk.rebuilt) {
    if (inputs.has(tensor)) continue;
    names.set(rebuilt, tensor);
    const flow = walk.flows.get(tensor);
    const producer = flow?.base.producer;
    if (!flow || !producer) continue;
    const base = flow.base.same ?? flow.base;
    if ((names.get(base) ?? base.name) !== tensor) continue;
    names.set(base, freshName(taken, `${tensor}/base`));
    const rewrite = rewrites.get(producer) ?? {};
    const outputs = (rewrite.outputs ?? producer.outputs).map((o) => (o === tensor ? base : o));
    rewrites.set(producer, { ...rewrite, outputs });
  }
  return { names, rewrites };
}

/** Weights that all their readers fold alike, and so are replaced where they lie, under their name. */
function foldedInPlace(walk: Walk): Map<string, ReturnType<Walk['constant']>> {
  const found = new Map<string, ReturnType<Walk['constant']>>();
  const { use } = walk.known;
  const stored = new Set(walk.graph.initializers.map((t) => t.name));
  for (const [name, [made, ...others]] of walk.folded) {
    const readers = use.readers.get(name) ?? [];
    const leave = readers.every((node) => !(walk.rewrites.get(node)?.inputs ?? node.inputs).includes(name));
    if (!stored.has(name) || !made || others.length || !leave || use.captures.has(name) || use.outputs.has(name))
      continue;
    found.set(name, made);
  }
  return found;
}

/** Initializers that the original reads somewhere and the new graph doesn't. */
function removedInitializers(walk: Walk, read: ReadonlySet<string>): Set<string> {
  const { graph, known } = walk;
  const before = new Set([
    ...graph.outputs.map((o) => o.name),
    ...graph.nodes.flatMap((n) => n.inputs),
    ...known.use.captures.keys(),
  ]);
  const stored = [...graph.initializers.map((t) => t.name), ...graph.sparseInitializers.map((s) => s.values.name)];
  return new Set(stored.filter((name) => before.has(name) && !read.has(name)));
}

type AnyNode = Node | InsertedNode;

interface Wiring {
  readonly node: AnyNode;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Which nodes of the old and of the new graph are needed, and what they read. */
class Outcome {
  readonly after: ReadonlySet<AnyNode>;
  private readonly before: ReadonlySet<AnyNode>;
  private readonly walk: Walk;
  private readonly names: ReadonlyMap<Named, string>;
  private readonly rewrites: ReadonlyMap<Node, NodeRewrite>;
  private readonly renamedCaptures: ReadonlyMap<string, string>;

  constructor(walk: Walk, renamed: Renamed & { readonly renamedCaptures: ReadonlyMap<string, string> }) {
    this.walk = walk;
    this.names = renamed.names;
    this.rewrites = renamed.rewrites;
    this.renamedCaptures = renamed.renamedCaptures;
    this.before = liveNodes(walk, this.original());
    // Nodes that nobody needed before stay as they were, and so does what they read.
    const wirings = this.adapted();
    const idle = wirings.filter((w) => 'ref' in w.node && !this.before.has(w.node));
    this.after = liveNodes(walk, wirings, idle);
  }

  nameOf(operand: Operand): string {
    if (typeof operand === 'string') return operand;
    const tensor = operand.same ?? operand;
    return this.names.get(tensor) ?? tensor.name;
  }

  removedNodes(): Node[] {
    return this.walk.graph.nodes.filter((n) => this.isAbsorbed(n) || (this.before.has(n) && !this.after.has(n)));
  }

  goneTensors(removed: ReadonlySet<Node>, inserted: readonly InsertedNode[]): Set<string> {
    const { graph, constants } = this.walk;
    const stays = graph.nodes.filter((n) => !removed.has(n));
    const made = new Set([
      ...constants.map((c) => this.nameOf(c)),
      ...inserted.flatMap((n) => n.outputs.map((o) => this.nameOf(o))),
      ...stays.flatMap((n) => this.outputsOf(n)),
    ]);
    return new Set(graph.nodes.flatMap((n) => n.outputs).filter((name) => name && !made.has(name)));
  }

  /** The tensors that the new graph reads. */
  readNames(removed: ReadonlySet<Node>, inserted: readonly InsertedNode[]): Set<string> {
    const { graph, known } = this.walk;
    const read = new Set(graph.outputs.map((o) => o.name));
    for (const node of graph.nodes) if (!removed.has(node)) for (const input of this.inputsOf(node)) read.add(input);
    for (const node of inserted) for (const input of node.inputs) read.add(this.nameOf(input));
    for (const [name, nodes] of known.use.captures)
      if ([...nodes].some((n) => !removed.has(n))) read.add(this.renamedCaptures.get(name) ?? name);
    return read;
  }

  private isAbsorbed(node: Node): boolean {
    const flows = node.outputs.some((o) => this.walk.flows.has(o));
    return this.walk.dropped.has(node) || (flows && !this.rewrites.has(node));
  }

  private inputsOf(node: Node): string[] {
    return (this.rewrites.get(node)?.inputs ?? node.inputs).map((input) => this.nameOf(input));
  }

  private outputsOf(node: Node): string[] {
    return (this.rewrites.get(node)?.outputs ?? node.outputs).map((output) => this.nameOf(output));
  }

  private original(): Wiring[] {
    const { graph, known } = this.walk;
    return graph.nodes.map((node) => {
      const captured = known.use.capturedBy.get(node) ?? [];
      return { node, inputs: [...node.inputs, ...captured], outputs: node.outputs };
    });
  }

  private adapted(): Wiring[] {
    const { graph, inserted, known } = this.walk;
    const kept = graph.nodes.filter((n) => !this.isAbsorbed(n));
    return [
      ...kept.map((node) => {
        const captured = (known.use.capturedBy.get(node) ?? []).map((n) => this.renamedCaptures.get(n) ?? n);
        return { node, inputs: [...this.inputsOf(node), ...captured], outputs: this.outputsOf(node) };
      }),
      ...inserted.map((node) => ({
        node,
        inputs: node.inputs.map((input) => this.nameOf(input)),
        outputs: node.outputs.map((output) => this.nameOf(output)),
      })),
    ];
  }
}

/** The nodes that the outputs need, and `also` with what those need. */
function liveNodes(walk: Walk, wirings: readonly Wiring[], also: readonly Wiring[] = []): Set<AnyNode> {
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
  return nodes;
}
