import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from './step.mjs';

const RESULTS = join(root, 'test-results');
const DAY_MS = 24 * 3600 * 1000;

/**
 * How a test, or a program that a test starts, is made JavaScript.
 * @type {import('esbuild').BuildOptions}
 */
export const forNode = {
  absWorkingDir: root,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
};

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

/** A folder of one process, in the repository: packages are found from there alone. */
export function resultsFolder(prefix) {
  mkdirSync(RESULTS, { recursive: true });
  return mkdtempSync(join(RESULTS, prefix));
}

/** What runs that were killed left behind. Several runs may go on in one folder, but none for a day. */
function removeOld() {
  for (const name of existsSync(RESULTS) ? readdirSync(RESULTS) : []) {
    const path = join(RESULTS, name);
    if (!/^(bundled|program)-/.test(name) || Date.now() - statSync(path).mtimeMs < DAY_MS) continue;
    rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Test files as JavaScript with shared chunks, for one run: the source is then translated once and not in every
 * process. Gives the paths of what is to be run, `perProcess` neighbours in each, and how to remove all.
 */
export async function bundleTests(files, { perProcess = 1 } = {}) {
  removeOld();
  const out = resultsFolder('bundled-');
  await build({
    ...forNode,
    entryPoints: files.map((file) => join(root, file)),
    outdir: out,
    outbase: root,
    sourcemap: true,
    plugins: [ownPlace],
  });
  const bundles = files.map((file) => join(out, relative(root, join(root, file)).replace(/\.ts$/, '.mjs')));
  const groups = Array.from({ length: Math.ceil(bundles.length / perProcess) }, (_, i) =>
    bundles.slice(perProcess * i, perProcess * (i + 1)),
  );
  return { bundles: groups.map(together), removeBundles: () => rmSync(out, { recursive: true, force: true }) };
}

/** A file that imports bundles, named for the first and the last: the runner says this name where its process dies. */
function together(bundles) {
  const [first, last] = [bundles[0], bundles.at(-1)];
  if (first === last) return first;
  const path = join(dirname(first), `${testName(first)}-to-${testName(last)}.mjs`);
  writeFileSync(path, bundles.map((bundle) => `import ${JSON.stringify(pathToFileURL(bundle))};\n`).join(''));
  return path;
}

function testName(bundle) {
  return basename(bundle, '.test.mjs');
}
