// Slow: whole networks in TensorFlow.js.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adaptKeras } from '../../../../src/adapt/keras/adaptKeras.ts';
import {
  bands,
  dropAlpha,
  grayscale,
  normalize,
  NORMALISATIONS,
  swapRedBlue,
  type ChannelMap,
} from '../../../../src/adapt/maps/channelMap.ts';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { ChannelwiseError } from '../../../../src/bytes/errors.ts';
import { SplicedSource } from '../../../../src/bytes/splicedSource.ts';
import { openKerasFile } from '../../../../src/formats/keras/kerasFile.ts';
import { openNetwork } from '../../../../src/formats/keras/openNetwork.ts';
import {
  readNets,
  writeNets,
  type KerasNet,
  type NetWeight,
  type WriteOptions,
} from '../../../fixtures/keras/kerasNet.ts';
import { runPresented } from '../../../fixtures/keras/runPresented.ts';
import { functional, randomStem, sequential, STEM_SIZE } from '../../../fixtures/keras/randomStem.ts';
import { relativeL2, repeated, runTfjs } from '../../../fixtures/keras/tfjs.ts';
import { Random } from '../../../fixtures/random.ts';
import { h5pyMissing } from '../../../fixtures/runH5py.ts';

/** Float32 twice over a few layers. */
const TOLERANCE = 1e-5;
const STEMS = 200;

const MAPS: readonly ChannelMap[] = [
  grayscale(),
  swapRedBlue(),
  dropAlpha(),
  bands(5),
  normalize(NORMALISATIONS['imagenet'] ?? { mean: [0], std: [1], scale: 1 }),
];
const FORMS: readonly WriteOptions[] = [
  {},
  { libver: 'latest' },
  { dataset: { chunks: true, compression: 'gzip', shuffle: true } },
  { optimizer: true },
];

/** Half of the stems, each with every map and form. */
function isFunctional(i: number): boolean {
  return Math.floor(i / (FORMS.length * MAPS.length)) % 2 === 1;
}

async function converted(bytes: Uint8Array, map: ChannelMap): Promise<Uint8Array | string> {
  const source = new MemorySource(bytes);
  try {
    const opened = await openNetwork(await openKerasFile(source));
    const { splices } = await adaptKeras({ opened, map });
    const out = new SplicedSource(source, splices);
    return await out.read(0, out.size);
  } catch (error) {
    if (error instanceof ChannelwiseError && error.kind === 'refused') return error.message;
    throw error;
  }
}

/** The original's input from the adapted one's: M · x + b for each pixel. */
function mapped(pixels: Float32Array, map: ChannelMap): Float32Array {
  const inner = map.matrix[0]?.length ?? 1;
  const outer = map.matrix.length;
  return Float32Array.from({ length: (pixels.length / inner) * outer }, (_, i) => {
    const [pixel, c] = [Math.floor(i / outer), i % outer];
    const row = map.matrix[c] ?? [];
    return row.reduce((sum, m, k) => sum + m * (pixels[pixel * inner + k] ?? 0), map.shift[c] ?? 0);
  });
}

async function difference(
  original: KerasNet,
  adapted: KerasNet,
  { map, random }: { map: ChannelMap; random: Random },
): Promise<number> {
  const channels = map.matrix[0]?.length ?? 1;
  const batch = 2;
  const pixels = random.floats(batch * STEM_SIZE * STEM_SIZE * channels);
  const dims = [batch, STEM_SIZE, STEM_SIZE];
  const want = await runTfjs(original, [...dims, map.matrix.length], mapped(pixels, map));
  return relativeL2(await runTfjs(adapted, [...dims, channels], pixels), want);
}

test(
  'Keras: random stems converted are the original on mapped channels, in TensorFlow.js',
  { skip: h5pyMissing },
  async () => {
    const random = new Random(7);
    const nets = Array.from({ length: STEMS }, (_, i): [KerasNet, WriteOptions] => [
      isFunctional(i) ? functional(randomStem(random)) : randomStem(random),
      FORMS[i % FORMS.length] ?? {},
    ]);
    const files = writeNets(nets);
    const done: { i: number; map: ChannelMap; bytes: Uint8Array }[] = [];
    const refused: string[] = [];
    for (const [i, bytes] of files.entries()) {
      const map = MAPS[Math.floor(i / FORMS.length) % MAPS.length] ?? grayscale();
      const made = await converted(bytes, map);
      if (typeof made === 'string') refused.push(`${i} ${map.name}: ${made}`);
      else done.push({ i, map, bytes: made });
    }
    const reread = readNets(done.map((d) => d.bytes));
    for (const [k, { i, map }] of done.entries()) {
      const original = nets[i]?.[0];
      const adapted = reread[k];
      assert.ok(original && adapted);
      const found = await difference(original, adapted, { map, random });
      assert.ok(found < TOLERANCE, `stem ${i}, ${map.name}: ${found}\n${JSON.stringify(original.config)}`);
    }
    for (const line of refused) assert.match(line, /nothing was written|can't|would have to/, line);
    // A Sequential has no branches, so maps that mix channels are refused where no weight can take them in.
    const list = refused.join('\n');
    assert.ok(done.length > STEMS * 0.8, `${refused.length} of ${STEMS} refused:\n${list}`);
    for (const line of refused) {
      assert.match(line, / bands:5: /, list);
      assert.equal(isFunctional(Number.parseInt(line, 10)), false, list);
    }
  },
);

/** Channels that depend on each other in front of the first weights: no weight can take a map in there. */
function mixedInFront(random: Random): KerasNet {
  const kernel = { name: 'kernel', dims: [3, 3, 3, 4], values: [...random.floats(108, 0.5)] };
  const config = { filters: 4, kernel_size: [3, 3], padding: 'same', use_bias: false, groups: 1 };
  return sequential(
    [
      { className: 'Activation', config: { activation: 'softmax' } },
      { className: 'Conv2D', config, weights: [kernel] },
      { className: 'GlobalAveragePooling2D', config: {} },
    ],
    [null, STEM_SIZE, STEM_SIZE, 3],
  );
}

/** Layers added to a Sequential, and to a functional model; null where that is refused. */
const REBUILT: readonly (readonly [map: ChannelMap, sequential: string | null, functional: string])[] = [
  [grayscale(), 'Permute,UpSampling2D,Permute', 'Concatenate'],
  [MAPS[4] ?? grayscale(), 'Rescaling', 'Rescaling'],
  [dropAlpha(), 'Permute,Cropping2D,Permute', 'Permute,Cropping2D,Permute'],
  [
    bands(5),
    null,
    `Permute${',Cropping2D,Permute'.repeat(5)},${'Rescaling,Rescaling,Add,'.repeat(2)}Rescaling,Concatenate`,
  ],
];

function addedClasses({ config }: KerasNet): string {
  const { layers } = config['config'] as { layers: { class_name: string; config: { name: string } }[] };
  return layers.flatMap((layer) => (layer.config.name.startsWith('channels_') ? [layer.class_name] : [])).join();
}

for (const [map, inSequential, inFunctional] of REBUILT)
  test(
    `Keras: ${map.name} that no weight can take in is rebuilt by layers in front`,
    { skip: h5pyMissing },
    async () => {
      const random = new Random(17);
      for (const expected of [inSequential, inFunctional]) {
        const stem = mixedInFront(random);
        const net = expected === inSequential && inSequential !== inFunctional ? stem : functional(stem);
        const [bytes] = writeNets([[net, {}]]);
        assert.ok(bytes);
        const made = await converted(bytes, map);
        if (expected === null) {
          assert.match(String(made), /in this kind of model; nothing was written/);
          continue;
        }
        assert.ok(made instanceof Uint8Array, String(made));
        const [adapted] = readNets([made]);
        assert.ok(adapted);
        assert.equal(addedClasses(adapted), expected);
        assert.ok((await difference(net, adapted, { map, random })) < TOLERANCE);
      }
    },
  );

/** What repeats one channel of series, images and videos in front of a shift and a padded convolution. */
const REPEATED: readonly (readonly [dims: readonly number[], dataFormat: string, added: string])[] = [
  [[6, 3], 'channels_last', 'Permute,UpSampling1D,Permute'],
  [[3, 6, 5], 'channels_first', 'UpSampling2D'],
  [[4, 6, 5, 3], 'channels_last', 'Permute,UpSampling3D,Permute'],
  [[3, 4, 6, 5], 'channels_first', 'UpSampling3D'],
];
test('Keras: one channel is repeated by layers of a Sequential, whatever its rank', { skip: h5pyMissing }, async () => {
  for (const [dims, dataFormat, added] of REPEATED) {
    const spatial = dims.length - 1;
    const random = new Random(23);
    const weight = (name: string, ...sizes: number[]): NetWeight => ({
      name,
      dims: sizes,
      values: [...random.floats(sizes.reduce((total, size) => total * size, 1))].map(Math.abs),
    });
    const kernelSize = Array<number>(spatial).fill(3);
    const norm = {
      className: 'BatchNormalization',
      config: { axis: dataFormat === 'channels_first' ? 1 : -1, epsilon: 0.001, scale: true, center: true },
      weights: ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((name) => weight(name, 3)),
    };
    const convolution = {
      className: `Conv${spatial}D`,
      config: { filters: 2, kernel_size: kernelSize, padding: 'same', data_format: dataFormat, use_bias: false },
      weights: [weight('kernel', ...kernelSize, 3, 2)],
    };
    const net = sequential([norm, convolution], [null, ...dims]);
    const [bytes] = writeNets([[net, {}]]);
    assert.ok(bytes);
    const made = await converted(bytes, grayscale());
    assert.ok(made instanceof Uint8Array, String(made));
    const [adapted] = readNets([made]);
    assert.equal(adapted && addedClasses(adapted), added);
    const gray = [2, ...dims.map((size, i) => (i === (dataFormat === 'channels_first' ? 0 : spatial) ? 1 : size))];
    const pixels = new Random(5).floats(gray.reduce((total, size) => total * size, 1));
    const old = dataFormat === 'channels_first' ? eachThrice(pixels, pixels.length / 2) : repeated(pixels, 3);
    const want = await runPresented(bytes, [2, ...dims], old);
    assert.ok(relativeL2(await runPresented(made, gray, pixels), want) < TOLERANCE, added);
  }
});

/** Each plane of so many pixels three times. */
function eachThrice(pixels: Float32Array, size: number): Float32Array {
  const planes = Array.from({ length: pixels.length / size }, (_, i) => pixels.subarray(i * size, (i + 1) * size));
  return Float32Array.from(planes.flatMap((plane) => [...plane, ...plane, ...plane]));
}

const frame = [8, 9, 3];

/** A convolution of frames, by itself or in a model, whose weights are named for its own layers. */
function eachFrame(inner: Readonly<Record<string, unknown>>, prefix: string): KerasNet {
  const random = new Random(31);
  const weights = [
    { name: 'kernel', dims: [3, 3, 3, 4], values: [...random.floats(108, 0.5)] },
    { name: 'bias', dims: [4], values: [...random.floats(4, 0.5)] },
  ];
  const pool = { class_name: 'GlobalAveragePooling2D', config: { name: 'pool', data_format: 'channels_last' } };
  const config = { batch_input_shape: [null, 5, ...frame], dtype: 'float32', sparse: false, name: 'video' };
  const layers = [
    { class_name: 'InputLayer', config },
    { class_name: 'TimeDistributed', config: { name: 'frames', trainable: true, layer: inner } },
    { class_name: 'TimeDistributed', config: { name: 'pools', trainable: true, layer: pool } },
  ];
  return {
    config: { class_name: 'Sequential', config: { name: 'video_net', layers } },
    weights: { frames: weights.map((weight) => ({ ...weight, name: `${prefix}${weight.name}` })) },
  };
}

const CONV_OF_FRAMES = {
  class_name: 'Conv2D',
  config: { name: 'conv', filters: 4, kernel_size: [3, 3], padding: 'same', use_bias: true, activation: 'relu' },
};
const MODEL_OF_FRAMES = {
  class_name: 'Sequential',
  config: {
    name: 'each',
    layers: [
      { class_name: 'InputLayer', config: { batch_input_shape: [null, ...frame], dtype: 'float32', name: 'frame' } },
      CONV_OF_FRAMES,
    ],
  },
};

test('Keras: a convolution that TimeDistributed applies to frames takes gray in', { skip: h5pyMissing }, async () => {
  const pixels = new Random(5).floats(2 * 5 * 8 * 9);
  const single = eachFrame(CONV_OF_FRAMES, '');
  const want = await runTfjs(single, [2, 5, ...frame], repeated(pixels, 3));
  for (const net of [single, eachFrame(MODEL_OF_FRAMES, 'conv/')]) {
    const [bytes] = writeNets([[net, {}]]);
    assert.ok(bytes);
    const made = await converted(bytes, grayscale());
    assert.ok(made instanceof Uint8Array, String(made));
    const [adapted] = readNets([made]);
    assert.deepEqual(adapted?.weights['frames']?.[0]?.dims, [3, 3, 1, 4]);
    if (net === single) assert.ok(relativeL2(await runTfjs(adapted, [2, 5, 8, 9, 1], pixels), want) < TOLERANCE);
    assert.ok(relativeL2(await runPresented(bytes, [2, 5, ...frame], repeated(pixels, 3)), want) < TOLERANCE);
    assert.ok(relativeL2(await runPresented(made, [2, 5, 8, 9, 1], pixels), want) < TOLERANCE);
  }
});

test('Keras: a kernel that is not the sum shows', { skip: h5pyMissing }, async () => {
  const random = new Random(3);
  const net = randomStem(new Random(11));
  const [bytes] = writeNets([[net, {}]]);
  assert.ok(bytes);
  const made = await converted(bytes, grayscale());
  assert.ok(made instanceof Uint8Array, String(made));
  const [adapted] = readNets([made]);
  assert.ok(adapted);
  const wrong: KerasNet = {
    ...adapted,
    weights: Object.fromEntries(
      Object.entries(adapted.weights).map(([layer, list], at) => [
        layer,
        list.map((w) => (at < 3 && w.name.endsWith('kernel') ? { ...w, values: w.values.map((v) => v / 3) } : w)),
      ]),
    ),
  };
  assert.ok((await difference(net, adapted, { map: grayscale(), random })) < TOLERANCE);
  assert.ok((await difference(net, wrong, { map: grayscale(), random })) > 0.01);
});
