import { INT32, INT64 } from '../../../tensors/dtypes.ts';
import type { Dim } from '../../../formats/onnx/model.ts';
import { plus, times } from '../../sizes/dims.ts';
import {
  atRunTime,
  each,
  fixed,
  like,
  openDims,
  tensors,
  type Rule,
  type RuleInput,
  type ShapeRule,
} from '../../shapes/shapeRule.ts';
import { extentOf, padsOf, slide, windowOf, type Window } from './window.ts';

/** The kernel of a convolution: the weight's own, else what the attribute says. */
function kernelOf(input: RuleInput, weight: readonly Dim[] | null): readonly (number | null)[] | null {
  return weight?.map((dim) => (typeof dim === 'number' ? dim : null)) ?? input.ints('kernel_shape');
}

function checkChannels(input: RuleInput, channels: Dim, perGroup: Dim): void {
  const group = input.int('group', 1);
  if (typeof channels === 'number' && typeof perGroup === 'number' && channels !== perGroup * group) {
    throw new RangeError(`its weight is for ${perGroup * group} channels, and the input has ${channels}`);
  }
}

/** Whether channels stand in front of the spatial axes or behind them. */
export type ChannelOrder = 'first' | 'last';

/** The spatial sizes: X is [N, C, spatial…], or [N, spatial…, C]; W is [M, C / group, kernel…] with both. */
function imageOf(dims: readonly Dim[], order: ChannelOrder): readonly Dim[] {
  return order === 'last' ? dims.slice(1, -1) : dims.slice(2);
}

/**
 * A convolution whose weight is input `weight`: https://onnx.ai/onnx/operators/onnx__Conv.html. Throws RangeError where
 * ranks or channels don't fit.
 */
export function conv(weight: number, order: ChannelOrder = 'first'): ShapeRule {
  return (input) => {
    const x = input.dims(0);
    const w = input.dims(weight);
    const rank = x?.length ?? w?.length;
    if (rank === undefined) return [null];
    checkRanks(rank, w);
    if (x && w) checkChannels(input, x[order === 'last' ? rank - 1 : 1] ?? null, w[1] ?? null);
    const image = x ? imageOf(x, order) : openDims(rank - 2);
    const out = convolved(input, image, kernelOf(input, w && w.slice(2)));
    const [batch, channels] = [x?.[0] ?? null, w?.[0] ?? null];
    return [order === 'last' ? [batch, ...out, channels] : [batch, channels, ...out]];
  };
}

function checkRanks(rank: number, weight: readonly Dim[] | null): void {
  if (rank < 3 || (weight && weight.length !== rank))
    throw new RangeError(`it has no weight of rank ${weight?.length} for a tensor of rank ${rank}`);
}

/** The spatial sizes behind a convolution. Without a kernel they follow only where padding keeps them. */
function convolved(input: RuleInput, image: readonly Dim[], kernel: readonly (number | null)[] | null): Dim[] {
  const rank = image.length;
  if (!kernel && !input.text('auto_pad', '').startsWith('SAME')) return openDims(rank);
  return slid(image, windowOf(input, rank, kernel ?? openDims(rank)));
}

function slid(image: readonly Dim[], window: Window): Dim[] {
  return image.map((dim, axis) => slide(dim, window, axis));
}

/** W is [C, M / group, kernel…]: https://onnx.ai/onnx/operators/onnx__ConvTranspose.html */
const convTranspose: ShapeRule = (input) => {
  const x = input.dims(0);
  const w = input.dims(1);
  if (!x) return [null];
  checkRanks(x.length, w);
  const spatial = x.length - 2;
  if (w && typeof x[1] === 'number' && typeof w[0] === 'number' && x[1] !== w[0])
    throw new RangeError(`its weight is for ${w[0]} channels, and the input has ${x[1]}`);
  const window = windowOf(input, spatial, kernelOf(input, w?.slice(2) ?? null) ?? openDims(spatial));
  const given = input.ints('output_shape');
  const extra = input.ints('output_padding') ?? [];
  const out = x.slice(2).map((dim, axis): Dim => {
    const stride = window.strides[axis] ?? 1;
    if (given?.length) return given[given.length - spatial + axis] ?? null;
    const extent = extentOf(window, axis);
    // Where the kernel is smaller than the stride, ONNX Runtime leaves the gap out, against the text.
    if (window.auto.startsWith('SAME'))
      return extent !== null && extent + (extra[axis] ?? 0) >= stride ? times(dim, stride) : null;
    const [before, behind] = padsOf(window, axis);
    return extent === null ? null : plus(times(dim, stride), extent - stride + (extra[axis] ?? 0) - before - behind);
  });
  return [[x[0] ?? null, times(w?.[1] ?? null, input.int('group', 1)), ...out]];
};

/** The pads are an input, behind the bias: they are known when the model runs, or here. */
const convTransposeDynamic: ShapeRule = (input) => {
  const x = input.dims(0);
  const w = input.dims(1);
  if (!x || !w) return [null];
  const pads = input.has(2) ? input.integers(2) : [];
  const spatial = x.length - 2;
  const window = windowOf(input, spatial, kernelOf(input, w.slice(2)) ?? openDims(spatial));
  const head = [x[0] ?? null, times(w[1] ?? null, input.int('group', 1))];
  if (!pads) return [atRunTime('its pads are', [...head, ...openDims(spatial)])];
  const extra = input.ints('output_padding') ?? [];
  const out = x.slice(2).map((dim, axis): Dim => {
    const stride = window.strides[axis] ?? 1;
    const extent = extentOf(window, axis);
    const [before, behind] = pads.length ? [pads[axis] ?? null, pads[axis + spatial] ?? null] : [0, 0];
    if (extent === null || before === null || behind === null) return null;
    return plus(times(dim, stride), extent - stride + (extra[axis] ?? 0) - before - behind);
  });
  return [[...head, ...out]];
};

/** A pooling keeps batch and channels: https://onnx.ai/onnx/operators/onnx__MaxPool.html */
export function pool(order: ChannelOrder = 'first'): ShapeRule {
  return (input) => {
    const x = input.dims(0);
    const kernel = input.ints('kernel_shape');
    if (!x || !kernel) return input.node.outputs.map(() => x && openDims(x.length));
    if (x.length !== kernel.length + 2)
      throw new RangeError(`its window has ${kernel.length} axes for a tensor of rank ${x.length}`);
    const window = windowOf(input, kernel.length, kernel);
    // ONNX Runtime does not follow the text where the padding is automatic and the window has gaps.
    const unclear = (axis: number): boolean => window.auto.startsWith('SAME') && (window.dilations[axis] ?? 1) > 1;
    const out = slid(imageOf(x, order), window).map((dim, axis) => (unclear(axis) ? null : dim));
    const shape = order === 'last' ? [x[0] ?? null, ...out, x.at(-1) ?? null] : [x[0] ?? null, x[1] ?? null, ...out];
    return input.node.outputs.map(() => shape);
  };
}

/** Every spatial axis becomes 1: https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html */
export function globalPool(order: ChannelOrder = 'first'): ShapeRule {
  return (input) => {
    const x = input.dims(0);
    if (!x) return [null];
    const channels = order === 'last' ? x.length - 1 : 1;
    return [x.map((dim, axis) => (axis === 0 || axis === channels ? dim : 1))];
  };
}

/** The way back of a MaxPool: https://onnx.ai/onnx/operators/onnx__MaxUnpool.html */
const maxUnpool: ShapeRule = (input) => {
  const x = input.dims(0);
  const kernel = input.ints('kernel_shape');
  if (input.has(2)) return [input.sizes(2) ?? atRunTime('the sizes it is given are', x && openDims(x.length))];
  if (!x || !kernel || x.length !== kernel.length + 2) return [null];
  const window = windowOf(input, kernel.length, kernel);
  const out = x.slice(2).map((dim, axis) => {
    const [before, behind] = padsOf(window, axis);
    const stride = window.strides[axis] ?? 1;
    return plus(times(dim, stride), (kernel[axis] ?? 1) - stride - before - behind);
  });
  return [[x[0] ?? null, x[1] ?? null, ...out]];
};

export const SPATIAL: Readonly<Record<string, Rule>> = {
  ...each('Conv DeformConv com.microsoft:FusedConv', tensors(conv(1), like(0, 1))),
  ...each('com.microsoft:NhwcConv com.microsoft:NhwcFusedConv', tensors(conv(1, 'last'), like(0, 1))),
  ConvInteger: tensors(conv(1), fixed(INT32)),
  ConvTranspose: tensors(convTranspose, like(0, 1)),
  'com.microsoft:ConvTransposeWithDynamicPads': tensors(convTransposeDynamic, like(0, 1)),
  ...each('AveragePool LpPool', tensors(pool(), like(0))),
  ...each('MaxPool com.microsoft:MaxpoolWithMask', tensors(pool(), like(0), fixed(INT64))),
  'com.microsoft:NhwcMaxPool': tensors(pool('last'), like(0)),
  ...each('GlobalAveragePool GlobalLpPool GlobalMaxPool', tensors(globalPool(), like(0))),
  MaxUnpool: tensors(maxUnpool, like(0)),
};
