import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JobQueue } from '../../../src/vscode/jobQueue.ts';

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('two hundred pieces of work run one at a time, in order', async () => {
  const queue = new JobQueue(1);
  const order: number[] = [];
  let running = 0;
  let most = 0;
  const work = async (i: number): Promise<number> => {
    most = Math.max(most, ++running);
    await soon();
    order.push(i);
    running--;
    return i;
  };
  const all = Array.from({ length: 200 }, (_, i) => queue.run(() => work(i)));
  assert.deepEqual(await Promise.all(all), order);
  assert.deepEqual(
    order,
    Array.from({ length: 200 }, (_, i) => i),
  );
  assert.equal(most, 1);
  most = 0;
  const wide = new JobQueue(3);
  await Promise.all(Array.from({ length: 20 }, (_, i) => wide.run(() => work(i))));
  assert.equal(most, 3, 'as many as there is room for');
});

test('a cancel leaves the line and is not started; work that fails lets the next go on', async () => {
  const queue = new JobQueue(1);
  const started: string[] = [];
  const job =
    (name: string, fails = false) =>
    async (): Promise<string> => {
      started.push(name);
      await soon();
      if (fails) throw new Error(name);
      return name;
    };
  const controller = new AbortController();
  const first = queue.run(job('first', true));
  const second = queue.run(job('second'), controller.signal);
  const third = queue.run(job('third'));
  controller.abort();
  await Promise.all([assert.rejects(first, /first/), assert.rejects(second, { code: 'cancelled' })]);
  assert.equal(await third, 'third');
  await assert.rejects(queue.run(job('fourth'), AbortSignal.abort()), { code: 'cancelled' });
  assert.equal(await queue.run(job('fifth')), 'fifth');
  assert.deepEqual(started, ['first', 'third', 'fifth']);
});
