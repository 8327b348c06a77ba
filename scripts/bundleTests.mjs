import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from './step.mjs';

/** Where a module asks for its place; a text that names it, as options of a bundler do, stays. */
const OWN_URL = /(?<!['"`])import\.meta\.url/g;
const OWN_FOLDER = /(?<!['"`])import\.meta\.dirname/g;

/** A bundle stands elsewhere, so what a module says of its own place is written into it. */
const ownPlace = {
  name: 'own-place',
  setup({ onLoad }) {
    onLoad({ filter: /\.(ts|mjs)$/ }, async ({ path }) => {
      if (path.includes('node_modules')) return undefined;
      const text = await readFile(path, 'utf8');
      if (!text.includes('import.meta')) return undefined;
      const contents = text
        .replace(OWN_URL, JSON.stringify(pathToFileURL(path).href))
        .replace(OWN_FOLDER, JSON.stringify(dirname(path)));
      return { contents, loader: path.endsWith('.ts') ? 'ts' : 'js' };
    });
  },
};

/**
 * Test files as JavaScript with shared chunks, for one run: the source is then translated once and not in the process
 * of every file, which takes most of its time. Gives the bundles' paths, in the order of the files, and how to remove
 * them.
 */
export async function bundleTests(files) {
  // Several runs may go on in one folder.
  const results = join(root, 'test-results');
  mkdirSync(results, { recursive: true });
  const out = mkdtempSync(join(results, 'bundled-'));
  await build({
    entryPoints: files.map((file) => join(root, file)),
    outdir: out,
    outbase: root,
    outExtension: { '.js': '.mjs' },
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: true,
    logLevel: 'warning',
    plugins: [ownPlace],
  });
  const bundles = files.map((file) => join(out, relative(root, join(root, file)).replace(/\.ts$/, '.mjs')));
  return { bundles, removeBundles: () => rmSync(out, { recursive: true, force: true }) };
}
