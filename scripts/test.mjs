import { ensureInstalled } from './install.mjs';
import { main, runNode, step } from './step.mjs';

// Runs before node_modules exists, so what needs packages is imported or started after the install.
await main(async () => {
  await ensureInstalled();
  const { shareBrowser } = await import('./browser.mjs');
  const { check } = await import('./check.mjs');
  const { runTests } = await import('./nodeTests.mjs');
  const { unitTests } = await import('./unit.mjs');
  const { personTests, pageTests } = await import('./pages.mjs');
  const { packageExtension } = await import('./package.mjs');
  await check();
  await step('Unit tests', () => unitTests());
  const vsix = await packageExtension();
  const browser = await shareBrowser();
  try {
    await step('Tests inside the extension host', () =>
      runNode('Extension host tests', ['scripts/extensionHost.mjs'], { env: browser.env }),
    );
    await step('Tests as a person, with the packaged extension', () =>
      runTests('Person-like tests', personTests(), { env: { ...browser.env, CHANNELWISE_VSIX: vsix } }),
    );
    await step('Tests of the page in Chromium', () => pageTests([], browser.env));
  } finally {
    await browser.close();
  }
});
