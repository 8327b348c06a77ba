import { ensureInstalled } from './install.mjs';
import { main, runNode, step } from './step.mjs';

// Runs before node_modules exists, so what needs packages is imported or started after the install.
await main(async () => {
  await ensureInstalled();
  const { check } = await import('./check.mjs');
  const { unitTests } = await import('./unit.mjs');
  const { packageExtension } = await import('./package.mjs');
  await check();
  await step('Unit tests', unitTests);
  const vsix = await packageExtension();
  await step('Tests inside the extension host', () => runNode('Extension host tests', ['scripts/extensionHost.mjs']));
  await step('Tests as a person, with the packaged extension', () => runNode('Person-like tests', ['--import', 'tsx', '--test', 'test/e2e/person.test.ts'], { env: { CHANNELWISE_VSIX: vsix } }));
  await step('Tests of the page in Chromium', () => runNode('Page tests', ['--import', 'tsx', '--test', 'test/e2e/page.test.ts', 'test/e2e/adaptation.test.ts', 'test/e2e/compare.test.ts', 'test/e2e/evaluate.test.ts', 'test/e2e/sizes.test.ts', 'test/e2e/weights.test.ts']));
});
