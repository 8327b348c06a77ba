import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { swapRedBlue } from '../../../src/adapt/maps/channelMap.ts';
import { MemorySource } from '../../../src/bytes/byteSource.ts';
import { openKerasFile } from '../../../src/formats/keras/kerasFile.ts';
import { openZip } from '../../../src/formats/zip/zipArchive.ts';
import { compareFiles } from '../../../src/jobs/compare.ts';
import { adaptFile, convertToGray } from '../../../src/jobs/convert.ts';
import { verifyFiles } from '../../../src/jobs/verify.ts';
import { subclassedArchive, weightsHdf5, type Datasets } from '../../fixtures/keras/weightFiles.ts';
import { askH5py, DUMP, h5pyMissing } from '../../fixtures/runH5py.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const skip = h5pyMissing;

interface Dumped {
  readonly dims?: readonly number[];
  readonly hex?: string;
}
type Dump = Readonly<Record<string, Dumped>>;

const KERAS_2: Datasets = {
  'conv2d_8/conv2d_8/kernel:0': [3, 3, 3, 8],
  'conv2d_8/conv2d_8/bias:0': [8],
  'conv2d_10/conv2d_10/kernel:0': [3, 3, 3, 4],
  'dense/dense/kernel:0': [4, 3],
  'dense/dense/bias:0': [3],
};
const KERAS_3: Datasets = {
  'layers/conv2d/vars/0': [3, 3, 3, 8],
  'layers/conv2d/vars/1': [8],
  'layers/conv2d_1/vars/0': [3, 3, 8, 4],
  // An autoencoder's last layer makes three channels: its kernel [kernel…, outputs, channels] has the first one's shape.
  'layers/conv2d_transpose/vars/0': [3, 3, 3, 8],
};
const SUBCLASSED: Datasets = {
  'stem/vars/0': [3, 3, 3, 8],
  'stem/vars/1': [8],
  'body/vars/0': [3, 3, 8, 4],
  'optimizer/vars/2': [3, 3, 3, 8],
  'optimizer/vars/3': [3, 3, 3, 8],
  'optimizer/vars/4': [8],
};

function saved(name: string, bytes: Uint8Array): string {
  const path = join(temporaryFolder('keras-weights'), name);
  writeFileSync(path, bytes);
  return path;
}

/** The path of the gray variant that was written. */
async function grayOf(path: string, layers?: readonly string[]): Promise<string> {
  const { outPath } = await convertToGray(path, { layers });
  assert.ok(outPath);
  return outPath;
}

async function dumpOf(path: string): Promise<Dump> {
  const bytes = new Uint8Array(readFileSync(path));
  const { archive } = await openKerasFile(new MemorySource(bytes));
  if (!archive) return askH5py<Dump>(bytes, DUMP);
  const data = await (await openZip(new MemorySource(bytes))).data(archive.weights);
  return askH5py<Dump>(await data.read(0, data.size), DUMP);
}

function floats(hex: string | undefined): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(hex ?? '', 'hex')).buffer);
}

interface Row {
  readonly file: string;
  readonly bytes: () => Uint8Array;
  readonly layers?: readonly string[];
  readonly kernel: string;
  /** Variables of the optimizer that follow as means. */
  readonly means: readonly string[];
  readonly written: string;
}

const ROWS: readonly Row[] = [
  {
    file: 'net.h5',
    bytes: () => weightsHdf5(KERAS_2, ['conv2d_8', 'conv2d_10', 'dense']),
    layers: ['conv2d_8'],
    kernel: 'conv2d_8/conv2d_8/kernel:0',
    means: [],
    written: 'net.gray.h5',
  },
  {
    file: 'net.weights.h5',
    bytes: () => weightsHdf5(KERAS_3),
    kernel: 'layers/conv2d/vars/0',
    means: [],
    written: 'net.gray.weights.h5',
  },
  {
    file: 'net.keras',
    bytes: () => subclassedArchive(SUBCLASSED),
    kernel: 'stem/vars/0',
    means: ['optimizer/vars/2', 'optimizer/vars/3'],
    written: 'net.gray.keras',
  },
];

for (const { file, bytes, layers, kernel, means, written } of ROWS)
  test(
    `Keras weights alone: of ${file}, the kernel that sees the image is summed and the rest stays`,
    { skip },
    async () => {
      const path = saved(file, bytes());
      const outPath = await grayOf(path, layers);
      assert.ok(outPath.endsWith(written), outPath);
      const [before, after] = [await dumpOf(path), await dumpOf(outPath)];
      const changed = Object.keys(before).filter((name) => before[name]?.hex !== after[name]?.hex);
      assert.deepEqual(changed.sort(), [kernel, ...means].sort());
      for (const name of changed) {
        const [old, now] = [floats(before[name]?.hex), floats(after[name]?.hex)];
        assert.deepEqual(after[name]?.dims, [3, 3, 1, 8]);
        const divide = name === kernel ? 1 : 3;
        now.forEach((value, i) => {
          const at = Math.floor(i / 8) * 24 + (i % 8);
          const sum = [0, 8, 16].reduce((total, step) => total + (old[at + step] ?? NaN), 0);
          assert.ok(Math.abs(value - sum / divide) < 1e-6, `${name} ${i}`);
        });
      }
      const report = await verifyFiles(path, outPath, { seed: 1 });
      assert.equal(report.verdict, 'proved', report.statement);
      const found = await compareFiles(path, outPath);
      assert.deepEqual(found.tensors.map((tensor) => tensor.name).sort(), changed);
      assert.equal(found.tensors.find(({ name }) => name === kernel)?.sumOverAxis, 2);
    },
  );

test('Keras weights alone: a kernel that is not the sum is not verified', { skip }, async () => {
  const path = saved('net.weights.h5', weightsHdf5(KERAS_3));
  const outPath = await grayOf(path);
  const bytes = new Uint8Array(readFileSync(outPath));
  const sum = Buffer.from((await dumpOf(outPath))['layers/conv2d/vars/0']?.hex ?? '', 'hex');
  const at = Buffer.from(bytes).indexOf(sum);
  assert.ok(at > 0);
  new DataView(bytes.buffer).setFloat32(at, 0.5, true);
  writeFileSync(outPath, bytes);
  const report = await verifyFiles(path, outPath, { seed: 1 });
  assert.equal(report.verdict, 'failed', report.statement);
});

test('Keras weights alone: swapped twice, a file is what it was', { skip }, async () => {
  const path = saved('net.weights.h5', weightsHdf5(KERAS_3));
  const once = await adaptFile(path, { map: swapRedBlue() });
  assert.ok(once.outPath);
  const twice = await adaptFile(once.outPath, { map: swapRedBlue() });
  assert.ok(twice.outPath);
  const [before, between, after] = [await dumpOf(path), await dumpOf(once.outPath), await dumpOf(twice.outPath)];
  assert.notDeepEqual(between['layers/conv2d/vars/0'], before['layers/conv2d/vars/0']);
  for (const [name, { hex }] of Object.entries(before)) assert.equal(after[name]?.hex, hex, name);
});

test('Keras weights alone: the input shape that a model of its own class is built with follows', { skip }, async () => {
  const path = saved('net.keras', subclassedArchive(SUBCLASSED));
  const outPath = await grayOf(path);
  const file = await openKerasFile(new MemorySource(new Uint8Array(readFileSync(outPath))));
  const config = JSON.parse(file.config?.text ?? '') as { build_config: unknown };
  assert.deepEqual(config.build_config, { input_shape: [null, 32, 32, 1] });
});

const REFUSED: readonly [name: string, datasets: Datasets, message: RegExp][] = [
  [
    'two kernels',
    { ...KERAS_3, 'layers/conv2d_2/vars/0': [5, 5, 3, 6] },
    /2 tensors .*Say which.*conv2d\/vars.*conv2d_2/,
  ],
  [
    'a normalisation',
    { ...KERAS_3, 'layers/normalization/vars/0': [3] },
    /normalization\/vars\/0 holds one number per/,
  ],
  [
    'a depthwise kernel',
    { ...KERAS_3, 'layers/depthwise_conv2d/vars/0': [3, 3, 3, 1] },
    /depthwise_conv2d\/vars\/0 holds/,
  ],
  [
    'a standardised kernel',
    { 'layers/standardized_conv2d/vars/0': [3, 3, 3, 8] },
    /standardized_conv2d.* standardises its weight/,
  ],
  ['no kernel', { 'layers/dense/vars/0': [12, 4] }, /No convolution's weight .* nothing to convert/],
  ['another name', { data: [3, 3, 3, 8] }, /Say which sees the image .*: data \[3, 3, 3, 8\]/],
];

for (const [name, datasets, message] of REFUSED)
  test(`Keras weights alone: ${name} is asked about or refused`, { skip }, async () => {
    await assert.rejects(convertToGray(saved('net.h5', weightsHdf5(datasets))), { kind: 'refused', message });
  });
