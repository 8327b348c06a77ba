import { number } from '../../../../../bytes/json/json.ts';
import type { LayerBuilder, LayerRule, Value } from '../../layerBuilder.ts';
import { argument, numbersOf } from './call.ts';
import { resizeOperation } from '../resize.ts';
import { fromFront } from '../../../../../tensors/dims.ts';
import { range } from '../../../../../bytes/lists.ts';
import { Unpresentable } from '../../unpresentable.ts';

/* Operations on images, and those that turn, cut apart or bound what they are given: https://keras.io/api/ops/ */

/** Further than any axis goes, as ONNX's Slice says "to the end" and "from the end". */
const FAR = 2 ** 31 - 1;

/** x[::-1] along axes: https://keras.io/api/ops/numpy/#flip-function */
function flipped(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const axes = numbersOf(argument(builder, 1, 'axis')) ?? range(0, builder.rank(value));
  const each = (part: string, of: number): string => builder.ints(part, new Array<number>(axes.length).fill(of));
  const operands = [each('starts', FAR), each('ends', -FAR), builder.ints('axes', axes), each('steps', -1)];
  return [{ ...value, moved: false, name: builder.node('Slice', [builder.plain(value), ...operands]) }];
}

/** https://keras.io/api/ops/numpy/#clip-function */
function clipped(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const low = number(argument(builder, 1, 'x_min', 'clip_value_min'));
  const high = number(argument(builder, 2, 'x_max', 'clip_value_max'));
  if (low === undefined || high === undefined) throw new Unpresentable('its bounds are no numbers');
  const name = builder.node('Clip', [value.name, builder.scalar('low', low), builder.scalar('high', high)]);
  return [{ ...value, name }];
}

function turned(builder: LayerBuilder, value: Value, perm: readonly number[]): Value[] {
  const name = builder.node('Transpose', [builder.plain(value)], [{ name: 'perm', ints: perm }]);
  return [{ name, rank: value.rank, moved: false }];
}

function axes(builder: LayerBuilder, rank: number, names: readonly [string, string]): [number, number] {
  const [from, to] = names.map((name, i) => number(argument(builder, i + 1, name)));
  if (from === undefined || to === undefined) throw new Unpresentable('its axes are not single numbers');
  return [fromFront(from, rank), fromFront(to, rank)];
}

/** https://keras.io/api/ops/numpy/#swapaxes-function */
function swapAxes(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const rank = builder.rank(value);
  const [a, b] = axes(builder, rank, ['axis1', 'axis2']);
  const other = new Map([
    [a, b],
    [b, a],
  ]);
  return turned(
    builder,
    value,
    range(0, rank).map((axis) => other.get(axis) ?? axis),
  );
}

/** https://keras.io/api/ops/numpy/#moveaxis-function */
function moveAxis(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const rank = builder.rank(value);
  const [source, destination] = axes(builder, rank, ['source', 'destination']);
  const perm = range(0, rank).filter((axis) => axis !== source);
  perm.splice(destination, 0, source);
  return turned(builder, value, perm);
}

/** More parts than these no network of images has. */
const MAX_PARTS = 64;

/** Parts of one size: https://keras.io/api/ops/numpy/#split-function and tf.split */
function split(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const rank = builder.rank(value);
  const count = number(argument(builder, 1, 'num_or_size_splits', 'indices_or_sections'));
  const axis = number(argument(builder, 2, 'axis')) ?? 0;
  if (count === undefined || count < 1 || count > MAX_PARTS)
    throw new Unpresentable('it does not make a number of parts of one size');
  const attributes = [
    { name: 'axis', int: axis },
    { name: 'num_outputs', int: count },
  ];
  const parts = builder.nodeOfSeveral('Split', [builder.plain(value)], { attributes, count });
  return parts.map((name) => ({ name, rank, moved: false }));
}

/** https://keras.io/api/ops/numpy/#tile-function */
function tile(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const rank = builder.rank(value);
  const repeats = numbersOf(argument(builder, 1, 'repeats', 'multiples'));
  if (repeats?.length !== rank) throw new Unpresentable('it does not repeat each axis');
  return [{ name: builder.node('Tile', [builder.plain(value), builder.ints('repeats', repeats)]), rank, moved: false }];
}

const DEFAULT_L2_EPSILON = 1e-12;

/** x / √max(Σ x², ε): https://www.tensorflow.org/api_docs/python/tf/math/l2_normalize */
function l2Normalize(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const along = numbersOf(argument(builder, 1, 'axis')) ?? range(0, builder.rank(value));
  const epsilon = number(argument(builder, 2, 'epsilon')) ?? DEFAULT_L2_EPSILON;
  const x = builder.plain(value);
  const squares = builder.node('Mul', [x, x]);
  const sum = builder.node('ReduceSum', [squares, builder.ints('axes', along)], [{ name: 'keepdims', int: 1 }]);
  const least = builder.node('Max', [sum, builder.scalar('epsilon', epsilon)]);
  return [{ ...value, moved: false, name: builder.node('Div', [x, builder.node('Sqrt', [least])]) }];
}

/** https://keras.io/api/ops/nn/#leakyrelu-function */
function leakyRelu(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const alpha = number(argument(builder, 1, 'negative_slope', 'alpha')) ?? 0.2;
  return [{ ...value, name: builder.node('LeakyRelu', [value.name], [{ name: 'alpha', float: alpha }]) }];
}

/** 0.299 R + 0.587 G + 0.114 B: https://keras.io/api/ops/image/#rgbtograyscale-function */
function rgbToGrayscale(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const rank = builder.rank(value);
  const isFirst = builder.channelsFirst();
  const luma = builder.floats('luma', isFirst ? [3, 1, 1] : [3], LUMA);
  const weighted = builder.node('Mul', [builder.plain(value), luma]);
  const axis = builder.ints('axes', [isFirst ? rank - 3 : rank - 1]);
  return [{ name: builder.node('ReduceSum', [weighted, axis], [{ name: 'keepdims', int: 1 }]), rank, moved: false }];
}

/** keras/src/backend/tensorflow/image.py, rgb_to_grayscale. */
const LUMA = [0.2989, 0.587, 0.114];

/** By the function's name in TensorFlow, and the class in Keras 3. */
export const IMAGE_OPERATIONS: Readonly<Record<string, LayerRule>> = {
  'image.resize': resizeOperation,
  Resize: resizeOperation,
  'image.rgb_to_grayscale': rgbToGrayscale,
  RGBToGrayscale: rgbToGrayscale,
  reverse: flipped,
  Flip: flipped,
  clip_by_value: clipped,
  Clip: clipped,
  Swapaxes: swapAxes,
  Moveaxis: moveAxis,
  split,
  Split: split,
  tile,
  Tile: tile,
  'math.l2_normalize': l2Normalize,
  'linalg.l2_normalize': l2Normalize,
  'nn.leaky_relu': leakyRelu,
  LeakyRelu: leakyRelu,
};
