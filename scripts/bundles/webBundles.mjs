import { copyFileSync, existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** `X.web.ts` beside `X.ts` is what a bundle for the browser takes in its place. */
const twins = {
  name: 'twins for the browser',
  setup(build) {
    build.onResolve({ filter: /^\..*\.ts$/ }, ({ path, resolveDir }) => {
      const twin = resolve(resolveDir, path.replace(/\.ts$/, '.web.ts'));
      return existsSync(twin) ? { path: twin } : undefined;
    });
  },
};

/** A part of Node in a bundle for the browser ends the build, and says who wants it. */
const noNode = {
  name: 'nothing of Node',
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path, importer }) => ({
      errors: [{ text: `${importer} imports ${path}, which no browser has; give it a .web.ts twin.` }],
    }));
  },
};

/**
 * Writes `X.cjs.js` as `X.cjs` too. The extension host of a browser takes what has another ending for an ES module, as
 * package.json says of ours; of VS Code 1.100 it asks for the name with `.js` added, of 1.139 for the name as it is.
 */
const underBothNames = {
  name: 'under both names',
  setup({ initialOptions, onEnd }) {
    const { outfile, write = true } = initialOptions;
    onEnd(({ errors }) => {
      if (write && errors.length === 0) copyFileSync(outfile, outfile.replace(/\.js$/, ''));
    });
  },
};

/** What every bundle for the browser is built with. */
export const WEB_PLUGINS = [noNode, twins];

const web = {
  bundle: true,
  sourcemap: true,
  metafile: true,
  logLevel: 'warning',
  platform: 'browser',
  target: 'chrome120',
  minify: true,
  plugins: WEB_PLUGINS,
};

/** The extension and its worker in a browser; `path` names files of the repository. */
export function webBundles(path) {
  return [
    {
      ...web,
      absWorkingDir: path(),
      entryPoints: [path('src/extensionWeb.ts')],
      outfile: path('dist/web/extension.cjs.js'),
      format: 'cjs',
      external: ['vscode'],
      plugins: [...WEB_PLUGINS, underBothNames],
    },
    {
      ...web,
      absWorkingDir: path(),
      entryPoints: [path('src/workerWeb.ts')],
      outfile: path('dist/web/worker.js'),
      // VS Code starts workers as classic scripts; the runtime's own script is in the bundle, its WebAssembly is not.
      format: 'iife',
      alias: { 'onnxruntime-web': 'onnxruntime-web/wasm' },
      define: { 'import.meta.url': 'self.location.href' },
    },
    {
      ...web,
      absWorkingDir: path(),
      entryPoints: [path('test/vscode/memoryExtension.ts')],
      outfile: path('dist/test/memory/extension.js'),
      format: 'cjs',
      external: ['vscode'],
    },
    {
      ...web,
      absWorkingDir: path(),
      entryPoints: [path('test/vscode/index.web.ts')],
      outfile: path('dist/test/web/suite.cjs.js'),
      format: 'cjs',
      external: ['vscode'],
      plugins: [...WEB_PLUGINS, underBothNames],
      // What the packages for assertions ask of Node's process.
      define: { global: 'globalThis' },
      banner: { js: 'var process = { env: {}, stderr: {} };' },
      minify: false,
    },
  ];
}
