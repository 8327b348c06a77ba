import { DOUBLE, FLOAT, INT64, isHalf } from '../../tensors/dtypes.ts';
import { intOf, intsOf } from '../../formats/onnx/attributes.ts';
import type { Node } from '../../formats/onnx/model.ts';
import { smallFloatPattern, smallFloatValues } from '../../tensors/smallFloat.ts';
import type { ConstantValue } from './constantValue.ts';
import { product, fromFront } from '../../tensors/dims.ts';

/** Computes a node's first output from constant inputs; null where it can't, or where the numbers don't fit. */
export type ConstantRule = (node: Node, inputs: readonly (ConstantValue | null)[]) => ConstantValue | null;

/** Tensors of more axes are no weights; sizes in a file have no bounds. */
export const MAX_RANK = 64;
/** Elements that an operator may make of fewer. */
export const MAX_EXPANDED = 1 << 24;

/** Each number as its type holds it; null where one leaves the range. */
function rounded(dtype: number, values: Float64Array): Float64Array | null {
  if (dtype === FLOAT) return values.map(Math.fround);
  if (dtype === DOUBLE) return values;
  if (!isHalf(dtype)) return null;
  const table = smallFloatValues(dtype);
  const out = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const pattern = smallFloatPattern(dtype, values[i] ?? 0);
    if (pattern === null || !table) return null;
    out[i] = table[pattern] ?? 0;
  }
  return out;
}

/**
 * A computed constant, rounded as its type does; null where its numbers leave the type, or where the type is not
 * computed with.
 */
export function made(dtype: number, dims: readonly number[], values: Float64Array): ConstantValue | null {
  const whole = dtype === INT64 && values.every(Number.isSafeInteger);
  const list = whole ? values : rounded(dtype, values);
  return list && { dtype, dims, values: list, stored: null };
}

/** The attribute `axis`, counted from the front. */
export function axisOf(node: Node, otherwise: number, rank: number): number {
  return fromFront(intOf(node, 'axis', otherwise), rank);
}

/** Axes from an input, or from the attribute `axes`; null where there are none. */
export function axesOf(node: Node, given: ConstantValue | null | undefined, rank: number): number[] | null {
  const axes = given ? [...given.values] : intsOf(node, 'axes');
  return axes?.map((axis) => fromFront(axis, rank)) ?? null;
}

/** Sizes and indices in a damaged file may be anything. */
export function isSize(d: number): boolean {
  return Number.isSafeInteger(d) && d >= 0;
}

/** Whether a constant of these dims may be computed: sizes that are numbers, and few enough elements. */
export function isRoom(dims: readonly number[]): boolean {
  return dims.length <= MAX_RANK && dims.every(isSize) && product(dims) <= MAX_EXPANDED;
}
