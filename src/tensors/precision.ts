import { DOUBLE, FLOAT } from './dtypes.ts';
import { SMALL_FLOATS, type FloatFormat } from './smallFloat.ts';

/** IEEE 754 binary32 and binary64; the narrower ones have a table of their own. */
const WIDE_FLOATS: Readonly<Record<number, FloatFormat>> = {
  [FLOAT]: { mantissaBits: 23, bias: 127 },
  [DOUBLE]: { mantissaBits: 52, bias: 1023 },
};

function formatOf(dtype: number): FloatFormat | null {
  return WIDE_FLOATS[dtype] ?? SMALL_FLOATS[dtype] ?? null;
}

/**
 * The distance from 1 to the next number of a float type: what is rounded to the type moves by at most half of it, as
 * a part of its size. 0 for types that round to whole numbers, and for float8e8m0, whose numbers are scales.
 */
export function stepOf(dtype: number): number {
  const format = formatOf(dtype);
  return format ? 2 ** -format.mantissaBits : 0;
}

/** The smallest number above 0 of a float type: close to 0, steps grow no smaller. 0 where `stepOf` is. */
export function smallestOf(dtype: number): number {
  const format = formatOf(dtype);
  return format ? 2 ** (1 - format.bias - format.mantissaBits) : 0;
}
