import type { NewAttribute } from '../../../onnx/edit/encode.ts';
import { type LayerBuilder, type LayerRule, type Value } from '../layerBuilder.ts';
import { channelsSecond } from './convolution.ts';

/**
 * https://keras.io/api/layers/pooling_layers/max_pooling2d/ — an average does not count what was padded, as in ONNX.
 */
function pool(opType: string, spatial: number): LayerRule {
  return (b, inputs) => {
    const x = channelsSecond(b, b.only(inputs), spatial);
    const size = b.sizes(spatial, 2, 'pool_size', 'pool_length');
    const same = b.text('valid', 'padding', 'border_mode') === 'same';
    const attributes: NewAttribute[] = [
      { name: 'kernel_shape', ints: size },
      { name: 'strides', ints: b.sizes(spatial, size, 'strides', 'stride') },
      ...(same ? [{ name: 'auto_pad', string: 'SAME_UPPER' }] : []),
    ];
    return [{ name: b.node(opType, [x.name], attributes), rank: spatial + 2, moved: x.moved }];
  };
}

/** One number for each channel: https://keras.io/api/layers/pooling_layers/global_average_pooling2d/ */
function globalPool(opType: string, spatial: number): LayerRule {
  return (b, inputs) => {
    const value = b.only(inputs);
    const x = channelsSecond(b, value, spatial);
    const pooled = b.node(opType, [x.name]);
    if (b.flag(false, 'keepdims')) return [{ name: pooled, rank: spatial + 2, moved: x.moved }];
    return [flat(b, pooled)];
  };
}

function flat(b: LayerBuilder, pooled: string): Value {
  return { name: b.node('Flatten', [pooled], [{ name: 'axis', int: 1 }]), rank: 2, moved: false };
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
  ]),
);
