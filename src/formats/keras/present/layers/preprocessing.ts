import { type LayerBuilder, type LayerRule, type Value } from '../layerBuilder.ts';
import { product } from '../../../../tensors/dims.ts';

/**
 * Other heights and widths, cut out of the middle:
 * https://keras.io/api/layers/preprocessing_layers/image_preprocessing/
 */
function cut(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  return sized(builder, inputs, [builder.number(1, 'height'), builder.number(1, 'width')]);
}

/** https://keras.io/api/layers/pooling_layers/adaptive_average_pooling2d/ */
function adaptivePool(spatial: number): LayerRule {
  return (builder, inputs) => sized(builder, inputs, builder.sizes(spatial, 1, 'output_size'));
}

function sized(builder: LayerBuilder, inputs: readonly Value[], sizes: readonly number[]): Value[] {
  return builder.layerNode({
    inputs: [builder.plain(builder.only(inputs))],
    attributes: [
      { name: 'sizes', ints: [...sizes] },
      { name: 'channels_first', int: builder.channelsFirst() ? 1 : 0 },
    ],
    ranks: [sizes.length + 2],
  });
}

/** Layers of a shape that stays, whose arithmetic no operator of this version stands for. */
function sameShape(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  return builder.layerNode({ inputs: [builder.plain(value)], ranks: [value.rank] });
}

/** Images put together from patches: keras/src/layers/reshaping/reconstruct_patches2d.py */
function patches(spatial: number): LayerRule {
  return (builder, inputs) =>
    builder.layerNode({
      inputs: [builder.plain(builder.only(inputs))],
      attributes: [
        { name: 'sizes', ints: builder.sizes(spatial, 1, 'output_size') },
        { name: 'patch', int: product(builder.sizes(spatial, 1, 'size')) },
        { name: 'channels_first', int: builder.channelsFirst() ? 1 : 0 },
      ],
      ranks: [spatial + 2],
    });
}

/** Layers whose outputs have the shape of their input, and are no function of one channel or pixel alone. */
const SAME_SHAPE = [
  'GroupNormalization',
  'UnitNormalization',
  'RMSNormalization',
  'AutoContrast',
  'AugMix',
  'ContrastLimitedAdaptiveHistogramEqualization',
  'CutMix',
  'Equalization',
  'MaxNumBoundingBoxes',
  'MixUp',
  'RandAugment',
  'Solarization',
];

export const PREPROCESSING: Readonly<Record<string, LayerRule>> = {
  CenterCrop: cut,
  RandomCrop: cut,
  AdaptiveAveragePooling1D: adaptivePool(1),
  AdaptiveAveragePooling2D: adaptivePool(2),
  AdaptiveAveragePooling3D: adaptivePool(3),
  AdaptiveMaxPooling1D: adaptivePool(1),
  AdaptiveMaxPooling2D: adaptivePool(2),
  AdaptiveMaxPooling3D: adaptivePool(3),
  ReconstructPatches2D: patches(2),
  ReconstructPatches3D: patches(3),
  ...Object.fromEntries(SAME_SHAPE.map((name) => [name, sameShape])),
};
