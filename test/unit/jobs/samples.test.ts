// Slow: the sample networks on their pictures.
import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { adaptFile } from '../../../src/jobs/convert.ts';
import { grayscale } from '../../../src/adapt/maps/channelMap.ts';
import { evaluateFolder, type EvaluationReport } from '../../../src/jobs/evaluate.ts';
import { FRUIT_NAMES } from '../../fixtures/fruit/fruit.ts';
import { writeSamples } from '../../fixtures/writeSamples.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('samples');
const at = (name: string): string => join(folder, name);
await writeSamples(folder);

const top1 = ({ runs }: EvaluationReport, key: string): number => runs.find((run) => run.key === key)?.top1 ?? NaN;

for (const name of ['fruit-resnet.onnx', 'fruit-mobilenet.onnx']) {
  test(`${name} knows the fruit by their colours, and gray costs what it should: a good part, not all`, async () => {
    const report = await evaluateFolder(at(name), null, at('fruit'));
    assert.equal(report.labels, 'sorted folder names');
    assert.equal(report.images.length, 8 * FRUIT_NAMES.length);
    assert.ok(top1(report, 'rgb') >= 0.95, `RGB ${top1(report, 'rgb')}`);
    const gray = top1(report, 'repeated');
    assert.ok(gray >= 0.3 && gray <= 0.85, `gray ${gray}, where one of six would be chance`);
  });
}

test('the Keras file is the same network as the ONNX file', async () => {
  const [onnx, keras] = await Promise.all(
    ['fruit-resnet.onnx', 'fruit-resnet.h5'].map((name) => evaluateFolder(at(name), null, at('fruit'))),
  );
  assert.ok(onnx && keras);
  const bestFive = ({ images }: EvaluationReport): unknown[] => images.map(({ top }) => [top.rgb, top.repeated]);
  assert.deepEqual(bestFive(keras), bestFive(onnx));
});

for (const name of ['fruit-resnet.onnx', 'fruit-resnet.h5', 'fruit-resnet.pth', 'fruit-resnet.safetensors']) {
  test(`${name} becomes gray by its first convolution alone`, async () => {
    const { plan } = await adaptFile(at(name), { map: grayscale(), dryRun: true });
    assert.deepEqual(
      plan.folds.map(({ tensor }) => tensor.replace('/kernel', '.weight')),
      ['conv1.weight'],
    );
  });
}

test('what is in the folder already stays', async () => {
  const names = readdirSync(folder);
  rmSync(at('fruit-resnet.onnx'));
  await writeSamples(folder);
  assert.deepEqual(readdirSync(folder).sort(), names.sort());
});
