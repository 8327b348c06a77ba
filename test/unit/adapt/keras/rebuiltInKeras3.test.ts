import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adaptKeras } from '../../../../src/adapt/keras/adaptKeras.ts';
import { grayscale, swapRedBlue, type ChannelMap } from '../../../../src/adapt/maps/channelMap.ts';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { SplicedSource } from '../../../../src/bytes/splicedSource.ts';
import { openKerasFile } from '../../../../src/formats/keras/kerasFile.ts';
import { openNetwork } from '../../../../src/formats/keras/openNetwork.ts';
import { archiveWithValues } from '../../../fixtures/keras/functionalFiles.ts';
import { asKeras2, asKeras3, type Keras3Layer } from '../../../fixtures/keras/dialects.ts';
import type { KerasNet, NetWeight } from '../../../fixtures/keras/kerasNet.ts';
import { functional, sequential } from '../../../fixtures/keras/randomStem.ts';
import { relativeL2, repeated, runTfjs } from '../../../fixtures/keras/tfjs.ts';
import { Random } from '../../../fixtures/random.ts';
import { h5pyMissing } from '../../../fixtures/runH5py.ts';

const TOLERANCE = 1e-5;
const SIZE = 6;
const SHAPE = [null, SIZE, SIZE, 3];

/** A shift by channel stands in front of a padded convolution: nothing folds. */
function network(random: Random): { net: KerasNet; kernel: NetWeight } {
  const kernel = { name: 'kernel', dims: [3, 3, 3, 4], values: [...random.floats(108, 0.5)] };
  const config = { filters: 4, kernel_size: [3, 3], padding: 'same', use_bias: false };
  const net = sequential(
    [
      { className: 'Rescaling', config: { scale: [1, 2, 3], offset: [0.5, -0.5, 0.25] } },
      { className: 'Conv2D', config, weights: [kernel] },
      { className: 'GlobalAveragePooling2D', config: {} },
    ],
    SHAPE,
  );
  return { net, kernel };
}

async function configOf(bytes: Uint8Array, map: ChannelMap): Promise<Record<string, unknown>> {
  const source = new MemorySource(bytes);
  const { splices } = await adaptKeras({ opened: await openNetwork(await openKerasFile(source)), map });
  const out = new SplicedSource(source, splices);
  const { config } = await openKerasFile(new MemorySource(await out.read(0, out.size)));
  return JSON.parse(config?.text ?? '') as Record<string, unknown>;
}

function added(config: Record<string, unknown>): Keras3Layer[] {
  const { layers } = config['config'] as { layers: Keras3Layer[] };
  return layers.filter(({ config: { name } }) => name.startsWith('channels_'));
}

const tensor = {
  class_name: '__keras_tensor__',
  config: { shape: [null, SIZE, SIZE, 1], dtype: 'float32', keras_history: ['image', 0, 0] },
};
/** As Keras 3 writes these layers: keras/src/saving/serialization_lib.py and keras/src/models/functional.py */
const CONCATENATE = {
  module: 'keras.layers',
  class_name: 'Concatenate',
  config: { name: 'channels_concatenate', trainable: false, dtype: 'float32', axis: -1 },
  registered_name: null,
  build_config: { input_shape: new Array(3).fill([null, SIZE, SIZE, 1]) },
  name: 'channels_concatenate',
  inbound_nodes: [{ args: [[tensor, tensor, tensor]], kwargs: {} }],
};
const UPSAMPLING = {
  module: 'keras.layers',
  class_name: 'UpSampling2D',
  config: {
    name: 'channels_upsampling2d',
    trainable: false,
    dtype: 'float32',
    size: [1, 3],
    interpolation: 'nearest',
    data_format: 'channels_last',
  },
  registered_name: null,
  build_config: { input_shape: [null, SIZE, 1, SIZE] },
};

test(
  'layers that rebuild the image are written as Keras 3 writes them, and TensorFlow.js runs them',
  { skip: h5pyMissing },
  async () => {
    const random = new Random(41);
    const { net, kernel } = network(random);
    const pixels = random.floats(2 * SIZE * SIZE);
    const want = await runTfjs(net, [2, SIZE, SIZE, 3], repeated(pixels, 3));
    for (const [dialect, expected] of [
      [functional(net), CONCATENATE],
      [net, UPSAMPLING],
    ] as const) {
      const archive = archiveWithValues(asKeras3(dialect.config, SHAPE), { 'layers/conv2d/vars/0': kernel });
      const made = await configOf(archive, grayscale());
      assert.deepEqual(
        added(made).find(({ class_name }) => class_name === expected.class_name),
        expected,
      );
      const adapted = { config: asKeras2(made), weights: net.weights };
      assert.ok(relativeL2(await runTfjs(adapted, [2, SIZE, SIZE, 1], pixels), want) < TOLERANCE);
      assert.ok(
        relativeL2(
          await runTfjs(
            adapted,
            [2, SIZE, SIZE, 1],
            pixels.map((v) => -v),
          ),
          want,
        ) > 0.01,
      );
    }
  },
);

test('an order of channels that is rebuilt in Keras 3 runs in TensorFlow.js', { skip: h5pyMissing }, async () => {
  const random = new Random(43);
  const { net, kernel } = network(random);
  const pixels = random.floats(2 * SIZE * SIZE * 3);
  const swapped = Float32Array.from(pixels, (_, i) => pixels[i - (i % 3) + (2 - (i % 3))] ?? NaN);
  const want = await runTfjs(net, [2, SIZE, SIZE, 3], swapped);
  const archive = archiveWithValues(asKeras3(functional(net).config, SHAPE), { 'layers/conv2d/vars/0': kernel });
  const adapted = { config: asKeras2(await configOf(archive, swapRedBlue())), weights: net.weights };
  assert.ok(relativeL2(await runTfjs(adapted, [2, SIZE, SIZE, 3], pixels), want) < TOLERANCE);
  assert.ok(relativeL2(await runTfjs(adapted, [2, SIZE, SIZE, 3], swapped), want) > 0.01);
});
