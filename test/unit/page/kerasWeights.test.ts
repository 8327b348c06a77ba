import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { inspectFile, inspectText } from '../../../src/page/printed/inspect.ts';
import { readPageModel } from '../../../src/page/readPage.ts';
import { packModel } from '../../../src/protocol/pack.ts';
import { unpackModel } from '../../../src/protocol/unpack.ts';
import { writeFruitKeras } from '../../fixtures/fruit/kerasFile.ts';
import { WORKER_ANSWERS } from '../../../src/page/workerAnswers.ts';
import { planText } from '../../../src/adapt/report/planText.ts';
import { grayscale, rgbFromGray } from '../../../src/adapt/maps/channelMap.ts';
import { storedTensor } from '../../../src/formats/onnx/tensors/storedTensor.ts';
import { withOpenModel } from '../../../src/jobs/open/openModel.ts';
import { readElements } from '../../../src/tensors/tensorElements.ts';
import { compareFiles } from '../../../src/jobs/compare.ts';
import { adaptFile, convertToGray } from '../../../src/jobs/convert.ts';
import { weightFile, weightsMissing } from '../../fixtures/weightFiles.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

test('the kernel of a Keras input layer is shown in the order of Keras', { skip: weightsMissing }, async () => {
  const path = weightFile('mobilenet-0.25-96.h5');
  const shown = (await readPageModel(path)).inputLayers[0];
  const inspected = (await inspectFile(path)).firstLayers[0];
  for (const layer of [shown, inspected]) {
    assert.deepEqual(layer?.dims, [3, 3, 3, 8]);
    assert.equal(layer.layout, '[kH, kW, in/group, out]');
  }
});

test(
  'boxes and details of a Keras network have its kernels as the file has them',
  { skip: weightsMissing },
  async () => {
    const page = unpackModel(packModel(await readPageModel(weightFile('mobilenet-0.25-96.h5'))));
    const convolutions = page.nodes.filter(({ opType }) => opType === 'Conv');
    const [first, depthwise] = convolutions;
    assert.match(first?.detail ?? '', /3×3×3×8/);
    assert.match(depthwise?.detail ?? '', /3×3×8×1/);
    const kernel = first?.inputs[1]?.weight;
    assert.deepEqual(kernel?.dims, [8, 3, 3, 3]);
    assert.deepEqual(kernel.stored, [3, 3, 3, 8]);
    assert.equal(kernel.storage, 'dataset model_weights/conv2d/conv2d/kernel:0');
    const vector = page.nodes.find(({ opType }) => opType === 'BatchNormalization')?.inputs[1]?.weight;
    assert.ok(vector && !('stored' in vector));
  },
);

test('a converted Keras file holds its weights as it records them, in the order of Keras', async () => {
  const folder = temporaryFolder('keras-recorded');
  const path = join(folder, 'fruit.h5');
  await writeFruitKeras(path);
  const { outPath } = await convertToGray(path);
  const { adaptation } = await readPageModel(outPath ?? '');
  const [fold] = adaptation?.steps.at(-1)?.folds ?? [];
  assert.deepEqual([fold?.newDims, fold?.now], [[7, 7, 1, 16], 'same']);
});

test('inspect says of a Keras network what it gives, and nothing of ONNX', { skip: weightsMissing }, async () => {
  const lines = inspectText(await inspectFile(weightFile('mobilenet-0.25-96.h5')));
  assert.equal(lines[0], 'mobilenet-0.25-96.h5: Keras 2.4.0');
  assert.equal(lines[2], 'output dense/output: float32[batch, 2]');
});

test('the graph of a Keras network has its order of axes, and no Transpose that Keras does not have', async () => {
  const folder = temporaryFolder('keras-page');
  try {
    const path = join(folder, 'fruit.h5');
    await writeFruitKeras(path);
    const page = await readPageModel(path);
    const shown = page.nodes.filter(({ kind }) => kind !== 'constant');
    assert.ok(shown.every(({ opType }) => opType !== 'Transpose' && opType !== 'Identity'));
    const first = shown.find(({ opType }) => opType === 'Conv')!;
    assert.deepEqual(first.inputs[0]!.dims, ['batch', '70', '70', '3']);
    assert.deepEqual(first.outputs[0]!.dims, ['batch', '32', '32', '16']);
    const ids = new Set([-1, ...shown.map(({ id }) => id)]);
    assert.ok(page.edges.every(({ from, to }) => ids.has(from) && ids.has(to)));
    assert.ok(page.outputEdges.every(({ from }) => ids.has(from)));
    const made = new Map(shown.flatMap(({ outputs }) => outputs).map(({ name, dims }) => [name, dims]));
    for (const { tensor, dims } of page.edges) if (made.has(tensor)) assert.deepEqual(dims, made.get(tensor), tensor);
    // Every layer but the first is fed by one that is shown.
    const fed = new Set(page.edges.map(({ to }) => to));
    assert.ok(shown.every(({ id }) => fed.has(id)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

async function fruit(): Promise<string> {
  const path = join(temporaryFolder('fruit'), 'fruit.h5');
  await writeFruitKeras(path);
  return path;
}

test('values and files of a Keras kernel have the indices of layer.get_weights()', async () => {
  const path = await fruit();
  const context = { signal: new AbortController().signal, onProgress: () => undefined };
  const page = await readPageModel(path);
  const kernel = page.nodes.find(({ opType }) => opType === 'Conv')?.inputs[1]?.weight;
  assert.ok(kernel);
  const ranges = [1, 2, 0, 5].map((at) => ({ from: at, to: at + 1 }));
  const { texts } = await WORKER_ANSWERS.tensorBlock({ path, tensor: kernel.name, ranges }, context);
  const outPath = join(temporaryFolder('keras-npy'), 'kernel.npy');
  await WORKER_ANSWERS.saveTensor({ path, tensor: kernel.name, format: 'npy', outPath }, context);
  const npy = readFileSync(outPath);
  assert.match(npy.subarray(0, 128).toString('latin1'), /'shape': \(7, 7, 3, 16\)/);
  const saved = npy.readFloatLE(npy.length - 4 * 7 * 7 * 3 * 16 + 4 * (((1 * 7 + 2) * 3 + 0) * 16 + 5));
  // The graph has it as [out, in, kH, kW].
  const inGraph = await withOpenModel(path, undefined, async ({ ctx, stored }) => {
    const at = ((5 * 3 + 0) * 7 + 1) * 7 + 2;
    const tensor = storedTensor(ctx, stored.get(kernel.name)!, kernel.name);
    const { values } = await readElements(tensor, { from: at, to: at + 1 });
    return Number(values[0]);
  });
  assert.equal(saved, inGraph);
  assert.equal(Math.fround(Number(texts[0])), inGraph);
  assert.notEqual(saved, npy.readFloatLE(npy.length - 4));
});

test('differences of Keras networks have the dims of Keras, and the record of an adaptation is no note', async () => {
  const path = await fruit();
  const { outPath } = await convertToGray(path);
  assert.ok(outPath);
  const [change] = (await compareFiles(path, outPath)).tensors;
  assert.deepEqual([change?.a?.dims, change?.b?.dims, change?.sumOverAxis], [[7, 7, 3, 16], [7, 7, 1, 16], 2]);
  const again = await adaptFile(outPath, { map: rgbFromGray(), dryRun: true });
  assert.doesNotMatch(planText(again.plan).join('\n'), /channelwise\.adaptation/);
});

/** Stands for Keras: says which file was loaded, and that it was compiled. */
const KERAS = `
import sys, types
class Model:
    inputs = [types.SimpleNamespace(shape=(None, 64, 64, 1))]
    def compile(self, optimizer, loss, metrics): print("compiled", optimizer, loss, *metrics)
def load(path):
    print("loaded", path)
    return Model()
keras = types.ModuleType("keras")
keras.models = types.SimpleNamespace(load_model=load)
keras.optimizers = types.SimpleNamespace(Adam=lambda learning_rate: f"Adam {learning_rate}")
sys.modules["keras"] = keras
`;

test('Copy as Python of a Keras network loads the adapted file and compiles it', async () => {
  const path = await fruit();
  const context = { signal: new AbortController().signal, onProgress: () => undefined };
  const frameworks = await WORKER_ANSWERS.pythonFrameworks({ path }, context);
  assert.deepEqual(frameworks, [{ id: 'keras', title: 'Keras model' }]);
  const code = await WORKER_ANSWERS.asPython({ path, map: grayscale(), framework: 'keras' }, context);
  assert.match(code, /"conv1\/kernel", \(7, 7, 3, 16\) before, \(7, 7, 1, 16\) now/);
  const ran = spawnSync('/usr/bin/python3', ['-'], { input: KERAS + code, encoding: 'utf8' });
  assert.equal(ran.stderr, '');
  assert.deepEqual(ran.stdout.trim().split('\n'), [
    'loaded fruit.gray.h5',
    '[(None, 64, 64, 1)]',
    'compiled Adam 1e-05 sparse_categorical_crossentropy accuracy',
  ]);
});
