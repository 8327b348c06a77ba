import type { Dim, Node } from '../../../formats/onnx/model.ts';
import type { Known } from '../known.ts';
import { allInserted, type Settled } from './settle.ts';
import type { Walk } from '../walk.ts';
import { product } from '../../../tensors/dims.ts';

const MATRIX_PRODUCTS = new Set(['MatMul', 'Gemm', 'MatMulInteger', 'QLinearMatMul', 'Einsum']);
/** What an unknown size counts as where plans are compared: pictures have about so many rows. */
const USUAL_SIZE = 64;

/** What a plan adds to the original, for one image. */
export interface Cost {
  readonly multiplyAdds: number;
  readonly nodes: number;
  readonly rebuilt: number;
}

/**
 * Multiply-adds for one image after, less those before. Null when a size is unknown, unless `unknown` stands for it.
 */
export function addedMultiplyAdds(walk: Walk, settled: Settled, unknown: number | null = null): number | null {
  return sum([
    ...walk.folds.map(({ at, known, oldDims, newDims }) =>
      times(product(newDims) - product(oldDims), uses(known, at), unknown),
    ),
    ...allInserted(settled).map(({ work }) => (work ? times(work.each, work.pixels, unknown) : 0)),
  ]);
}

/**
 * The cost of a plan, to compare it with others of the same map. First weights that grow as the number of channels does
 * are what was asked for, and cost nothing.
 */
export function costOf(walk: Walk, settled: Settled, channels: { readonly old: number; readonly now: number }): Cost {
  const more = Math.max(0, channels.now - channels.old);
  const asked = walk.folds.map(({ at, known, oldDims, how }) =>
    how ? times((product(oldDims) * more) / channels.old, uses(known, at), USUAL_SIZE) : 0,
  );
  return {
    multiplyAdds: (addedMultiplyAdds(walk, settled, USUAL_SIZE) ?? 0) - (sum(asked) ?? 0),
    nodes: allInserted(settled).length,
    rebuilt: walk.rebuilt.size,
  };
}

/** True where `a` costs less than `b`: fewer multiply-adds, then fewer nodes, then less that is rebuilt. */
export function costsLess(a: Cost, b: Cost): boolean {
  if (a.multiplyAdds !== b.multiplyAdds) return a.multiplyAdds < b.multiplyAdds;
  if (a.nodes !== b.nodes) return a.nodes < b.nodes;
  return a.rebuilt < b.rebuilt;
}

/** True for a plan that adds nothing. */
export function costsNothing(cost: Cost): boolean {
  return cost.multiplyAdds <= 0 && cost.nodes === 0;
}

/**
 * The places where each element of a weight works: of a convolution each output pixel, of a transposed one each input
 * pixel, of a matrix product each row: https://onnx.ai/onnx/operators/onnx__Conv.html. Null when not even their number
 * of axes is known.
 */
function uses(known: Known, node: Node): readonly Dim[] | null {
  const transposed = node.opType === 'ConvTranspose';
  const dims = known.dims((transposed ? node.inputs[0] : node.outputs[0]) ?? '');
  if (!dims) return null;
  const last = node.domain === 'com.microsoft' && node.opType.startsWith('Nhwc');
  return MATRIX_PRODUCTS.has(node.opType) || last ? dims.slice(1, -1) : dims.slice(2);
}

function times(each: number, dims: readonly Dim[] | null, unknown: number | null): number | null {
  if (each === 0) return 0;
  if (!dims) return unknown === null ? null : each * unknown ** 2;
  let n = each;
  for (const dim of dims) {
    if (typeof dim === 'number') n *= dim;
    else if (unknown === null) return null;
    else n *= unknown;
  }
  return n;
}

function sum(parts: readonly (number | null)[]): number | null {
  let total = 0;
  for (const part of parts) {
    if (part === null) return null;
    total += part;
  }
  return total;
}
