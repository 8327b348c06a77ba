// Slow: models of many megabytes, in a process of its own.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { builtProgram } from '../../../fixtures/builtProgram.ts';
import { HOSTILE } from '../../../fixtures/hostileModels.ts';

/** What reading any model may take: V8's heap, by MAX_HELD_BYTES and what stands beside it, and all memory together. */
const HEAP_MIB = 1536;
const RESIDENT_BYTES = 3 * 2 ** 30;
/** Most of the time goes to the collector, which copies less where new objects have more room, and alone is quickest. */
const COLLECTOR = ['--max-semi-space-size=128', '--single-threaded-gc'];
const WORKER = builtProgram('test/fixtures/hostileWorker.ts');

test('models made to harm end in an error or a result, within a bounded heap', () => {
  const run = spawnSync(process.execPath, [`--max-old-space-size=${HEAP_MIB}`, ...COLLECTOR, WORKER], {
    maxBuffer: 2 ** 24,
  });
  const lines = run.stdout
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { what: string; outcome: string; residentBytes?: number });
  assert.equal(run.status, 0, `behind ${lines.at(-1)?.what ?? 'nothing'}: ${run.stderr.toString().slice(-2000)}`);
  for (const [i, { what, ends }] of HOSTILE.entries()) {
    assert.equal(lines[i]?.what, what);
    assert.ok(ends.includes(lines[i]?.outcome ?? ''), `${what}: ${lines[i]?.outcome}`);
  }
  assert.ok((lines.at(-1)?.residentBytes ?? Infinity) < RESIDENT_BYTES, JSON.stringify(lines.at(-1)));
});
