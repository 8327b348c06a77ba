import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { readPageModel } from '../../src/page/readPage.ts';
import { packModel } from '../../src/protocol/pack.ts';
import type { PageModel } from '../../src/protocol/pageModel.ts';
import { asBinding, type PageBinding } from '../../src/protocol/sizes.ts';
import { encodeModel, floatTensor, model, named, node, valueInfo } from '../fixtures/modelBuilder.ts';
import { launch, openPage, type Answer, type OpenedPage } from './pageHarness.ts';

/** Input sizes with names and without, a size the data decides, and an output that the file declares wrongly. */
const BYTES = encodeModel(
  model({
    inputs: [valueInfo('image', ['batch', 3, 'height', null])],
    outputs: [valueInfo('scores', [1, 7]), valueInfo('places', null, 7)],
    initializers: [
      floatTensor('w', [8, 3, 3, 3], new Float32Array(216)),
      floatTensor('fc', [10, 8], new Float32Array(80)),
      floatTensor('b', [10], new Float32Array(10)),
    ],
    nodes: [
      named(node('Conv', ['image', 'w'], ['c'], { strides: [2, 2], pads: [1, 1, 1, 1] }), { name: '/conv/Conv' }),
      named(node('Relu', ['c'], ['r']), { name: '/conv/Relu' }),
      named(node('GlobalAveragePool', ['r'], ['g']), { name: '/pool' }),
      named(node('Flatten', ['g'], ['f']), { name: '/flatten' }),
      named(node('Gemm', ['f', 'fc', 'b'], ['scores'], { transB: 1 }), { name: '/fc/Gemm' }),
      named(node('NonZero', ['r'], ['places']), { name: '/places' }),
    ],
  }),
);
const SHOTS = join(import.meta.dirname, '../../test-results/page');

let browser: Browser;
let folder: string;
let path: string;
before(async () => {
  browser = await launch();
  folder = mkdtempSync(join(tmpdir(), 'channelwise-sizes-'));
  path = join(folder, 'sizes.onnx');
  writeFileSync(path, BYTES);
  mkdirSync(SHOTS, { recursive: true });
});
after(async () => {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The page with a host that reads the file anew for every binding, as the extension does. */
async function open(state?: unknown): Promise<OpenedPage & { settled(): Promise<void> }> {
  const known = new Map<string, PageModel>();
  const bindings: readonly PageBinding[] = [
    {},
    { height: 64 },
    { height: 64, image_3: 32 },
    { batch: 2, height: 64, image_3: 32 },
  ];
  for (const bind of bindings) known.set(JSON.stringify(bind), await readPageModel(path, undefined, bind));
  const answer = (method: string, { args }: Record<string, unknown>): Answer => {
    if (method !== 'model') return { ok: true, value: null };
    const bind = asBinding((args as { bind?: unknown } | null)?.bind) ?? {};
    const sorted = Object.fromEntries(Object.entries(bind).sort());
    const found = known.get(JSON.stringify(sorted));
    return found
      ? { ok: true, value: packModel(found) }
      : { ok: false, code: 'bind', message: 'not read for the test' };
  };
  const page = await openPage(browser, known.get('{}') ?? { ok: false, code: '', message: '' }, {
    answer,
    state,
    height: 900,
  });
  return { ...page, settled: async () => void (await page.page.locator('cw-sizes section').waitFor()) };
}

async function summary(page: Page): Promise<string> {
  return (await page.locator('cw-summary section').innerText()).replaceAll(/\s+/g, ' ');
}

test('numbers typed for names settle every shape and cost, last over a reload, and reset', async () => {
  const opened = await open();
  const { page } = opened;
  await opened.settled();
  const fields = page.locator('cw-sizes input');
  assert.deepEqual(await page.locator('cw-sizes label').allInnerTexts(), ['batch', 'height', 'image_3']);
  assert.match(await summary(page), /Multiply-adds unknown/);
  await fields.nth(1).fill('64');
  await fields.nth(2).fill('32');
  await page.locator('cw-summary section').getByText('111 k').first().waitFor();
  await page.screenshot({ path: join(SHOTS, 'sizes.png') });
  await page.getByRole('tab', { name: 'Layers', exact: true }).click();
  const table = await page.locator('cw-layer-table tbody').innerText();
  assert.match(table, /batch×8×32×16/);
  await page.screenshot({ path: join(SHOTS, 'sizes-layers.png') });
  await page.waitForTimeout(400);
  const saved = (await opened.savedState()) as { bind: unknown };
  assert.deepEqual(saved.bind, { height: 64, image_3: 32 });
  const again = await open(saved);
  await again.settled();
  await again.page.locator('cw-summary section').getByText('111 k').first().waitFor();
  assert.equal(await again.page.locator('cw-sizes input').nth(1).inputValue(), '64');
  await again.page.getByRole('button', { name: 'Reset sizes' }).click();
  await again.page.locator('cw-summary section').getByText('unknown').first().waitFor();
  assert.equal(await again.page.locator('cw-sizes input').nth(1).inputValue(), '');
  assert.deepEqual([...opened.problems, ...again.problems], []);
  await opened.close();
  await again.close();
});

test('a contradiction is listed, leads to its layer, and says both shapes there; sizes the data decides have a reason', async () => {
  const opened = await open();
  const { page } = opened;
  await opened.settled();
  assert.match(await summary(page), /Contradictions \(1\)/);
  await page
    .locator('cw-summary')
    .getByRole('button', { name: /is declared \[1, 7\], but follows as \[batch, 10\]/ })
    .click();
  await page.locator('cw-inspector').getByText('Contradiction').waitFor();
  assert.match(
    await page.locator('cw-inspector section').innerText(),
    /\/fc\/Gemm[\s\S]*\[1, 7\], but follows as \[batch, 10\]/,
  );
  await page.locator('cw-sizes summary').click();
  assert.match(
    await page.locator('cw-sizes section').innerText(),
    /nonzero_1.*how many elements are not zero depends on the data/s,
  );
  await page.screenshot({ path: join(SHOTS, 'contradiction.png') });
  assert.deepEqual(opened.problems, []);
  await opened.close();
});
