import { INT64 } from '../../tensors/dtypes.ts';
import type { Dim, Model, Node } from '../../formats/onnx/model.ts';
import { product } from '../constants/constantValue.ts';
import type { Settled } from '../flow/settle.ts';
import type { Walk } from '../flow/walk.ts';

/** Numbers that steer shapes are no parameters. */
const MATRIX_PRODUCTS = new Set(['MatMul', 'Gemm', 'MatMulInteger', 'QLinearMatMul', 'Einsum']);

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

/** Multiply-adds for one image before, less those after. Null when a size is unknown. */
export function savedMultiplyAdds(walk: Walk, settled: Settled): number | null {
  let saved = 0;
  for (const fold of walk.folds) {
    const fewer = product(fold.oldDims) - product(fold.newDims);
    if (fewer === 0) continue;
    const times = uses(walk, fold.at);
    if (times === null) return null;
    saved += times * fewer;
  }
  for (const { work } of settled.inserted) {
    const times = work ? sizes(work.pixels) : 0;
    if (times === null) return null;
    saved -= times * (work?.each ?? 0);
  }
  return saved;
}

/**
 * How often each element of a weight works: of a convolution once per output pixel, of a transposed one once per input pixel, of a matrix
 * product once per row: https://onnx.ai/onnx/operators/onnx__Conv.html.
 */
function uses(walk: Walk, node: Node): number | null {
  const transposed = node.opType === 'ConvTranspose';
  const dims = walk.known.dims((transposed ? node.inputs[0] : node.outputs[0]) ?? '');
  if (!dims) return null;
  const last = node.domain === 'com.microsoft' && node.opType.startsWith('Nhwc');
  return sizes(MATRIX_PRODUCTS.has(node.opType) || last ? dims.slice(1, -1) : dims.slice(2));
}

function sizes(dims: readonly Dim[]): number | null {
  let n = 1;
  for (const d of dims) {
    if (typeof d !== 'number') return null;
    n *= d;
  }
  return n;
}
