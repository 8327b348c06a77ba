import { build } from 'esbuild';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bundlePage } from '../webview-ui/build.mjs';
import { writeNotices } from './bundles/notices.mjs';
import { writeStamp } from './bundles/stamp.mjs';
import { webBundles } from './bundles/webBundles.mjs';
import { main, root } from './step.mjs';

const path = (...parts) => join(root, ...parts);
const common = { bundle: true, sourcemap: true, metafile: true, logLevel: 'warning', absWorkingDir: root };
const node = { ...common, platform: 'node', target: 'node20' };
const page = { ...common, platform: 'browser', target: 'chrome120', minify: true };

/** Bundled CommonJS packages ask for `require`, which ES modules lack. */
const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);";
/** ONNX Runtime loads these at run time; they lie beside the bundles, so nothing is downloaded. */
const RUNTIME = ['ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'];

/**
 * One entry per thing that runs somewhere else. The command line has no `vscode` external: a leak of it into the core
 * fails the build.
 */
const ENTRIES = [
  {
    ...node,
    entryPoints: [path('src/extension.ts')],
    outfile: path('dist/extension.cjs'),
    format: 'cjs',
    external: ['vscode'],
  },
  {
    ...node,
    entryPoints: [path('src/cli.ts')],
    outfile: path('dist/cli.js'),
    format: 'esm',
    banner: { js: '#!/usr/bin/env node' },
  },
  {
    // Both threads do the same work, so what they share is there once.
    ...node,
    entryPoints: { worker: path('src/workerMain.ts'), cliThread: path('src/cliThread.ts') },
    outdir: path('dist'),
    splitting: true,
    chunkNames: 'shared/[name]-[hash]',
    format: 'esm',
    banner: { js: REQUIRE },
  },
  {
    ...page,
    entryPoints: [path('webview-ui/page.css')],
    outfile: path('dist/webview.css'),
    loader: { '.ttf': 'file' },
    assetNames: '[name]',
  },
];

const TESTS_INSIDE_VSCODE = {
  ...node,
  entryPoints: [path('test/vscode/index.ts')],
  outfile: path('dist/test/vscode.cjs'),
  format: 'cjs',
  external: ['vscode', 'mocha'],
};

/**
 * Everything in dist/: the extension, its worker, the command line, the page, and the tests that run inside VS Code.
 * Without `minify` the names in what runs on Node stay, as a debugger shows them.
 */
export async function buildAll({ minify = true } = {}) {
  rmSync(path('dist/shared'), { recursive: true, force: true });
  mkdirSync(path('dist/ort'), { recursive: true });
  for (const file of RUNTIME) copyFileSync(path('node_modules/onnxruntime-web/dist', file), path('dist/ort', file));
  const pageFiles = await bundlePage({ outfile: path('dist/webview.js'), sourcemap: true });
  const shipped = ENTRIES.map((entry) => ({ minify, ...entry }));
  const built = await Promise.all([...shipped, TESTS_INSIDE_VSCODE, ...webBundles(path)].map((entry) => build(entry)));
  writeNotices([...pageFiles, ...built.map(({ metafile }) => metafile)].filter(ships));
  writeStamp();
}

/** The bundles of tests stay here. */
function ships({ outputs }) {
  return !Object.keys(outputs).some((file) => file.startsWith('dist/test/'));
}

if (process.argv[1]?.endsWith('build.mjs')) await main(() => buildAll());
