import type { NewAttribute } from '../../../onnx/edit/encode.ts';
import { type LayerBuilder, type LayerRule, type Value } from '../layerBuilder.ts';
import { channelsSecond } from './convolution.ts';

/**
 * https://keras.io/api/layers/pooling_layers/max_pooling2d/ — an average does not count what was padded, as in ONNX.
 */
function pool(opType: string, spatial: number): LayerRule {
  return (builder, inputs) => {
    const x = channelsSecond(builder, builder.only(inputs), spatial);
    const size = builder.sizes(spatial, 2, 'pool_size', 'pool_length');
    const same = builder.text('valid', 'padding', 'border_mode') === 'same';
    const attributes: NewAttribute[] = [
      { name: 'kernel_shape', ints: size },
      { name: 'strides', ints: builder.sizes(spatial, size, 'strides', 'stride') },
      ...(same ? [{ name: 'auto_pad', string: 'SAME_UPPER' }] : []),
    ];
    return [{ name: builder.node(opType, [x.name], attributes), rank: spatial + 2, moved: x.moved }];
  };
}

/** One number for each channel: https://keras.io/api/layers/pooling_layers/global_average_pooling2d/ */
function globalPool(opType: string, spatial: number): LayerRule {
  return (builder, inputs) => {
    const value = builder.only(inputs);
    const x = channelsSecond(builder, value, spatial);
    const pooled = builder.node(opType, [x.name]);
    if (builder.flag(false, 'keepdims')) return [{ name: pooled, rank: spatial + 2, moved: x.moved }];
    return [flat(builder, pooled)];
  };
}

function flat(builder: LayerBuilder, pooled: string): Value {
  return { name: builder.node('Flatten', [pooled], [{ name: 'axis', int: 1 }]), rank: 2, moved: false };
}

const SPATIAL: readonly (readonly [string, number])[] = [
  ['1D', 1],
  ['2D', 2],
  ['3D', 3],
];

export const POOLING: Readonly<Record<string, LayerRule>> = Object.fromEntries(
  SPATIAL.flatMap(([suffix, spatial]): [string, LayerRule][] => [
    [`MaxPooling${suffix}`, pool('MaxPool', spatial)],
    [`AveragePooling${suffix}`, pool('AveragePool', spatial)],
    [`GlobalAveragePooling${suffix}`, globalPool('GlobalAveragePool', spatial)],
    [`GlobalMaxPooling${suffix}`, globalPool('GlobalMaxPool', spatial)],
    [`MaxPool${suffix}`, pool('MaxPool', spatial)],
    [`AvgPool${suffix}`, pool('AveragePool', spatial)],
    [`GlobalAvgPool${suffix}`, globalPool('GlobalAveragePool', spatial)],
    [`GlobalMaxPool${suffix}`, globalPool('GlobalMaxPool', spatial)],
  ]),
);
