import { watch } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { main, root, say } from './step.mjs';

/** What bundles are made of. */
const FOLDERS = ['src', 'webview-ui', 'test/vscode'];
/** An editor that saves all files writes them one after the other. */
const SETTLE_MS = 100;

/** Builds, and builds again whenever a source changes. A build that fails says why and waits for the next change. */
await main(async () => {
  await ensureInstalled();
  const { buildAll } = await import('./build.mjs');
  let timer;
  let building = false;
  let again = false;
  const build = async () => {
    if (building) {
      again = true;
      return;
    }
    building = true;
    say('building …');
    const start = Date.now();
    // esbuild has said what is wrong.
    await buildAll({ minify: false }).catch((error) => console.error(error.errors ? '' : String(error)));
    say(`built in ${((Date.now() - start) / 1000).toFixed(1)} s`);
    building = false;
    if (!again) return;
    again = false;
    await build();
  };
  await build();
  for (const folder of FOLDERS) {
    watch(join(root, folder), { recursive: true }, () => {
      clearTimeout(timer);
      timer = setTimeout(() => void build(), SETTLE_MS);
    });
  }
  await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  process.exit();
});
