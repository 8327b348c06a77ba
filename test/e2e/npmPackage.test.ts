import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { convModel, encodeModel } from '../fixtures/modelBuilder.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'channelwise-npm-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const shell = process.platform === 'win32';

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: string, args: readonly string[], cwd: string): Ran {
  return spawnSync(command, args, { cwd, shell, encoding: 'utf8' });
}

test('npm pack gives a package that npx runs without a network, with the runtime inside', () => {
  const packed = run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], ROOT);
  assert.equal(packed.status, 0, packed.stderr);
  const [{ filename, files }] = JSON.parse(packed.stdout) as [{ filename: string; files: { path: string }[] }];
  const isShared = (path: string): boolean => /^dist\/shared\/[\w.-]+\.js$/.test(path);
  const paths = files.map(({ path }) => path).sort();
  assert.ok(paths.some(isShared), 'what the threads share is inside');
  assert.deepEqual(
    paths.filter((path) => !isShared(path)),
    [
      'LICENSE',
      'README.md',
      'dist/THIRD_PARTY_NOTICES.txt',
      'dist/cli.js',
      'dist/cliThread.js',
      'dist/ort/ort-wasm-simd-threaded.mjs',
      'dist/ort/ort-wasm-simd-threaded.wasm',
      'package.json',
    ],
  );
  writeFileSync(join(folder, 'model.onnx'), encodeModel(convModel()));
  // Both in one call, as npx installs the package at each.
  const both = 'channelwise gray model.onnx && channelwise verify model.onnx model.gray.onnx';
  const command = ['-c', shell ? `"${both}"` : both];
  const ran = run('npx', ['--yes', '--offline', '--package', join(folder, filename), ...command], folder);
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stdout, /Verified/);
});
