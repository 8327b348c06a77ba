import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { convertToGray } from '../../../src/jobs/convert.ts';
import { withTimeLimit } from '../../../src/jobs/timeLimit.ts';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import {
  DTYPE,
  encodeModel,
  floatTensor,
  graph,
  int64Tensor,
  model,
  node,
  rawTensor,
  valueInfo,
} from '../../fixtures/modelBuilder.ts';
import { verifyInThread } from '../../fixtures/verifyThread.ts';

const folder = mkdtempSync(join(tmpdir(), 'channelwise-limit-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A Loop of `trips` rounds that reads the image, in its body too, so that it stands in the stem. */
function loopModel(name: string, trips: number): string {
  const body = graph({
    inputs: [valueInfo('i', [], DTYPE.int64), valueInfo('go', [], DTYPE.bool), valueInfo('state', null)],
    outputs: [valueInfo('go_on', [], DTYPE.bool), valueInfo('state_out', null)],
    nodes: [
      node('Identity', ['go'], ['go_on']),
      node('Sin', ['state'], ['turned']),
      node('ReduceSum', ['image'], ['sum'], { keepdims: 0 }),
      node('Mul', ['sum', 'zero'], ['nothing']),
      node('Add', ['turned', 'nothing'], ['state_out']),
    ],
  });
  const path = join(folder, name);
  writeFileSync(
    path,
    encodeModel(
      model({
        inputs: [valueInfo('image', [1, 3, 8, 8])],
        outputs: [valueInfo('y', null)],
        initializers: [
          floatTensor('w', [2, 3, 1, 1], [1, 2, 3, 4, 5, 6]),
          floatTensor('zero', [], [0.001]),
          int64Tensor('trips', [], [trips]),
          rawTensor('yes', DTYPE.bool, [], Uint8Array.of(1)),
        ],
        nodes: [
          node('Conv', ['image', 'w'], ['c']),
          node('Loop', ['trips', 'yes', 'c'], ['y'], { body: { graph: body } }),
        ],
      }),
    ),
  );
  return path;
}

async function inThread(original: string): Promise<ReturnType<typeof verifyInThread>> {
  return verifyInThread({ original, adapted: (await convertToGray(original)).outPath ?? '' });
}

test('a proof that hangs is stopped, and said in one sentence', async () => {
  const { worker, report } = await inThread(loopModel('endless.onnx', Number.MAX_SAFE_INTEGER));
  const ended = new Promise<void>((resolve) => {
    worker.on('exit', () => resolve());
  });
  await assert.rejects(
    withTimeLimit(report, { milliseconds: 4000, stop: () => worker.terminate() }),
    (e: ChannelwiseError) =>
      e.code === 'runtime-time' && /^ONNX Runtime did not finish within 4 seconds and was stopped\.$/.test(e.message),
  );
  await ended;
});

test('a cancel that the runtime does not hear stops the thread', async () => {
  const controller = new AbortController();
  const { worker, report } = await inThread(loopModel('endless-too.onnx', Number.MAX_SAFE_INTEGER));
  worker.once('message', () => controller.abort());
  await assert.rejects(
    withTimeLimit(report, { milliseconds: 600_000, stop: () => worker.terminate(), signal: controller.signal }),
    (e: ChannelwiseError) => e.kind === 'cancelled',
  );
});

test('work that ends in time is left alone', async () => {
  const { worker, report } = await inThread(loopModel('short.onnx', 3));
  let stopped = false;
  const found = await withTimeLimit(report, {
    milliseconds: 600_000,
    stop: () => {
      stopped = true;
    },
  });
  assert.equal(found.verdict, 'proved');
  assert.equal(stopped, false);
  await worker.terminate();
  await assert.rejects(
    withTimeLimit(Promise.reject(new Error('own error')), { milliseconds: 600_000, stop: () => undefined }),
    /own error/,
  );
});
