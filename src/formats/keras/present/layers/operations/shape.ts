import { flag, items, member, number, text } from '../../../../../bytes/json/json.ts';
import type { LayerBuilder, LayerRule, Value } from '../../layerBuilder.ts';
import { argument, numbersOf } from './call.ts';
import { getItem } from './indexing.ts';
import { fromFront } from '../../../../../tensors/dims.ts';
import { range } from '../../../../../bytes/lists.ts';
import { Unpresentable } from '../../unpresentable.ts';

/* Operations that move, cut or join what they are given: https://keras.io/api/ops/numpy/ */

/** The axis of a joined or stacked tensor, counted from the front. */
function axisOf(
  builder: LayerBuilder,
  place: number,
  { otherwise, rank }: { otherwise: number; rank: number },
): number {
  const axis = number(argument(builder, place, 'axis')) ?? otherwise;
  return fromFront(axis, rank);
}

function sameRank(builder: LayerBuilder, inputs: readonly Value[]): { names: string[]; rank: number } {
  const [first] = inputs;
  if (!first) throw new Unpresentable('it reads nothing');
  return { names: inputs.map((value) => builder.plain(value)), rank: builder.rank(first) };
}

function concatenate(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const { names, rank } = sameRank(builder, inputs);
  const axis = axisOf(builder, 1, { otherwise: 0, rank });
  return [{ name: builder.node('Concat', names, [{ name: 'axis', int: axis }]), rank, moved: false }];
}

function stack(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const { names, rank } = sameRank(builder, inputs);
  const axis = axisOf(builder, 1, { otherwise: 0, rank: rank + 1 });
  const wide = names.map((name) => builder.node('Unsqueeze', [name, builder.ints('axes', [axis])]));
  return [{ name: builder.node('Concat', wide, [{ name: 'axis', int: axis }]), rank: rank + 1, moved: false }];
}

function reshape(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const shape = numbersOf(argument(builder, 1, 'newshape', 'shape'));
  if (!shape) throw new Unpresentable('its shape is not given');
  const name = builder.node('Reshape', [builder.plain(builder.only(inputs)), builder.ints('shape', shape)]);
  return [{ name, rank: shape.length, moved: false }];
}

function transpose(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const perm = numbersOf(argument(builder, 1, 'axes', 'perm')) ?? range(0, builder.rank(value)).reverse();
  const name = builder.node('Transpose', [builder.plain(value)], [{ name: 'perm', ints: perm }]);
  return [{ name, rank: value.rank, moved: false }];
}

function expandDims(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const rank = builder.rank(value) + 1;
  const axis = axisOf(builder, 1, { otherwise: 0, rank });
  const name = builder.node('Unsqueeze', [builder.plain(value), builder.ints('axes', [axis])]);
  return [{ name, rank, moved: false }];
}

function squeeze(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const axes = numbersOf(argument(builder, 1, 'axis'));
  if (!axes) throw new Unpresentable('which axes it takes away is not given');
  const name = builder.node('Squeeze', [builder.plain(value), builder.ints('axes', axes)]);
  return [{ name, rank: builder.rank(value) - axes.length, moved: false }];
}

/** Zeros, or another number, at both ends of each axis. */
function pad(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const rank = builder.rank(value);
  const widths = items(
    member(argument(builder, 1, 'pad_width', 'paddings'), 'items') ?? argument(builder, 1, 'pad_width', 'paddings'),
  );
  const ends = widths.map((pair) => numbersOf(pair) ?? []);
  const mode = text(argument(builder, 2, 'mode')) ?? 'constant';
  if (mode.toLowerCase() !== 'constant' || ends.length !== rank || ends.some((pair) => pair.length !== 2))
    throw new Unpresentable('its padding is not readable');
  const constant = number(argument(builder, 3, 'constant_values')) ?? 0;
  const pads = [...ends.map(([before = 0]) => before), ...ends.map(([, behind = 0]) => behind)];
  const operands = [builder.plain(value), builder.ints('pads', pads), builder.scalar('value', constant)];
  return [{ name: builder.node('Pad', operands), rank, moved: false }];
}

function reduced(opType: string): LayerRule {
  return (builder, inputs) => {
    const value = builder.only(inputs);
    const rank = builder.rank(value);
    const axes = numbersOf(argument(builder, 1, 'axis')) ?? range(0, rank);
    const isKept = flag(argument(builder, 2, 'keepdims')) ?? false;
    const keep = { name: 'keepdims', int: isKept ? 1 : 0 };
    const x = builder.plain(value);
    const name = builder.node(opType, [x, builder.ints('axes', axes)], [keep]);
    return [{ name, rank: isKept ? rank : rank - axes.length, moved: false }];
  };
}

/** By the function's name in TensorFlow, and the class in Keras 3. */
export const SHAPE_OPERATIONS: Readonly<Record<string, LayerRule>> = {
  concat: concatenate,
  Concatenate: concatenate,
  stack,
  Stack: stack,
  reshape,
  Reshape: reshape,
  transpose,
  'compat.v1.transpose': transpose,
  Transpose: transpose,
  expand_dims: expandDims,
  ExpandDims: expandDims,
  squeeze,
  'compat.v1.squeeze': squeeze,
  Squeeze: squeeze,
  pad,
  'compat.v1.pad': pad,
  Pad: pad,
  'math.reduce_mean': reduced('ReduceMean'),
  Mean: reduced('ReduceMean'),
  'math.reduce_sum': reduced('ReduceSum'),
  Sum: reduced('ReduceSum'),
  'math.reduce_max': reduced('ReduceMax'),
  Max: reduced('ReduceMax'),
  'math.reduce_min': reduced('ReduceMin'),
  Min: reduced('ReduceMin'),
  '__operators__.getitem': getItem,
  GetItem: getItem,
};
