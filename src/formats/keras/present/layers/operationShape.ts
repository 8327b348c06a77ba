import { flag, items, member, memberAt, number, text, type Json } from '../../../../bytes/json/json.ts';
import { numberList } from '../../network/inputShape.ts';
import { type LayerBuilder, type LayerRule, range, Unpresentable, type Value } from '../layerBuilder.ts';
import { argument } from './operationCall.ts';

/* Operations that move, cut or join what they are given: https://keras.io/api/ops/numpy/ */

/** Further than any axis goes, as ONNX's Slice says "to the end" and "from the end". */
const FAR = 2 ** 31 - 1;

function listOf(json: Json | undefined): number[] | undefined {
  const one = number(json);
  return one === undefined ? numberList(json) : [one];
}

/** The axis of a joined or stacked tensor, counted from the front. */
function axisOf(
  builder: LayerBuilder,
  place: number,
  { otherwise, rank }: { otherwise: number; rank: number },
): number {
  const axis = number(argument(builder, place, 'axis')) ?? otherwise;
  return axis < 0 ? axis + rank : axis;
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
  const shape = listOf(argument(builder, 1, 'newshape', 'shape'));
  if (!shape) throw new Unpresentable('its shape is not given');
  const name = builder.node('Reshape', [builder.plain(builder.only(inputs)), builder.ints('shape', shape)]);
  return [{ name, rank: shape.length, moved: false }];
}

function transpose(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const perm = listOf(argument(builder, 1, 'axes', 'perm')) ?? range(0, builder.rank(value)).reverse();
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
  const axes = listOf(argument(builder, 1, 'axis'));
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
  const ends = widths.map((pair) => listOf(pair) ?? []);
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
    const axes = listOf(argument(builder, 1, 'axis')) ?? range(0, rank);
    const isKept = flag(argument(builder, 2, 'keepdims')) ?? false;
    const keep = { name: 'keepdims', int: isKept ? 1 : 0 };
    const x = builder.plain(value);
    const name = builder.node(opType, [x, builder.ints('axes', axes)], [keep]);
    return [{ name, rank: isKept ? rank : rank - axes.length, moved: false }];
  };
}

/** One entry of an index: a place, a part of an axis, or all axes that are not named. */
type Index =
  { readonly place: number } | { readonly start: number; readonly stop: number; readonly step: number } | 'rest';

function indexOf(json: Json): Index {
  const place = number(json);
  if (place !== undefined) return { place };
  const kind = text(member(json, 'class_name'));
  if (kind === '__ellipsis__' || text(json) === 'Ellipsis') return 'rest';
  const slice = kind === '__slice__' ? member(json, 'config') : json;
  if (!member(slice, 'start') && !member(slice, 'stop')) throw new Unpresentable('its index is not readable');
  const step = number(member(slice, 'step')) ?? 1;
  const [first, last] = step > 0 ? [0, FAR] : [FAR, -FAR];
  return { start: number(member(slice, 'start')) ?? first, stop: number(member(slice, 'stop')) ?? last, step };
}

function indices(json: Json | undefined): Index[] {
  const list =
    member(json, 'items') ??
    (text(member(json, 'class_name')) === '__tuple__' ? memberAt(json, 'config', 'value') : json);
  if (!list) throw new Unpresentable('its index is not given');
  return Array.isArray(list.value) ? items(list).map(indexOf) : [indexOf(list)];
}

/** x[…]: slices along axes, places that take an axis away: https://keras.io/api/ops/core/ */
function getItem(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const rank = builder.rank(value);
  const given = indices(argument(builder, 1, 'slice_spec', 'key'));
  const rest = given.indexOf('rest');
  const axisAt = (i: number): number => (rest >= 0 && i > rest ? rank - given.length + i : i);
  const parts: { readonly axis: number; readonly start: number; readonly stop: number; readonly step: number }[] = [];
  const gone: number[] = [];
  given.forEach((index, i) => {
    if (index === 'rest') return;
    const axis = axisAt(i);
    if (!('place' in index)) return void parts.push({ axis, ...index });
    gone.push(axis);
    parts.push({ axis, start: index.place, stop: index.place === -1 ? FAR : index.place + 1, step: 1 });
  });
  const cut = parts.filter(({ start, stop, step }) => start !== 0 || stop !== FAR || step !== 1);
  const ints = (part: string, of: (one: (typeof cut)[number]) => number): string => builder.ints(part, cut.map(of));
  const x = builder.plain(value);
  const sliced =
    cut.length === 0
      ? builder.node('Identity', [x])
      : builder.node('Slice', [
          x,
          ints('starts', ({ start }) => start),
          ints('ends', ({ stop }) => stop),
          ints('axes', ({ axis }) => axis),
          ints('steps', ({ step }) => step),
        ]);
  const name = gone.length > 0 ? builder.node('Squeeze', [sliced, builder.ints('gone', gone)]) : sliced;
  return [{ name, rank: rank - gone.length, moved: false }];
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
