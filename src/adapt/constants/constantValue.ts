import type { Tensor } from '../../formats/onnx/model.ts';

/** Numbers known before the model runs. */
export interface ConstantValue {
  readonly dtype: number;
  readonly dims: readonly number[];
  readonly values: Float64Array;
  /** The stored tensor, when the constant is one as it stands and not computed from one. */
  readonly stored: Tensor | null;
}

export function product(dims: readonly number[]): number {
  return dims.reduce((n, d) => n * d, 1);
}
