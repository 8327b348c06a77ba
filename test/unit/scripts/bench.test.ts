import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { builtProgram } from '../../fixtures/builtProgram.ts';

const BENCH = builtProgram('test/bench/main.ts');

const REFUSED: readonly [args: readonly string[], message: RegExp][] = [
  [['--only=fiel'], /^There is no section fiel; --only takes file, weights, shapes, layout, threads, page, web\.\n$/],
  [['--only=file', '--jsno'], /^Unknown option '--jsno'.*\n$/],
  [['--only=file', '--json', 'no-such.onnx'], /^no-such\.onnx does not exist\.\n$/],
];

for (const [args, message] of REFUSED) {
  test(`the bench says in one line what is wrong with ${args.join(' ')}`, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [BENCH, ...args], {
      encoding: 'utf8',
    });
    assert.match(stderr, message);
    assert.deepEqual([status, stdout], [2, '']);
  });
}

test('the peak of a program is its own, however large the one that starts it', () => {
  const peak = new URL('../../bench/peakMemory.mjs', import.meta.url).href;
  const start = `
    const held = Buffer.alloc(400 * 2 ** 20, 1);
    const small = ['--import', ${JSON.stringify(peak)}, '-e', 'Buffer.alloc(64 * 2 ** 20, 1)'];
    const { stderr } = require('node:child_process').spawnSync(process.execPath, small, { encoding: 'utf8' });
    console.log(held.length, stderr);`;
  const { stdout } = spawnSync(process.execPath, ['-e', start], { encoding: 'utf8' });
  const kib = Number(/peak (\d+)/.exec(stdout)?.[1]);
  // Node alone takes some 45 MiB.
  assert.ok(kib > 64 * 1024 && kib < 300 * 1024, stdout);
});
