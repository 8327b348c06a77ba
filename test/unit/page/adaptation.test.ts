// Slow: many conversions.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROVENANCE_KEY } from '../../../src/adapt/report/provenance.ts';
import { imageInputs } from '../../../src/adapt/inputs/imageInputs.ts';
import { grayscale } from '../../../src/adapt/maps/channelMap.ts';
import { adaptFile, convertToGray } from '../../../src/jobs/convert.ts';
import { readPageModel } from '../../../src/page/readPage.ts';
import { scanModel } from '../../../src/formats/onnx/scan/scan.ts';
import { MemorySource } from '../../../src/bytes/byteSource.ts';
import type { PageAdaptation } from '../../../src/protocol/adaptation.ts';
import { resNet18 } from '../../fixtures/architectures.ts';
import { DTYPE, convModel, encodeModel, floatTensor, model, node, valueInfo } from '../../fixtures/modelBuilder.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('record');
const at = (name: string): string => join(folder, name);
writeFileSync(at('net.onnx'), resNet18(8, 10, 32));

async function record(path: string): Promise<PageAdaptation> {
  const { adaptation } = await readPageModel(path);
  assert.ok(adaptation);
  return adaptation;
}

/** A small model that carries a record, as a stranger could write it. */
async function written(name: string, value: unknown): Promise<PageAdaptation | null> {
  const parts = model({
    inputs: [valueInfo('x', [1, 3, 8, 8])],
    outputs: [valueInfo('y', null)],
    initializers: [floatTensor('w', [4, 3, 1, 1], new Array<number>(12).fill(1))],
    nodes: [node('Conv', ['x', 'w'], ['y'])],
  });
  writeFileSync(
    at(name),
    encodeModel({
      ...parts,
      metadataProps: [{ key: PROVENANCE_KEY, value: typeof value === 'string' ? value : JSON.stringify(value) }],
    }),
  );
  return (await readPageModel(at(name))).adaptation;
}

test('a record nested without end is left out with a sentence, and the conversion goes on', async () => {
  const path = join(folder, 'deep.onnx');
  const value = '['.repeat(20_000) + ']'.repeat(20_000);
  writeFileSync(path, encodeModel({ ...convModel(), metadataProps: [{ key: PROVENANCE_KEY, value }] }));
  assert.equal((await readPageModel(path)).adaptation, null);
  const { plan, outPath } = await convertToGray(path);
  assert.match(
    plan.notes.join('\n'),
    /record of earlier adaptations can't be read \(it is nested more than 100 levels deep\)/,
  );
  assert.equal((await readPageModel(outPath ?? '')).adaptation?.steps.length, 1);
});

test('an adapted file tells its own story, and the original is found beside it', async () => {
  const { outPath } = await convertToGray(at('net.onnx'));
  assert.ok(outPath);
  const a = await record(outPath);
  assert.deepEqual(a.original, { name: 'net.onnx', path: at('net.onnx'), state: 'same' });
  assert.deepEqual(
    a.steps[0]?.folds.map((f) => [f.tensor, f.oldDims, f.newDims, f.now]),
    [['conv1.weight', [8, 3, 7, 7], [8, 1, 7, 7], 'same']],
  );
  assert.deepEqual(a.steps[0]?.inputs[0]?.matrix, [[1], [1], [1]]);
  assert.deepEqual(
    a.inputs.map((i) => i.agrees),
    [true],
  );
  assert.ok((a.steps[0]?.saved.parameters ?? 0) > 0);
});

test('a second step stands behind the first, and an original that changed is not the same', async () => {
  const { outPath } = await adaptFile(at('net.gray.onnx'), { map: { name: 'half', matrix: [[0.5, 0.5]], shift: [0] } });
  assert.ok(outPath);
  const a = await record(outPath);
  assert.deepEqual(
    a.steps.map((s) => s.source.name),
    ['net.onnx', 'net.gray.onnx'],
  );
  assert.deepEqual(
    a.steps[0]?.folds.map((f) => f.now),
    ['other'],
  );
  writeFileSync(at('net.gray.onnx'), resNet18(8, 11, 32));
  assert.equal((await record(outPath)).original.state, 'changed');
  rmSync(at('net.gray.onnx'));
  assert.deepEqual((await record(outPath)).original, { name: 'net.gray.onnx', path: null, state: 'missing' });
});

const STEP = {
  version: '0.1.0',
  source: { name: 'net.onnx', size: 3 },
  map: { name: 'gray' },
  inputs: [],
  folds: [],
  escapes: [],
  seam: [],
};

for (const name of ['../net.onnx', '/etc/passwd', 'a\\b.onnx', 'net.onnx\0', 'C:net.onnx', 'net.txt', '', 7, null]) {
  test(`a record can't point at ${JSON.stringify(name)}`, async () => {
    const a = await written('stranger.onnx', [{ ...STEP, source: { name, size: 3 } }]);
    assert.deepEqual([a?.original.path, a?.original.state], [null, 'unnamed']);
  });
}

test('a damaged record is cut to what fits, and never throws', async () => {
  for (const value of ['not json', '{}', '[1, null]', [], [{ ...STEP, folds: 3 }]])
    assert.equal(await written('none.onnx', value), null);
  const long = 'n'.repeat(5000);
  const a = await written('odd.onnx', [
    {
      ...STEP,
      version: long,
      inputs: [
        { name: 'gone', axis: -1, matrix: [[1, 'x']] },
        5,
        null,
        { name: 'x', axis: 1, oldChannels: 3, newChannels: 1, matrix: [[1], [1], [1]], shift: [0, 0, 0] },
      ],
      folds: Array.from({ length: 3000 }, () => ({ tensor: long, newDims: 'x' })),
      counts: { folds: 1e308, escapes: 'x' },
      absorbed: [['Sub', 2], 3, []],
      notes: [1, long],
      saved: { parameters: NaN },
    },
  ]);
  const [step] = a?.steps ?? [];
  assert.ok(a && step);
  assert.equal(step.version.length, 301);
  assert.deepEqual(
    step.inputs.map((i) => i.matrix),
    [null, null, null, [[1], [1], [1]]],
  );
  assert.equal(step.folds.length, 100);
  assert.equal(step.foldCount, 100);
  assert.deepEqual(step.absorbed, [
    { opType: 'Sub', count: 2 },
    { opType: '', count: 0 },
  ]);
  assert.deepEqual(
    a.inputs.map((i) => [i.type, i.agrees]),
    [
      [null, false],
      [null, false],
      [null, false],
      ['float32[1, 3, 8, 8]', false],
    ],
  );
});

test('the record of many folds stays small', async () => {
  const many = 2000;
  const convs = Array.from({ length: many }, (_, i) => node('Conv', ['x', `w${i}`], [`y${i}`]));
  const bytes = encodeModel(
    model({
      inputs: [valueInfo('x', [1, 3, 2, 2])],
      outputs: convs.map((_, i) => valueInfo(`y${i}`, null)),
      initializers: convs.map((_, i) => floatTensor(`w${i}`, [1, 3, 1, 1], [1, 2, 3])),
      nodes: convs,
    }),
  );
  writeFileSync(at('many.onnx'), bytes);
  const { outPath } = await adaptFile(at('many.onnx'), { map: grayscale() });
  assert.ok(outPath);
  const step = (await record(outPath)).steps[0];
  assert.deepEqual([step?.folds.length, step?.foldCount], [100, many]);
  const entry = (await scanModel(new MemorySource(readFileSync(outPath)))).metadata.find(
    (m) => m.key === PROVENANCE_KEY,
  );
  assert.ok((entry?.value.length ?? Infinity) < 32_000, String(entry?.value.length));
});

test('inputs as choices: what may hold channels, and why not', async () => {
  const bytes = encodeModel(
    model({
      inputs: [
        valueInfo('nchw', ['N', 3, 224, 224]),
        valueInfo('nhwc', [1, 64, 64, 1]),
        valueInfo('open', ['a', 'b', 'c', 'd']),
        valueInfo('ids', ['N', 'S'], DTYPE.int64),
      ],
      outputs: [valueInfo('y', null)],
      nodes: [node('Identity', ['nchw'], ['y'])],
    }),
  );
  const found = imageInputs((await scanModel(new MemorySource(bytes))).graph);
  assert.deepEqual(
    found.map((i) => [i.name, i.channels, i.open, i.why === null]),
    [
      ['nchw', [3, 224], false, true],
      ['nhwc', [1, 64], false, true],
      ['open', [], true, true],
      ['ids', [], false, false],
    ],
  );
});
