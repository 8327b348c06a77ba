import {
  BFLOAT16,
  DOUBLE,
  FLOAT,
  FLOAT16,
  INT16,
  INT32,
  INT8,
  isInteger,
  UINT16,
  UINT8,
} from '../../tensors/dtypes.ts';
import type { Affine } from '../maps/affine.ts';
import type { ConstantValue } from './constantValue.ts';
import { product, stridesOf } from '../../tensors/dims.ts';
import { columnCount } from '../maps/affine.ts';

/**
 * The smallest and the largest number of the types that weights take the map in by: a folded weight that leaves them
 * can't keep its type. Weights of other types are never folded.
 */
const RANGE: Readonly<Record<number, readonly [number, number]>> = {
  [FLOAT]: [-3.4028234663852886e38, 3.4028234663852886e38],
  [UINT8]: [0, 255],
  [INT8]: [-128, 127],
  [UINT16]: [0, 65535],
  [INT16]: [-32768, 32767],
  [INT32]: [-2147483648, 2147483647],
  [FLOAT16]: [-65504, 65504],
  [DOUBLE]: [-Number.MAX_VALUE, Number.MAX_VALUE],
  [BFLOAT16]: [-3.3895313892515355e38, 3.3895313892515355e38],
};

/** True when every value can be stored as `dtype`; integers must be whole. */
export function fits(dtype: number, values: Float64Array): boolean {
  const range = RANGE[dtype];
  if (!range) return false;
  return values.every(
    (value) => value >= range[0] && value <= range[1] && (!isInteger(dtype) || Number.isInteger(value)),
  );
}

/** Where a weight meets the channels: this axis holds `outer · channels · inner` entries. */
export interface ChannelAxis {
  readonly axis: number;
  readonly outer: number;
  readonly inner: number;
}

/**
 * Contracts one axis of a weight with the map: `W'[…, o, k, i, …] = Σ_c W[…, o, c, i, …] · m[c][k]`.
 * The axis holds outer · C · inner elements before and outer · K · inner after. Sums run in double.
 */
export function contract(
  constant: ConstantValue,
  { axis, outer, inner }: ChannelAxis,
  map: Affine,
): { dims: number[]; values: Float64Array } {
  const oldChannels = map.m.length;
  const newChannels = columnCount(map.m);
  const blocks = product(constant.dims.slice(0, axis)) * outer;
  const run = inner * product(constant.dims.slice(axis + 1));
  const values = new Float64Array(blocks * newChannels * run);
  const entries = map.m.flatMap((row, c) => row.flatMap((factor, k) => (factor === 0 ? [] : [{ c, k, factor }])));
  for (let block = 0; block < blocks; block++) {
    for (const { c, k, factor } of entries) {
      const from = (block * oldChannels + c) * run;
      const to = (block * newChannels + k) * run;
      for (let i = 0; i < run; i++) values[to + i] = (values[to + i] ?? 0) + factor * (constant.values[from + i] ?? 0);
    }
  }
  return { dims: constant.dims.map((dim, i) => (i === axis ? outer * newChannels * inner : dim)), values };
}

/**
 * `Σ_c W[…, c, …] · b[c]` over the channel axis and everything but the axes `keep`, in their order: what the shift adds
 * to each output.
 */
export function shiftThrough(
  constant: ConstantValue,
  { axis, inner }: ChannelAxis,
  b: readonly number[],
  keep: readonly number[],
): Float64Array {
  const strides = stridesOf(constant.dims);
  const at = (i: number, on: number): number => Math.floor(i / (strides[on] ?? 1)) % (constant.dims[on] ?? 1);
  const out = new Float64Array(product(keep.map((k) => constant.dims[k] ?? 1)));
  for (let i = 0; i < constant.values.length; i++) {
    const c = Math.floor(at(i, axis) / inner) % b.length;
    const o = keep.reduce((total, k) => total * (constant.dims[k] ?? 1) + at(i, k), 0);
    out[o] = (out[o] ?? 0) + (constant.values[i] ?? 0) * (b[c] ?? 0);
  }
  return out;
}
