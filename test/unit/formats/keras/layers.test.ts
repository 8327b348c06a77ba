import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { openKerasFile } from '../../../../src/formats/keras/kerasFile.ts';
import { openNetwork } from '../../../../src/formats/keras/openNetwork.ts';
import { inferShapes } from '../../../../src/graph/shapes/shapes.ts';
import { steeringConstants } from '../../../../src/graph/shapes/steering.ts';
import { layersFile, type LayerRow } from '../../../fixtures/keras/layerRows.ts';
import { h5pyMissing } from '../../../fixtures/runH5py.ts';

const sequence = [5, 6];
const image = [8, 9, 3];

/** Weights of a cell of `units` over 6 features, with as many gates. */
function cell(units: number, gates: number, group = 'cell'): LayerRow['weights'] {
  return {
    [`${group}/vars/0`]: [6, units * gates],
    [`${group}/vars/1`]: [units, units * gates],
    [`${group}/vars/2`]: [units * gates],
  };
}

const inner = (className: string, config: object): object => ({
  module: 'keras.layers',
  class_name: className,
  config,
});
const slice = (start: number | null, stop: number | null, step: number | null): object => ({
  class_name: '__slice__',
  config: { start, stop, step },
});
const REST = { class_name: '__ellipsis__', config: {} };

/** Shapes as each class's page under https://keras.io/api/layers/ has them; the batch is a name. */
const ROWS: readonly LayerRow[] = [
  { className: 'SimpleRNN', config: { units: 4 }, inputs: [sequence], weights: cell(4, 1), gives: [[null, 4]] },
  { className: 'LSTM', config: { units: 4 }, inputs: [sequence], weights: cell(4, 4), gives: [[null, 4]] },
  {
    className: 'LSTM',
    config: { units: 4, return_sequences: true, return_state: true },
    inputs: [sequence],
    weights: cell(4, 4),
    gives: [
      [null, 5, 4],
      [null, 4],
      [null, 4],
    ],
  },
  {
    className: 'GRU',
    config: { units: 4, return_sequences: true },
    inputs: [[null, 6]],
    weights: cell(4, 3),
    gives: [[null, null, 4]],
  },
  {
    className: 'Bidirectional',
    config: { layer: inner('LSTM', { units: 4, return_sequences: true }), merge_mode: 'concat' },
    inputs: [sequence],
    weights: { ...cell(4, 4, 'forward_layer/cell'), ...cell(4, 4, 'backward_layer/cell') },
    gives: [[null, 5, 8]],
  },
  {
    className: 'Bidirectional',
    config: { layer: inner('GRU', { units: 4 }), merge_mode: 'sum' },
    inputs: [sequence],
    gives: [[null, 4]],
  },
  {
    className: 'RNN',
    config: {
      cell: inner('StackedRNNCells', { cells: [inner('GRUCell', { units: 7 }), inner('LSTMCell', { units: 3 })] }),
    },
    inputs: [sequence],
    gives: [[null, 3]],
  },
  {
    className: 'ConvLSTM2D',
    config: { filters: 4, kernel_size: [3, 3], strides: [1, 1], padding: 'same', return_sequences: true },
    inputs: [[5, ...image]],
    gives: [[null, 5, 8, 9, 4]],
  },
  {
    className: 'ConvLSTM2D',
    config: { filters: 4, kernel_size: [3, 3], strides: [2, 2], padding: 'valid' },
    inputs: [[5, ...image]],
    gives: [[null, 3, 4, 4]],
  },
  {
    className: 'LocallyConnected2D',
    config: { filters: 4, kernel_size: [3, 3], strides: [1, 1] },
    inputs: [image],
    gives: [[null, 6, 7, 4]],
  },
  {
    className: 'TimeDistributed',
    config: { layer: inner('Dense', { units: 2 }) },
    inputs: [sequence],
    weights: { 'layer/vars/0': [6, 2], 'layer/vars/1': [2] },
    gives: [[null, 5, 2]],
  },
  {
    className: 'MultiHeadAttention',
    config: { num_heads: 2, key_dim: 3 },
    inputs: [sequence, [7, 4]],
    gives: [[null, 5, 6]],
  },
  { className: 'Attention', inputs: [sequence, [7, 4]], gives: [[null, 5, 4]] },
  { className: 'AdditiveAttention', inputs: [sequence, [7, 6]], gives: [[null, 5, 6]] },
  {
    className: 'Embedding',
    config: { input_dim: 11, output_dim: 4 },
    inputs: [[5]],
    weights: { 'vars/0': [11, 4] },
    gives: [[null, 5, 4]],
  },
  {
    className: 'EinsumDense',
    config: { equation: 'abc,cd->abd', bias_axes: 'd' },
    inputs: [sequence],
    weights: { 'vars/0': [6, 4], 'vars/1': [4] },
    gives: [[null, 5, 4]],
  },
  { className: 'Dot', config: { axes: 2 }, inputs: [sequence, [7, 6]], gives: [[null, 5, 7]] },
  { className: 'Dot', config: { axes: [1, 1] }, inputs: [[6], [6]], gives: [[null, 1]] },
  { className: 'UpSampling1D', config: { size: 2 }, inputs: [sequence], gives: [[null, 10, 6]] },
  { className: 'UpSampling3D', config: { size: [2, 2, 2] }, inputs: [[4, 5, 6, 3]], gives: [[null, 8, 10, 12, 3]] },
  { className: 'GroupNormalization', config: { groups: 3 }, inputs: [image], gives: [[null, ...image]] },
  { className: 'CenterCrop', config: { height: 4, width: 5 }, inputs: [image], gives: [[null, 4, 5, 3]] },
  { className: 'RandomHue', config: { factor: 0.5 }, inputs: [image], gives: [[null, ...image]] },
  { className: 'AdaptiveAveragePooling2D', config: { output_size: [2, 2] }, inputs: [image], gives: [[null, 2, 2, 3]] },
  { className: 'CategoryEncoding', config: { num_tokens: 9 }, inputs: [[4]], gives: [[null, 9]] },
  { className: 'ThresholdedReLU', config: { theta: 0.5 }, inputs: [image], gives: [[null, ...image]] },
  { className: 'Masking', inputs: [sequence], gives: [[null, ...sequence]] },
  { className: 'Lambda', inputs: [image], gives: [null] },
  {
    className: 'Mean',
    inputs: [image],
    args: (x) => [...x, [1, 2]],
    kwargs: { keepdims: true },
    gives: [[null, 1, 1, 3]],
  },
  { className: 'Sum', inputs: [image], args: (x) => x, kwargs: { axis: -1 }, gives: [[null, 8, 9]] },
  { className: 'Reshape', inputs: [image], args: (x) => [...x, [-1, 72, 3]], gives: [[null, 72, 3]] },
  { className: 'Transpose', inputs: [image], args: (x) => [...x, [0, 3, 1, 2]], gives: [[null, 3, 8, 9]] },
  {
    className: 'Concatenate',
    inputs: [image, image],
    args: (x) => [x],
    kwargs: { axis: -1 },
    gives: [[null, 8, 9, 6]],
  },
  { className: 'Stack', inputs: [image, image], args: (x) => [x], kwargs: { axis: 1 }, gives: [[null, 2, 8, 9, 3]] },
  { className: 'ExpandDims', inputs: [image], args: (x) => [...x, -1], gives: [[null, 8, 9, 3, 1]] },
  { className: 'Squeeze', inputs: [[8, 1, 3]], args: (x) => x, kwargs: { axis: 2 }, gives: [[null, 8, 3]] },
  {
    className: 'Pad',
    inputs: [sequence],
    args: (x) => [
      ...x,
      [
        [0, 0],
        [1, 2],
        [0, 0],
      ],
    ],
    gives: [[null, 8, 6]],
  },
  { className: 'Matmul', inputs: [sequence, [6, 4]], args: (x) => x, gives: [[null, 5, 4]] },
  { className: 'Cast', inputs: [image], args: (x) => x, kwargs: { dtype: 'float16' }, gives: [[null, ...image]] },
  { className: 'Maximum', inputs: [image], args: (x) => [...x, 0], gives: [[null, ...image]] },
  { className: 'Relu', inputs: [image], args: (x) => x, gives: [[null, ...image]] },
  {
    className: 'GetItem',
    inputs: [image],
    args: (x) => [...x, [REST, slice(null, null, -1)]],
    gives: [[null, ...image]],
  },
  {
    className: 'GetItem',
    inputs: [image],
    args: (x) => [...x, [slice(null, null, null), slice(1, 5, 2), REST, 0]],
    gives: [[null, 2, 9]],
  },
  { className: 'Einsum', inputs: [image], args: (x) => x, gives: [null] },
];

test(
  'Keras layers and operations: shapes as documented, and a reason where they are not known',
  { skip: h5pyMissing },
  async () => {
    const opened = await openNetwork(await openKerasFile(new MemorySource(layersFile(ROWS))));
    const { presented, ctx } = opened;
    const { tensors } = inferShapes(presented.model, { constants: await steeringConstants(presented.model, ctx) });
    for (const [i, { className, config, gives, weights = {} }] of ROWS.entries()) {
      const row = `row_${i} ${className} ${JSON.stringify(config ?? {})}`;
      const [first] = gives;
      if (first === null) {
        assert.ok(presented.opaque.get(`row_${i}`), row);
        assert.match(tensors.get(`row_${i}/output`)?.reason ?? '', /./, row);
        continue;
      }
      assert.equal(presented.opaque.get(`row_${i}`), undefined, row);
      for (const [k, dims] of gives.entries()) {
        const value = presented.values.get(k === 0 ? `row_${i}` : `row_${i}:${k}`);
        const name = k === 0 ? `row_${i}/output` : (value?.name ?? '');
        const found = tensors.get(name)?.dims?.map((dim, axis) => (axis === 0 || typeof dim !== 'number' ? null : dim));
        assert.deepEqual(found, dims, row);
        assert.equal(value?.rank, dims?.length, row);
      }
      const held = presented.model.graph.nodes
        .filter((node) => node.name.startsWith(`row_${i}/`))
        .flatMap((node) => node.inputs.filter((input) => presented.weights.has(input)));
      assert.equal(new Set(held).size, Object.keys(weights).length, `${row}: ${held.join()}`);
    }
  },
);
