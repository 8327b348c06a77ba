import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { parseJson } from '../../../../src/bytes/json/json.ts';
import { openKerasFile } from '../../../../src/formats/keras/kerasFile.ts';
import { openNetwork } from '../../../../src/formats/keras/openNetwork.ts';
import { layerRule } from '../../../../src/formats/keras/present/layers/table.ts';
import { modelCosts } from '../../../../src/graph/cost/cost.ts';
import { inferShapes } from '../../../../src/graph/shapes/shapes.ts';
import { steeringConstants } from '../../../../src/graph/shapes/steering.ts';
import { LAYER_CASES } from '../../../fixtures/keras/layerCases.ts';
import { layersFile } from '../../../fixtures/keras/layerRows.ts';
import { OPERATION_CASES } from '../../../fixtures/keras/operationCases.ts';
import { h5pyMissing } from '../../../fixtures/runH5py.ts';

/** What keras/src/layers/__init__.py and tf_keras/layers/__init__.py name, without what is no layer of a graph. */
const CLASSES = [
  'Activation ELU LeakyReLU PReLU ReLU Softmax ThresholdedReLU',
  'AdditiveAttention Attention GroupQueryAttention MultiHeadAttention',
  'Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose DepthwiseConv1D DepthwiseConv2D',
  'SeparableConv1D SeparableConv2D Convolution1D Convolution2D Convolution3D LocallyConnected1D LocallyConnected2D',
  'Dense EinsumDense Embedding Identity Masking ReversibleEmbedding RandomFourierFeatures',
  'Add Average Concatenate Dot Maximum Minimum Multiply Subtract',
  'BatchNormalization GroupNormalization LayerNormalization RMSNormalization SpectralNormalization UnitNormalization',
  'SyncBatchNormalization BatchNormalizationV1 BatchNormalizationV2',
  'AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D',
  'AdaptiveMaxPooling2D AdaptiveMaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D',
  'GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D',
  'GlobalMaxPooling3D MaxPooling1D MaxPooling2D MaxPooling3D AvgPool2D MaxPool2D GlobalAvgPool2D GlobalMaxPool2D',
  'CategoryEncoding Discretization HashedCrossing Hashing IndexLookup IntegerLookup StringLookup TextVectorization',
  'AugMix AutoContrast CenterCrop ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization',
  'MaxNumBoundingBoxes MixUp RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast',
  'RandomCrop RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHeight',
  'RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness',
  'RandomShear RandomTranslation RandomWidth RandomZoom Resizing Solarization MelSpectrogram STFTSpectrogram',
  'Normalization Pipeline Rescaling ActivityRegularization AlphaDropout Dropout GaussianDropout GaussianNoise',
  'SpatialDropout1D SpatialDropout2D SpatialDropout3D Cropping1D Cropping2D Cropping3D Flatten Permute',
  'ReconstructPatches2D ReconstructPatches3D RepeatVector Reshape UpSampling1D UpSampling2D UpSampling3D',
  'ZeroPadding1D ZeroPadding2D ZeroPadding3D Bidirectional ConvLSTM1D ConvLSTM2D ConvLSTM3D GRU LSTM RNN SimpleRNN',
  'CuDNNGRU CuDNNLSTM TimeDistributed',
].flatMap((line) => line.split(' '));

test('every layer class of Keras 2 and 3 has a rule; those that are code have none', () => {
  const json = parseJson('{}', 'nothing');
  const ruled = (className: string, module = 'keras.layers'): boolean => {
    const layer = { className, module, name: '', path: '', json, config: json, group: '', outermost: '' };
    return layerRule({ layer, name: '', inputs: [], given: undefined }) !== undefined;
  };
  assert.deepEqual(
    CLASSES.filter((className) => !ruled(className)),
    [],
  );
  for (const className of ['Lambda', 'Layer', 'MyDense']) assert.equal(ruled(className), false, className);
  assert.equal(ruled('Dense', 'someone.code'), false);
});

const ROWS = [...LAYER_CASES, ...OPERATION_CASES];

test(
  'Keras layers and operations: shapes as documented, and a reason where they are not known',
  { skip: h5pyMissing },
  async () => {
    const opened = await openNetwork(await openKerasFile(new MemorySource(layersFile(ROWS))));
    const { presented, ctx } = opened;
    const shapes = inferShapes(presented.model, { constants: await steeringConstants(presented.model, ctx) });
    const { tensors } = shapes;
    const costs = modelCosts(presented.model, shapes);
    for (const [i, { className, config, gives, macs, weights = {} }] of ROWS.entries()) {
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
      const nodes = presented.model.graph.nodes.filter((node) => node.name.startsWith(`row_${i}/`));
      const multiplied = nodes.reduce((total, node) => total + (costs.of(node).macs ?? NaN), 0);
      if (macs !== undefined) assert.equal(multiplied, macs, row);
      const held = nodes.flatMap((node) => node.inputs.filter((input) => presented.weights.has(input)));
      assert.equal(new Set(held).size, Object.keys(weights).length, `${row}: ${held.join()}`);
    }
  },
);
