import { ensureInstalled } from './install.mjs';
import { main, runNode, sideBySide, step } from './step.mjs';

// Runs before node_modules exists, so what needs packages is imported or started after the install.
await main(async () => {
  await ensureInstalled();
  const { check } = await import('./check.mjs');
  const { runTests } = await import('./nodeTests.mjs');
  const { unitTests } = await import('./unit.mjs');
  const { personTests, pageTests } = await import('./pages.mjs');
  const { packageExtension } = await import('./package.mjs');
  let vsix;
  const packaging = async () => {
    vsix = await packageExtension();
  };
  await sideBySide(check, packaging);
  // Unit tests compute, and tests in a browser wait most of their time: together they take little longer than the
  // first.
  const computing = () => step('Unit tests', () => unitTests());
  const waiting = async () => {
    await step('Tests inside the extension host', () =>
      runNode('Extension host tests', ['scripts/extensionHost.mjs'], { held: true }),
    );
    await step('Tests as a person, with the packaged extension', () =>
      runTests('Person-like tests', personTests(), { env: { CHANNELWISE_VSIX: vsix }, held: true }),
    );
    await step('Tests of the page in Chromium', () => pageTests([], { held: true }));
  };
  await sideBySide(computing, waiting);
});
