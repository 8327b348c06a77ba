import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * Bundles the page into one classic script. The layout worker is bundled first and its text built in, because a webview
 * starts workers from blobs only. Gives esbuild's metafiles, with paths relative to the repository.
 * @param {{ outfile: string, minify?: boolean, sourcemap?: boolean }} options
 */
export async function bundlePage({ outfile, minify = true, sourcemap = false }) {
  const common = {
    bundle: true,
    format: 'iife',
    target: 'es2022',
    legalComments: 'none',
    metafile: true,
    absWorkingDir: here('..'),
    minify,
    logLevel: 'warning',
  };
  const worker = await build({ ...common, entryPoints: [here('layout/worker.ts')], write: false });
  const text = worker.outputFiles[0]?.text ?? '';
  const page = await build({
    ...common,
    entryPoints: [here('main.ts')],
    outfile,
    sourcemap,
    define: { LAYOUT_WORKER_TEXT: JSON.stringify(text) },
  });
  return [worker.metafile, page.metafile];
}
