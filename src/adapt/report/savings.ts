import { INT64 } from '../../tensors/dtypes.ts';
import { constantTensor } from '../../formats/onnx/attributes.ts';
import type { Graph } from '../../formats/onnx/model.ts';
import type { Settled } from '../flow/outcome/settle.ts';
import { product } from '../../tensors/dims.ts';

/**
 * Stored numbers before and after, as the files hold them: folded, removed and added ones, those of the graphs inside
 * nodes among them. Numbers that steer shapes are no parameters.
 */
export function savedParameters(graph: Graph, settled: Settled): number {
  let saved = 0;
  for (const inside of settled.bodies) saved += savedParameters(inside.body, inside.settled);
  for (const [name, { tensor, dims }] of settled.replacements)
    if (!settled.removedInitializers.has(name)) saved += product(tensor.dims) - product(dims);
  for (const initializer of graph.initializers)
    if (settled.removedInitializers.has(initializer.name) && initializer.dtype !== INT64)
      saved += product(initializer.dims);
  for (const node of settled.removedNodes) {
    const tensor = constantTensor(node);
    if (tensor && tensor.dtype !== INT64) saved += product(tensor.dims);
  }
  for (const constant of settled.constants) if (constant.dtype !== INT64) saved -= product(constant.dims);
  return saved;
}
