import { connectionsOf, namesFromOutside } from './connections.ts';
import { directGraphs, graphsInside } from './nested.ts';
import type { Graph, Model, Node } from '../formats/onnx/model.ts';

/** Who uses which tensor of a graph, and every name taken anywhere in the model. */
export interface GraphUse {
  readonly names: ReadonlySet<string>;
  /** Nodes of the graph that read a tensor as an input, once per reading input. */
  readonly readers: ReadonlyMap<string, readonly Node[]>;
  /** Nodes of the graph whose subgraphs read a tensor from outside. */
  readonly captures: ReadonlyMap<string, ReadonlySet<Node>>;
  /** The same the other way round: what the subgraphs of a node read. */
  readonly capturedBy: ReadonlyMap<Node, readonly string[]>;
  readonly outputs: ReadonlySet<string>;
  /** In a graph inside a node: tensors of the graphs around it that something else than this graph reads too. */
  readonly readElsewhere: ReadonlySet<string>;
  /** The graph's nodes, each behind the nodes it reads from. */
  readonly order: readonly Node[];
}

/** Who uses which tensor of the main graph. */
export function graphUse(model: Model): GraphUse {
  const { readers, captures, capturedBy, order } = connectionsOf(model.graph.nodes);
  const outputs = new Set(model.graph.outputs.map((output) => output.name));
  return {
    names: takenNames(model),
    readers,
    captures,
    capturedBy,
    outputs,
    readElsewhere: new Set(),
    order,
  };
}

/** Who uses which tensor of a graph inside `node`, as far as the graph around it is known. */
export function bodyUse(around: GraphUse, node: Node, body: Graph): GraphUse {
  const { readers, captures, capturedBy, order } = connectionsOf(body.nodes);
  const others = directGraphs(node).filter((graph) => graph !== body);
  const besides = new Set(others.flatMap((graph) => namesFromOutside([graph, ...graphsInside(graph.nodes)])));
  const isReadElsewhere = (name: string): boolean =>
    besides.has(name) ||
    around.readers.has(name) ||
    around.outputs.has(name) ||
    around.readElsewhere.has(name) ||
    [...(around.captures.get(name) ?? [])].some((reader) => reader !== node);
  return {
    names: around.names,
    readers,
    captures,
    capturedBy,
    outputs: new Set(body.outputs.map((output) => output.name)),
    readElsewhere: new Set(namesFromOutside([body, ...graphsInside(body.nodes)]).filter(isReadElsewhere)),
    order,
  };
}

/** True for an output of the graph, and for a tensor that graphs inside its nodes read: its readers are not all. */
export function isNeededBesides({ outputs, captures }: GraphUse, name: string): boolean {
  return outputs.has(name) || captures.has(name);
}

/** The node that alone reads a tensor, once; null where there is none, or something else of the graph needs it. */
export function onlyReader(use: GraphUse, name: string): Node | null {
  const [reader, ...others] = use.readers.get(name) ?? [];
  return reader && !others.length && !isNeededBesides(use, name) ? reader : null;
}

/** Names of nodes and tensors of the main graph and the graphs inside it. A function's names are its own. */
function takenNames({ graph }: Model): Set<string> {
  const names = new Set<string>();
  for (const { inputs, outputs, valueInfo, initializers, sparseInitializers, nodes } of [
    graph,
    ...graphsInside(graph.nodes),
  ]) {
    for (const list of [inputs, outputs, valueInfo, initializers]) for (const value of list) names.add(value.name);
    for (const sparse of sparseInitializers) names.add(sparse.values.name);
    for (const node of nodes) {
      names.add(node.name);
      for (const list of [node.inputs, node.outputs]) for (const name of list) names.add(name);
    }
  }
  return names;
}
