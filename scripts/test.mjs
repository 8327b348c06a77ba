import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { main, root, runNode, step } from './step.mjs';

/** The one that needs the packaged extension; all others in its folder drive the page alone. */
const PERSON = 'person.test.ts';

// Runs before node_modules exists, so what needs packages is imported or started after the install.
await main(async () => {
  await ensureInstalled();
  const { check } = await import('./check.mjs');
  const { unitTests } = await import('./unit.mjs');
  const { packageExtension } = await import('./package.mjs');
  await check();
  await step('Unit tests', () => unitTests());
  const vsix = await packageExtension();
  await step('Tests inside the extension host', () => runNode('Extension host tests', ['scripts/extensionHost.mjs']));
  await step('Tests as a person, with the packaged extension', () =>
    runNode('Person-like tests', ['--import', 'tsx', '--test', `test/e2e/${PERSON}`], {
      env: { CHANNELWISE_VSIX: vsix },
    }),
  );
  const pages = readdirSync(join(root, 'test/e2e'))
    .filter((f) => f.endsWith('.test.ts') && f !== PERSON)
    .map((f) => `test/e2e/${f}`);
  await step('Tests of the page in Chromium', () => runNode('Page tests', ['--import', 'tsx', '--test', ...pages]));
});
