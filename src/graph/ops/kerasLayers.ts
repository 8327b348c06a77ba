import type { Dim } from '../../formats/onnx/model.ts';
import { FLOAT, INT64, STRING } from '../../tensors/dtypes.ts';
import {
  each,
  like,
  openDims,
  tensors,
  type DtypeRule,
  type Rule,
  type RuleInput,
  type ShapeRule,
} from '../shapes/shapeRule.ts';
import { floorDivide, multiply } from '../sizes/dims.ts';
import { slide, windowOf } from './layers/window.ts';
import { fromFront } from '../../tensors/dims.ts';

/* Layers of Keras that no ONNX operator stands for: https://keras.io/api/layers/. Weights follow the inputs. */

/** A known size of an attribute; null where the layer's configuration does not say it. */
function sizeOf(input: RuleInput, name: string): Dim {
  const size = input.int(name, -1);
  return size < 0 ? null : size;
}

/** The dims of an input that must have this rank. Throws RangeError where it has another one. */
function dimsOf(input: RuleInput, index: number, rank: number): readonly Dim[] {
  const dims = input.dims(index);
  if (!dims) return openDims(rank);
  if (dims.length !== rank) throw new RangeError(`it takes tensors of rank ${rank}, not ${dims.length}`);
  return dims;
}

/** [batch, steps, …] gives each step's state or the last one, then the states: `units` has a size for each of them. */
const recurrent: ShapeRule = (input) => {
  const [batch = null, steps = null] = dimsOf(input, 0, 3);
  const units = sizeOf(input, 'units');
  const output = input.int('return_sequences', 0) === 1 ? [batch, steps, units] : [batch, units];
  const states = (input.ints('states') ?? []).map((size) => [batch, size]);
  return [output, ...states];
};

/** Spatial sizes of a window over [batch, …], channels last unless said otherwise; `from` is the first spatial axis. */
function slidOver(input: RuleInput, x: readonly Dim[], from: number): readonly Dim[] {
  const kernel = input.ints('kernel_shape') ?? [];
  const window = windowOf(input, kernel.length, kernel);
  return kernel.map((_, axis) => slide(x[from + axis] ?? null, window, axis));
}

/** The dims of what a convolution makes, its filters in front of the spatial axes or behind them. */
function withFilters(input: RuleInput, before: readonly Dim[], spatial: readonly Dim[]): readonly Dim[] {
  const filters = sizeOf(input, 'filters');
  return input.int('channels_first', 0) === 1 ? [...before, filters, ...spatial] : [...before, ...spatial, filters];
}

/** [batch, steps, spatial…, channels]. */
const recurrentConvolution: ShapeRule = (input) => {
  const rank = (input.ints('kernel_shape') ?? []).length + 3;
  const x = dimsOf(input, 0, rank);
  const [batch = null, steps = null] = x;
  const spatial = slidOver(input, x, input.int('channels_first', 0) === 1 ? 3 : 2);
  const state = withFilters(input, [batch], spatial);
  const output = input.int('return_sequences', 0) === 1 ? withFilters(input, [batch, steps], spatial) : state;
  return [output, state, state];
};

/** A convolution whose kernel is another one at every place. */
const locallyConnected: ShapeRule = (input) => {
  const x = dimsOf(input, 0, (input.ints('kernel_shape') ?? []).length + 2);
  return [withFilters(input, [x[0] ?? null], slidOver(input, x, input.int('channels_first', 0) === 1 ? 2 : 1))];
};

/** Queries [batch, …, width], as wide as the last projection. */
const multiHead: ShapeRule = (input) => {
  const query = input.dims(0);
  const width = sizeOf(input, 'output_size');
  return [query ? [...query.slice(0, -1), width ?? query.at(-1) ?? null] : null];
};

/** Queries [batch, queries, width] and values [batch, keys, depth] give [batch, queries, depth]. */
const attention: ShapeRule = (input) => {
  const [query, value] = [input.dims(0), input.dims(1)];
  return [query && value ? [...query.slice(0, -1), value.at(-1) ?? null] : null];
};

/** Two tensors summed over an axis of each, counted with the batch. */
const dot: ShapeRule = (input) => {
  const [a, b] = [input.dims(0), input.dims(1)];
  const [first = -1, second = -1] = input.ints('axes') ?? [];
  if (!a || !b) return [null];
  const left = a.filter((_, axis) => axis !== fromFront(first, a.length));
  const right = b.filter((_, axis) => axis > 0 && axis !== fromFront(second, b.length));
  const dims = [...left, ...right];
  return [dims.length === 1 ? [...dims, 1] : dims];
};

/** Other spatial sizes: `sizes` along the axes that are neither batch nor channels. */
const sized: ShapeRule = (input) => {
  const sizes = input.ints('sizes') ?? [];
  const x = dimsOf(input, 0, sizes.length + 2);
  const [batch = null, second = null] = x;
  return [input.int('channels_first', 0) === 1 ? [batch, second, ...sizes] : [batch, ...sizes, x.at(-1) ?? null]];
};

/**
 * Entries as numbers or words keep their places; a vector of marks or counts stands in place of the last axis, and
 * one_hot has one for each entry, in place of an axis of one: keras/src/utils/numerical_utils.py,
 * encode_categorical_inputs.
 */
const encoded: ShapeRule = (input) => {
  const x = input.dims(0);
  if (!x) return [null];
  const mode = input.text('output_mode', 'int');
  if (mode === 'int' || mode === 'string') return [x];
  const isAppended = x.length < 2 || (mode === 'one_hot' && x.at(-1) !== 1);
  if (mode === 'one_hot' && x.length > 1 && typeof x.at(-1) !== 'number') return [null];
  return [[...(isAppended ? x : x.slice(0, -1)), sizeOf(input, 'tokens')]];
};

/** Texts [batch] or [batch, 1] as words or as one vector. */
const vectorized: ShapeRule = (input) => [[input.dims(0)?.[0] ?? null, sizeOf(input, 'tokens')]];

const encodedType: DtypeRule = (input) => {
  const mode = input.text('output_mode', 'int');
  if (mode === 'string') return STRING;
  return mode === 'int' ? INT64 : FLOAT;
};

/** Patches [batch, rows, columns, patch · channels] put together. */
const reconstructed: ShapeRule = (input) => {
  const sizes = input.ints('sizes') ?? [];
  const x = dimsOf(input, 0, sizes.length + 2);
  const isFirst = input.int('channels_first', 0) === 1;
  const flat = isFirst ? x[1] : x.at(-1);
  const channels = floorDivide(flat ?? null, 0, input.int('patch', 1));
  const batch = x[0] ?? null;
  return [isFirst ? [batch, channels, ...sizes] : [batch, ...sizes, channels]];
};

/** [batch, time] gives [batch, bins, frames]. */
const melSpectrogram: ShapeRule = (input) => {
  const [batch = null, time = null] = dimsOf(input, 0, 2);
  const stride = input.int('stride', 1);
  return [[batch, sizeOf(input, 'bins'), floorDivide(time, stride + 1, stride)]];
};

/** [batch, time, channels] gives frames of `bins` for each channel. */
const stftSpectrogram: ShapeRule = (input) => {
  const x = dimsOf(input, 0, 3);
  const isFirst = input.int('channels_first', 0) === 1;
  const [batch = null] = x;
  const channels = (isFirst ? x[1] : x[2]) ?? null;
  const [frames = null] = slidOver(input, x, isFirst ? 2 : 1);
  const bins = sizeOf(input, 'bins');
  if (input.int('expand_dims', 0) === 1)
    return [isFirst ? [batch, channels, frames, bins] : [batch, frames, bins, channels]];
  const flat = multiply([channels, bins]);
  return [isFirst ? [batch, flat, frames] : [batch, frames, flat]];
};

/** The last axis as wide as the layer. */
const projected: ShapeRule = (input) => {
  const x = input.dims(0);
  return [x ? [...x.slice(0, -1), sizeOf(input, 'units')] : null];
};

const same: ShapeRule = (input) => [input.dims(0)];

function named(classes: string, shapes: ShapeRule): Readonly<Record<string, Rule>> {
  const keys = classes.split(' ').map((name) => `keras:${name}`);
  return each(keys.join(' '), tensors(shapes, like(0)));
}

export const KERAS_LAYERS: Readonly<Record<string, Rule>> = {
  ...named('SimpleRNN LSTM GRU RNN CuDNNLSTM CuDNNGRU Bidirectional', recurrent),
  ...named('ConvLSTM1D ConvLSTM2D ConvLSTM3D', recurrentConvolution),
  ...named('LocallyConnected1D LocallyConnected2D', locallyConnected),
  ...named('MultiHeadAttention GroupQueryAttention GroupedQueryAttention', multiHead),
  ...named('Attention AdditiveAttention', attention),
  ...named('Dot', dot),
  ...named('AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D', sized),
  ...named('AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D', sized),
  ...named('CenterCrop RandomCrop', sized),
  'keras:CategoryEncoding': tensors(encoded, encodedType),
  'keras:TextVectorization': tensors(vectorized, encodedType),
  ...named('Resizing', sized),
  ...named('ReconstructPatches2D ReconstructPatches3D', reconstructed),
  ...named('MelSpectrogram', melSpectrogram),
  ...named('STFTSpectrogram', stftSpectrogram),
  ...named('RandomFourierFeatures', projected),
  ...named('GroupNormalization UnitNormalization RMSNormalization AutoContrast AugMix Normalization', same),
  ...named('ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization MaxNumBoundingBoxes', same),
  ...named('MixUp RandAugment Solarization LayerNormalization BatchNormalization ReLU', same),
};
