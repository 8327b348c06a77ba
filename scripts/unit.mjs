import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { main, root, runNode } from './step.mjs';

/** Runs the given test files or, without any, every *.test.ts under test/unit; Node 20's test runner knows no globs. Options go to the test runner. */
export async function unitTests(args = []) {
  const given = args.filter((a) => !a.startsWith('-'));
  const files = given.length
    ? given
    : readdirSync(join(root, 'test/unit'), { recursive: true })
        .map(String)
        .filter((f) => f.endsWith('.test.ts'))
        .sort()
        .map((f) => join('test/unit', f));
  if (!files.length) throw new Error('There are no unit tests.');
  await runNode('Unit tests', ['--import', 'tsx', '--test', ...args.filter((a) => a.startsWith('-')), ...files]);
}

if (process.argv[1]?.endsWith('unit.mjs')) await main(() => unitTests(process.argv.slice(2)));
