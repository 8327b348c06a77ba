import { ensureInstalled } from './install.mjs';
import { main, say, step } from './step.mjs';

/**
 * Unit test files of more than two seconds: they run thousands of models, write gigabytes, or wait on purpose. `npm run
 * test:unit` runs all.
 */
const SLOW = [
  'hostile',
  'large',
  'hdf5',
  'trained',
  'fuzz',
  'property',
  'adapt/zoo',
  'zipArchive',
  'verify/zoo',
  'saveFaults',
  'everyTensor',
  'verifyBadDays',
  'opsRandom',
  'cancel',
  'bench',
  'evaluate',
  'verifyTimeLimit',
  'chains',
  'inside',
  'saveSignals',
  'runtime',
  'rounding',
  'adversary',
  'smallErrors',
  'lint',
].map((name) => `${name}.test.ts`);

/** For the loop at the desk, under a minute: what `npm run check` looks at, and the quick unit tests. */
await main(async () => {
  await ensureInstalled();
  const { check } = await import('./check.mjs');
  const { runTests, testFiles } = await import('./nodeTests.mjs');
  const files = testFiles('test/unit').map((file) => file.replaceAll('\\', '/'));
  const quick = files.filter((file) => !SLOW.some((name) => file.endsWith(`/${name}`)));
  const gone = SLOW.filter((name) => !files.some((file) => file.endsWith(`/${name}`)));
  if (gone.length > 0) throw new Error(`scripts/fast.mjs names files that are gone: ${gone.join(', ')}.`);
  await check();
  await step(`${quick.length} quick files of unit tests`, () => runTests('Unit tests', quick));
  say(`left out: ${SLOW.length} slow files of unit tests, the page, and VS Code (npm test runs everything)`);
});
