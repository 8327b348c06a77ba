import { ensureInstalled } from './install.mjs';
import { main, say, step } from './step.mjs';

/** Unit test files that take more than some seconds: they run thousands of models, write gigabytes, or ask Python. `npm run test:unit` runs all. */
const SLOW = [];

/** For the loop at the desk, under a minute: what `npm run check` looks at, and the quick unit tests. */
await main(async () => {
  await ensureInstalled();
  const { check } = await import('./check.mjs');
  const { runTests, testFiles } = await import('./nodeTests.mjs');
  const quick = testFiles('test/unit').filter((file) => !SLOW.some((name) => file.endsWith(name)));
  await check();
  await step(`${quick.length} quick files of unit tests`, () => runTests('Unit tests', quick));
  say(`left out: ${SLOW.length} slow files of unit tests, the page, and VS Code (npm test runs everything)`);
});
