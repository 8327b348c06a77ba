import { nestedGraphs } from './nested.ts';
import type { Graph, Model, Node } from '../formats/onnx/model.ts';

/** Who uses which tensor of the main graph, and every name taken anywhere in the model. */
export interface GraphUse {
  readonly names: ReadonlySet<string>;
  /** Nodes of the main graph that read a tensor as an input, once per reading input. */
  readonly readers: ReadonlyMap<string, readonly Node[]>;
  /** Nodes of the main graph whose subgraphs read a tensor of the main graph. */
  readonly captures: ReadonlyMap<string, ReadonlySet<Node>>;
  /** The same the other way round: what the subgraphs of a node read. */
  readonly capturedBy: ReadonlyMap<Node, readonly string[]>;
  readonly outputs: ReadonlySet<string>;
  /** The main graph's nodes, each behind the nodes it reads from. */
  readonly order: readonly Node[];
}

export function graphUse(model: Model): GraphUse {
  const { graph } = model;
  const names = new Set<string>();
  const readers = new Map<string, Node[]>();
  const captures = new Map<string, Set<Node>>();
  addDeclared(graph, names);
  for (const node of graph.nodes) {
    addNode(node, names);
    for (const input of node.inputs) {
      if (!input) continue;
      const list = readers.get(input) ?? [];
      list.push(node);
      readers.set(input, list);
    }
    for (const name of capturedNames(node, names)) {
      const set = captures.get(name) ?? new Set<Node>();
      set.add(node);
      captures.set(name, set);
    }
  }
  return {
    names,
    readers,
    captures,
    capturedBy: byNode(captures),
    outputs: new Set(graph.outputs.map((o) => o.name)),
    order: ordered(graph, captures),
  };
}

function byNode(captures: ReadonlyMap<string, ReadonlySet<Node>>): Map<Node, string[]> {
  const names = new Map<Node, string[]>();
  for (const [name, nodes] of captures) {
    for (const node of nodes) {
      const list = names.get(node) ?? [];
      if (!list.length) names.set(node, list);
      list.push(name);
    }
  }
  return names;
}

/**
 * Names that a node's subgraphs read and don't make themselves. ONNX forbids a subgraph to reuse an outer name,
 * so one set of inner names serves all depths.
 */
function capturedNames(node: Node, names: Set<string>): Set<string> {
  const graphs = nestedGraphs(node);
  const made = new Set<string>();
  const read = new Set<string>();
  for (const g of graphs) {
    addDeclared(g, names);
    for (const v of g.inputs) made.add(v.name);
    for (const t of g.initializers) made.add(t.name);
    for (const n of g.nodes) {
      addNode(n, names);
      for (const output of n.outputs) made.add(output);
      for (const input of n.inputs) if (input) read.add(input);
    }
    for (const output of g.outputs) read.add(output.name);
  }
  for (const name of made) read.delete(name);
  return read;
}

function addDeclared(graph: Graph, names: Set<string>): void {
  for (const list of [graph.inputs, graph.outputs, graph.valueInfo, graph.initializers])
    for (const v of list) names.add(v.name);
  for (const s of graph.sparseInitializers) names.add(s.values.name);
}

function addNode(node: Node, names: Set<string>): void {
  names.add(node.name);
  for (const list of [node.inputs, node.outputs]) for (const name of list) names.add(name);
}

/** Kahn's algorithm, in file order where that is free. Nodes on a cycle come last, as they stand. */
function ordered(graph: Graph, captures: ReadonlyMap<string, ReadonlySet<Node>>): Node[] {
  const maker = new Map<string, Node>();
  for (const node of graph.nodes) for (const output of node.outputs) if (output) maker.set(output, node);
  const readers = new Map<Node, Node[]>();
  const waits = new Map<Node, number>();
  const needs = (name: string, node: Node): void => {
    const from = maker.get(name);
    if (!from || from === node) return;
    const list = readers.get(from) ?? [];
    list.push(node);
    readers.set(from, list);
    waits.set(node, (waits.get(node) ?? 0) + 1);
  };
  for (const node of graph.nodes) for (const input of node.inputs) needs(input, node);
  for (const [name, nodes] of captures) for (const node of nodes) needs(name, node);
  const out: Node[] = [];
  const open = graph.nodes.filter((n) => !waits.get(n));
  for (let i = 0; i < open.length; i++) {
    const node = open[i] as Node;
    out.push(node);
    for (const reader of readers.get(node) ?? []) {
      const left = (waits.get(reader) ?? 1) - 1;
      waits.set(reader, left);
      if (left === 0) open.push(reader);
    }
  }
  if (out.length === graph.nodes.length) return out;
  const placed = new Set(out);
  return [...out, ...graph.nodes.filter((n) => !placed.has(n))];
}
