import type { Graph, Model, Node, SparseTensor, Tensor } from './model.ts';

/** Every stored tensor of a model: of its graph, of those that train it, of subgraphs however deep, of attributes and of local functions. */
export function allTensors(model: Model): (Tensor | SparseTensor)[] {
  const found: (Tensor | SparseTensor)[] = [];
  const graphs: Graph[] = [model.graph, ...model.training];
  const visit = (nodes: readonly Node[]): void => {
    for (const node of nodes) {
      for (const { tensor, tensors, sparseTensor, graph, graphs: several } of node.attributes) {
        if (tensor) found.push(tensor);
        for (const one of tensors ?? []) found.push(one);
        if (sparseTensor) found.push(sparseTensor);
        if (graph) graphs.push(graph);
        for (const one of several ?? []) graphs.push(one);
      }
    }
  };
  for (const { nodes } of model.functions) visit(nodes);
  for (let graph = graphs.pop(); graph; graph = graphs.pop()) {
    for (const tensor of graph.initializers) found.push(tensor);
    for (const sparse of graph.sparseInitializers) found.push(sparse);
    visit(graph.nodes);
  }
  return found;
}

/** True when any tensor lies in a file beside the model. */
export function hasExternalData(model: Model): boolean {
  return allTensors(model).some((t) => ('indices' in t ? [t.values, t.indices] : [t]).some(({ storage }) => storage.kind === 'external'));
}
