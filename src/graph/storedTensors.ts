import { isConstant } from '../formats/onnx/attributes.ts';
import type { Graph, SparseTensor, Tensor } from '../formats/onnx/model.ts';

/**
 * Every tensor a graph holds by name: initializers, sparse ones, and what Constant nodes hold as a tensor. Where a name
 * comes twice, the later one counts.
 */
export function storedTensors(
  graph: Pick<Graph, 'initializers' | 'sparseInitializers' | 'nodes'>,
): Map<string, Tensor | SparseTensor> {
  const stored = new Map<string, Tensor | SparseTensor>();
  for (const initializer of graph.initializers) stored.set(initializer.name, initializer);
  for (const sparseInitializer of graph.sparseInitializers)
    stored.set(sparseInitializer.values.name, sparseInitializer);
  for (const node of graph.nodes) {
    const output = node.outputs[0];
    if (!isConstant(node) || !output) continue;
    for (const { name, tensor, sparseTensor } of node.attributes) {
      if (name === 'value' && tensor) stored.set(output, tensor);
      if (name === 'sparse_value' && sparseTensor) stored.set(output, sparseTensor);
    }
  }
  return stored;
}

/**
 * The initializers whose name no other one has. Of two with one name runtimes take either, so neither's numbers are
 * known.
 */
export function unambiguous(
  graph: Pick<Graph, 'initializers' | 'sparseInitializers'>,
): Pick<Graph, 'initializers' | 'sparseInitializers'> {
  const times = new Map<string, number>();
  for (const tensor of [
    ...graph.initializers,
    ...graph.sparseInitializers.map((sparseInitializer) => sparseInitializer.values),
  ])
    times.set(tensor.name, (times.get(tensor.name) ?? 0) + 1);
  const once = ({ name }: Tensor): boolean => times.get(name) === 1;
  return {
    initializers: graph.initializers.filter(once),
    sparseInitializers: graph.sparseInitializers.filter((sparseInitializer) => once(sparseInitializer.values)),
  };
}
