import assert from 'node:assert/strict';
import {
  existsSync,
  openSync,
  readFileSync,
  readdirSync,
  truncateSync,
  writeFileSync,
  writeSync,
  closeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CallContext } from '../../../src/rpc/messages.ts';
import { WORKER_ANSWERS } from '../../../src/page/workerAnswers.ts';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import { PAGE_ARGS } from '../../../src/protocol/messages.ts';
import {
  DTYPE,
  convModel,
  encodeModel,
  externalTensor,
  floatTensor,
  model,
  node,
  attribute,
  valueInfo,
} from '../../fixtures/modelBuilder.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('weights');
const context = (
  signal = new AbortController().signal,
  onProgress: CallContext['onProgress'] = () => undefined,
): CallContext => ({ signal, onProgress });

function written(name: string, bytes: Uint8Array): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

test('statistics, a block and a file of one weight of a model on disk', async () => {
  const path = written('conv.onnx', encodeModel(convModel()));
  const s = await WORKER_ANSWERS.tensorStatistics({ path, tensor: 'conv.weight' }, context());
  const all = Array.from({ length: 54 }, (_, i) => Math.fround(Math.sin(i) / 3));
  assert.deepEqual(
    [s.count, s.zeros, Math.fround(Number(s.min)), Math.fround(Number(s.max))],
    [54, 1, Math.min(...all), Math.max(...all)],
  );
  const { texts } = await WORKER_ANSWERS.tensorBlock(
    {
      path,
      tensor: 'conv.weight',
      ranges: [
        { from: 1, to: 2 },
        { from: 0, to: 1 },
        { from: 0, to: 1 },
        { from: 0, to: 2 },
      ],
    },
    context(),
  );
  assert.deepEqual(texts.map(Number).map(Math.fround), [Math.fround(Math.sin(27) / 3), Math.fround(Math.sin(28) / 3)]);
  const outPath = join(folder, 'conv.weight.npy');
  assert.equal(
    await WORKER_ANSWERS.saveTensor({ path, tensor: 'conv.weight', format: 'npy', outPath }, context()),
    null,
  );
  assert.deepEqual(
    [
      readFileSync(outPath).length % 64,
      readFileSync(outPath)
        .subarray(-54 * 4)
        .readFloatLE(4),
    ],
    [(54 * 4) % 64, Math.fround(Math.sin(1) / 3)],
  );
});

test('a Constant node holds a weight too, by the name of its output', async () => {
  const held = node('Constant', [], ['c'], {});
  held.attribute = [attribute('value', { tensor: floatTensor('', [2], [3, 4]) })];
  const path = written(
    'constant.onnx',
    encodeModel(model({ nodes: [held, node('Identity', ['c'], ['y'])], outputs: [valueInfo('y', [2])] })),
  );
  assert.equal((await WORKER_ANSWERS.tensorStatistics({ path, tensor: 'c' }, context())).mean, 3.5);
});

test('one sentence each: no such tensor, a range outside, data that is missing, and a file that would be overwritten', async () => {
  const path = written(
    'outside.onnx',
    encodeModel(
      model({
        initializers: [
          externalTensor('w', DTYPE.float32, [4], { location: 'gone.bin' }),
          floatTensor('v', [2], [1, 2]),
        ],
      }),
    ),
  );
  const fails = (work: Promise<unknown>, code: string, text: RegExp): Promise<void> =>
    assert.rejects(work, (e) => e instanceof ChannelwiseError && e.code === code && text.test(e.message));
  await fails(
    WORKER_ANSWERS.tensorStatistics({ path, tensor: '__proto__' }, context()),
    'no-tensor',
    /stores no tensor __proto__/,
  );
  await fails(
    WORKER_ANSWERS.tensorStatistics({ path, tensor: 'w' }, context()),
    'external-missing',
    /^The data file gone\.bin is missing; put it beside the model\.$/,
  );
  await fails(
    WORKER_ANSWERS.tensorBlock({ path, tensor: 'v', ranges: [{ from: 0, to: 3 }] }, context()),
    'bad-range',
    /no elements there/,
  );
  const before = readFileSync(path);
  await fails(
    WORKER_ANSWERS.saveTensor({ path, tensor: 'v', format: 'npy', outPath: path }, context()),
    'own-source',
    /own data/,
  );
  assert.deepEqual(readFileSync(path), before);
});

test('data behind 4 GiB of another file, where the system keeps holes', async () => {
  const at = 2 ** 32 + 4096;
  const data = join(folder, 'far.bin');
  const file = openSync(data, 'w');
  writeSync(file, new Uint8Array(Float32Array.of(1.5, -2, 0, 8).buffer), 0, 16, at);
  closeSync(file);
  truncateSync(data, at + 16);
  const path = written(
    'far.onnx',
    encodeModel(
      model({
        initializers: [externalTensor('w', DTYPE.float32, [4], { location: 'far.bin', offset: `${at}`, length: '16' })],
      }),
    ),
  );
  const s = await WORKER_ANSWERS.tensorStatistics({ path, tensor: 'w' }, context());
  assert.deepEqual([s.min, s.max, s.mean, s.zeros], ['-2', '8', 1.875, 1]);
});

test('a cancelled save leaves nothing behind, and an older file as it was', async () => {
  const path = written(
    'large.onnx',
    encodeModel(model({ initializers: [floatTensor('w', [600, 1000], new Float32Array(600_000))] })),
  );
  const outPath = written('old.csv', Uint8Array.of(1, 2, 3));
  const before = readdirSync(folder).sort();
  const stop = new AbortController();
  await assert.rejects(
    WORKER_ANSWERS.saveTensor(
      { path, tensor: 'w', format: 'csv', outPath },
      context(stop.signal, () => stop.abort()),
    ),
    (e) => e instanceof ChannelwiseError && e.kind === 'cancelled',
  );
  assert.deepEqual(readdirSync(folder).sort(), before);
  assert.deepEqual([...readFileSync(outPath)], [1, 2, 3]);
  assert.ok(existsSync(path));
});

test('a model that changed is read again', async () => {
  const path = written('twice.onnx', encodeModel(model({ initializers: [floatTensor('w', [1], [1])] })));
  assert.equal((await WORKER_ANSWERS.tensorStatistics({ path, tensor: 'w' }, context())).mean, 1);
  written(
    'twice.onnx',
    encodeModel(model({ initializers: [floatTensor('other', [1], [1]), floatTensor('w', [1], [2])] })),
  );
  assert.equal((await WORKER_ANSWERS.tensorStatistics({ path, tensor: 'w' }, context())).mean, 2);
});

test('what the page may ask is checked', () => {
  assert.deepEqual(PAGE_ARGS.tensorBlock({ tensor: 'w', ranges: [{ from: 0, to: 2 }] }), {
    tensor: 'w',
    ranges: [{ from: 0, to: 2 }],
  });
  for (const bad of [
    null,
    3,
    {},
    { tensor: 'w' },
    { tensor: 'w', ranges: [{ from: 2, to: 1 }] },
    { tensor: 'w', ranges: [{ from: -1, to: 1 }] },
    { tensor: 'w', ranges: [{ from: 0, to: 1e300 }] },
  ])
    assert.equal(PAGE_ARGS.tensorBlock(bad), undefined);
  assert.equal(PAGE_ARGS.saveTensor({ tensor: 'w', format: 'exe' }), undefined);
  assert.equal(PAGE_ARGS.tensorStatistics({ tensor: 3 }), undefined);
});
