import { graphHolders, nestedGraphs } from './nested.ts';
import type { Graph, Node } from '../formats/onnx/model.ts';

/** Who makes and who reads the tensors of one list of nodes: of a graph, a subgraph or a function. */
export class Connections {
  readonly nodes: readonly Node[];
  // Each is built when it is first asked for: the order of a sorted model, which shapes need, takes none of the others.
  private made: Makers | null = null;
  private places: ReadonlyMap<string, number> | null = null;
  private captured: ReadonlyMap<Node, readonly string[]> | null = null;
  private read: Readers | null = null;
  private sorted: readonly Node[] | null = null;

  constructor(nodes: readonly Node[]) {
    this.nodes = nodes;
  }

  /** The node that makes a tensor. Of several that make one name, which runtimes refuse, the first counts. */
  get makers(): ReadonlyMap<string, Node> {
    return this.making.makers;
  }

  /** A tensor that several nodes make; null in a sound model. */
  get madeTwice(): string | null {
    return this.making.madeTwice;
  }

  /** The place in the list of the node that makes a tensor. */
  get makerIndex(): ReadonlyMap<string, number> {
    this.places ??= placesOf(this.nodes);
    return this.places;
  }

  /** Nodes that read a tensor as an input, once per reading input, in file order. */
  get readers(): ReadonlyMap<string, readonly Node[]> {
    return this.reading.readers;
  }

  /** Nodes whose subgraphs read a tensor from outside. */
  get captures(): ReadonlyMap<string, ReadonlySet<Node>> {
    return this.reading.captures;
  }

  /** The same the other way round: what the subgraphs of a node read from outside. */
  get capturedBy(): ReadonlyMap<Node, readonly string[]> {
    this.captured ??= capturesOf(this.nodes);
    return this.captured;
  }

  /**
   * The nodes, each behind those it reads from: file order, where that holds. A node that stands too late in the file
   * comes in front of its first reader. On a cycle, which no runtime takes, each node still comes once.
   */
  get order(): readonly Node[] {
    this.sorted ??= this.isSorted() ? this.nodes : this.sort();
    return this.sorted;
  }

  private get making(): Makers {
    this.made ??= makersOf(this.nodes);
    return this.made;
  }

  private get reading(): Readers {
    this.read ??= readersOf(this.nodes, this.capturedBy);
    return this.read;
  }

  private reads(node: Node): readonly string[] {
    const captured = this.capturedBy.get(node);
    return captured ? [...node.inputs, ...captured] : node.inputs;
  }

  /** Whether no node reads what it or a later one is the first to make. */
  private isSorted(): boolean {
    const made = new Set<string>();
    const readBefore = new Set<string>();
    for (const node of this.nodes) {
      for (const name of this.reads(node)) if (name && !made.has(name)) readBefore.add(name);
      for (const name of node.outputs) {
        if (!name) continue;
        if (readBefore.has(name)) return false;
        made.add(name);
      }
    }
    return true;
  }

  private sort(): Node[] {
    const order: Node[] = [];
    const met = new Set<Node>();
    for (const node of this.nodes) {
      const open = met.has(node) ? [] : [this.waiting(node, met)];
      for (let top = open.at(-1); top; top = open.at(-1)) {
        const name = top.reads[top.at];
        top.at++;
        const maker = name === undefined ? undefined : this.makers.get(name);
        if (maker && !met.has(maker)) open.push(this.waiting(maker, met));
        if (name !== undefined) continue;
        order.push(top.node);
        open.pop();
      }
    }
    return order;
  }

  private waiting(node: Node, met: Set<Node>): Waiting {
    met.add(node);
    return { node, reads: this.reads(node), at: 0 };
  }
}

/** A node whose makers are being placed in front of it; `at` is the next of its reads to look at. */
interface Waiting {
  readonly node: Node;
  readonly reads: readonly string[];
  at: number;
}

interface Makers {
  readonly makers: ReadonlyMap<string, Node>;
  readonly madeTwice: string | null;
}

interface Readers {
  readonly readers: ReadonlyMap<string, readonly Node[]>;
  readonly captures: ReadonlyMap<string, ReadonlySet<Node>>;
}

const KNOWN = new WeakMap<readonly Node[], Connections>();

/** The connections of a list of nodes, found once for each list: lists don't change after the scan. */
export function connectionsOf(nodes: readonly Node[]): Connections {
  const known = KNOWN.get(nodes) ?? new Connections(nodes);
  KNOWN.set(nodes, known);
  return known;
}

function makersOf(nodes: readonly Node[]): Makers {
  const makers = new Map<string, Node>();
  let madeTwice: string | null = null;
  for (const node of nodes) {
    for (const output of node.outputs) {
      if (!output) continue;
      if (makers.has(output)) madeTwice ??= output;
      else makers.set(output, node);
    }
  }
  return { makers, madeTwice };
}

function placesOf(nodes: readonly Node[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const [index, node] of nodes.entries())
    for (const output of node.outputs) if (output && !places.has(output)) places.set(output, index);
  return places;
}

function capturesOf(nodes: readonly Node[]): ReadonlyMap<Node, readonly string[]> {
  const capturedBy = new Map<Node, readonly string[]>();
  for (const node of graphHolders(nodes)) {
    const captured = namesFromOutside(nestedGraphs(node));
    if (captured.length) capturedBy.set(node, captured);
  }
  return capturedBy;
}

function readersOf(nodes: readonly Node[], capturedBy: ReadonlyMap<Node, readonly string[]>): Readers {
  const readers = new Map<string, Node[]>();
  const captures = new Map<string, Set<Node>>();
  for (const node of nodes) {
    for (const input of node.inputs) {
      if (!input) continue;
      const list = readers.get(input);
      if (list) list.push(node);
      else readers.set(input, [node]);
    }
    for (const name of capturedBy.get(node) ?? []) {
      const set = captures.get(name);
      if (set) set.add(node);
      else captures.set(name, new Set([node]));
    }
  }
  return { readers, captures };
}

/**
 * Names that graphs read and don't make themselves. ONNX forbids a subgraph to reuse an outer name, so one set of inner
 * names serves all depths.
 */
export function namesFromOutside(graphs: readonly Graph[]): readonly string[] {
  const made = new Set<string>();
  const read = new Set<string>();
  for (const graph of graphs) {
    for (const value of graph.inputs) made.add(value.name);
    for (const tensor of graph.initializers) made.add(tensor.name);
    for (const sparse of graph.sparseInitializers) made.add(sparse.values.name);
    for (const inner of graph.nodes) {
      for (const output of inner.outputs) made.add(output);
      for (const input of inner.inputs) if (input) read.add(input);
    }
    for (const output of graph.outputs) read.add(output.name);
  }
  return [...read].filter((name) => !made.has(name));
}
