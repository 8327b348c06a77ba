// Slow: real files of weights.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { WORKER_ANSWERS } from '../../../src/page/workerAnswers.ts';
import { unpackModel } from '../../../src/protocol/unpack.ts';
import { floatWeights, safetensorsFile } from '../../fixtures/safetensors.ts';
import { weightFile, weightsMissing } from '../../fixtures/weightFiles.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('weights-page');
const context = { signal: new AbortController().signal, onProgress: (): void => undefined };

/** Writes float32 tensors as a safetensors file. */
function writeSafetensors(
  name: string,
  tensors: Readonly<Record<string, { dims: number[]; values: number[] }>>,
): string {
  const path = join(folder, name);
  const weights = Object.entries(tensors).map(([key, { dims, values }]) => floatWeights(key, dims, values));
  writeFileSync(path, safetensorsFile(weights));
  return path;
}

const count = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);
const ramp = (dims: number[]): { dims: number[]; values: number[] } => ({
  dims,
  values: Array.from({ length: count(dims) }, (_, i) => (i % 17) / 8 - 1),
});

test('a file of weights has tensors, its input layer, and no graph', async () => {
  const path = writeSafetensors('small.safetensors', {
    'conv1.weight': ramp([4, 3, 2, 2]),
    'conv1.bias': ramp([4]),
    'fc.weight': ramp([2, 4]),
  });
  const page = unpackModel(await WORKER_ANSWERS.readModel({ path }, context));
  assert.equal(page.hasGraph, false);
  assert.equal(page.parameterCount, 48 + 4 + 8);
  assert.deepEqual(
    page.tensors?.map(({ name, dims, dtype, bytes }) => [name, dims, dtype, bytes]),
    [
      ['conv1.weight', [4, 3, 2, 2], 'float32', 192],
      ['conv1.bias', [4], 'float32', 16],
      ['fc.weight', [2, 4], 'float32', 32],
    ],
  );
  assert.deepEqual(
    page.inputLayers.map(({ weight, dims, nodeId }) => [weight, dims, nodeId]),
    [['conv1.weight', [4, 3, 2, 2], -1]],
  );
  assert.deepEqual(page.imageInputs, [{ name: 'conv1.weight', channels: [3] }]);
});

test('statistics, values and filters of a tensor are read from its own bytes', async () => {
  const path = writeSafetensors('values.safetensors', { 'conv1.weight': ramp([4, 3, 2, 2]) });
  const statistics = await WORKER_ANSWERS.tensorStatistics({ path, tensor: 'conv1.weight' }, context);
  assert.deepEqual([statistics.count, statistics.min, statistics.max], [48, '-1', '1']);
  const ranges = [4, 3, 2, 2].map((dim) => ({ from: dim - 1, to: dim }));
  const block = await WORKER_ANSWERS.tensorBlock({ path, tensor: 'conv1.weight', ranges }, context);
  assert.deepEqual(block.texts, [String((47 % 17) / 8 - 1)]);
  await assert.rejects(WORKER_ANSWERS.tensorStatistics({ path, tensor: 'gone' }, context), /stores no tensor gone/);
  const facts = await WORKER_ANSWERS.inputLayerFacts({ path, layer: 0 }, context);
  assert.deepEqual(facts.filters, { count: 4, channels: 3, height: 2, width: 2 });
  const { from, to, values } = await WORKER_ANSWERS.layerFilters({ path, layer: 0, from: 1, of: 'file' }, context);
  assert.deepEqual([from, to], [1, 4]);
  const numbers = new Float32Array(new Uint8Array(Buffer.from(values, 'base64')).buffer);
  assert.deepEqual([...numbers], ramp([4, 3, 2, 2]).values.slice(12));
  await assert.rejects(WORKER_ANSWERS.inputLayerFacts({ path, layer: 1 }, context), /no such input layer/);
});

test('a converted file shows its filters beside those it was made from', async () => {
  const path = writeSafetensors('before.safetensors', { 'conv1.weight': ramp([2, 3, 2, 2]) });
  const { outPath } = await WORKER_ANSWERS.convertToGray({ path }, context);
  assert.ok(outPath);
  const facts = await WORKER_ANSWERS.inputLayerFacts({ path: outPath, layer: 0 }, context);
  assert.deepEqual(facts.filters, { count: 2, channels: 1, height: 2, width: 2 });
  assert.deepEqual(facts.original?.filters, { count: 2, channels: 3, height: 2, width: 2 });
  const question = { path: outPath, layer: 0, from: 0 };
  const before = await WORKER_ANSWERS.layerFilters({ ...question, of: 'original' }, context);
  const after = await WORKER_ANSWERS.layerFilters({ ...question, of: 'file' }, context);
  const floats = (text: string): number[] => [...new Float32Array(new Uint8Array(Buffer.from(text, 'base64')).buffer)];
  const old = floats(before.values);
  const summed = Array.from({ length: 8 }, (_, i) => {
    const [filter, pixel] = [Math.floor(i / 4), i % 4];
    return [0, 1, 2].reduce((sum, channel) => sum + old[(filter * 3 + channel) * 4 + pixel]!, 0);
  });
  assert.deepEqual(floats(after.values), summed);
});

/** Real files: whether they show a graph, the first weight, and its shape as the page gives it. */
const REAL: readonly (readonly [file: string, graph: boolean, weight: string, dims: readonly number[]])[] = [
  ['cifar10-sequential.keras', true, 'conv2d/kernel', [3, 3, 3, 32]],
  ['mobilenet-0.25-96.h5', true, 'conv2d/kernel', [3, 3, 3, 8]],
  ['teachable-machine.h5', true, 'sequential_1/model1/Conv1/kernel', [3, 3, 3, 16]],
  ['driving-keras1-lambda.h5', true, 'convolution2d_1/kernel', [5, 5, 3, 24]],
  ['mtcnn-pnet-legacy.pt', false, 'conv1.weight', [10, 3, 3, 3]],
  ['face-slim320-legacy.pth', false, 'base_net.0.0.weight', [16, 3, 3, 3]],
  ['cifar10-zip.pth', false, 'conv1.weight', [12, 3, 5, 5]],
  ['taesana-encoder-fp16.pth', false, '0.weight', [32, 3, 3, 3]],
  ['yunet-s-checkpoint.pth', false, 'state_dict.backbone.model0.conv1.weight', [16, 3, 3, 3]],
];

test('real files open, with statistics and filters of their first weight', { skip: weightsMissing }, async () => {
  for (const [file, graph, weight, dims] of REAL) {
    const path = weightFile(file);
    const page = unpackModel(await WORKER_ANSWERS.readModel({ path }, context));
    assert.equal(page.hasGraph, graph, file);
    assert.equal(page.dataTrouble ?? null, null, `${file}: nothing beside it is missing`);
    const [first] = page.inputLayers;
    assert.deepEqual([first?.weight, first?.dims], [weight, dims], file);
    const statistics = await WORKER_ANSWERS.tensorStatistics({ path, tensor: weight }, context);
    assert.equal(statistics.count, count(dims), file);
    const facts = await WORKER_ANSWERS.inputLayerFacts({ path, layer: 0 }, context);
    // Keras has outputs and channels last.
    const [filters, channels, height, width] = graph ? [dims[3], dims[2], dims[0], dims[1]] : dims;
    assert.deepEqual(facts.filters, { count: filters, channels, height, width }, file);
    const { to } = await WORKER_ANSWERS.layerFilters({ path, layer: 0, from: 0, of: 'file' }, context);
    assert.equal(to, Math.min(64, filters!), file);
  }
});
