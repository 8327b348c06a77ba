// Slow: proofs that hang until they are stopped.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { convertToGray } from '../../../src/jobs/convert.ts';
import { withTimeLimit } from '../../../src/jobs/timeLimit.ts';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import { loopModel } from '../../fixtures/loopModel.ts';
import { verifyInThread } from '../../fixtures/verifyThread.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('limit');

function loopFile(name: string, trips: number | null): string {
  const path = join(folder, name);
  writeFileSync(path, loopModel(trips));
  return path;
}

async function inThread(original: string): Promise<ReturnType<typeof verifyInThread>> {
  return verifyInThread({ original, adapted: (await convertToGray(original)).outPath ?? '' });
}

test('a proof that hangs is stopped, and said in one sentence', async () => {
  const { worker, report } = await inThread(loopFile('endless.onnx', null));
  const ended = new Promise<void>((resolve) => {
    worker.on('exit', () => resolve());
  });
  await assert.rejects(
    withTimeLimit(report, { milliseconds: 2000, stop: () => worker.terminate() }),
    (e: ChannelwiseError) =>
      e.code === 'runtime-time' && /^ONNX Runtime did not finish within 2 seconds and was stopped\.$/.test(e.message),
  );
  await ended;
});

test('a cancel that the runtime does not hear stops the thread', async () => {
  const controller = new AbortController();
  const { worker, report } = await inThread(loopFile('endless-too.onnx', null));
  worker.once('message', () => controller.abort());
  await assert.rejects(
    withTimeLimit(report, { milliseconds: 600_000, stop: () => worker.terminate(), signal: controller.signal }),
    (e: ChannelwiseError) => e.kind === 'cancelled',
  );
});

test('work that ends in time is left alone', async () => {
  const { worker, report } = await inThread(loopFile('short.onnx', 3));
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
