import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import type { Frame, Locator, Page } from 'playwright-core';
import { serveExtension } from '../../scripts/start.mjs';
import { windowUrl } from '../../scripts/vscode/server.mjs';
import { writeStartFolder } from '../../scripts/vscode/startFolder.mjs';
import { DTYPE, encodeModel, externalTensor, model, node, valueInfo } from '../fixtures/modelBuilder.ts';
import { writePictures } from '../fixtures/writePictures.ts';
import { writeSamples } from '../fixtures/writeSamples.ts';
import { writeWorkspace } from '../fixtures/writeWorkspace.ts';
import { Workbench } from './workbench.ts';

let workbench: Workbench;
let page: Page;
let workspace: string;

before(async () => {
  workspace = mkdtempSync(join(tmpdir(), 'channelwise-person-'));
  writeWorkspace(workspace);
  await writeSamples(workspace);
  writePictures(join(workspace, 'pictures'));
  workbench = await Workbench.open(workspace, 'resnet.onnx');
  page = workbench.page;
});

after(async () => {
  await workbench?.close();
  if (workspace) rmSync(workspace, { recursive: true, force: true });
});

/** What is on the screen at the end of a test, for those that fail. */
afterEach(() => shot('last'));

const file = (name: string): Locator => workbench.file(name);
const menuItem = (name: string, command: string): Promise<Locator> => workbench.menuItem(name, command);
const choose = (name: string, command: string): Promise<void> => workbench.choose(name, command);
const shot = (name: string): Promise<void> => workbench.shot(name);
const pageWith = (text: string): Promise<Frame> => workbench.pageWith(text);
const titleBar = (name: string): Locator => workbench.titleBar(name);
const quick = (): Locator => workbench.quick();
const toast = (text: string): Locator => workbench.toast(text);
const until = (holds: () => Promise<boolean>, what: string): Promise<void> => workbench.until(holds, what);
const asked = (text: string | RegExp): Promise<void> => workbench.asked(text);

test('right-click, Convert to Grayscale, and the gray model opens', async () => {
  const item = await menuItem('resnet.onnx', 'Convert to Grayscale');
  await item.waitFor();
  await shot('1-context-menu');
  await item.click();
  await file('resnet.gray.onnx').waitFor();
  const toast = page.locator('.notifications-toasts .notification-list-item').filter({ hasText: 'resnet.gray.onnx' });
  await toast.waitFor();
  assert.match(await toast.innerText(), /Verified: (largest difference|no difference)/);
  assert.match(await toast.innerText(), /conv1\.weight 16×3×7×7 → 16×1×7×7, input 3 → 1 channel/);
  await until(
    async () => (await file('resnet.gray.onnx').getAttribute('aria-selected')) === 'true',
    'the new file is selected in the Explorer',
  );
  await shot('2-converted');
  await toast.getByRole('button', { name: 'Open', exact: true }).click();
  await pageWith('[16, 1, 7, 7]');
  await titleBar('Verify Against the Original').waitFor();
  assert.equal(await titleBar('Convert to Grayscale').count(), 0, 'it takes gray already');
  await shot('3-gray-model');
});

test('double-click opens the trained detector with its input layer, and the page converts it', async () => {
  await file('ch_PP-OCRv4_det_infer.onnx').dblclick();
  const frame = await pageWith('[16, 3, 3, 3]');
  await titleBar('Convert to Grayscale').waitFor();
  assert.equal(await titleBar('Verify Against the Original').count(), 0, 'it was made from nothing');
  await shot('4-detector');
  await frame.locator('cw-app').getByRole('button', { name: 'Convert to Grayscale' }).first().click();
  await file('ch_PP-OCRv4_det_infer.gray.onnx').waitFor();
  assert.ok(existsSync(join(workspace, 'ch_PP-OCRv4_det_infer.gray.onnx')));
});

test('Undo in the notification takes the file back', async () => {
  const toast = page
    .locator('.notifications-toasts .notification-list-item')
    .filter({ hasText: 'ch_PP-OCRv4_det_infer.gray.onnx' });
  await toast.waitFor();
  await toast.getByRole('button', { name: 'Undo', exact: true }).click();
  await file('ch_PP-OCRv4_det_infer.gray.onnx').waitFor({ state: 'detached' });
});

test('Adapt Channels…: a map, numbers checked as they are typed, the way back, the plan, and only then a file', async () => {
  await choose('second.onnx', 'Adapt Channels…');
  await asked('Swap RGB');
  await shot('adapt-1-map');
  assert.match(await quick().innerText(), /for models of 1 channel; this one takes 3/);
  await page.keyboard.type('gray pixels, own');
  await page.keyboard.press('Enter');
  await asked('Mean, one number');
  const field = quick().locator('input[type="text"]').first();
  await field.fill('0.5, x');
  await asked('mean must be numbers');
  await shot('adapt-2-wrong');
  await page.keyboard.press('Enter');
  await asked('mean must be numbers');
  await field.fill('0.5, 0.4, 0.3');
  await asked('(pixel · 1/255 − [0.5, 0.4, 0.3])');
  await shot('adapt-3-mean');
  await page.keyboard.press('Enter');
  await asked('Standard deviation');
  await field.fill('0.25');
  await page.keyboard.press('Enter');
  await asked('Scale that pixels');
  await shot('adapt-4-scale');
  await quick().getByRole('button', { name: 'Back' }).click();
  await asked('Standard deviation');
  assert.equal(await field.inputValue(), '0.25');
  await page.keyboard.press('Enter');
  await asked('Scale that pixels');
  await page.keyboard.press('Enter');
  await asked('Write the adapted model');
  await shot('adapt-5-plan');
  assert.match(await quick().innerText(), /conv1\.weight \[16, 3, 7, 7\] → \[16, 2, 7, 7\]/);
  assert.ok(!existsSync(join(workspace, 'second.gray.onnx')));
  await page.keyboard.press('Enter');
  await file('second.gray.onnx').waitFor();
  await toast('second.gray.onnx').waitFor();
  assert.match(await toast('second.gray.onnx').innerText(), /Verified: (largest difference|no difference)/);
  await shot('adapt-6-written');
  await toast('second.gray.onnx').getByRole('button', { name: 'Report', exact: true }).click();
  await page.locator('.tab', { hasText: 'Report of second.gray.onnx' }).waitFor();
  await toast('second.gray.onnx').getByRole('button', { name: 'Undo', exact: true }).waitFor();
  await shot('adapt-7-plan-text');
});

test('the Adaptation tab of the new model proves it again', async () => {
  await file('second.gray.onnx').dblclick();
  const frame = await pageWith('[16, 2, 7, 7]');
  await frame.locator('cw-app').getByRole('tab', { name: 'Adaptation' }).click();
  await frame.locator('cw-proof').getByText('✓ Verified').waitFor();
  await frame.locator('cw-proof').getByText('Verify again').click();
  await frame.locator('cw-proof progress').waitFor({ state: 'detached' });
  await frame.locator('cw-proof').getByText('✓ Verified').waitFor();
  await shot('adapt-8-tab');
});

test('Compare… with the model it was made from shows the fold, in a list and in two graphs that move together', async () => {
  const frame = await pageWith('What the file says');
  await frame.locator('cw-app').getByRole('tab', { name: 'Compare' }).click();
  await frame.locator('cw-compare').getByRole('button', { name: 'Choose Another Model…' }).click();
  await asked('the model this one was made from');
  await page.keyboard.press('Enter');
  const row = frame.locator('cw-compare').getByRole('option', { name: /^changed: conv1\.weight:/ });
  await row.click();
  assert.match(await row.innerText(), /float32\[16, 3, 7, 7\] → float32\[16, 2, 7, 7\]/);
  const graphs = frame.locator('cw-twin-graphs cw-graph-view');
  await graphs.nth(1).waitFor();
  const places = (): Promise<number[]> =>
    graphs.evaluateAll((all) => all.map((g) => Math.round((g as unknown as { view: { y: number } }).view.y)));
  // Showing the row's node moves the picture first.
  let before: number[] = [];
  await until(async () => {
    const last = before;
    before = await places();
    await page.waitForTimeout(300);
    return before.join() === last.join();
  }, 'the graphs stand still');
  const box = await graphs.first().boundingBox();
  assert.ok(box && before.length === 2);
  const [x, y] = [box.x + box.width * 0.1, box.y + box.height * 0.8];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x, y - 150, { steps: 5 });
  await page.mouse.up();
  await until(
    async () => (await places()).every((at, i) => Math.abs(at - before[i]! + 150) <= 1),
    `both graphs follow the drag: from ${before.join()}, now ${(await places()).join()}`,
  );
  await shot('compare-1');
});

test('Evaluate on a folder of pictures ends in a table', async () => {
  await file('third.onnx').dblclick();
  const frame = await pageWith('[16, 3, 7, 7]');
  await frame.locator('cw-app').getByRole('tab', { name: 'Evaluate' }).click();
  await frame.locator('cw-evaluate').getByRole('button', { name: 'Choose a Folder of Images…' }).click();
  await asked('Use This Folder');
  const row = (name: string): ReturnType<Page['locator']> =>
    quick().locator('.monaco-list-row').filter({ hasText: name });
  await row('pictures').click();
  // The dialog takes its folder only when it has listed it.
  await row('inside').waitFor();
  await quick().getByText('Use This Folder').click();
  await frame.locator('cw-evaluate').getByText('pictures: 4 images').waitFor();
  await frame.locator('cw-evaluate').getByRole('button', { name: 'Evaluate', exact: true }).click();
  const result = frame.locator('cw-evaluate').getByRole('region', { name: 'Result' });
  await result.waitFor();
  assert.match(await result.getByRole('row', { name: /^gray repeated/i }).innerText(), /4 of 4/);
  await shot('evaluate-1');
});

test('Copy as Python puts the same fold on the clipboard', async () => {
  await choose('second.gray.onnx', 'Copy as Python…');
  await asked('PyTorch state dict');
  await shot('python-1-framework');
  await page.keyboard.press('Enter');
  await toast('Copied').waitFor();
  const code = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(code, /key = "conv1\.weight"/);
  assert.match(code, /\(16, 3, 7, 7\)/);
});

test('several selected models end in one message', async () => {
  await file('resnet.onnx').click();
  // The click opens the model, and the Explorer then selects what is open; only after that more is added.
  await pageWith('resnet.onnx');
  await file('second.onnx').click({ modifiers: ['ControlOrMeta'] });
  await file('text.onnx').click({ modifiers: ['ControlOrMeta'] });
  await choose('second.onnx', 'Convert to Grayscale');
  await toast('2 models converted').waitFor();
  await shot('several-1');
  assert.match(
    await toast('2 models converted').innerText(),
    /2 models converted, all verified, 1 not converted \(text\.onnx\)/,
  );
  await toast('2 models converted').getByRole('button', { name: 'Undo', exact: true }).click();
  await file('resnet.gray-2.onnx').waitFor({ state: 'detached' });
});

test('a name that looks like a link is text in the notification', async () => {
  const name = 'net[Show details](command:workbench.action.openSettings).onnx';
  copyFileSync(join(workspace, 'resnet.onnx'), join(workspace, name));
  await choose(name, 'Convert to Grayscale');
  const said = toast('net[Show details] (command:workbench.action.openSettings)');
  await said.waitFor();
  assert.equal(await said.locator('.notification-list-item-message a').count(), 0);
  await shot('hostile-name');
  await said.getByRole('button', { name: 'Undo', exact: true }).click();
});

test('of several inputs a person says which', async () => {
  await choose('two.onnx', 'Adapt Channels…');
  await asked('float32[1, 3, 8, 8]');
  await shot('inputs-1');
  await page.keyboard.press('Escape');
});

test('the layer table lists the layers, and a click on the topmost layer selects its node', async () => {
  await file('fruit-resnet.onnx').dblclick();
  const frame = await pageWith('[16, 3, 7, 7]');
  await frame.locator('cw-app').getByRole('tab', { name: 'Layers', exact: true }).click();
  await frame.locator('cw-layer-table').getByText('GlobalAveragePool').first().waitFor();
  await shot('5-layers');
});

test('a file that is no model says why and where, and is shown when it has become one', async () => {
  await choose('text.onnx', 'Convert to Grayscale');
  await toast('This is not a readable ONNX model').getByRole('button', { name: 'Open', exact: true }).click();
  // Not `byte` alone: the page that was open before counts bytes, too.
  const frame = await pageWith('This is not a readable ONNX model: a group ends that did not begin (byte 0)');
  await shot('6-no-model');
  const facts = page.locator('.statusbar-item').filter({ hasText: ' nodes · ' });
  await until(async () => (await facts.count()) === 0, 'the status bar says nothing of what is not there');
  copyFileSync(join(workspace, 'resnet.onnx'), join(workspace, 'text.onnx'));
  await frame.locator('cw-graph-view').waitFor();
  await facts.waitFor();
});

test('a missing data file is named on the page until it is put beside the model', async () => {
  const weight = externalTensor('w', DTYPE.float32, [4, 3, 1, 1], { location: 'beside.data', length: '48' });
  writeFileSync(
    join(workspace, 'beside.onnx'),
    encodeModel(
      model({
        inputs: [valueInfo('x', [1, 3, 8, 8])],
        outputs: [valueInfo('y', null)],
        initializers: [weight],
        nodes: [node('Conv', ['x', 'w'], ['y'])],
      }),
    ),
  );
  await file('beside.onnx').dblclick();
  const frame = await pageWith('The data file beside.data is missing; put it beside the model.');
  await shot('7-missing-data');
  writeFileSync(join(workspace, 'beside.data'), new Uint8Array(48));
  await until(
    async () => (await frame.getByText('The data file beside.data').count()) === 0,
    'the page reads the model again',
  );
});

test('a model that takes gray already is not converted again', async () => {
  await choose('resnet.gray.onnx', 'Convert to Grayscale');
  await toast('resnet.gray.onnx: The model already takes one channel').waitFor();
  await shot('already-gray');
});

test('in Restricted Mode the conversion works too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'channelwise-restricted-'));
  try {
    writeWorkspace(folder);
    await workbench.openWindow(folder);
    page = workbench.page;
    await workbench.answerTrust(/no, i don/i);
    await page.getByText('Restricted Mode').first().waitFor();
    await choose('second.onnx', 'Convert to Grayscale');
    await toast('second.gray.onnx').waitFor();
    await shot('restricted-1');
    assert.ok(existsSync(join(folder, 'second.gray.onnx')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a window as npm start opens it: the walkthrough stands there, and a model shows its layers', async () => {
  const server = await serveExtension(writeStartFolder());
  try {
    page = workbench.page = await workbench.context.newPage();
    await page.goto(windowUrl(server.url, workspace));
    await page.getByText('Get Started with Channelwise').first().waitFor();
    await file('fruit-mobilenet.onnx').dblclick();
    const frame = await pageWith('16×3×5×5');
    await frame.locator('cw-app').getByRole('tab', { name: 'Layers', exact: true }).click();
    await frame.locator('cw-layer-table').getByText('GlobalAveragePool').first().waitFor();
    await shot('start-1');
  } finally {
    await server.stop();
  }
});
