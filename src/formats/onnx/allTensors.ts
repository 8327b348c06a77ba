import { heldByNode } from './attributes.ts';
import type { Graph, Model, Node, SparseTensor, Tensor } from './model.ts';

/**
 * Every stored tensor of a model: of its graph, of those that train it, of subgraphs however deep, of attributes and of
 * local functions.
 */
export function allTensors(model: Model): (Tensor | SparseTensor)[] {
  const found: (Tensor | SparseTensor)[] = [];
  const graphs: Graph[] = [model.graph, ...model.training];
  const visit = (node: Node): void => {
    for (const held of heldByNode(node)) found.push(held);
    for (const { graph, graphs: several = [] } of node.attributes) {
      if (graph) graphs.push(graph);
      for (const one of several) graphs.push(one);
    }
  };
  for (const { nodes } of model.functions) nodes.forEach(visit);
  for (let graph = graphs.pop(); graph; graph = graphs.pop()) {
    for (const tensor of graph.initializers) found.push(tensor);
    for (const sparse of graph.sparseInitializers) found.push(sparse);
    graph.nodes.forEach(visit);
  }
  return found;
}

/**
 * The files beside the model that tensors lie in, by location, in the order in which tensors name them, and how many
 * bytes of each are needed at least.
 */
export function externalFiles(model: Model): Map<string, number> {
  const files = new Map<string, number>();
  for (const allTensor of allTensors(model)) {
    for (const { storage } of 'indices' in allTensor ? [allTensor.values, allTensor.indices] : [allTensor]) {
      if (storage.kind === 'external')
        files.set(storage.location, Math.max(files.get(storage.location) ?? 0, storage.offset + (storage.length ?? 0)));
    }
  }
  return files;
}
