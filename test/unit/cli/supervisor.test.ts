// Slow: starts the command line many times.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { Failure } from '../../../src/cli/failure.ts';
import { Supervisor } from '../../../src/cli/supervisor.ts';
import { runVerb } from '../../../src/cli/commandLine.ts';
import type { Limits } from '../../../src/cli/verb.ts';
import { convertToGray } from '../../../src/jobs/convert.ts';
import { builtProgram } from '../../fixtures/builtProgram.ts';
import { loopModel } from '../../fixtures/loopModel.ts';
import { writeLargeModel } from '../../fixtures/largeModel.ts';
import { convModel, encodeModel } from '../../fixtures/modelBuilder.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const CLI = builtProgram('src/cli.ts', 'src/cliThread.ts');
const folder = temporaryFolder('limits');
const at = (name: string): string => join(folder, name);
writeFileSync(at('small.onnx'), encodeModel(convModel()));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

/** Supervises a thread that says its limits and then does what the code says. */
async function supervised(limits: Limits, work: string, argv: readonly string[] = []): Promise<Ended> {
  const code = `const { parentPort } = require('node:worker_threads');
    parentPort.postMessage({ type: 'limits', limits: ${JSON.stringify(limits)} });
    ${work}`;
  let [out, errors] = ['', ''];
  const streams = { out: (text: string) => (out += text), error: (text: string) => (errors += text) };
  const supervisor = new Supervisor(new Worker(code, { eval: true }), streams, argv);
  return { code: await supervisor.run(), out, errors };
}

const LIMITS: Limits = { seconds: 60, megabytes: 100_000, tidies: false };
const FOR_EVER = 'for (;;);';

test('work that ends in time gives its output and its exit code', async () => {
  const work = `parentPort.postMessage({ type: 'line', text: 'hello' }); parentPort.postMessage({ type: 'end', code: 3 });`;
  assert.deepEqual(await supervised(LIMITS, work), { code: 3, out: 'hello', errors: '' });
});

test('work that never ends is stopped at its time, work that grows at its memory, each with a sentence', async () => {
  assert.deepEqual(await supervised({ ...LIMITS, seconds: 0.2 }, FOR_EVER), {
    code: 2,
    out: '',
    errors: 'Stopped after 0.2 seconds, the limit for files of this size; --time-limit SECONDS allows more.',
  });
  const grown = await supervised({ ...LIMITS, megabytes: 1 }, FOR_EVER);
  assert.deepEqual(
    [grown.code, grown.errors],
    [2, 'Stopped at 1 MB of memory, the limit for files of this size; --memory-limit MEGABYTES allows more.'],
  );
});

test('work that writes is told first, and has time to tidy up', async () => {
  const tidy = `parentPort.on('message', () => {
    parentPort.postMessage({ type: 'line', text: 'tidied' });
    parentPort.postMessage({ type: 'error', text: 'Cancelled.' });
    parentPort.close();
  });`;
  const { code, out, errors } = await supervised({ ...LIMITS, seconds: 0.2, tidies: true }, tidy);
  assert.deepEqual([code, out], [2, 'tidied']);
  assert.match(errors, /^Stopped after/);
});

test('a failure is a line, and a document too where JSON is asked for; a stop takes its place', async () => {
  const failure: Failure = { error: 'It is cut.', code: 'cut', kind: 'malformed', place: { offset: 4 } };
  const says = `parentPort.postMessage({ type: 'failure', failure: ${JSON.stringify(failure)} });`;
  const ends = `${says} parentPort.postMessage({ type: 'end', code: 2 });`;
  assert.deepEqual(await supervised(LIMITS, ends), { code: 2, out: '', errors: 'It is cut.' });
  const asked = await supervised(LIMITS, ends, ['inspect', 'a.onnx', '--json']);
  assert.deepEqual([asked.errors, JSON.parse(asked.out)], ['It is cut.', failure]);
  const late = `parentPort.on('message', () => { ${says} parentPort.close(); });`;
  const { out } = await supervised({ ...LIMITS, seconds: 0.1, tidies: true }, late, ['--json']);
  assert.equal((JSON.parse(out) as Failure).code, 'time-limit');
});

test('limits follow from the size of the files and what is done with them; options set others', async () => {
  writeLargeModel(at('large.onnx'), { layers: 1, side: 8192, holes: true });
  const limitsOf = async (argv: readonly string[], signal = AbortSignal.abort()): Promise<Limits | null> => {
    let found: Limits | null = null;
    const output = { line: () => undefined, error: () => undefined, starts: (limits: Limits) => void (found = limits) };
    await runVerb(argv, output, signal).catch(() => undefined);
    return found;
  };
  assert.deepEqual(await limitsOf(['inspect', at('none.onnx')]), { seconds: 60, megabytes: 2048, tidies: false });
  assert.deepEqual(
    await limitsOf(['verify', at('small.onnx'), at('none.onnx'), '--time-limit', '7', '--memory-limit', '9']),
    {
      seconds: 7,
      megabytes: 9,
      tidies: false,
    },
  );
  // 256 MB of weights and some bytes around them.
  assert.deepEqual(await limitsOf(['inspect', at('large.onnx')], new AbortController().signal), {
    seconds: 60 + 257,
    megabytes: 2048 + 4 * 256 + 1,
    tidies: false,
  });
  const write = await limitsOf(['gray', at('none.onnx')]);
  assert.deepEqual(write, { seconds: 60, megabytes: 2048, tidies: true });
});

interface Shell {
  readonly code: number | null;
  readonly errors: string;
}

function commandLine(...argv: string[]): Promise<Shell> {
  const child = spawn(process.execPath, [CLI, ...argv], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, errors: errors.trim() }));
  });
}

test('a Loop that never ends ends on the command line', async () => {
  writeFileSync(at('endless.onnx'), loopModel(null));
  const { outPath } = await convertToGray(at('endless.onnx'));
  const { code, errors } = await commandLine('verify', at('endless.onnx'), outPath ?? '', '--time-limit', '2');
  assert.equal(code, 2);
  assert.ok(errors.split('\n').length === 1 && errors.length > 0, errors);
});

test('a conversion that is stopped leaves nothing behind', async () => {
  const { code, errors } = await commandLine('gray', at('large.onnx'), '--time-limit', '0.001');
  assert.deepEqual(
    [code, errors],
    [2, 'Stopped after 0.001 seconds, the limit for files of this size; --time-limit SECONDS allows more.'],
  );
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('large') || name.endsWith('.tmp')),
    ['large.onnx'],
  );
});
