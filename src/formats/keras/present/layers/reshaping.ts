import type { NewAttribute } from '../../../onnx/edit/encode.ts';
import { items, member, number } from '../../../../bytes/json/json.ts';
import { numberList } from '../../network/inputShape.ts';
import type { LayerBuilder, LayerRule, Value } from '../layerBuilder.ts';
import { axisWhenMoved } from './merging.ts';
import { interpolation, resizing } from './resize.ts';
import { range } from '../../../../bytes/lists.ts';
import { Unpresentable } from '../unpresentable.ts';
import { channelsToLast } from '../layerBuilder.ts';

/** Further than any axis goes: how ONNX's Slice says "to the end". */
const TO_END = 2 ** 31 - 1;

/**
 * Channels come last in what is flattened, whatever the order of axes:
 * https://keras.io/api/layers/reshaping_layers/flatten/
 */
function flatten(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const plain = builder.plain(value);
  const rank = builder.channelsFirst() ? builder.rank(value) : 0;
  const last = rank > 2 ? builder.node('Transpose', [plain], [{ name: 'perm', ints: channelsToLast(rank) }]) : plain;
  return [{ name: builder.node('Flatten', [last], [{ name: 'axis', int: 1 }]), rank: 2, moved: false }];
}

/** https://keras.io/api/layers/reshaping_layers/reshape/ */
function reshape(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const target = numberList(builder.setting('target_shape'));
  if (!target) throw new Unpresentable('its shape is not given');
  // 0 keeps the batch as it is.
  const name = builder.node('Reshape', [builder.plain(builder.only(inputs)), builder.ints('shape', [0, ...target])]);
  return [{ name, rank: target.length + 1, moved: false }];
}

/** Axes are counted from 1, without the batch: https://keras.io/api/layers/reshaping_layers/permute/ */
function permute(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const dims = numberList(builder.setting('dims'));
  if (!dims) throw new Unpresentable('its order of axes is not given');
  const name = builder.node('Transpose', [builder.plain(value)], [{ name: 'perm', ints: [0, ...dims] }]);
  return [{ name, rank: value.rank, moved: false }];
}

/** Amounts at both ends of each spatial axis: one number, one for each axis, or two. */
function amounts(builder: LayerBuilder, spatial: number, name: string): [number, number][] {
  const setting = builder.setting(name);
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
function spatialAxes(builder: LayerBuilder, value: Value, spatial: number): number[] {
  return range(1, spatial + 1).map((i) => {
    if (builder.channelsFirst()) return i + 1;
    return value.moved ? axisWhenMoved(i, spatial + 2) : i;
  });
}

/** A layer made for channels first reads the order of Keras; any other takes the value as it stands. */
function standing(builder: LayerBuilder, value: Value): Value {
  return builder.channelsFirst() ? { ...value, name: builder.plain(value), moved: false } : value;
}

/** https://keras.io/api/layers/reshaping_layers/zero_padding2d/ */
function zeroPadding(spatial: number): LayerRule {
  return (builder, inputs) => {
    const x = standing(builder, builder.only(inputs));
    const pads = new Array<number>((spatial + 2) * 2).fill(0);
    const ends = amounts(builder, spatial, 'padding');
    spatialAxes(builder, x, spatial).forEach((axis, i) => {
      pads[axis] = ends[i]?.[0] ?? 0;
      pads[axis + spatial + 2] = ends[i]?.[1] ?? 0;
    });
    return [{ ...x, rank: spatial + 2, name: builder.node('Pad', [x.name, builder.ints('pads', pads)]) }];
  };
}

/** https://keras.io/api/layers/reshaping_layers/cropping2d/ */
function cropping(spatial: number): LayerRule {
  return (builder, inputs) => {
    const x = standing(builder, builder.only(inputs));
    const ends = amounts(builder, spatial, 'cropping');
    const operands = [
      x.name,
      builder.ints(
        'starts',
        ends.map(([before]) => before),
      ),
      builder.ints(
        'ends',
        ends.map(([, after]) => (after === 0 ? TO_END : -after)),
      ),
      builder.ints('axes', spatialAxes(builder, x, spatial)),
    ];
    return [{ ...x, rank: spatial + 2, name: builder.node('Slice', operands) }];
  };
}

function sampling(builder: LayerBuilder): readonly NewAttribute[] {
  const name = builder.text('nearest', 'interpolation');
  const found = interpolation(name);
  if (!found) throw new Unpresentable(`its interpolation ${name} is not known`);
  return found;
}

/** https://keras.io/api/layers/reshaping_layers/up_sampling2d/ */
function upSampling(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const moved = !builder.channelsFirst();
  const x = moved ? builder.moved(value) : builder.plain(value);
  const [height = 1, width = 1] = builder.sizes(2, 2, 'size');
  const name = builder.node('Resize', [x, '', builder.floats('scales', [4], [1, 1, height, width])], sampling(builder));
  return [{ name, rank: 4, moved }];
}

/** Each entry as often as `size` says: https://keras.io/api/layers/reshaping_layers/up_sampling1d/ */
function repeating(spatial: number): LayerRule {
  return (builder, inputs) => {
    const value = builder.only(inputs);
    const moved = !builder.channelsFirst();
    const x = moved ? builder.moved(value) : builder.plain(value);
    const scales = [1, 1, ...builder.sizes(spatial, 2, 'size', 'length')];
    const operands = [x, '', builder.floats('scales', [scales.length], scales)];
    return [{ name: builder.node('Resize', operands, sampling(builder)), rank: spatial + 2, moved }];
  };
}

/** https://keras.io/api/layers/reshaping_layers/repeat_vector/ */
function repeatVector(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const wide = builder.node('Unsqueeze', [builder.plain(builder.only(inputs)), builder.ints('axes', [1])]);
  return [
    {
      name: builder.node('Tile', [wide, builder.ints('repeats', [1, builder.number(1, 'n'), 1])]),
      rank: 3,
      moved: false,
    },
  ];
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
  UpSampling1D: repeating(1),
  UpSampling2D: upSampling,
  UpSampling3D: repeating(3),
  Resizing: resizing,
  RepeatVector: repeatVector,
};
