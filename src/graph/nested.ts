import type { Graph, Model, Node } from '../formats/onnx/model.ts';

/** Every graph inside a node, however deep. */
export function nestedGraphs(node: Node): Graph[] {
  return directGraphs(node).flatMap((graph) => [graph, ...graphsInside(graph.nodes)]);
}

/**
 * Every list of nodes of a model: of the main graph, of the graphs inside its nodes, and of its functions with theirs.
 */
export function allNodeLists(model: Model): readonly (readonly Node[])[] {
  const tops = [model.graph.nodes, ...model.functions.map((definition) => definition.nodes)];
  return tops.flatMap((nodes) => [nodes, ...graphsInside(nodes).map((graph) => graph.nodes)]);
}

/** Every graph of a model; functions are none, but the graphs inside them are. */
export function allGraphs(model: Model): readonly Graph[] {
  return [
    model.graph,
    ...graphsInside(model.graph.nodes),
    ...model.functions.flatMap((definition) => graphsInside(definition.nodes)),
  ];
}

/** The graphs that a node holds itself, without those inside them. */
export function directGraphs(node: Node): readonly Graph[] {
  return node.attributes.flatMap((attribute) => [
    ...(attribute.graph ? [attribute.graph] : []),
    ...(attribute.graphs ?? []),
  ]);
}

const HOLDERS = new WeakMap<readonly Node[], readonly Node[]>();

/** The nodes of a list that hold graphs, found once for each list: lists don't change after the scan. */
export function graphHolders(nodes: readonly Node[]): readonly Node[] {
  const known =
    HOLDERS.get(nodes) ??
    nodes.filter((node) => node.attributes.some((attribute) => attribute.graph ?? attribute.graphs));
  HOLDERS.set(nodes, known);
  return known;
}

/** Every graph inside these nodes, however deep; a graph comes before those inside it. */
export function graphsInside(nodes: readonly Node[]): Graph[] {
  const found: Graph[] = [];
  const open: (readonly Node[])[] = [nodes];
  for (let next = open.pop(); next; next = open.pop()) {
    for (const node of graphHolders(next)) {
      for (const directGraph of directGraphs(node)) {
        found.push(directGraph);
        open.push(directGraph.nodes);
      }
    }
  }
  return found;
}
