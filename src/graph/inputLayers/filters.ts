import { connectionsOf } from '../connections.ts';
import type { Dim, Graph } from '../../formats/onnx/model.ts';
import { elementCount, type ElementRange } from '../../tensors/storedTensor.ts';
import type { InputLayer } from './inputLayers.ts';
import { product } from '../../tensors/dims.ts';

/** An input layer's weight as pictures: `count` filters, each of `channels` pictures of height × width. */
export interface FilterGrid {
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** The block of the stored tensor that holds filters [from, to). */
  block(from: number, to: number): ElementRange[];
  /** Values of such a block in the order filter, channel, row, column. */
  arrange(values: Float64Array, filters: number): Float64Array;
}

/** Numbers in one filter, beyond which a picture shows nothing any more. */
const MAX_FILTER = 2 ** 18;
/** These leave every element at its place. */
const KEEPING = new Set(['Identity', 'Cast', 'DequantizeLinear']);
/** A flattened image is laid out by these. */
const FLATTENING = new Set(['Flatten', 'Reshape', 'Squeeze', 'Identity', 'Cast', 'Dropout']);
const MAX_CHAIN = 16;
const COLOUR_COUNTS = new Set([1, 3, 4]);

/**
 * How to cut an input layer's weight into pictures, or in words why not. `dimsOf` gives the shapes of tensors in the
 * graph.
 */
export function filterGrid(
  graph: Graph,
  layer: InputLayer,
  dimsOf: (name: string) => readonly Dim[] | null,
): FilterGrid | string {
  const moved = layer.via.find((op) => !KEEPING.has(op));
  if (moved)
    return `The stored weight passes ${moved} before the layer reads it, so its axes are not those of the filters.`;
  if (elementCount(layer.tensor) === 0) return 'The weight is empty.';
  const grid = layer.matrix ? matrixGrid(graph, layer, dimsOf) : convolutionGrid(layer);
  if (typeof grid !== 'string' && grid.channels * grid.height * grid.width > MAX_FILTER)
    return `Each filter has ${grid.channels * grid.height * grid.width} numbers, too many for a picture.`;
  return grid;
}

function convolutionGrid(layer: InputLayer): FilterGrid | string {
  const { dims, node, group } = layer;
  const [first = 1, second = 1, ...kernel] = dims;
  if (kernel.length < 1 || kernel.length > 3) return `A kernel with ${kernel.length} axes can't be drawn flat.`;
  const width = kernel.at(-1) ?? 1;
  const height = kernel.at(-2) ?? 1;
  const depth = kernel.length === 3 ? (kernel[0] ?? 1) : 1;
  const rest = kernel.map((k) => ({ from: 0, to: k }));
  if (node.opType !== 'ConvTranspose') {
    return {
      count: first,
      channels: second * depth,
      height,
      width,
      block: (from, to) => [{ from, to }, { from: 0, to: second }, ...rest],
      arrange: (values) => values,
    };
  }
  if (group !== 1) return 'The filters of a grouped ConvTranspose do not each see all channels, so they are not drawn.';
  const size = depth * height * width;
  return {
    count: second,
    channels: first * depth,
    height,
    width,
    block: (from, to) => [{ from: 0, to: first }, { from, to }, ...rest],
    arrange: (values, filters) => swapped(values, first, filters, size),
  };
}

function matrixGrid(
  graph: Graph,
  layer: InputLayer,
  dimsOf: (name: string) => readonly Dim[] | null,
): FilterGrid | string {
  if (layer.dims.length !== 2) return `A weight with ${layer.dims.length} axes is no single matrix.`;
  const rows = layer.layout === '[out, in]';
  const [a = 1, b = 1] = layer.dims;
  const [count, inner] = rows ? [a, b] : [b, a];
  const image = flattenedImage(graph, layer.data, inner, dimsOf);
  if (!image)
    return `The layer reads ${inner} numbers in a row, and the graph does not say which image they came from.`;
  const { channels, height, width, last } = image;
  const size = height * width;
  return {
    count,
    channels,
    height,
    width,
    block: (from, to) =>
      rows
        ? [
            { from, to },
            { from: 0, to: inner },
          ]
        : [
            { from: 0, to: inner },
            { from, to },
          ],
    arrange: (values, filters) => {
      const byFilter = rows ? values : swapped(values, inner, filters, 1);
      // Channels last: each filter is rows × columns × channels.
      return last
        ? Float64Array.from({ length: byFilter.length }, (_, i) => {
            const [filter, at] = [Math.floor(i / inner), i % inner];
            return byFilter[filter * inner + (at % size) * channels + Math.floor(at / size)] ?? NaN;
          })
        : byFilter;
    },
  };
}

/**
 * The image behind a flat tensor: the last shape of rank 3 or more, or one of rank 2 behind its batch, whose sizes
 * multiply to `inner`.
 */
function flattenedImage(
  graph: Graph,
  from: string,
  inner: number,
  dimsOf: (name: string) => readonly Dim[] | null,
): { channels: number; height: number; width: number; last: boolean } | null {
  const { makers } = connectionsOf(graph.nodes);
  let at = from;
  for (let i = 0; i < MAX_CHAIN; i++) {
    const dims = dimsOf(at)?.slice(1);
    const isPicture = dims?.length === 2 || dims?.length === 3;
    if (isPicture && dims.every((dim) => typeof dim === 'number') && product(dims) === inner) {
      const [x = 1, y = 1, z = 1] = dims;
      if (dims.length === 2) return { channels: 1, height: x, width: y, last: false };
      const last = COLOUR_COUNTS.has(z) && !COLOUR_COUNTS.has(x);
      return last ? { channels: z, height: x, width: y, last } : { channels: x, height: y, width: z, last };
    }
    const node = makers.get(at);
    if (!node || !FLATTENING.has(node.opType) || !node.inputs[0]) return null;
    at = node.inputs[0];
  }
  return null;
}

/** [outer, inner, size] to [inner, outer, size]. */
function swapped(values: Float64Array, outer: number, inner: number, size: number): Float64Array {
  const out = new Float64Array(values.length);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++)
      out.set(values.subarray((o * inner + i) * size, (o * inner + i + 1) * size), (i * outer + o) * size);
  }
  return out;
}
