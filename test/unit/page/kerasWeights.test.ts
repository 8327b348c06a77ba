import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { convertToGray } from '../../../src/jobs/convert.ts';
import { inspectFile, inspectText } from '../../../src/page/inspect.ts';
import { readPageModel } from '../../../src/page/readPage.ts';
import { packModel, unpackModel } from '../../../src/protocol/packed.ts';
import { writeFruitKeras } from '../../fixtures/fruit/kerasFile.ts';
import { weightFile, weightsMissing } from '../../fixtures/weightFiles.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

test('the kernel of a Keras input layer is shown in the order of Keras', { skip: weightsMissing }, async () => {
  const path = weightFile('mobilenet-0.25-96.h5');
  for (const { firstLayers } of [await readPageModel(path), await inspectFile(path)]) {
    const [layer] = firstLayers;
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
