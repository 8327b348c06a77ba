import { addTo } from '../../../bytes/lists.ts';
import { namesFromOutside } from '../../../graph/connections.ts';
import { directGraphs, graphsInside } from '../../../graph/nested.ts';
import type { Node } from '../../../formats/onnx/model.ts';
import type { InsertedNode, Named, NewConstant, NewNumbers, NodeRewrite, Operand, Replacement } from '../rewrite.ts';
import type { Walk, WalkedBody } from '../walk.ts';
import { TakenNames } from '../names.ts';
import { isNeededBesides } from '../../../graph/use.ts';

/** A walk's outcome: all names are final, and what nothing needs is left out. */
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
  /** The graphs inside nodes that took the map in. */
  readonly bodies: readonly SettledBody[];
  /** What a tensor is called in the new graph. */
  nameOf(operand: Operand): string;
}

/** A walk through a graph inside a node, and its outcome. */
export interface SettledBody extends WalkedBody {
  readonly node: Node;
  readonly settled: Settled;
  /** All names that the new graph reads, its own among them. */
  readonly read: ReadonlySet<string>;
}

/** The new nodes of the graph and of those inside its nodes. */
export function allInserted({ inserted, bodies }: Settled): readonly InsertedNode[] {
  return [...inserted, ...bodies.flatMap((body) => allInserted(body.settled))];
}

/** Names what was rebuilt, and finds what is no longer needed. The walk stays as it was. */
export function settle(walk: Walk): Settled {
  return settleInside(walk, ({ name }) => name).settled;
}

/** The same, where `outerName` says what tensors of the graph around are called. */
function settleInside(walk: Walk, outerName: (tensor: Named) => string): Pick<SettledBody, 'settled' | 'read'> {
  const { rewrites, names } = nameRebuilt(walk);
  const inPlace = foldedInPlace(walk);
  for (const { constant, replacement } of inPlace) names.set(constant, replacement.tensor.name);
  const replacements = new Map(walk.replacements);
  for (const { replacement } of inPlace) replacements.set(replacement.tensor.name, replacement);
  const renamedCaptures = renamedInSubgraphs(walk, names);
  const nameOf = (operand: Operand): string => {
    if (typeof operand === 'string') return operand;
    const tensor = operand.same ?? operand;
    return names.get(tensor) ?? outerName(tensor);
  };
  const bodies = [...walk.bodies].flatMap(([node, walked]) =>
    walked.map(({ body, walk: inside }): SettledBody => ({
      node,
      body,
      walk: inside,
      ...settleInside(inside, nameOf),
    })),
  );
  const outcome = new Outcome(walk, { rewrites, renamedCaptures, nameOf, bodies });
  const removedNodes = outcome.removedNodes();
  const removed = new Set(removedNodes);
  const inserted = walk.inserted.filter((insertedNode) => outcome.after.has(insertedNode));
  const read = outcome.readNames(removed, inserted);
  const replaced = new Set<NewConstant>(inPlace.map(({ constant }) => constant));
  const settled: Settled = {
    inserted,
    constants: walk.constants.filter((constant) => read.has(nameOf(constant)) && !replaced.has(constant)),
    rewrites,
    replacements,
    removedNodes,
    removedInitializers: removedInitializers(walk, read),
    renamedCaptures,
    goneTensors: outcome.goneTensors(removed, inserted),
    bodies: bodies.filter((body) => !removed.has(body.node)),
    nameOf,
  };
  return { settled, read };
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
  const inputs = new Set(walk.graph.inputs.map((input) => input.name));
  for (const [tensor, rebuilt] of walk.rebuilt) {
    if (inputs.has(tensor)) continue;
    names.set(rebuilt, tensor);
    const flow = walk.flows.get(tensor);
    const producer = flow?.base.producer;
    if (!flow || !producer) continue;
    const base = flow.base.same ?? flow.base;
    if ((names.get(base) ?? base.name) !== tensor) continue;
    names.set(base, taken.fresh(`${tensor}/base`));
    const rewrite = rewrites.get(producer) ?? {};
    const outputs = (rewrite.outputs ?? producer.outputs).map((output) => (output === tensor ? base : output));
    rewrites.set(producer, { ...rewrite, outputs });
  }
  return { names, rewrites };
}

/** Tensors that graphs inside nodes read under another name from now on. */
function renamedInSubgraphs(walk: Walk, names: ReadonlyMap<Named, string>): Map<string, string> {
  const renamed = new Map<string, string>();
  for (const [tensor, rebuilt] of walk.rebuilt) {
    const name = names.get(rebuilt) ?? rebuilt.name;
    if (name !== tensor && walk.known.use.captures.has(tensor)) renamed.set(tensor, name);
  }
  return renamed;
}

/** A weight that takes its new numbers where it lies; the walk had put them into a constant beside it. */
interface FoldedInPlace {
  readonly constant: NewNumbers;
  readonly replacement: Replacement;
}

/** Weights that all their readers fold alike, and so are replaced where they lie, under their name. */
function foldedInPlace(walk: Walk): FoldedInPlace[] {
  const { use } = walk.known;
  const stored = new Map(walk.graph.initializers.map((initializer) => [initializer.name, initializer]));
  return [...walk.folded].flatMap(([name, [constant, ...others]]) => {
    const tensor = stored.get(name);
    const readers = use.readers.get(name) ?? [];
    const isLeft = readers.every((node) => !(walk.rewrites.get(node)?.inputs ?? node.inputs).includes(name));
    if (!tensor || !constant || others.length || !isLeft || isNeededBesides(use, name)) return [];
    const { dims, values } = constant;
    return [{ constant, replacement: { tensor, dims, values } }];
  });
}

/** Initializers that the original reads somewhere and the new graph doesn't. */
function removedInitializers(walk: Walk, read: ReadonlySet<string>): Set<string> {
  const { graph, known } = walk;
  const before = new Set([
    ...graph.outputs.map((output) => output.name),
    ...graph.nodes.flatMap((node) => node.inputs),
    ...known.use.captures.keys(),
  ]);
  const stored = [
    ...graph.initializers.map((initializer) => initializer.name),
    ...graph.sparseInitializers.map((sparseInitializer) => sparseInitializer.values.name),
  ];
  return new Set(stored.filter((name) => before.has(name) && !read.has(name)));
}

type AnyNode = Node | InsertedNode;

interface Wiring {
  readonly node: AnyNode;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** What a walk's tensors are called, and what came of the graphs inside. */
interface Wired extends Pick<Renamed, 'rewrites'>, Pick<Settled, 'renamedCaptures' | 'nameOf'> {
  readonly bodies: readonly SettledBody[];
}

/** Which nodes of the old and of the new graph are needed, and what they read. */
class Outcome {
  readonly after: ReadonlySet<AnyNode>;
  private readonly before: ReadonlySet<AnyNode>;
  private readonly walk: Walk;
  private readonly wired: Wired;
  private readonly bodies = new Map<Node, SettledBody[]>();

  constructor(walk: Walk, wired: Wired) {
    this.walk = walk;
    this.wired = wired;
    for (const body of wired.bodies) addTo(this.bodies, body.node, body);
    this.before = liveNodes(walk, this.original());
    // Nodes that nobody needed before stay as they were, and so does what they read.
    const wirings = this.adapted();
    const idle = wirings.filter((wiring) => 'ref' in wiring.node && !this.before.has(wiring.node));
    this.after = liveNodes(walk, wirings, idle);
  }

  removedNodes(): Node[] {
    return this.walk.graph.nodes.filter(
      (node) => this.isAbsorbed(node) || (this.before.has(node) && !this.after.has(node)),
    );
  }

  goneTensors(removed: ReadonlySet<Node>, inserted: readonly InsertedNode[]): Set<string> {
    const { graph, constants } = this.walk;
    const stays = graph.nodes.filter((node) => !removed.has(node));
    const made = new Set([
      ...constants.map((constant) => this.wired.nameOf(constant)),
      ...inserted.flatMap((insertedNode) => insertedNode.outputs.map((output) => this.wired.nameOf(output))),
      ...stays.flatMap((stay) => this.outputsOf(stay)),
    ]);
    return new Set(graph.nodes.flatMap((node) => node.outputs).filter((name) => name && !made.has(name)));
  }

  /** The tensors that the new graph reads. */
  readNames(removed: ReadonlySet<Node>, inserted: readonly InsertedNode[]): Set<string> {
    const { graph } = this.walk;
    const read = new Set(graph.outputs.map((output) => output.name));
    for (const node of graph.nodes) {
      if (removed.has(node)) continue;
      for (const name of this.inputsOf(node)) read.add(name);
      for (const name of this.capturedBy(node)) read.add(name);
    }
    for (const node of inserted) for (const input of node.inputs) read.add(this.wired.nameOf(input));
    return read;
  }

  /** What the graphs inside a node read of this one, in the new model. */
  private capturedBy(node: Node): readonly string[] {
    const { renamedCaptures } = this.wired;
    const captured = this.walk.known.use.capturedBy.get(node);
    if (!captured) return [];
    const bodies = this.bodies.get(node);
    if (!bodies) return captured.map((name) => renamedCaptures.get(name) ?? name);
    const walked = new Set(bodies.map((body) => body.body));
    const others = directGraphs(node).filter((graph) => !walked.has(graph));
    const asBefore = namesFromOutside(others.flatMap((graph) => [graph, ...graphsInside(graph.nodes)]));
    return [...asBefore.map((name) => renamedCaptures.get(name) ?? name), ...bodies.flatMap((body) => [...body.read])];
  }

  private isAbsorbed(node: Node): boolean {
    const flows = node.outputs.some((output) => this.walk.flows.has(output));
    return this.walk.dropped.has(node) || (flows && !this.wired.rewrites.has(node));
  }

  private inputsOf(node: Node): string[] {
    return (this.wired.rewrites.get(node)?.inputs ?? node.inputs).map((input) => this.wired.nameOf(input));
  }

  private outputsOf(node: Node): string[] {
    return (this.wired.rewrites.get(node)?.outputs ?? node.outputs).map((output) => this.wired.nameOf(output));
  }

  private original(): Wiring[] {
    const { graph, known } = this.walk;
    return graph.nodes.map((node) => {
      const captured = known.use.capturedBy.get(node) ?? [];
      return { node, inputs: [...node.inputs, ...captured], outputs: node.outputs };
    });
  }

  private adapted(): Wiring[] {
    const { graph, inserted } = this.walk;
    const kept = graph.nodes.filter((node) => !this.isAbsorbed(node));
    return [
      ...kept.map((node) => ({
        node,
        inputs: [...this.inputsOf(node), ...this.capturedBy(node)],
        outputs: this.outputsOf(node),
      })),
      ...inserted.map((node) => ({
        node,
        inputs: node.inputs.map((input) => this.wired.nameOf(input)),
        outputs: node.outputs.map((output) => this.wired.nameOf(output)),
      })),
    ];
  }
}

/** The nodes that the outputs need, and `also` with what those need. */
function liveNodes(walk: Walk, wirings: readonly Wiring[], also: readonly Wiring[] = []): Set<AnyNode> {
  const maker = new Map<string, Wiring>();
  for (const wiring of wirings) for (const output of wiring.outputs) if (output) maker.set(output, wiring);
  const nodes = new Set<AnyNode>(also.map((wiring) => wiring.node));
  const open = [...walk.graph.outputs.map((output) => output.name), ...also.flatMap((wiring) => wiring.inputs)];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const wiring = maker.get(name);
    if (!wiring || nodes.has(wiring.node)) continue;
    nodes.add(wiring.node);
    for (const input of wiring.inputs) open.push(input);
  }
  return nodes;
}
