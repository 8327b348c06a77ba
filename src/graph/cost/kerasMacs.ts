import { attributeOf, intsOf } from '../../formats/onnx/attributes.ts';
import type { Dim } from '../../formats/onnx/model.ts';
import { multiply, sum } from '../sizes/dims.ts';
import { elements, type CountedNode, type MacsRule } from './macsRule.ts';

/* Layers of Keras that no ONNX operator stands for: https://keras.io/api/layers/. Weights follow the inputs. */

function setting({ node }: CountedNode, name: string): Dim {
  const value = attributeOf(node, name)?.int;
  return value === undefined ? null : Number(value);
}

function settings({ node }: CountedNode, name: string): number[] {
  return intsOf(node, name) ?? [];
}

/** What a step multiplies, at every step of every image. */
const recurrent: MacsRule = (node) =>
  multiply([elements(node.input(0)?.slice(0, 2) ?? null), setting(node, 'step_macs')]);

/** Both kernels at every place of every step. */
const recurrentConvolution: MacsRule = (node) => {
  const [batch = null, steps = null] = node.input(0) ?? [];
  const spatial = settings(node, 'kernel_shape').length;
  const out = node.output(0);
  const isFirst = setting(node, 'channels_first') === 1;
  const places = isFirst ? out?.slice(-spatial) : out?.slice(-spatial - 1, -1);
  return multiply([batch, steps, elements(places ?? null), setting(node, 'step_macs')]);
};

/** A kernel of its own at every place. */
const locallyConnected: MacsRule = (node) => {
  const x = node.input(0);
  const channels = setting(node, 'channels_first') === 1 ? x?.[1] : x?.at(-1);
  return multiply([elements(node.output(0)), channels ?? null, ...settings(node, 'kernel_shape')]);
};

/** Projections of queries, keys, values and results, then scores and their use: [batch, steps, width] each. */
const multiHead: MacsRule = (node) => {
  const [query, value, out] = [node.input(0), node.input(1), node.output(0)];
  if (query?.length !== 3 || value?.length !== 3 || !out) return null;
  const [batch = null, queries = null, width = null] = query;
  const [, keys = null, depth = null] = value;
  const size = (name: string): Dim => setting(node, name);
  const inHeads = multiply([size('num_heads'), sum([size('key_dim'), size('value_dim')])]);
  return sum([
    multiply([batch, queries, width, size('num_heads'), size('key_dim')]),
    multiply([batch, keys, depth, size('kv_num_heads'), sum([size('key_dim'), size('value_dim')])]),
    multiply([batch, queries, keys, inHeads]),
    multiply([batch, queries, size('num_heads'), size('value_dim'), out.at(-1) ?? null]),
  ]);
};

/** Scores over the width, then values by their scores. */
const attention: MacsRule = (node) => {
  const [query, value] = [node.input(0), node.input(1)];
  if (query?.length !== 3 || value?.length !== 3) return null;
  const [batch = null, queries = null, width = null] = query;
  const [, keys = null, depth = null] = value;
  return multiply([batch, queries, keys, sum([width, depth])]);
};

/** Every output sums over the axis that both tensors share. */
const dot: MacsRule = (node) => {
  const [first = -1] = settings(node, 'axes');
  return multiply([elements(node.output(0)), node.input(0)?.at(first) ?? null]);
};

/** A product with a kernel of `units` columns. */
const projection: MacsRule = (node) => multiply([elements(node.input(0)), setting(node, 'units')]);

/** A window at every frame, for each bin's real part, imaginary one, or both. */
const stft: MacsRule = (node) =>
  multiply([elements(node.output(0)), ...settings(node, 'kernel_shape'), setting(node, 'sums')]);

function named(classes: string, rule: MacsRule): [string, MacsRule][] {
  return classes.split(' ').map((name) => [`keras:${name}`, rule]);
}

export const KERAS_MACS: readonly (readonly [string, MacsRule])[] = [
  ...named('SimpleRNN LSTM GRU RNN CuDNNLSTM CuDNNGRU Bidirectional', recurrent),
  ...named('ConvLSTM1D ConvLSTM2D ConvLSTM3D', recurrentConvolution),
  ...named('LocallyConnected1D LocallyConnected2D', locallyConnected),
  ...named('MultiHeadAttention GroupQueryAttention GroupedQueryAttention', multiHead),
  ...named('Attention AdditiveAttention', attention),
  ...named('Dot', dot),
  ...named('RandomFourierFeatures', projection),
  ...named('STFTSpectrogram', stft),
];

/** The transform and the bands of a mel spectrogram are computed by algorithms of the backend's own. */
export const KERAS_NOT_COUNTED: readonly string[] = ['keras:MelSpectrogram'];
