import type { LayerBuilder, LayerRule, Value } from '../layerBuilder.ts';
import { fromFront } from '../../../../tensors/dims.ts';
import { Unpresentable } from '../unpresentable.ts';

/** Values of one rank in one order of axes: moved where one of them already is. */
export function aligned(
  builder: LayerBuilder,
  inputs: readonly Value[],
): { names: string[]; rank: number; moved: boolean } {
  const [first] = inputs;
  if (!first) throw new Unpresentable('it reads nothing');
  const rank = builder.rank(first);
  if (inputs.some((value) => builder.rank(value) !== rank))
    throw new Unpresentable('its inputs have different numbers of axes');
  const moved = rank > 2 && inputs.some((value) => value.moved);
  return { names: inputs.map((value) => (moved ? builder.moved(value) : builder.plain(value))), rank, moved };
}

/** Element by element, of two or more tensors: https://keras.io/api/layers/merging_layers/ */
function elementwise(opType: string): LayerRule {
  return (builder, inputs) => {
    const { names, rank, moved } = aligned(builder, inputs);
    const [first = '', ...others] = names;
    return [{ name: others.reduce((sum, next) => builder.node(opType, [sum, next]), first), rank, moved }];
  };
}

/** Operators that take any number of tensors at once. */
function together(opType: string): LayerRule {
  return (builder, inputs) => {
    const { names, rank, moved } = aligned(builder, inputs);
    return [{ name: builder.node(opType, names), rank, moved }];
  };
}

/** Where an axis of Keras's order stands once the last one was moved behind the batch. */
export function axisWhenMoved(axis: number, rank: number): number {
  if (axis === rank - 1) return 1;
  return axis === 0 ? 0 : axis + 1;
}

function concatenate(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const { names, rank, moved } = aligned(builder, inputs);
  const axis = fromFront(builder.number(-1, 'axis', 'concat_axis'), rank);
  return [
    {
      name: builder.node('Concat', names, [{ name: 'axis', int: moved ? axisWhenMoved(axis, rank) : axis }]),
      rank,
      moved,
    },
  ];
}

/** Sums over an axis of each of two tensors: https://keras.io/api/layers/merging_layers/dot/ */
function dot(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const [first, second] = inputs;
  if (!first || !second) throw new Unpresentable(`it reads ${inputs.length} tensors`);
  const axes = builder.sizes(2, -1, 'axes');
  return builder.layerNode({
    inputs: [builder.plain(first), builder.plain(second)],
    attributes: [{ name: 'axes', ints: axes }],
    ranks: [Math.max(2, builder.rank(first) + builder.rank(second) - 3)],
  });
}

export const MERGING: Readonly<Record<string, LayerRule>> = {
  Add: elementwise('Add'),
  Subtract: elementwise('Sub'),
  Multiply: elementwise('Mul'),
  Average: together('Mean'),
  Maximum: together('Max'),
  Minimum: together('Min'),
  Concatenate: concatenate,
  Dot: dot,
};
