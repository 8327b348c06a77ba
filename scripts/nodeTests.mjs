import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { bundleTests } from './bundleTests.mjs';
import { root, runNode } from './step.mjs';

/** A process that takes so long hangs, in milliseconds. The slowest takes a minute; beside much else, ten. */
const HANGS = 1_800_000;
/** Loaded before each test file. */
const TEST_PROCESS = new URL('testProcess.mjs', import.meta.url);

/** Test files under a folder; Node 20's test runner knows no globs. */
export function testFiles(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((file) => file.endsWith('.test.ts'))
    .sort();
}

/**
 * Runs test files, `atATime` processes at once: as many as there are processors where nothing is said. Options go to
 * the test runner; a reporter among them replaces ours. `perProcess` neighbours share a process, and with it what V8
 * and ONNX Runtime have compiled. `held` is that of `run`.
 */
export async function runTests(label, files, settings = {}) {
  const { options = [], env = {}, held = false, perProcess = 1, atATime = availableParallelism() } = settings;
  if (files.length === 0) throw new Error(`${label}: there are no test files.`);
  const reporters = [
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=./scripts/testReporter.mjs',
    '--test-reporter-destination=stderr',
  ];
  const own = options.some((option) => option.startsWith('--test-reporter')) ? [] : reporters;
  // All processors are busy with other tests: threads of the garbage collector would wait for one another.
  const start = ['--enable-source-maps', '--single-threaded-gc', `--import=${TEST_PROCESS}`, `--test-timeout=${HANGS}`];
  const concurrency = `--test-concurrency=${atATime}`;
  const { bundles, removeBundles } = await bundleTests(files, { perProcess });
  try {
    await runNode(label, [...start, '--test', concurrency, ...own, ...options, ...bundles], { env, held });
  } finally {
    removeBundles();
  }
}
