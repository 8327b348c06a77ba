import { Constants } from '../../../adapt/constants/constants.ts';
import { isTellable } from '../../../bytes/errors.ts';
import { constantTensor } from '../../../formats/onnx/attributes.ts';
import type { Tensor } from '../../../formats/onnx/model.ts';
import type { DecodedTensor } from '../../../formats/onnx/tensors/tensorData.ts';
import type { Wiring } from '../../wiring.ts';
import { product } from '../../../tensors/dims.ts';
import { isComputedFloat } from '../../../tensors/dtypes.ts';
import { stepOf, smallestOf } from '../../../tensors/precision.ts';

export type WeightNumbers = DecodedTensor;

/** Sums of weights larger than this are not worth holding in memory when the runtime can't help: 2^26 numbers. */
const MAX_WEIGHTS = 2 ** 26;

/**
 * How a weight of this type rounds: by steps of its size, and near 0 by the smallest number. Narrower floats are the
 * codes of quantised weights, which are the same or wrong.
 */
export function weightRounding(dtype: number): { readonly step: number; readonly smallest: number } {
  return isComputedFloat(dtype) ? { step: stepOf(dtype), smallest: smallestOf(dtype) } : { step: 0, smallest: 0 };
}

const KNOWN = new WeakMap<Wiring, Constants>();

/** What is known of a model's main graph before it runs. */
export function constantsOf(wiring: Wiring): Constants {
  const { model, ctx } = wiring.file;
  const known = KNOWN.get(wiring) ?? new Constants(model.graph, ctx, () => false);
  KNOWN.set(wiring, known);
  return known;
}

/** The tensor of an initializer or of a Constant node; null for what is stored in another form, or computed. */
export function storedAs(wiring: Wiring, name: string): Tensor | null {
  const maker = wiring.makers.get(name);
  return wiring.stored.get(name) ?? (maker && constantTensor(maker)) ?? null;
}

/**
 * The numbers of a weight, wherever the main graph holds them: an initializer, a sparse one, a Constant node, or what
 * plain operators make of these. Null where it holds none, too many, or they can't be read.
 */
export async function weightNumbers(wiring: Wiring, name: string): Promise<WeightNumbers | null> {
  const stored = storedAs(wiring, name);
  if (stored && product(stored.dims) > MAX_WEIGHTS) return null;
  try {
    return await constantsOf(wiring).value(name);
  } catch (error) {
    if (!isTellable(error)) throw error;
    return null;
  }
}

/** Whether two weights hold the same numbers, NaN and the sign of 0 included. */
export function sameWeights(a: WeightNumbers, b: WeightNumbers): boolean {
  return a.values.length === b.values.length && a.values.every((value, i) => Object.is(value, b.values[i]));
}
