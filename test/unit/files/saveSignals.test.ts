import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { convertToGray } from '../../../src/jobs/convert.ts';
import { builtProgram } from '../../fixtures/builtProgram.ts';
import { writeLargeModel } from '../../fixtures/largeModel.ts';
import { convModel, encodeModel } from '../../fixtures/modelBuilder.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const CLI = builtProgram('src/cli.ts', 'src/cliThread.ts');
const folder = temporaryFolder('signals');
const MODEL = join(folder, 'model.onnx');
// 4 GiB of holes: reading them takes a second or two, and writing them nothing.
writeLargeModel(MODEL, { layers: 16, side: 8192, holes: true });

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly errors: string;
}

/** Starts the command line, and sends it the signal as soon as its temporary file is there. */
async function interrupted(signal: NodeJS.Signals): Promise<Ended> {
  const child = spawn(process.execPath, [CLI, 'gray', MODEL], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, by) => resolve({ code, signal: by, errors }));
  });
  const watch = setInterval(() => {
    if (!readdirSync(folder).some((name) => name.endsWith('.tmp'))) return;
    clearInterval(watch);
    child.kill(signal);
  }, 5);
  return ended.finally(() => clearInterval(watch));
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(
    `${signal} while a model is written leaves nothing behind`,
    { skip: process.platform === 'win32' ? 'Windows ends a process without asking it' : false },
    async () => {
      const ended = await interrupted(signal);
      assert.deepEqual(readdirSync(folder), ['model.onnx']);
      assert.deepEqual(ended, { code: 2, signal: null, errors: 'Cancelled; nothing was written.\n' });
    },
  );
}

test(
  'what a killed process leaves is removed by the next save in that folder',
  { skip: process.platform === 'win32' ? 'as above' : false },
  async () => {
    assert.equal((await interrupted('SIGKILL')).signal, 'SIGKILL');
    assert.equal(readdirSync(folder).filter((name) => name.endsWith('.tmp')).length, 1);
    const small = join(folder, 'small.onnx');
    writeFileSync(small, encodeModel(convModel()));
    await convertToGray(small);
    assert.deepEqual(readdirSync(folder).sort(), ['model.onnx', 'small.gray.onnx', 'small.onnx']);
  },
);
