import { INT64 } from '../../tensors/dtypes.ts';
import type { Model } from '../../formats/onnx/model.ts';
import { product } from '../constants/constantValue.ts';
import type { Settled } from '../flow/settle.ts';

/** Numbers that steer shapes are no parameters. */
/** Stored numbers before and after, as the files hold them: folded, removed and added ones. */
export function savedParameters(model: Model, settled: Settled): number {
  let saved = 0;
  for (const [name, { tensor, dims }] of settled.replacements)
    if (!settled.removedInitializers.has(name)) saved += product(tensor.dims) - product(dims);
  for (const t of model.graph.initializers)
    if (settled.removedInitializers.has(t.name) && t.dtype !== INT64) saved += product(t.dims);
  for (const node of settled.removedNodes) {
    const tensor = node.opType === 'Constant' ? node.attributes.find((a) => a.name === 'value')?.tensor : null;
    if (tensor && tensor.dtype !== INT64) saved += product(tensor.dims);
  }
  for (const c of settled.constants) if (c.dtype !== INT64) saved -= product(c.dims);
  return saved;
}
