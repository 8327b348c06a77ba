import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { captureOutput } from '../../../src/files/node/captureOutput.ts';
import { configureRuntime } from '../../../src/verify/session.ts';
import { measureTime } from '../../../src/verify/time/measureTime.ts';
import { madeUpInputs } from '../../../src/verify/time/madeUpInputs.ts';
import { median, profileTimes } from '../../../src/verify/time/profile.ts';
import { wiring } from '../../../src/verify/wiring.ts';
import { resNet18 } from '../../fixtures/architectures.ts';
import { builtProgram } from '../../fixtures/builtProgram.ts';
import { modelFile } from '../../fixtures/modelFile.ts';
import { DTYPE, encodeModel, model, named, node, valueInfo } from '../../fixtures/modelBuilder.ts';

/** Measures in a runtime whose output is read; other files of this process use it as it is. */
async function measured(request: Parameters<typeof measureTime>[0]): ReturnType<typeof measureTime> {
  configureRuntime({ captureOutput });
  try {
    return await measureTime(request);
  } finally {
    configureRuntime(null);
  }
}

const event = (name: string, dur: number): string => `{"cat" : "Node","dur" :${dur},"ph" : "X","name" :"${name}"},`;

test('a profile gives the mean of each node, without the first run and what is no node', () => {
  const lines = [
    '[',
    event('model_run', 9000),
    event('a_kernel_time', 500),
    event('a_fence_before', 1),
    event('a_kernel_time', 20),
    event('a_kernel_time', 40),
    event('b_kernel_time', 7),
    '{"name": "cut',
    ']',
  ];
  assert.deepEqual([...profileTimes(lines.join('\n'), 1)], [['a', 30]]);
  assert.deepEqual(
    [...profileTimes(lines.join('\n'), 0)],
    [
      ['a', 560 / 3],
      ['b', 7],
    ],
  );
});

test('the middle of an odd and an even count', () => {
  assert.equal(median([5, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 100]), 3);
  assert.ok(Number.isNaN(median([])));
});

test('every layer of a network has a time, and the sizes are those that were chosen', async () => {
  const w = wiring(await modelFile(resNet18(8, 4, 32)));
  const fractions: number[] = [];
  const onProgress = (fraction: number): void => void fractions.push(fraction);
  const found = await measured({ model: w, bound: { batch: 2 }, runs: 2, onProgress });
  assert.deepEqual(found.sizes, { input: [2, 3, 32, 32] });
  assert.deepEqual(
    w.order.map(({ name }) => name).filter((name) => !found.layers.has(name)),
    [],
  );
  assert.ok(
    [...found.layers.values()].every((microseconds) => microseconds >= 0),
    'microseconds',
  );
  assert.equal(found.runs, 2);
  assert.ok(found.milliseconds > 0);
  assert.equal(fractions.at(-1), 1);
});

test('a node without a name is left out', async () => {
  const bytes = encodeModel(
    model({
      inputs: [valueInfo('x', [1, 4])],
      outputs: [valueInfo('y', [1, 4])],
      nodes: [named(node('Abs', ['x'], ['c']), { name: '' }), named(node('Exp', ['c'], ['y']), { name: 'own' })],
    }),
  );
  const { layers } = await measured({ model: wiring(await modelFile(bytes)), bound: {}, runs: 1 });
  assert.deepEqual([...layers.keys()], ['own']);
});

test('open sizes get usual numbers; what is no tensor is refused', () => {
  const inputs = [
    { name: 'image', type: { kind: 'tensor', dtype: DTYPE.float32, dims: ['n', 3, null, 'w'] } },
    { name: 'ids', type: { kind: 'tensor', dtype: DTYPE.int64, dims: ['n', 'length'] } },
  ] as unknown as Parameters<typeof madeUpInputs>[0];
  const made = madeUpInputs(inputs, { w: 32 });
  assert.deepEqual(made.get('image')?.dims, [1, 3, 224, 32]);
  assert.deepEqual(made.get('ids')?.dims, [1, 16]);
  const text = [{ name: 's', type: { kind: 'sequence' } }] as unknown as Parameters<typeof madeUpInputs>[0];
  assert.throws(() => madeUpInputs(text, {}), { code: 'input-type' });
});

test('a cancel ends it', async () => {
  const w = wiring(await modelFile(resNet18(8, 4, 32)));
  await assert.rejects(measured({ model: w, bound: {}, signal: AbortSignal.abort() }), { code: 'cancelled' });
});

test('what is written to standard output is given, and output goes on behind it', () => {
  const module = pathToFileURL(builtProgram('src/files/node/captureOutput.ts')).href;
  const script = `
    import fs from 'node:fs';
    import { captureOutput } from ${JSON.stringify(module)};
    const caught = captureOutput(() => { fs.writeSync(1, 'inside'); fs.writeSync(2, 'error'); });
    fs.writeSync(1, 'caught ' + caught);
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  assert.equal(stdout, 'caught inside');
  assert.match(stderr, /error/);
});
