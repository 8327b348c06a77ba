import type { NewAttribute } from '../../../onnx/edit/encode.ts';
import { flag, items, member, memberAt, number, text, type Json } from '../../../../bytes/json/json.ts';
import type { LayerBuilder, LayerRule, Value } from '../layerBuilder.ts';
import { product } from '../../../../tensors/dims.ts';
import { Unpresentable } from '../unpresentable.ts';

/** Cells with two states; all others have one. */
const TWO_STATES = /LSTM/;

/** What a recurrent layer gives: the size of its output, and those of its states. */
interface Recurrence {
  readonly units: number;
  readonly states: readonly number[];
}

function recurrence(className: string, config: Json | undefined): Recurrence {
  const cell = member(config, 'cell');
  if (className === 'RNN' && cell) return recurrence(text(member(cell, 'class_name')) ?? '', member(cell, 'config'));
  const cells = items(member(config, 'cells'));
  if (cells.length > 0) {
    const each = cells.map((one) => recurrence(text(member(one, 'class_name')) ?? '', member(one, 'config')));
    return { units: each.at(-1)?.units ?? 0, states: each.flatMap(({ states }) => states) };
  }
  const units = number(member(config, 'units')) ?? number(member(config, 'output_dim'));
  if (units === undefined) throw new Unpresentable('its cell does not say how many units it has');
  return { units, states: TWO_STATES.test(className) ? [units, units] : [units] };
}

function recurrentNode(
  builder: LayerBuilder,
  inputs: readonly Value[],
  { units, states }: Recurrence,
  config: Json | undefined,
): Value[] {
  const [sequence] = inputs;
  if (!sequence) throw new Unpresentable('it reads nothing');
  const isSequence = flag(member(config, 'return_sequences')) ?? false;
  const given = flag(member(config, 'return_state')) === true ? states : [];
  const attributes: NewAttribute[] = [
    { name: 'units', int: units },
    { name: 'return_sequences', int: isSequence ? 1 : 0 },
    { name: 'states', ints: given },
    ...stepMacs(builder, config),
  ];
  return builder.layerNode({
    inputs: inputs.map((value) => builder.plain(value)),
    attributes,
    ranks: [isSequence ? 3 : 2, ...given.map(() => 2)],
  });
}

/**
 * What one step multiplies: each cell has a kernel, a recurrent kernel and perhaps a bias, in this order. Nothing is
 * said of layers whose weights are others.
 */
function stepMacs(builder: LayerBuilder, config: Json | undefined): NewAttribute[] {
  const cell = memberAt(config, 'cell', 'config') ?? config;
  const [stacked] = items(member(cell, 'cells'));
  const hasBias = flag(member(member(stacked, 'config') ?? cell, 'use_bias')) ?? true;
  const perCell = hasBias ? 3 : 2;
  const dims = builder.weightDims();
  const kernels = dims.filter((_, i) => i % perCell < 2);
  if (dims.length === 0 || dims.length % perCell !== 0 || kernels.some(({ length }) => length < 2)) return [];
  const count = kernels.reduce((sum, sizes) => sum + product(sizes), 0);
  return [{ name: 'step_macs', int: count }];
}

/** https://keras.io/api/layers/recurrent_layers/lstm/ */
function recurrent(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const { className } = builder.call.layer;
  return recurrentNode(builder, inputs, recurrence(className, builder.config), builder.config);
}

/** Both directions, side by side unless they are merged: https://keras.io/api/layers/recurrent_layers/bidirectional/ */
function bidirectional(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const layer = builder.setting('layer');
  const config = member(layer, 'config');
  const one = recurrence(text(member(layer, 'class_name')) ?? '', config);
  const mode = builder.text('concat', 'merge_mode');
  const units = mode === 'concat' ? one.units * 2 : one.units;
  return recurrentNode(builder, inputs, { units, states: [...one.states, ...one.states] }, config);
}

/** https://keras.io/api/layers/recurrent_layers/conv_lstm2d/ */
function recurrentConvolution(spatial: number): LayerRule {
  return (builder, inputs) => {
    const isSequence = builder.flag(false, 'return_sequences');
    const attributes: NewAttribute[] = [
      ...windowAttributes(builder, spatial),
      { name: 'return_sequences', int: isSequence ? 1 : 0 },
      ...stepMacs(builder, builder.config),
    ];
    const states = builder.flag(false, 'return_state') ? 2 : 0;
    const rank = spatial + 2;
    return builder.layerNode({
      inputs: inputs.map((value) => builder.plain(value)),
      attributes,
      ranks: [isSequence ? rank + 1 : rank, ...new Array<number>(states).fill(rank)],
    });
  };
}

/** Window and filters of a layer by its class, as the shape rules of such layers read them. */
function windowAttributes(builder: LayerBuilder, spatial: number): NewAttribute[] {
  const isSame = builder.text('valid', 'padding', 'border_mode') === 'same';
  return [
    { name: 'kernel_shape', ints: builder.sizes(spatial, 1, 'kernel_size') },
    { name: 'strides', ints: builder.sizes(spatial, 1, 'strides') },
    { name: 'dilations', ints: builder.sizes(spatial, 1, 'dilation_rate') },
    { name: 'filters', int: builder.number(0, 'filters') },
    { name: 'channels_first', int: builder.channelsFirst() ? 1 : 0 },
    ...(isSame ? [{ name: 'auto_pad', string: 'SAME_UPPER' }] : []),
  ];
}

/** Keras 2's https://www.tensorflow.org/versions/r2.12/api_docs/python/tf/keras/layers/LocallyConnected2D */
function locallyConnected(spatial: number): LayerRule {
  return (builder, inputs) =>
    builder.layerNode({
      inputs: [builder.plain(builder.only(inputs))],
      attributes: windowAttributes(builder, spatial),
      ranks: [spatial + 2],
    });
}

export const RECURRENT_LAYERS: Readonly<Record<string, LayerRule>> = {
  SimpleRNN: recurrent,
  LSTM: recurrent,
  GRU: recurrent,
  RNN: recurrent,
  CuDNNLSTM: recurrent,
  CuDNNGRU: recurrent,
  Bidirectional: bidirectional,
  ConvLSTM1D: recurrentConvolution(1),
  ConvLSTM2D: recurrentConvolution(2),
  ConvLSTM3D: recurrentConvolution(3),
  LocallyConnected1D: locallyConnected(1),
  LocallyConnected2D: locallyConnected(2),
};
