import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { nodeThread } from '../../../src/jobs/threads/nodeThread.ts';
import { WorkerClient } from '../../../src/page/workerClient.ts';
import { builtProgram } from '../../fixtures/builtProgram.ts';
import { writeLargeModel } from '../../fixtures/largeModel.ts';
import { convModel, encodeModel } from '../../fixtures/modelBuilder.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const root = temporaryFolder('worker');
const THREAD = builtProgram('src/workerMain.ts');

/** For the time of a test: a worker that waits for work does not keep the process alive. */
function keepAlive(t: TestContext): void {
  const alive = setInterval(() => undefined, 1000);
  t.after(() => clearInterval(alive));
}

test('closing while a model is written cancels the job, and nothing is left behind', async (t) => {
  keepAlive(t);
  const folder = mkdtempSync(join(root, 'models-'));
  const path = join(folder, 'model.onnx');
  // 4 GiB of holes: reading them takes a second or two, and writing them nothing.
  writeLargeModel(path, { layers: 16, side: 8192, holes: true });
  const client = new WorkerClient(() => nodeThread(THREAD));
  const job = client.run('convertToGray', { path }).then(
    () => 'written',
    (error: { code?: string }) => error.code,
  );
  while (!readdirSync(folder).some((name) => name.endsWith('.tmp')))
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  await client.close();
  assert.equal(await job, 'cancelled');
  assert.deepEqual(readdirSync(folder), ['model.onnx']);
});

test('closing ends a worker that has nothing to do, and one that never began; the next job starts another', async (t) => {
  keepAlive(t);
  const client = new WorkerClient(() => nodeThread(THREAD));
  await client.close();
  for (let i = 0; i < 2; i++) {
    await assert.rejects(client.run('imageInputs', { path: join(root, 'none.onnx') }), { code: 'missing' });
    await client.close();
  }
});

test('a caller is told under which name a model lies while it is flushed', async (t) => {
  keepAlive(t);
  const folder = mkdtempSync(join(root, 'models-'));
  const path = join(folder, 'model.onnx');
  writeFileSync(path, encodeModel(convModel()));
  const client = new WorkerClient(() => nodeThread(THREAD));
  const told: string[] = [];
  const { outPath } = await client.run('convertToGray', { path }, { onWritten: (name) => told.push(name) });
  await client.close();
  assert.deepEqual(told.map(dirname), [folder]);
  assert.match(told[0] ?? '', /\.tmp$/);
  assert.deepEqual(readdirSync(folder).sort(), ['model.gray.onnx', 'model.onnx']);
  assert.equal(outPath, join(folder, 'model.gray.onnx'));
});
