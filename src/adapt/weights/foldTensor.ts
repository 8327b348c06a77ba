import type { ChannelMap } from '../maps/channelMap.ts';

/** Numbers of a tensor [outputs, channels, …] in row-major order. */
export interface ChannelTensor {
  readonly values: Float64Array;
  readonly dims: readonly number[];
}

/** The dims of such a tensor with another number of channels. */
export function withChannels(dims: readonly number[], channels: number): number[] {
  return dims.map((dim, axis) => (axis === 1 ? channels : dim));
}

/** A weight on the new channels: W'[o, k, …] = Σ_c W[o, c, …] · M[c, k], summed in double precision. */
export function foldWeight(weight: ChannelTensor, { matrix }: ChannelMap): Float64Array {
  return mixChannels(weight, matrix.length, columnsOf(matrix));
}

/**
 * What an optimizer averages over its steps, on the new channels: the mean over the old channels that a new one feeds,
 * each scaled back by the map. On gray every channel's gradient is that of the folded weight. `power` is 1 for averages
 * of the gradient, 2 for its square.
 */
export function foldMoment(moment: ChannelTensor, { matrix }: ChannelMap, power: number): Float64Array {
  const columns = columnsOf(matrix).map((column) => {
    const used = column.filter((factor) => factor !== 0).length;
    return column.map((factor) => (factor === 0 ? 0 : 1 / (used * factor ** power)));
  });
  return mixChannels(moment, matrix.length, columns);
}

/** Σ over every number that one output sees of W[o, c, …] · b[c]: what a shift of the channels adds to the bias. */
export function foldShift({ values, dims }: ChannelTensor, { shift }: ChannelMap): Float64Array {
  const outputs = dims[0] ?? 0;
  const kernel = kernelSize(dims);
  const perOutput = shift.length * kernel;
  const out = new Float64Array(outputs);
  for (let o = 0; o < outputs; o++) {
    let sum = 0;
    for (let i = 0; i < perOutput; i++) sum += (values[o * perOutput + i] ?? 0) * (shift[Math.floor(i / kernel)] ?? 0);
    out[o] = sum;
  }
  return out;
}

function columnsOf(matrix: ChannelMap['matrix']): number[][] {
  const width = matrix[0]?.length ?? 0;
  return Array.from({ length: width }, (_, k) => matrix.map((row) => row[k] ?? 0));
}

function kernelSize(dims: readonly number[]): number {
  return dims.slice(2).reduce((product, dim) => product * dim, 1);
}

function mixChannels({ values, dims }: ChannelTensor, channels: number, columns: readonly number[][]): Float64Array {
  const outputs = dims[0] ?? 0;
  const kernel = kernelSize(dims);
  const out = new Float64Array(outputs * columns.length * kernel);
  let at = 0;
  for (let o = 0; o < outputs; o++)
    for (const column of columns)
      for (let i = 0; i < kernel; i++) {
        let sum = 0;
        for (let c = 0; c < channels; c++) {
          const factor = column[c] ?? 0;
          // A channel that is not used may hold anything, NaN too.
          if (factor !== 0) sum += factor * (values[(o * channels + c) * kernel + i] ?? 0);
        }
        out[at++] = sum;
      }
  return out;
}
