import { readNumbers } from '../../../tensors/tensorElements.ts';
import type { Tensor } from '../model.ts';
import { storedTensor } from './storedTensor.ts';
import type { TensorContext } from './tensorContext.ts';

/**
 * `values` has one number per element, two (real, imaginary) for complex types. 64-bit integers beyond 2^53 are
 * rounded.
 */
export interface DecodedTensor {
  readonly dtype: number;
  readonly dims: readonly number[];
  readonly values: Float64Array;
}

/**
 * All values of a numeric tensor, whatever its type and storage. Throws as readNumbers does, and what the external
 * reader throws.
 */
export async function decodeTensor(ctx: TensorContext, tensor: Tensor, label: string): Promise<DecodedTensor> {
  const values = await readNumbers(storedTensor(ctx, tensor, label));
  return { dtype: tensor.dtype, dims: tensor.dims, values };
}
