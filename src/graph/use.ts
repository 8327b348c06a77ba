import { connectionsOf } from './connections.ts';
import { graphsInside } from './nested.ts';
import type { Model, Node } from '../formats/onnx/model.ts';

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
  const { readers, captures, capturedBy, order } = connectionsOf(model.graph.nodes);
  const outputs = new Set(model.graph.outputs.map((o) => o.name));
  return { names: takenNames(model), readers, captures, capturedBy, outputs, order };
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
