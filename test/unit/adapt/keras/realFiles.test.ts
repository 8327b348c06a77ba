// Slow: whole networks in TensorFlow.js.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { adaptKeras } from '../../../../src/adapt/keras/adaptKeras.ts';
import { grayscale, swapRedBlue, type ChannelMap } from '../../../../src/adapt/maps/channelMap.ts';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { SplicedSource } from '../../../../src/bytes/splicedSource.ts';
import { openKerasFile } from '../../../../src/formats/keras/kerasFile.ts';
import { openNetwork } from '../../../../src/formats/keras/openNetwork.ts';
import { openZip } from '../../../../src/formats/zip/zipArchive.ts';
import { writeNets, type WriteOptions } from '../../../fixtures/keras/kerasNet.ts';
import { sequential } from '../../../fixtures/keras/randomStem.ts';
import { Random } from '../../../fixtures/random.ts';
import { askH5py, DUMP, h5pyMissing } from '../../../fixtures/runH5py.ts';
import { dumpH5wasm } from '../../../fixtures/runH5wasm.ts';
import { weightFile, weightsMissing } from '../../../fixtures/weightFiles.ts';

const skip = h5pyMissing || weightsMissing;

interface Dumped {
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly dims?: readonly number[];
  readonly hex?: string;
}
type Dump = Record<string, Dumped>;

/** A layer in a configuration. */
interface Entry {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

async function converted(name: string, map: ChannelMap): Promise<{ before: Uint8Array; after: Uint8Array }> {
  const before = new Uint8Array(readFileSync(weightFile(name)));
  return { before, after: await convertedBytes(before, map) };
}

const CONVOLUTION = { filters: 4, kernel_size: [3, 3], padding: 'valid', use_bias: false };

async function convertedBytes(before: Uint8Array, map: ChannelMap): Promise<Uint8Array> {
  const source = new MemorySource(before);
  const { splices } = await adaptKeras({ opened: await openNetwork(await openKerasFile(source)), map });
  const out = new SplicedSource(source, splices);
  return out.read(0, out.size);
}

/** The HDF5 file inside an archive, or the file itself, and the configuration. */
async function parts(bytes: Uint8Array): Promise<{ hdf5: Uint8Array; config: string }> {
  const file = await openKerasFile(new MemorySource(bytes));
  const config = file.config?.text ?? '';
  if (!file.archive) return { hdf5: bytes, config };
  const data = await (await openZip(new MemorySource(bytes))).data(file.archive.weights);
  return { hdf5: await data.read(0, data.size), config };
}

function floats(hex: string | undefined): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(hex ?? '', 'hex'));
  return new Float32Array(bytes.buffer);
}

/** Sums (or means) over the third of four axes. */
function overChannels(values: Float32Array, dims: readonly number[], divide: number): Float32Array {
  const [height = 1, width = 1, channels = 1, filters = 1] = dims;
  return Float32Array.from({ length: height * width * filters }, (_, i) => {
    const [place, filter] = [Math.floor(i / filters), i % filters];
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += values[(place * channels + c) * filters + filter] ?? 0;
    return sum / divide;
  });
}

interface Case {
  readonly file: string;
  readonly kernel: string;
  readonly optimizer: RegExp | null;
}

const CASES: readonly Case[] = [
  { file: 'cifar10-sequential.keras', kernel: 'layers/conv2d/vars/0', optimizer: /^optimizer\/vars\/[23]$/ },
  { file: 'image-classifier.keras', kernel: 'layers/conv2d/vars/0', optimizer: /^optimizer\/vars\/[23]$/ },
  {
    file: 'mobilenet-0.25-96.h5',
    kernel: 'model_weights/conv2d/conv2d/kernel:0',
    optimizer: /^optimizer_weights\/.*\/conv2d\/kernel\/[mv]:0$/,
  },
  { file: 'teachable-machine.h5', kernel: 'model_weights/sequential_1/Conv1/kernel:0', optimizer: null },
];

for (const { file, kernel, optimizer } of CASES)
  test(`Keras: of ${file}, only the kernel, its optimizer variables and shapes change`, { skip }, async () => {
    const { before, after } = await converted(file, grayscale());
    const [one, two] = [await parts(before), await parts(after)];
    const [old, now] = [askH5py<Dump>(one.hdf5, DUMP), askH5py<Dump>(two.hdf5, DUMP)];
    assert.deepEqual(Object.keys(now), Object.keys(old));
    const changed = Object.keys(old).filter((path) => now[path]?.hex !== old[path]?.hex);
    assert.ok(changed.includes(kernel), changed.join());
    for (const path of changed) {
      const dims = old[path]?.dims ?? [];
      const divide = path === kernel ? 1 : 3;
      assert.ok(path === kernel || optimizer?.test(path), path);
      assert.deepEqual(now[path]?.dims, [dims[0], dims[1], 1, dims[3]]);
      const want = overChannels(floats(old[path]?.hex), dims, divide);
      floats(now[path]?.hex).forEach((v, i) => assert.ok(Math.abs(v - (want[i] ?? NaN)) < 1e-5, path));
    }
    assert.equal(changed.length, optimizer ? 3 : 1);
    for (const [path, { attrs }] of Object.entries(old)) {
      const { model_config: config, ...rest } = now[path]?.attrs ?? {};
      const { model_config: oldConfig, ...oldRest } = attrs;
      assert.deepEqual(rest, oldRest, path);
      if (typeof config === 'string') assert.equal(config.length, String(oldConfig).length);
    }
    // Only sizes of the image's channels differ in the configuration.
    const widened = two.config.trimEnd().replaceAll(/(\[null, \d+, \d+, )1(?=\])/g, '$13');
    assert.equal(widened, one.config);
    assert.notEqual(two.config, one.config);
  });

/** Files whose trees, attributes and datasets h5wasm reads before and after; generated ones in every layout. */
const GENERATED: readonly WriteOptions[] = [
  {},
  { libver: 'latest', optimizer: true },
  { dataset: { chunks: true, compression: 'gzip', shuffle: true } },
];

async function sameInH5wasm(before: Uint8Array, after: Uint8Array, changed: RegExp): Promise<void> {
  const [one, two] = [await parts(before), await parts(after)];
  const [old, now] = [await dumpH5wasm(one.hdf5), await dumpH5wasm(two.hdf5)];
  assert.deepEqual([...now.keys()].sort(), [...old.keys()].sort());
  let differing = 0;
  for (const [path, { attributes, dims, data }] of old) {
    const { model_config: config, ...rest } = now.get(path)?.attributes ?? {};
    const { model_config: oldConfig, ...oldRest } = attributes;
    assert.deepEqual(rest, oldRest, path);
    assert.equal(typeof config, typeof oldConfig, path);
    if (now.get(path)?.data === data) {
      assert.deepEqual(now.get(path)?.dims, dims, path);
      continue;
    }
    differing++;
    assert.match(path, changed);
    assert.deepEqual(now.get(path)?.dims, [...(dims ?? []).slice(0, 2), 1, dims?.[3]], path);
  }
  assert.ok(differing > 0);
}

test('Keras: h5wasm finds the same tree, attributes and other datasets in real files', { skip }, async () => {
  for (const { file } of CASES) {
    const { before, after } = await converted(file, grayscale());
    await sameInH5wasm(before, after, /conv2d\/vars\/0$|optimizer|conv2d\/kernel|Conv1\/kernel/);
  }
});

test('Keras: h5wasm finds the same in generated files of every layout', { skip: h5pyMissing }, async () => {
  const random = new Random(3);
  const kernel = { name: 'kernel', dims: [3, 3, 3, 4], values: [...random.floats(108)] };
  const net = sequential([{ className: 'Conv2D', config: CONVOLUTION, weights: [kernel] }], [null, 8, 8, 3]);
  for (const before of writeNets(GENERATED.map((options) => [net, options] as const))) {
    const after = await convertedBytes(before, grayscale());
    await sameInH5wasm(before, after, /conv2d_0\/kernel/);
    // Another file, with the same tree, does not pass.
    await assert.rejects(sameInH5wasm(before, before, /kernel/));
  }
});

test('Keras: swapped twice, a file is what it was', { skip }, async () => {
  const { before, after } = await converted('mobilenet-0.25-96.h5', swapRedBlue());
  const source = new MemorySource(after);
  const { splices } = await adaptKeras({ opened: await openNetwork(await openKerasFile(source)), map: swapRedBlue() });
  const again = new SplicedSource(source, splices);
  assert.notDeepEqual(after, before);
  assert.deepEqual(await again.read(0, again.size), before);
});

test('Keras: behind a Lambda that no operator stands for, the old image is rebuilt in front', { skip }, async () => {
  const { before, after } = await converted('driving-keras1-lambda.h5', grayscale());
  const [old, now] = [askH5py<Dump>(before, DUMP), askH5py<Dump>(after, DUMP)];
  assert.deepEqual(Object.keys(now), Object.keys(old));
  for (const [path, { dims, hex }] of Object.entries(old))
    assert.deepEqual([now[path]?.dims, now[path]?.hex], [dims, hex], path);
  const layers = JSON.parse(String(now['']?.attrs['model_config'])) as { config: Entry[] };
  const added = layers.config.slice(0, 5).map((layer) => layer.class_name);
  assert.deepEqual(added, ['InputLayer', 'Permute', 'UpSampling2D', 'Permute', 'Lambda']);
  assert.deepEqual(layers.config[0]?.config['batch_input_shape'], [null, 66, 200, 1]);
});
