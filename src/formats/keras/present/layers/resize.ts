import type { NewAttribute } from '../../../onnx/edit/encode.ts';
import { flag, text, type Json } from '../../../../bytes/json/json.ts';
import { numberList } from '../../network/inputShape.ts';
import type { LayerBuilder, Value } from '../layerBuilder.ts';
import { argument, BY_NAME } from './operations/call.ts';
import { Unpresentable } from '../unpresentable.ts';

const HALF_PIXEL: NewAttribute = { name: 'coordinate_transformation_mode', string: 'half_pixel' };

/** How tf.image.resize places its samples; bicubic leaves out what lies outside (resize_bicubic_op.cc). */
const INTERPOLATIONS: Readonly<Record<string, readonly NewAttribute[]>> = {
  nearest: [{ name: 'mode', string: 'nearest' }, HALF_PIXEL, { name: 'nearest_mode', string: 'round_prefer_ceil' }],
  bilinear: [{ name: 'mode', string: 'linear' }, HALF_PIXEL],
  bicubic: [
    { name: 'mode', string: 'cubic' },
    HALF_PIXEL,
    { name: 'cubic_coeff_a', float: -0.5 },
    { name: 'exclude_outside', int: 1 },
  ],
};

/** The attributes of ONNX's Resize for an interpolation of Keras; null for one that it does not have. */
export function interpolation(name: string): readonly NewAttribute[] | null {
  return Object.hasOwn(INTERPOLATIONS, name) ? (INTERPOLATIONS[name] ?? null) : null;
}

/** What a resize is told, as a layer's settings or as an operation's arguments. */
interface NewSize {
  readonly sizes: readonly number[];
  readonly interpolation: string;
  readonly channelsFirst: boolean;
  /** It crops, pads or smooths too, which ONNX's Resize does otherwise or not at all. */
  readonly doesMore: boolean;
}

function resized(builder: LayerBuilder, value: Value, asked: NewSize): Value[] {
  const { sizes, channelsFirst, doesMore } = asked;
  const sampling = interpolation(asked.interpolation);
  if (doesMore || !sampling)
    return builder.layerNode({
      opType: 'Resizing',
      inputs: [builder.plain(value)],
      attributes: [
        { name: 'sizes', ints: [...sizes] },
        { name: 'channels_first', int: channelsFirst ? 1 : 0 },
      ],
      ranks: [4],
    });
  const x = channelsFirst ? builder.plain(value) : builder.moved(value);
  const attributes = [...sampling, { name: 'axes', ints: [2, 3] }];
  const name = builder.node('Resize', [x, '', '', builder.ints('sizes', sizes)], attributes);
  return [{ name, rank: 4, moved: !channelsFirst }];
}

/** What changes the pixels beside the interpolation, under its names in Keras 2 and 3. */
const MORE = ['crop_to_aspect_ratio', 'pad_to_aspect_ratio', 'preserve_aspect_ratio', 'antialias'];

/** https://keras.io/api/layers/preprocessing_layers/image_preprocessing/resizing/ */
export function resizing(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  return resized(builder, builder.only(inputs), {
    sizes: [builder.number(1, 'height'), builder.number(1, 'width')],
    interpolation: builder.text('bilinear', 'interpolation'),
    channelsFirst: builder.channelsFirst(),
    doesMore: MORE.some((name) => builder.flag(false, name)),
  });
}

/** https://keras.io/api/ops/image/#resize-function and https://www.tensorflow.org/api_docs/python/tf/image/resize */
export function resizeOperation(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const given = (...names: readonly string[]): Json | undefined => argument(builder, BY_NAME, ...names);
  const sizes = numberList(argument(builder, 1, 'size'));
  if (sizes?.length !== 2) throw new Unpresentable('its size is not given');
  if (builder.rank(value) !== 4) throw new Unpresentable('it is not given images with 4 axes');
  return resized(builder, value, {
    sizes,
    interpolation: text(given('interpolation', 'method')) ?? 'bilinear',
    channelsFirst: text(given('data_format')) === 'channels_first',
    doesMore: MORE.some((name) => flag(given(name)) === true),
  });
}
