import type { NewAttribute } from '../../../onnx/edit/encode.ts';
import { items, member, number } from '../../../../bytes/json/json.ts';
import { numberList } from '../../network/inputShape.ts';
import { type LayerBuilder, type LayerRule, range, Unpresentable, type Value } from '../layerBuilder.ts';
import { axisWhenMoved } from './merging.ts';

/** Further than any axis goes: how ONNX's Slice says "to the end". */
const TO_END = 2 ** 31 - 1;

/**
 * Channels come last in what is flattened, whatever the order of axes:
 * https://keras.io/api/layers/reshaping_layers/flatten/
 */
function flatten(b: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = b.only(inputs);
  const plain = b.plain(value);
  const rank = b.channelsFirst() ? b.rank(value) : 0;
  const last = rank > 2 ? b.node('Transpose', [plain], [{ name: 'perm', ints: [0, ...range(2, rank), 1] }]) : plain;
  return [{ name: b.node('Flatten', [last], [{ name: 'axis', int: 1 }]), rank: 2, moved: false }];
}

/** https://keras.io/api/layers/reshaping_layers/reshape/ */
function reshape(b: LayerBuilder, inputs: readonly Value[]): Value[] {
  const target = numberList(b.setting('target_shape'));
  if (!target) throw new Unpresentable('its shape is not given');
  // 0 keeps the batch as it is.
  const name = b.node('Reshape', [b.plain(b.only(inputs)), b.ints('shape', [0, ...target])]);
  return [{ name, rank: target.length + 1, moved: false }];
}

/** Axes are counted from 1, without the batch: https://keras.io/api/layers/reshaping_layers/permute/ */
function permute(b: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = b.only(inputs);
  const dims = numberList(b.setting('dims'));
  if (!dims) throw new Unpresentable('its order of axes is not given');
  const name = b.node('Transpose', [b.plain(value)], [{ name: 'perm', ints: [0, ...dims] }]);
  return [{ name, rank: value.rank, moved: false }];
}

/** Amounts at both ends of each spatial axis: one number, one for each axis, or two. */
function amounts(b: LayerBuilder, spatial: number, name: string): [number, number][] {
  const setting = b.setting(name);
  const one = number(setting);
  if (one !== undefined) return new Array<[number, number]>(spatial).fill([one, one]);
  const list = items(member(setting, 'items') ?? setting);
  const pairs = list.map((item): [number, number] => {
    const both = number(item);
    const [before = both, after = both] = numberList(item) ?? [];
    if (before === undefined || after === undefined) throw new Unpresentable(`its ${name} is not readable`);
    return [before, after];
  });
  const flat = pairs.map(([before]) => before);
  // One axis: the list is its two ends.
  if (spatial === 1 && flat.length === 2) return [[flat[0] ?? 0, flat[1] ?? 0]];
  if (pairs.length !== spatial) throw new Unpresentable(`its ${name} is not readable`);
  return pairs;
}

/** The spatial axes of a value as it stands in the graph. */
function spatialAxes(b: LayerBuilder, value: Value, spatial: number): number[] {
  return range(1, spatial + 1).map((i) => {
    if (b.channelsFirst()) return i + 1;
    return value.moved ? axisWhenMoved(i, spatial + 2) : i;
  });
}

/** A layer made for channels first reads the order of Keras; any other takes the value as it stands. */
function standing(b: LayerBuilder, value: Value): Value {
  return b.channelsFirst() ? { ...value, name: b.plain(value), moved: false } : value;
}

/** https://keras.io/api/layers/reshaping_layers/zero_padding2d/ */
function zeroPadding(spatial: number): LayerRule {
  return (b, inputs) => {
    const x = standing(b, b.only(inputs));
    const pads = new Array<number>((spatial + 2) * 2).fill(0);
    const ends = amounts(b, spatial, 'padding');
    spatialAxes(b, x, spatial).forEach((axis, i) => {
      pads[axis] = ends[i]?.[0] ?? 0;
      pads[axis + spatial + 2] = ends[i]?.[1] ?? 0;
    });
    return [{ ...x, rank: spatial + 2, name: b.node('Pad', [x.name, b.ints('pads', pads)]) }];
  };
}

/** https://keras.io/api/layers/reshaping_layers/cropping2d/ */
function cropping(spatial: number): LayerRule {
  return (b, inputs) => {
    const x = standing(b, b.only(inputs));
    const ends = amounts(b, spatial, 'cropping');
    const operands = [
      x.name,
      b.ints(
        'starts',
        ends.map(([before]) => before),
      ),
      b.ints(
        'ends',
        ends.map(([, after]) => (after === 0 ? TO_END : -after)),
      ),
      b.ints('axes', spatialAxes(b, x, spatial)),
    ];
    return [{ ...x, rank: spatial + 2, name: b.node('Slice', operands) }];
  };
}

/** How tf.image.resize places its samples. */
const INTERPOLATIONS: Readonly<Record<string, readonly NewAttribute[]>> = {
  nearest: [
    { name: 'mode', string: 'nearest' },
    { name: 'coordinate_transformation_mode', string: 'half_pixel' },
    { name: 'nearest_mode', string: 'round_prefer_ceil' },
  ],
  bilinear: [
    { name: 'mode', string: 'linear' },
    { name: 'coordinate_transformation_mode', string: 'half_pixel' },
  ],
};

function interpolation(b: LayerBuilder, fallback: string): readonly NewAttribute[] {
  const name = b.text(fallback, 'interpolation');
  const found = Object.hasOwn(INTERPOLATIONS, name) ? INTERPOLATIONS[name] : undefined;
  if (!found) throw new Unpresentable(`its interpolation ${name} is not known`);
  return found;
}

/** https://keras.io/api/layers/reshaping_layers/up_sampling2d/ */
function upSampling(b: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = b.only(inputs);
  const moved = !b.channelsFirst();
  const x = moved ? b.moved(value) : b.plain(value);
  const [height = 1, width = 1] = b.sizes(2, 2, 'size');
  const name = b.node('Resize', [x, '', b.floats('scales', [4], [1, 1, height, width])], interpolation(b, 'nearest'));
  return [{ name, rank: 4, moved }];
}

/** https://keras.io/api/layers/preprocessing_layers/image_preprocessing/resizing/ */
function resizing(b: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = b.only(inputs);
  for (const name of ['crop_to_aspect_ratio', 'pad_to_aspect_ratio', 'antialias'])
    if (b.flag(false, name)) throw new Unpresentable(`it has ${name}`);
  const moved = !b.channelsFirst();
  const x = moved ? b.moved(value) : b.plain(value);
  const sizes = b.ints('sizes', [b.number(1, 'height'), b.number(1, 'width')]);
  const attributes = [...interpolation(b, 'bilinear'), { name: 'axes', ints: [2, 3] }];
  return [{ name: b.node('Resize', [x, '', '', sizes], attributes), rank: 4, moved }];
}

/** https://keras.io/api/layers/reshaping_layers/repeat_vector/ */
function repeatVector(b: LayerBuilder, inputs: readonly Value[]): Value[] {
  const wide = b.node('Unsqueeze', [b.plain(b.only(inputs)), b.ints('axes', [1])]);
  return [{ name: b.node('Tile', [wide, b.ints('repeats', [1, b.number(1, 'n'), 1])]), rank: 3, moved: false }];
}

export const RESHAPING: Readonly<Record<string, LayerRule>> = {
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
  ZeroPadding1D: zeroPadding(1),
  ZeroPadding2D: zeroPadding(2),
  ZeroPadding3D: zeroPadding(3),
  Cropping1D: cropping(1),
  Cropping2D: cropping(2),
  Cropping3D: cropping(3),
  UpSampling2D: upSampling,
  Resizing: resizing,
  RepeatVector: repeatVector,
};
