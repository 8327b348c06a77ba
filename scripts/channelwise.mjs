import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isFresh } from './bundles/stamp.mjs';
import { root } from './step.mjs';

const CLI = join(root, 'dist/cli.js');

/**
 * Runs the command line, built anew only where something changed. What builds is loaded only then: it takes longer than
 * the command.
 */
if (!isFresh()) {
  const { ensureInstalled } = await import('./install.mjs');
  const { runNode } = await import('./step.mjs');
  await ensureInstalled();
  await runNode('Build', ['scripts/build.mjs']);
}
process.argv[1] = CLI;
await import(pathToFileURL(CLI).href);
