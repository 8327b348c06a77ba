import { ensureInstalled } from './install.mjs';
import { main, say, step } from './step.mjs';

/**
 * Unit test files that take more than two seconds of a processor: they run thousands of models, write gigabytes, or
 * start other programs. `npm run test:unit` runs all.
 */
const SLOW = [
  'adapt/bodies',
  'adapt/exporters',
  'adapt/int64',
  'adapt/keras/applications',
  'adapt/keras/exact',
  'adapt/keras/preprocessed',
  'adapt/keras/realFiles',
  'adapt/property',
  'adapt/quantised',
  'adapt/testdata',
  'adapt/trained',
  'adapt/weights/imageTensors',
  'adapt/weights/python/weightsPython',
  'adapt/zoo',
  'cli/commandLine',
  'cli/options',
  'cli/supervisor',
  'files/saveFaults',
  'files/saveSignals',
  'formats/keras/applications',
  'formats/keras/fuzz',
  'formats/keras/hdf5',
  'formats/keras/hostile',
  'formats/onnx/cancel',
  'formats/onnx/fuzz',
  'formats/onnx/hostile',
  'formats/pytorch/fuzz',
  'formats/safetensors/fuzz',
  'formats/zip/zipArchive',
  'graph/chains',
  'graph/everyTensor',
  'graph/inside',
  'graph/ops',
  'graph/opsRandom',
  'graph/runtime',
  'jobs/evaluate',
  'jobs/large',
  'jobs/loaders',
  'jobs/samples',
  'jobs/verify',
  'jobs/verifyBadDays',
  'jobs/verifyTimeLimit',
  'page/adaptation',
  'page/recordedWeights',
  'page/weightsPage',
  'scripts/lint',
  'verify/adversary',
  'verify/heavyProofs',
  'verify/measuredTime',
  'verify/smallErrors',
  'verify/tampered',
  'verify/tamperedInterfaces',
  'verify/trojans',
  'verify/verify',
  'verify/wrongConversions',
  'verify/zoo',
].map((name) => `test/unit/${name}.test.ts`);

/**
 * For the loop at the desk: what `npm run check` looks at, and the quick unit tests. About a minute on two processors
 * once the check has its cache.
 */
await main(async () => {
  await ensureInstalled();
  const { check } = await import('./check.mjs');
  const { runTests, testFiles } = await import('./nodeTests.mjs');
  const files = testFiles('test/unit').map((file) => file.replaceAll('\\', '/'));
  const quick = files.filter((file) => !SLOW.includes(file));
  const gone = SLOW.filter((name) => !files.includes(name));
  if (gone.length > 0) throw new Error(`scripts/fast.mjs names files that are gone: ${gone.join(', ')}.`);
  await check();
  await step(`${quick.length} quick files of unit tests`, () => runTests('Unit tests', quick));
  say(`left out: ${SLOW.length} slow files of unit tests, the page, and VS Code (npm test runs everything)`);
});
