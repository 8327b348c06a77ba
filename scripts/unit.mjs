import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { main, root, runNode } from './step.mjs';

/** Node 20's test runner knows no globs, so the files are listed here: every *.test.ts under test/unit. */
export async function unitTests() {
  const files = readdirSync(join(root, 'test/unit'), { recursive: true }).map(String).filter((f) => f.endsWith('.test.ts')).sort();
  if (!files.length) throw new Error('There are no unit tests.');
  await runNode('Unit tests', ['--import', 'tsx', '--test', ...files.map((f) => join('test/unit', f))]);
}

if (process.argv[1]?.endsWith('unit.mjs')) await main(unitTests);
