import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * Bundles the page into one classic script. The layout worker is bundled first and its text built in, because a webview starts workers from blobs only.
 * @param {{ outfile: string, minify?: boolean, sourcemap?: boolean }} options
 */
export async function bundlePage({ outfile, minify = true, sourcemap = false }) {
  const common = { bundle: true, format: 'iife', target: 'es2022', legalComments: 'none', minify, logLevel: 'warning' };
  const worker = await build({ ...common, entryPoints: [here('layout/worker.ts')], write: false });
  const text = worker.outputFiles[0]?.text ?? '';
  await build({ ...common, entryPoints: [here('main.ts')], outfile, sourcemap, define: { LAYOUT_WORKER_TEXT: JSON.stringify(text) } });
}
