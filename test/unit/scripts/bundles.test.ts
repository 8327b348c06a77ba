import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, formatMessages, type BuildFailure, type BuildOptions } from 'esbuild';
import { writeStartFolder, writeStartSettings } from '../../../scripts/vscode/startFolder.mjs';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { WEB_PLUGINS, webBundles } from '../../../scripts/bundles/webBundles.mjs';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const path = (...parts: readonly string[]): string => [ROOT.slice(0, -1), ...parts].join('/');

test('npm start gets copies: VS Code would take linked code for that of no extension', () => {
  const repository = temporaryFolder('start');
  for (const folder of ['dist', 'media']) mkdirSync(join(repository, folder));
  writeFileSync(join(repository, 'package.json'), '{ "activationEvents": ["onUri"] }');
  for (const name of ['extension.cjs', 'extension.cjs.map']) writeFileSync(join(repository, 'dist', name), '');
  const folder = realpathSync(writeStartFolder(repository));
  assert.equal(realpathSync(join(folder, 'dist', 'extension.cjs')), join(folder, 'dist', 'extension.cjs'));
  assert.deepEqual(readdirSync(join(folder, 'dist')), ['extension.cjs']);
});

test('npm start keeps the question about a repository away, and settings that are there', () => {
  const samples = temporaryFolder('samples');
  const settings = join(samples, '.vscode', 'settings.json');
  writeStartSettings(samples);
  assert.match(readFileSync(settings, 'utf8'), /"git\.openRepositoryInParentFolders": "never"/);
  writeFileSync(settings, '{}');
  writeStartSettings(samples);
  assert.equal(readFileSync(settings, 'utf8'), '{}');
});

/** The files that a bundle is made of, as paths in this repository; nothing is written. */
async function inputsOf(options: BuildOptions): Promise<string[]> {
  const { metafile } = await build({ ...options, bundle: true, write: false, metafile: true, absWorkingDir: path() });
  return Object.keys(metafile?.inputs ?? {});
}

/** A bundle for the browser of one line of a module in `src/files`. */
function webBuild(line: string): Promise<string[]> {
  const stdin = { contents: line, resolveDir: path('src', 'files'), sourcefile: 'tried.ts' };
  return inputsOf({ stdin, plugins: WEB_PLUGINS, format: 'esm', logLevel: 'silent' });
}

test('a browser’s bundle fails where a module imports a part of Node, and takes a twin where there is one', async () => {
  await assert.rejects(
    webBuild("export { readFile } from 'node:fs/promises';"),
    /imports node:fs\/promises, which no browser has; give it a \.web\.ts twin/,
  );
  await assert.rejects(webBuild("export * from './node/file.ts';"), /file\.ts imports node:fs/);
  const inputs = await webBuild("export * from './node/paths.ts';");
  assert.ok(inputs.includes('src/files/node/paths.web.ts') && !inputs.includes('src/files/node/paths.ts'));
});

test('the extension host of a browser finds the extension as it asks for it, and takes it for no ES module', async () => {
  const { browser } = JSON.parse(readFileSync(path('package.json'), 'utf8')) as { browser: string };
  const name = basename(browser);
  assert.match(name, /\.cjs$/);
  const bundle = (webBundles(path) as BuildOptions[]).find(({ outfile }) => outfile === path(`${browser.slice(2)}.js`));
  assert.ok(bundle);
  const folder = temporaryFolder('web');
  await build({ ...bundle, outfile: join(folder, `${name}.js`), minify: false, sourcemap: false });
  assert.deepEqual(readdirSync(folder), [name, `${name}.js`]);
  assert.deepEqual(readFileSync(join(folder, name)), readFileSync(join(folder, `${name}.js`)));
});

const WEB_ALONE = /\.web\.ts$|\/(?:extensionWeb|workerWeb|webThread)\.ts$/;
const NODE_ALONE =
  /\/(?:nodeThread|runtimeFiles)\.ts$|^src\/files\/(?:node|save)\/(?:disk|file|flusher|directFile)\.ts$/;

test('bundles of desktop and command line carry nothing of the browser’s, and it nothing of theirs', async () => {
  const node: BuildOptions = { platform: 'node', external: ['vscode'], logLevel: 'silent' };
  const inputs = await inputsOf({
    ...node,
    entryPoints: ['extension', 'workerMain', 'cliThread'].map((entry) => path('src', `${entry}.ts`)),
    outdir: path('nowhere'),
    format: 'esm',
  });
  assert.ok(inputs.includes('src/jobs/threads/nodeThread.ts'), 'the desktop has its own');
  assert.deepEqual(
    inputs.filter((input) => WEB_ALONE.test(input)),
    [],
  );
  for (const bundle of webBundles(path).slice(0, 2)) {
    const web = await inputsOf({ ...(bundle as BuildOptions), logLevel: 'silent' });
    assert.ok(
      web.some((input) => WEB_ALONE.test(input)),
      'the browser has its own',
    );
    assert.deepEqual(
      web.filter((input) => NODE_ALONE.test(input)),
      [],
    );
  }
});

test('the watch task finds the file and the line in what the bundler says', async () => {
  const { tasks } = JSON.parse(readFileSync(path('.vscode', 'tasks.json'), 'utf8')) as {
    tasks: { label: string; problemMatcher: { pattern: { regexp: string }[] } }[];
  };
  const patterns = tasks.find(({ label }) => label === 'watch')?.problemMatcher.pattern ?? [];
  const stdin = { contents: "\nimport './none.ts';", resolveDir: path('src'), sourcefile: 'tried.ts' };
  const failed = build({ stdin, bundle: true, write: false, logLevel: 'silent', absWorkingDir: path() });
  const errors = await failed.then(
    () => [],
    (error: BuildFailure) => error.errors,
  );
  const [shown = ''] = await formatMessages(errors, { kind: 'error' });
  const lines = shown.split('\n');
  const found = patterns.map(({ regexp }, line) => new RegExp(regexp).exec(lines[line] ?? 'no line')?.slice(1));
  assert.deepEqual(found, [['ERROR', 'Could not resolve "./none.ts"'], [], ['src/tried.ts', '2', '7']]);
});
