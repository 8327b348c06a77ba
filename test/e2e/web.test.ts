import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { text } from 'node:stream/consumers';
import { unzipSync } from 'fflate';
import type { Frame, Locator, Page } from 'playwright-core';
import { startWebHost } from '../../scripts/vscode/webHost.mjs';
import { startStrictHost } from '../fixtures/strictHost.ts';
import type { StrictRun } from '../fixtures/strictPage.ts';
import { weightFile, weightsMissing } from '../fixtures/weightFiles.ts';
import { writeMemoryExtension } from '../fixtures/writeMemoryExtension.ts';
import { writePictures } from '../fixtures/writePictures.ts';
import { writeWorkspace } from '../fixtures/writeWorkspace.ts';
import { packaged, Workbench } from './workbench.ts';

// VS Code for the Web, without a server: the packaged extension runs in the browser's own extension host, on a file
// system that another extension provides.

/** Trained files of every other format, where they are beside this clone. */
const FORMATS = ['cifar10-zip.pth', 'mtcnn-pnet-legacy.pt', 'image-classifier.keras', 'teachable-machine.h5'];

let root: string;
let workbench: Workbench;
let page: Page;

before(async () => {
  root = mkdtempSync(join(tmpdir(), 'channelwise-web-'));
  const host = await startWebHost({ extensions: [unpacked(packaged()), memoryExtension()] });
  workbench = await Workbench.on(host, 'channelwise-memory:/models');
  page = workbench.page;
  await file('resnet.onnx').waitFor();
});

after(async () => {
  await workbench?.close();
  if (root) rmSync(root, { recursive: true, force: true });
});

/** What is on the screen at the end of a test, for those that fail. */
afterEach(() => shot('web-last'));

const file = (name: string): Locator => workbench.file(name);
const choose = (target: string | Locator, command: string): Promise<void> => workbench.choose(target, command);
const shot = (name: string): Promise<void> => workbench.shot(name);
const pageWith = (text: string): Promise<Frame> => workbench.pageWith(text);
const quick = (): Locator => workbench.quick();
const toast = (text: string): Locator => workbench.toast(text);

/** The packaged extension, as a gallery serves it. */
function unpacked(vsix: string): string {
  const folder = join(root, 'packaged');
  for (const [name, bytes] of Object.entries(unzipSync(readFileSync(vsix)))) {
    if (!name.startsWith('extension/') || name.endsWith('/')) continue;
    const path = join(folder, name.slice('extension/'.length));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  return folder;
}

/** The extension that provides the files, with models in it. */
function memoryExtension(): string {
  const folder = join(root, 'memory');
  const models = join(folder, 'files', 'models');
  writeWorkspace(models);
  writePictures(join(models, 'pictures'));
  mkdirSync(join(models, 'fails at writeFile'));
  copyFileSync(join(models, 'resnet.onnx'), join(models, 'fails at writeFile', 'resnet.onnx'));
  copyFileSync(join(models, 'resnet.onnx'), join(models, '600 MB.onnx'));
  for (const name of weightsMissing ? [] : FORMATS) copyFileSync(weightFile(name), join(models, name));
  writeMemoryExtension(folder);
  return folder;
}

test('a model opens in the browser, converts from the Explorer and is verified', async () => {
  await file('resnet.onnx').dblclick();
  await pageWith('[16, 3, 7, 7]');
  await shot('web-1-open');
  await choose('resnet.onnx', 'Convert to Grayscale');
  await file('resnet.gray.onnx').waitFor();
  await toast('resnet.gray.onnx').waitFor();
  assert.match(await toast('resnet.gray.onnx').innerText(), /Verified: (largest difference|no difference)/);
  await shot('web-2-converted');
  await toast('resnet.gray.onnx').getByRole('button', { name: 'Open', exact: true }).click();
  const frame = await pageWith('[16, 1, 7, 7]');
  await frame.locator('cw-app').getByRole('tab', { name: 'Adaptation' }).click();
  await frame.locator('cw-proof').getByText('✓ Verified').waitFor();
  await frame.locator('cw-proof').getByText('Verify again').click();
  await frame.locator('cw-proof progress').waitFor({ state: 'detached' });
  await frame.locator('cw-proof').getByText('✓ Verified').waitFor();
  await shot('web-3-verified');
});

test('the gray model is compared with the one it was made from', async () => {
  const frame = await pageWith('What the file says');
  await frame.locator('cw-app').getByRole('tab', { name: 'Compare' }).click();
  await frame.locator('cw-compare').getByRole('button', { name: 'Choose Another Model…' }).click();
  await quick().getByText('the model this one was made from').waitFor();
  await page.keyboard.press('Enter');
  await frame
    .locator('cw-compare')
    .getByRole('option', { name: /^changed: conv1\.weight:/ })
    .waitFor();
  await shot('web-4-compare');
});

test('weights without a graph open as a tree and convert', async () => {
  await file('weights.safetensors').dblclick();
  await pageWith('conv1');
  await choose('weights.safetensors', 'Convert to Grayscale');
  await file('weights.gray.safetensors').waitFor();
  await toast('weights.gray.safetensors').waitFor();
  assert.match(await toast('weights.gray.safetensors').innerText(), /Verified: (largest difference|no difference)/);
  await toast('weights.gray.safetensors').getByRole('button', { name: 'Report', exact: true }).click();
  await page.locator('.tab.active', { hasText: 'Report of weights.gray.safetensors' }).waitFor();
  await toast('weights.gray.safetensors').getByRole('button', { name: 'Undo', exact: true }).click();
  await file('weights.gray.safetensors').waitFor({ state: 'detached' });
});

test('Copy as Python puts the fold on the clipboard', async () => {
  await choose('resnet.gray.onnx', 'Copy as Python…');
  await quick().getByText('PyTorch state dict').waitFor();
  await page.keyboard.press('Enter');
  await toast('Copied').waitFor();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /key = "conv1\.weight"/);
});

test('a link to a layer is followed in a window with its folder, which asks before', async () => {
  await file('second.onnx').dblclick();
  const frame = await pageWith('[16, 3, 7, 7]');
  await frame.locator('cw-app').getByRole('tab', { name: 'Layers', exact: true }).click();
  await frame.locator('cw-layer-table').getByText('/conv1_1/Conv').first().click();
  await frame.locator('cw-layer-tools').getByRole('button', { name: 'Copy link to this layer' }).click();
  await frame.locator('cw-app').getByText('Copied a link to this layer').first().waitFor({ state: 'attached' });
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await file('resnet.onnx').dblclick();
  await page.locator('.tab.active', { hasText: 'resnet.onnx' }).waitFor();
  // A page that has just loaded takes the focus.
  await pageWith('[16, 3, 7, 7]');
  await workbench.until(async () => {
    await page.keyboard.press('F1');
    await page.waitForTimeout(200);
    return quick().isVisible();
  }, 'the command palette is open');
  await quick().locator('input[type="text"]').first().fill('>Open URL');
  await page.keyboard.press('Enter');
  await quick().getByText('URL to open').waitFor();
  await quick().locator('input[type="text"]').first().fill(link);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('button', { name: 'Open' }).click();
  await page.locator('.tab.active', { hasText: 'second.onnx' }).waitFor();
  await shot('web-8-link');
});

test('the table, the graph and a weight are saved', async () => {
  const frame = await pageWith('[16, 3, 7, 7]');
  const app = frame.locator('cw-app');
  const saved = async (item: string): Promise<string> => {
    const download = page.waitForEvent('download');
    await app.getByRole('menuitem', { name: item }).click();
    return text(await (await download).createReadStream());
  };
  await app.getByRole('tab', { name: 'Layers', exact: true }).click();
  await app.getByRole('button', { name: 'Export…' }).click();
  await shot('web-9-export');
  assert.match(await saved('Save as CSV'), /^[^\n]*Operator[^\n]*\n[^\n]*Conv/i);
  await app.getByRole('tab', { name: 'Graph' }).click();
  await app.getByRole('button', { name: 'Save picture' }).click();
  assert.match(await saved('SVG, whole graph'), /^<svg[^]*MaxPool/);
  await app.getByRole('button', { name: 'Show in graph' }).click();
  await app.getByRole('button', { name: 'Save .npy' }).first().click();
  await quick().getByText('Save weights').first().waitFor();
  await page.keyboard.press('Enter');
  await file('conv1.weight.npy').waitFor();
});

test('a model is evaluated on a folder of pictures', async () => {
  await file('third.onnx').dblclick();
  const frame = await pageWith('[16, 3, 7, 7]');
  await frame.locator('cw-app').getByRole('tab', { name: 'Evaluate' }).click();
  await frame.locator('cw-evaluate').getByRole('button', { name: 'Choose a Folder of Images…' }).click();
  await quick().getByText('Use This Folder').first().waitFor();
  const row = (name: string): Locator => quick().locator('.monaco-list-row').filter({ hasText: name });
  await row('pictures').click();
  // The dialog takes its folder only when it has listed it.
  await row('inside').waitFor();
  await quick().getByText('Use This Folder').click();
  await frame.locator('cw-evaluate').getByText('pictures: 4 images').waitFor();
  await frame.locator('cw-evaluate').getByRole('button', { name: 'Evaluate', exact: true }).click();
  const result = frame.locator('cw-evaluate').getByRole('region', { name: 'Result' });
  await result.waitFor();
  assert.match(await result.getByRole('row', { name: /^gray repeated/i }).innerText(), /4 of 4/);
  await shot('web-5-evaluate');
});

test('a model beyond what a browser holds says so, and nothing is read or written', async () => {
  await choose('600 MB.onnx', 'Convert to Grayscale');
  await toast('512 MB are the most').waitFor();
  assert.equal(await file('600 MB.gray.onnx').count(), 0);
  await shot('web-6-too-large');
});

// The suite in the browser's extension host makes every step fail; this is what a person sees of it.
test('where the file system can’t be written to, the message says so and the folder is as it was', async () => {
  const folder = file('fails at writeFile');
  await folder.click();
  const model = page.locator('.explorer-folders-view .monaco-list-row[aria-level="2"][aria-label="resnet.onnx"]');
  await model.waitFor();
  await choose(model, 'Convert to Grayscale');
  const said = toast('could not be written');
  await said.waitFor();
  await shot('web-7-fails-at-writeFile');
  await said.locator('.codicon-notifications-clear').click();
  assert.equal(await page.locator('.explorer-folders-view .monaco-list-row[aria-level="2"]').count(), 1);
  await folder.click();
});

for (const [wasm, verdict] of [
  [true, 'proved'],
  [false, 'unproved'],
] as const)
  test(`a page that forbids all but its scripts${wasm ? ' and WebAssembly' : ''}: the worker converts, ${verdict}`, async () => {
    const model = join(root, 'memory', 'files', 'models', 'resnet.onnx');
    const strict = await startStrictHost(join(root, 'packaged', 'dist', 'web'), model, wasm);
    const tab = await workbench.context.newPage();
    try {
      await tab.goto(strict.url);
      const run = await tab.evaluate('run().catch((error) => ({ verdict: `${error.code}: ${error.message}` }))');
      const said = (run as StrictRun).verdict;
      assert.equal(wasm ? said : said.replace(/^runtime-.*/, 'unproved'), verdict, said);
    } finally {
      await tab.close();
      await strict.stop();
    }
  });

for (const name of FORMATS)
  test(`${name} opens and converts in the browser`, { skip: weightsMissing }, async () => {
    await file(name).dblclick();
    await page.locator('.tab.active', { hasText: name }).waitFor();
    // A page that has just loaded takes the focus, and menus close.
    await pageWith('Input layer');
    await choose(name, 'Convert to Grayscale');
    const made = name.replace(/\.[^.]*$/, (ending) => `.gray${ending}`);
    await file(made).waitFor();
    await toast(`${made}: `).waitFor();
    assert.match(await toast(`${made}: `).innerText(), /Verified: (largest difference|no difference)/);
    await toast(`${made}: `).locator('.codicon-notifications-clear').click();
    await shot(`web-${name}`);
  });

test('the browser forbade nothing that the extension does, and asked no other host', () => {
  const faults = /unsafe-eval|wasm-eval|Refused to|channelwise\.channelwise/;
  assert.deepEqual(
    workbench.log.filter((text) => faults.test(text)),
    [],
  );
  const asked = workbench.requests.map((url) => new URL(url)).filter(({ protocol }) => protocol.startsWith('http'));
  const elsewhere = asked.filter(({ hostname }) => hostname !== '127.0.0.1');
  assert.deepEqual(
    elsewhere.map(({ href }) => href),
    [],
  );
  assert.ok(
    asked.some(({ pathname }) => pathname.endsWith('/dist/web/worker.js')),
    'what workers ask for is seen too',
  );
});

/** Rules of a page's policy, and what breaks each; from a timer, as what a debugger runs may break them. */
const FORBIDDEN: readonly (readonly [string, () => unknown])[] = [
  ['script-src', () => setTimeout(() => new Function('return 1')())],
  ['connect-src', () => setTimeout(() => void fetch('https://host.invalid/').catch(() => undefined))],
  ['script-src', () => setTimeout(() => new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)))],
  ['img-src', () => setTimeout(() => Object.assign(new Image(), { src: 'https://host.invalid/a.png' }))],
  [
    'script-src-elem',
    () => setTimeout(() => document.body.append(Object.assign(document.createElement('script'), { text: 'void 0' }))),
  ],
];

test('the page that runs has the policy that was written for it, and the browser holds it to that', async () => {
  await file('resnet.onnx').dblclick();
  const frame = await pageWith('[16, 3, 7, 7]');
  const policy = await frame.evaluate(
    () => document.querySelector<HTMLMetaElement>('meta[http-equiv="Content-Security-Policy"]')?.content ?? '',
  );
  const rules = Object.fromEntries(policy.split('; ').map((rule) => rule.split(/ (.*)/).slice(0, 2)));
  assert.match(String(rules['script-src']), /^'nonce-[\w+/=-]+'$/);
  assert.deepEqual([rules['default-src'], rules['img-src'], rules['worker-src']], [`'none'`, 'data: blob:', 'blob:']);
  assert.doesNotMatch(policy, /unsafe|\*(?!\.vscode-cdn\.net)/);
  await frame.evaluate(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      document.body.dataset.broken = event.effectiveDirective;
    });
  });
  for (const [rule, attempt] of FORBIDDEN) {
    await frame.evaluate(attempt);
    await frame.waitForFunction((name) => document.body.dataset.broken === name, rule);
  }
});
