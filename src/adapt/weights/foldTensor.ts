import type { ChannelMap } from '../maps/channelMap.ts';
import { product } from '../../tensors/dims.ts';
import { columnCount } from '../maps/affine.ts';

/** Numbers of a tensor in row-major order, and the axis that holds the channels. */
export interface ChannelTensor {
  readonly values: Float64Array;
  readonly dims: readonly number[];
  readonly axis: number;
}

/** A weight on the new channels: W'[…, k, …] = Σ_c W[…, c, …] · M[c, k], summed in double precision. */
export function foldWeight(weight: ChannelTensor, { matrix }: ChannelMap): Float64Array {
  return mixChannels(weight, matrix.length, columnsOf(matrix));
}

/**
 * What an optimizer averages over its steps, on the new channels: the mean over the old channels that a new one feeds,
 * each scaled back by the map. On gray every channel's gradient is that of the folded weight. `power` is 1 for averages
 * of the gradient, 2 for its square, 0 for the plain mean.
 */
export function foldMoment(moment: ChannelTensor, { matrix }: ChannelMap, power: number): Float64Array {
  const columns = columnsOf(matrix).map((column) => {
    const used = column.filter((factor) => factor !== 0).length;
    return column.map((factor) => (factor === 0 ? 0 : 1 / (used * factor ** power)));
  });
  return mixChannels(moment, matrix.length, columns);
}

/** Σ over every number that one output sees of W[o, c, …] · b[c]: what a shift of the channels adds to the bias. */
export function foldShift({ values, dims, axis }: ChannelTensor, outputs: number, { shift }: ChannelMap): Float64Array {
  const out = new Float64Array(dims[outputs] ?? 0);
  const [inner, perOutput] = [sizeBehind(dims, axis), sizeBehind(dims, outputs)];
  values.forEach((value, i) => {
    const o = Math.floor(i / perOutput) % out.length;
    const c = Math.floor(i / inner) % shift.length;
    out[o] = (out[o] ?? 0) + value * (shift[c] ?? 0);
  });
  return out;
}

function columnsOf(matrix: ChannelMap['matrix']): number[][] {
  const width = columnCount(matrix);
  return Array.from({ length: width }, (_, k) => matrix.map((row) => row[k] ?? 0));
}

/** Elements that one step along an axis goes over. */
function sizeBehind(dims: readonly number[], axis: number): number {
  return product(dims.slice(axis + 1));
}

function mixChannels(
  { values, dims, axis }: ChannelTensor,
  channels: number,
  columns: readonly number[][],
): Float64Array {
  const outer = product(dims.slice(0, axis));
  const inner = sizeBehind(dims, axis);
  const out = new Float64Array(outer * columns.length * inner);
  let at = 0;
  for (let o = 0; o < outer; o++)
    for (const column of columns)
      for (let i = 0; i < inner; i++) {
        let sum = 0;
        for (let c = 0; c < channels; c++) {
          const factor = column[c] ?? 0;
          // A channel that is not used may hold anything, NaN too.
          if (factor !== 0) sum += factor * (values[(o * channels + c) * inner + i] ?? 0);
        }
        out[at++] = sum;
      }
  return out;
}
