import type { NewAttribute } from '../../../onnx/edit/encode.ts';
import type { LayerBuilder, LayerRule, Value } from '../layerBuilder.ts';
import type { StoredWeight } from '../weightSource.ts';
import { activated } from './activation.ts';
import { range } from '../../../../bytes/lists.ts';
import { Unpresentable } from '../unpresentable.ts';

/** How a layer moves over its input, as ONNX's operators have it. */
interface Window {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

function windowOf(builder: LayerBuilder, spatial: number): Window {
  return {
    strides: builder.sizes(spatial, 1, 'strides', 'subsample', 'subsample_length'),
    dilations: builder.sizes(spatial, 1, 'dilation_rate', 'atrous_rate'),
  };
}

/** The input with channels behind the batch, whatever the layer's order of axes, and how the output then stands. */
export function channelsSecond(builder: LayerBuilder, value: Value, spatial: number): { name: string; moved: boolean } {
  if (builder.channelsFirst()) return { name: builder.plain(value), moved: false };
  // Behind a layer that can't be presented, the layer itself says how many axes there are.
  return { name: builder.moved({ ...value, rank: value.rank ?? spatial + 2 }), moved: true };
}

/** "same" pads as ONNX's SAME_UPPER does: one more at the end where the sum is odd. "causal" pads in front only. */
function padding(builder: LayerBuilder, kernel: readonly number[], { dilations }: Window): NewAttribute[] {
  const kind = builder.text('valid', 'padding', 'border_mode');
  if (kind === 'same') return [{ name: 'auto_pad', string: 'SAME_UPPER' }];
  if (kind === 'causal') return [{ name: 'pads', ints: [((kernel[0] ?? 1) - 1) * (dilations[0] ?? 1), 0] }];
  if (kind !== 'valid') throw new Unpresentable(`its padding ${kind} is not known`);
  return [];
}

function hasBias(builder: LayerBuilder): boolean {
  return builder.flag(true, 'use_bias', 'bias');
}

function checkedKernel(kernel: StoredWeight | undefined, spatial: number): StoredWeight {
  if (kernel?.dims.length !== spatial + 2) throw new Unpresentable(`its kernel does not have ${spatial + 2} axes`);
  return kernel;
}

/** Kernels are [k…, in, out] in Keras and [out, in, k…] in ONNX. */
function outInFirst(spatial: number): number[] {
  return [spatial + 1, spatial, ...range(0, spatial)];
}

/** https://keras.io/api/layers/convolution_layers/convolution2d/ */
function conv(spatial: number): LayerRule {
  return (builder, inputs) => {
    const [kernel, bias] = builder.stored('kernel', ...(hasBias(builder) ? ['bias'] : []));
    const weight = checkedKernel(kernel, spatial);
    const x = channelsSecond(builder, builder.only(inputs), spatial);
    const window = windowOf(builder, spatial);
    const attributes: NewAttribute[] = [
      ...padding(builder, weight.dims, window),
      { name: 'strides', ints: window.strides },
      { name: 'dilations', ints: window.dilations },
      { name: 'group', int: builder.number(1, 'groups') },
    ];
    const operands = [x.name, builder.weight(weight, outInFirst(spatial)), ...(bias ? [builder.weight(bias)] : [])];
    const value = { name: builder.node('Conv', operands, attributes), rank: spatial + 2, moved: x.moved };
    return [activated(builder, value, builder.setting('activation'))];
  };
}

/**
 * Kernel [k…, channels, multiplier]; output channel c · multiplier + m:
 * https://keras.io/api/layers/convolution_layers/depthwise_convolution2d/
 */
function depthwiseNode(builder: LayerBuilder, x: string, kernel: StoredWeight, bias: readonly string[]): string {
  const spatial = kernel.dims.length - 2;
  const channels = kernel.dims[spatial] ?? 1;
  const window = windowOf(builder, spatial);
  const weight = builder.depthwiseWeight(kernel);
  return builder.node(
    'Conv',
    [x, weight, ...bias],
    [
      ...padding(builder, kernel.dims, window),
      { name: 'strides', ints: window.strides },
      { name: 'dilations', ints: window.dilations },
      { name: 'group', int: channels },
    ],
  );
}

function depthwise(spatial: number): LayerRule {
  return (builder, inputs) => {
    const [kernel, bias] = builder.stored('depthwise_kernel', ...(hasBias(builder) ? ['bias'] : []));
    const weight = checkedKernel(kernel, spatial);
    const x = channelsSecond(builder, builder.only(inputs), spatial);
    const name = depthwiseNode(builder, x.name, weight, bias ? [builder.weight(bias)] : []);
    return [activated(builder, { name, rank: spatial + 2, moved: x.moved }, builder.setting('activation'))];
  };
}

/**
 * A depthwise convolution, then one of size 1: https://keras.io/api/layers/convolution_layers/separable_convolution2d/
 */
function separable(spatial: number): LayerRule {
  return (builder, inputs) => {
    const [depth, point, bias] = builder.stored(
      'depthwise_kernel',
      'pointwise_kernel',
      ...(hasBias(builder) ? ['bias'] : []),
    );
    const [depthKernel, pointKernel] = [checkedKernel(depth, spatial), checkedKernel(point, spatial)];
    const x = channelsSecond(builder, builder.only(inputs), spatial);
    const middle = depthwiseNode(builder, x.name, depthKernel, []);
    const operands = [
      middle,
      builder.weight(pointKernel, outInFirst(spatial)),
      ...(bias ? [builder.weight(bias)] : []),
    ];
    const name = builder.node('Conv', operands);
    return [activated(builder, { name, rank: spatial + 2, moved: x.moved }, builder.setting('activation'))];
  };
}

/**
 * What is cut off from what a transposed convolution spreads its input over, by axis; less than 0 where that is too
 * short: keras/src/backend/common/backend_utils.py, compute_conv_transpose_padding_args_for_torch, and
 * tf_keras/utils/conv_utils.py, deconv_output_length.
 */
function overlaps(builder: LayerBuilder, kernel: StoredWeight, { strides, dilations }: Window): number[] {
  const same = builder.text('valid', 'padding', 'border_mode') === 'same';
  const extra = builder.setting('output_padding') ? builder.sizes(strides.length, 0, 'output_padding') : null;
  return strides.map((stride, i) => {
    const extent = ((kernel.dims[i] ?? 1) - 1) * (dilations[i] ?? 1) + 1;
    if (extra) return (same ? 2 * Math.floor(extent / 2) : 0) - (extra[i] ?? 0);
    const surplus = extent - stride;
    return same ? surplus : Math.min(0, surplus);
  });
}

/**
 * Kernel [k…, out, in]; "same" gives input · stride:
 * https://keras.io/api/layers/convolution_layers/convolution2d_transpose/
 */
function transposed(spatial: number): LayerRule {
  return (builder, inputs) => {
    const [kernel, bias] = builder.stored('kernel', ...(hasBias(builder) ? ['bias'] : []));
    const weight = checkedKernel(kernel, spatial);
    const x = channelsSecond(builder, builder.only(inputs), spatial);
    const { strides, dilations } = windowOf(builder, spatial);
    const cut = overlaps(builder, weight, { strides, dilations });
    const pads = cut.map((n) => Math.max(0, n));
    const before = pads.map((n) => Math.floor(n / 2));
    const operands = [x.name, builder.weight(weight, outInFirst(spatial)), ...(bias ? [builder.weight(bias)] : [])];
    const name = builder.node('ConvTranspose', operands, [
      { name: 'pads', ints: [...before, ...pads.map((n, i) => n - (before[i] ?? 0))] },
      { name: 'strides', ints: strides },
      { name: 'dilations', ints: dilations },
      { name: 'output_padding', ints: cut.map((n) => Math.max(0, -n)) },
    ]);
    return [activated(builder, { name, rank: spatial + 2, moved: x.moved }, builder.setting('activation'))];
  };
}

export const CONVOLUTIONS: Readonly<Record<string, LayerRule>> = {
  Conv1D: conv(1),
  Conv2D: conv(2),
  Conv3D: conv(3),
  Convolution1D: conv(1),
  Convolution2D: conv(2),
  Convolution3D: conv(3),
  DepthwiseConv1D: depthwise(1),
  DepthwiseConv2D: depthwise(2),
  SeparableConv1D: separable(1),
  SeparableConv2D: separable(2),
  SeparableConvolution1D: separable(1),
  SeparableConvolution2D: separable(2),
  Conv1DTranspose: transposed(1),
  Conv2DTranspose: transposed(2),
  Conv3DTranspose: transposed(3),
  Convolution1DTranspose: transposed(1),
  Convolution2DTranspose: transposed(2),
  Convolution3DTranspose: transposed(3),
  Deconvolution2D: transposed(2),
  Deconvolution3D: transposed(3),
};
