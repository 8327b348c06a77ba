import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { PageModel, PageTensor } from '../../src/protocol/pageModel.ts';
import { unetPage } from '../fixtures/pageModels.ts';
import { launch, openPage } from './pageHarness.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
});

function tensor(name: string, dims: number[], dtype = 'float32'): PageTensor {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return { name, dims, dtype, params: dtype === 'int64' ? 0 : count, bytes: count * 4 };
}

/** A small checkpoint: two parts, a counter, and a name that looks like markup. */
const TENSORS = [
  tensor('model.conv1.weight', [16, 3, 3, 3]),
  tensor('model.bn1.weight', [16]),
  tensor('model.bn1.num_batches_tracked', [], 'int64'),
  tensor('model.layer1.0.conv.weight', [32, 16, 3, 3]),
  tensor('model.<b>fc</b>.weight', [10, 32]),
  tensor('ema.conv1.weight', [16, 3, 3, 3]),
];

function checkpointPage(tensors: PageTensor[] = TENSORS): PageModel {
  const first = tensors[0]!;
  return {
    ...unetPage(),
    fileName: 'model.pth',
    format: 'PyTorch checkpoint',
    facts: [{ label: 'Producer', value: 'torch 2.4' }],
    warnings: ['Loading it would import os.system.'],
    hasGraph: false,
    tensors,
    inputs: [],
    outputs: [],
    nodes: [],
    edges: [],
    outputEdges: [],
    parameterCount: tensors.reduce((sum, { params }) => sum + params, 0),
    inputLayers: [{ ...unetPage().inputLayers[0]!, nodeId: -1, weight: first.name, dims: first.dims, strides: [] }],
    imageInputs: [{ name: first.name, channels: [3] }],
  };
}

test('a file of weights shows a tree of its tensors, and what a graph would need is not there', async () => {
  const opened = await openPage(browser, checkpointPage());
  const { page } = opened;
  const tree = page.getByRole('treegrid', { name: 'Tensors' });
  await tree.waitFor();
  assert.deepEqual(await page.getByRole('tab').allInnerTexts(), ['Tensors', 'Input layers', 'Compare']);
  const rows = await tree.getByRole('row').allInnerTexts();
  const names = rows.slice(1).map((row) => row.trim().split('\t')[0]!.trim());
  const expected =
    'model conv1 weight input layer bn1 weight num_batches_tracked layer1 0 conv weight <b>fc< b> weight ema conv1 weight';
  assert.equal(names.map((name) => name.split('\n')[0]!.trim()).join(' '), expected);
  assert.match(rows[3]!, /weight[\s\S]*input layer[\s\S]*16×3×3×3[\s\S]*float32[\s\S]*432/);
  const summary = await page.getByRole('region', { name: 'Summary' }).innerText();
  assert.match(summary, /PyTorch checkpoint[\s\S]*torch 2\.4[\s\S]*Loading it would import os\.system/);
  assert.ok(!/Opsets|Inputs|Nodes/.test(summary), summary);
  await page.screenshot({ path: 'test-results/page/tensors.png' });
  const menu = page.getByRole('button', { name: 'Export…' });
  await menu.press('Enter');
  assert.deepEqual(await page.getByRole('menuitem').allInnerTexts(), [
    'Copy as CSV',
    'Copy as Markdown',
    'Save as CSV',
    'Save as Markdown',
  ]);
  await page.keyboard.press('ArrowUp');
  const saved = page.waitForEvent('download');
  await page.keyboard.press('Enter');
  assert.equal((await saved).suggestedFilename(), 'model.pth.tensors.md');
  assert.match(await page.locator('cw-tensor-tab [aria-live]').innerText(), /^Saved \d tensors as Markdown$/);
  // The menu is closed, and the keyboard is where it was.
  assert.equal(await page.getByRole('menu').count(), 0);
  assert.equal(await menu.evaluate((button) => button.matches(':focus')), true);
  assert.deepEqual(opened.problems, []);
  await opened.close();
});

test('the tree is filtered, sorted by parameters, walked by keys, and a tensor is looked at', async () => {
  const opened = await openPage(browser, checkpointPage(), {
    answer: (method) =>
      method === 'tensorStatistics' ? { ok: false, code: 'x', message: 'asked' } : { ok: true, value: null },
  });
  const { page } = opened;
  const tree = page.getByRole('treegrid', { name: 'Tensors' });
  const count = (): Promise<number> => tree.locator('tr.tensor').count();
  await page.getByRole('searchbox', { name: 'Filter tensors' }).fill('conv1 16×3');
  assert.equal(await count(), 2);
  await page.getByRole('searchbox', { name: 'Filter tensors' }).fill('');
  await page.getByRole('button', { name: 'Close all' }).click();
  assert.deepEqual(await tree.locator('tr.module').count(), 2);
  await tree.press('ArrowRight');
  await tree.press('ArrowRight');
  const current = await tree.getAttribute('aria-activedescendant');
  assert.equal(await tree.locator(`#${current}`).getAttribute('aria-expanded'), 'false');
  await page.getByRole('button', { name: 'Parameters' }).click();
  const second = await tree.getByRole('row').nth(2).innerText();
  assert.match(second, /layer1/, 'the module with most parameters comes first');
  await page.getByRole('searchbox', { name: 'Filter tensors' }).fill('bn1.weight');
  await tree.getByRole('row').last().click();
  const card = page.getByRole('region', { name: 'Selected tensor' });
  assert.match(await card.innerText(), /model\.bn1\.weight[\s\S]*\[16\]/);
  await card.getByRole('button', { name: 'Statistics' }).click();
  const asked = opened.requests.find(({ method }) => method === 'tensorStatistics');
  assert.deepEqual(asked?.args, { tensor: 'model.bn1.weight' });
  // The menu key acts on the row that the arrows came to.
  await tree.focus();
  await tree.press('End');
  await tree.evaluate((table) => table.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, composed: true })));
  const context = await page.evaluate(() => document.body.dataset.vscodeContext ?? '');
  assert.match(context, /model\.bn1\.weight/);
  await opened.close();
});

test('20,000 tensors: few rows in the document, and the last is reached by End', async () => {
  const many = Array.from({ length: 20_000 }, (_, i) => tensor(`block${i}.weight`, [8, 3, 3, 3]));
  const opened = await openPage(browser, checkpointPage(many));
  const { page } = opened;
  const tree = page.getByRole('treegrid', { name: 'Tensors' });
  await tree.waitFor();
  await page.getByRole('button', { name: 'Open all' }).click();
  assert.ok((await tree.getByRole('row').count()) < 200);
  assert.equal(await tree.getAttribute('aria-rowcount'), '40001');
  await tree.press('End');
  await tree.getByText('block19999').waitFor();
  await opened.close();
});
