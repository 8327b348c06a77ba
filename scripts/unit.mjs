import { runTests, testFiles } from './nodeTests.mjs';
import { main } from './step.mjs';

/** Runs the given unit test files or, without any, all. Options go to the test runner. */
export async function unitTests(args = []) {
  const given = args.filter((a) => !a.startsWith('-'));
  const options = args.filter((a) => a.startsWith('-'));
  await runTests('Unit tests', given.length > 0 ? given : testFiles('test/unit'), { options });
}

if (process.argv[1]?.endsWith('unit.mjs')) await main(() => unitTests(process.argv.slice(2)));
