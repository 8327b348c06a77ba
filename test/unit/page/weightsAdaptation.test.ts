import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { convertToGray } from '../../../src/jobs/convert.ts';
import { inspectAny } from '../../../src/page/printed/inspect.ts';
import { measuredTimePage } from '../../../src/page/measuredLayers.ts';
import { readPageModel } from '../../../src/page/readPage.ts';
import { weightsMadeFrom } from '../../../src/page/weights/weightsAdaptation.ts';
import { compareWeightsPage } from '../../../src/page/weights/weightsComparison.ts';
import { floatWeights, safetensorsFile, type WeightsTensor } from '../../fixtures/safetensors.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('story');

const RGB = [
  floatWeights('stem.weight', [8, 3, 5, 5]),
  floatWeights('stem.bias', [8]),
  floatWeights('optimizer.state.0.exp_avg', [8, 3, 5, 5]),
  floatWeights('fc.weight', [4, 8]),
];
const GRAY = RGB.map(({ name, dims }) =>
  floatWeights(
    name,
    dims.map((dim) => (dim === 3 ? 1 : dim)),
  ),
);

function write(name: string, tensors: readonly WeightsTensor[]): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, safetensorsFile(tensors));
  return path;
}

test('a file with a record tells its story, and what the file holds now of it', async () => {
  const { outPath } = await convertToGray(write('net.safetensors', RGB));
  const page = await readPageModel(outPath ?? '');
  const story = page.adaptation;
  assert.ok(story?.isRecorded);
  assert.equal(story.original.state, 'same');
  assert.deepEqual(story.inputs, [{ name: 'stem.weight', type: 'float32[8, 1, 5, 5]', agrees: true }]);
  assert.deepEqual(
    story.steps[0]?.folds.map(({ tensor, oldDims, newDims, now }) => [tensor, oldDims[1], newDims[1], now]),
    [
      ['stem.weight', 3, 1, 'same'],
      ['optimizer.state.0.exp_avg', 3, 1, 'same'],
    ],
  );
  assert.deepEqual((await weightsMadeFrom(outPath ?? ''))?.inputs, ['stem.weight']);
});

test('without a record names and tensors tell, of a file beside and of one in the folder beside', async () => {
  const rows: readonly [original: string, adapted: string][] = [
    ['plain.safetensors', 'plain.gray.safetensors'],
    ['plain.safetensors', 'plain.gray-2.safetensors'],
    ['vit/model.safetensors', 'vit-gray/model.safetensors'],
    // A variant's name may have several words, and so may the network's.
    ['swin-tiny/model.safetensors', 'swin-tiny-drop-alpha/model.safetensors'],
    ['convnext-v2/model.safetensors', 'convnext-v2-drop-alpha-2/model.safetensors'],
  ];
  for (const [original, adapted] of rows) {
    const from = write(original, RGB);
    const { adaptation: story } = await readPageModel(write(adapted, GRAY));
    assert.equal(story?.isRecorded, false, adapted);
    assert.deepEqual(story.original, { name: original.split('/').at(-1), path: from, state: 'likely' });
    const [step] = story.steps;
    assert.equal(step?.map, 'gray');
    assert.deepEqual(step?.inputs[0]?.matrix, [[1], [1], [1]]);
    assert.deepEqual(
      step?.folds.map(({ tensor }) => tensor),
      ['stem.weight', 'optimizer.state.0.exp_avg'],
    );
    assert.equal(step?.saved.parameters, 8 * 2 * 25);
    assert.deepEqual((await weightsMadeFrom(join(folder, adapted)))?.inputs, ['stem.weight']);
  }
});

/** In a gray network a depthwise weight has the shape of an input layer. */
const SEPARABLE = [
  floatWeights('net.0.0.weight', [16, 3, 3, 3]),
  floatWeights('net.1.0.weight', [16, 1, 3, 3]),
  floatWeights('net.2.0.weight', [32, 16, 1, 1]),
  floatWeights('net.3.0.weight', [32, 1, 3, 3]),
];
const GRAY_SEPARABLE = [floatWeights('net.0.0.weight', [16, 1, 3, 3]), ...SEPARABLE.slice(1)];

test('input layers of an adapted file are what was adapted, by its record or the original beside it', async () => {
  const { outPath: recorded } = await convertToGray(write('separable.safetensors', SEPARABLE));
  const rows: readonly [path: string, layers: readonly string[]][] = [
    [recorded ?? '', ['net.0.0.weight']],
    [write('separable.gray-2.safetensors', GRAY_SEPARABLE), ['net.0.0.weight']],
    // Without an original shapes tell: it makes as many channels as the convolution before it.
    [write('no-original.safetensors', GRAY_SEPARABLE), ['net.0.0.weight']],
  ];
  for (const [path, layers] of rows) {
    const { imageInputs, inputLayers } = await readPageModel(path);
    const inspected = await inspectAny(path);
    assert.ok('format' in inspected);
    // Shapes alone leave a choice; what was adapted is none.
    const isKnown = path !== rows[2]?.[0];
    assert.equal(inspected.reason === null, isKnown, path);
    if (isKnown)
      assert.deepEqual(
        inspected.firstLayers.map(({ weight }) => weight),
        layers,
        path,
      );
    assert.deepEqual(
      inputLayers.map(({ weight }) => weight),
      layers,
      path,
    );
    assert.deepEqual(
      imageInputs.map(({ name }) => name),
      layers,
      path,
    );
  }
});

test('a name alone is no story: other tensors, or none of another size', async () => {
  write('other.safetensors', RGB);
  for (const tensors of [RGB, GRAY.slice(1), [...GRAY.slice(1), floatWeights('stem.weight', [8, 25])]])
    assert.equal((await readPageModel(write('other.gray.safetensors', tensors))).adaptation, null);
  assert.equal((await readPageModel(write('alone.gray.safetensors', GRAY))).adaptation, null);
});

test('two files compared: what was made from the other comes second, rows by what differs', async () => {
  const original = write('two.safetensors', [...RGB, floatWeights('gone', [2])]);
  const changed = RGB.map((tensor, i) =>
    i === 3 ? floatWeights(tensor.name, tensor.dims, Array(32).fill(0.5)) : tensor,
  );
  const other = write('three.safetensors', changed);
  const found = await compareWeightsPage(original, other, {});
  assert.equal(found.statement, '2 weights; nothing else differs.');
  assert.deepEqual(
    found.groups.map(({ title, rows }) => [title, rows.length]),
    [
      ['Tensors only in the first', 1],
      ['Other numbers', 1],
    ],
  );
  assert.match(found.groups[1]?.rows[0]?.text ?? '', /^fc\.weight .*values differ, .*relative L2/);
  const { outPath } = await convertToGray(original, { layers: ['stem'] });
  const back = await compareWeightsPage(outPath ?? '', original, {});
  assert.deepEqual([back.own, back.aName, back.bName], ['b', 'two.safetensors', 'two.gray.safetensors']);
  assert.match(back.groups[0]?.rows[0]?.text ?? '', /stem\.weight/);
});

test("weights without a graph can't be timed, and the sentence says so", async () => {
  const weights = write('timed.safetensors', RGB);
  await assert.rejects(measuredTimePage(weights, {}, {}), {
    code: 'no-graph',
    message: /holds weights without a graph/,
  });
});
