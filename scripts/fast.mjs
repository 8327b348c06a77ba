import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { main, root, say, step } from './step.mjs';

/** How a test file begins that takes more than two seconds of a processor; behind it stands what takes them. */
const SLOW = '// Slow: ';

function isSlow(file) {
  return readFileSync(join(root, file), 'utf8').startsWith(SLOW);
}

/**
 * For the loop at the desk: what `npm run check` looks at, and the quick unit tests. Less than a minute on two
 * processors once the check has its cache.
 */
await main(async () => {
  await ensureInstalled();
  const { check } = await import('./check.mjs');
  const { testFiles } = await import('./nodeTests.mjs');
  const { unitTests } = await import('./unit.mjs');
  const files = testFiles('test/unit');
  const quick = files.filter((file) => !isSlow(file));
  await check();
  await step(`${quick.length} quick files of unit tests`, () => unitTests(quick));
  say(
    `left out: ${files.length - quick.length} files of unit tests that begin with "${SLOW.trim()}", the page, and VS ` +
      'Code (npm test runs everything)',
  );
});
