import type { Tensor } from '../../formats/onnx/model.ts';

/** Integers of 64 bits, without loss. */
export type WideIntegers = BigInt64Array | BigUint64Array;

/** Numbers known before the model runs. */
export interface ConstantValue {
  readonly dtype: number;
  readonly dims: readonly number[];
  readonly values: Float64Array;
  /** The same integers without loss, where float64 rounds one of them; absent where `values` holds all. */
  readonly exact?: WideIntegers;
  /** The stored tensor, when the constant is one as it stands and not computed from one. */
  readonly stored: Tensor | null;
}

/** The fields of a constant that hold its numbers: `values`, and `exact` where float64 rounds one. */
export function wideNumbers(integers: WideIntegers): Pick<ConstantValue, 'values' | 'exact'> {
  const values = Float64Array.from(integers, Number);
  return values.every(Number.isSafeInteger) ? { values } : { values, exact: integers };
}
