import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { convertToGray } from '../../src/jobs/convert.ts';
import type { CallContext } from '../../src/rpc/messages.ts';
import { WORKER_ANSWERS } from '../../src/page/workerAnswers.ts';
import { RESULT, SETUP } from '../fixtures/evaluatedPage.ts';
import { fruitCheckpoint } from '../fixtures/fruit/checkpoint.ts';
import { writeFruitKeras } from '../fixtures/fruit/kerasFile.ts';
import { floatWeights, safetensorsFile } from '../fixtures/safetensors.ts';
import { violations, violationsInThemes } from './axeRules.ts';
import { openFilePage } from './fileHost.ts';
import { launch, type Answer, type OpenedPage } from './pageHarness.ts';

const folder = mkdtempSync(join(tmpdir(), 'channelwise-weights-tabs-'));
let browser: Browser;
let original = '';
let adapted = '';
before(async () => {
  browser = await launch();
  original = join(folder, 'net.safetensors');
  const tensors = [
    floatWeights('stem.conv.weight', [16, 3, 5, 5]),
    floatWeights('stem.conv.bias', [16]),
    floatWeights('head.fc.weight', [10, 16]),
  ];
  writeFileSync(original, safetensorsFile(tensors));
  adapted = (await convertToGray(original)).outPath ?? '';
});
after(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

/** The page of a converted file; what it asks about its original is done by the worker's own jobs. */
async function openConverted(converted: string, from: string): Promise<OpenedPage> {
  const context: CallContext = { signal: new AbortController().signal, onProgress: () => undefined };
  const jobs: Readonly<Record<string, () => Promise<unknown>>> = {
    comparison: () => Promise.resolve(WORKER_ANSWERS.compare({ path: converted, other: from }, context)),
    prove: () => Promise.resolve(WORKER_ANSWERS.verify({ original: from, adapted: converted }, context)),
    evaluationSetup: () => Promise.resolve(SETUP),
    evaluate: () => Promise.resolve(RESULT),
  };
  return openFilePage(browser, converted, {
    width: 1280,
    height: 800,
    job: async (method): Promise<Answer | undefined> => {
      const job = jobs[method];
      return job && { ok: true, value: await job() };
    },
  });
}

const panel = (page: Page, name: string): ReturnType<Page['locator']> => page.getByRole('tabpanel', { name });

test('a converted file of weights: its story, its proof and what differs', async () => {
  const { page, problems, close } = await openConverted(adapted, original);
  await page.getByRole('tab', { name: 'Adaptation' }).click();
  const story = panel(page, 'Adaptation');
  await story.getByText('beside this file, unchanged since conversion').waitFor();
  const row = story.getByRole('row', { name: /stem\.conv\.weight/ });
  assert.match(await row.innerText(), /16×3×5×5\s+16×1×5×5\s+✓ as recorded/);
  await story.getByRole('button', { name: 'Verify now' }).click();
  await story.getByText('✓ Verified').waitFor();
  await story.getByText('1 changed layer run, all other tensors byte for byte').waitFor();
  await page.screenshot({ path: 'test-results/page/weights-adaptation.png' });

  await story.getByRole('button', { name: 'Filters before and after' }).click();
  await panel(page, 'Input layers').getByRole('option').first().waitFor();
  await page.screenshot({ path: 'test-results/page/weights-filters.png' });

  await page.getByRole('tab', { name: 'Compare' }).click();
  const differences = panel(page, 'Compare').getByRole('listbox', { name: 'Differences' });
  await differences.waitFor();
  const status = panel(page, 'Compare').getByRole('status');
  assert.match(await status.innerText(), /^net\.safetensors → net\.gray\.safetensors: 1 weight/);
  const groups = await differences.getByRole('group').allInnerTexts();
  assert.match(groups.join('\n'), /^Other shapes 1\s[\s\S]*stem\.conv\.weight/);
  assert.equal(await page.getByRole('application').count(), 0, 'no graph is drawn');
  await page.screenshot({ path: 'test-results/page/weights-compare.png' });
  assert.deepEqual(problems, []);
  await close();
});

/** What gives each tab content, by the tab's name. */
const FILLED: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  Graph: async (page) => {
    await page.getByRole('button', { name: 'Show in graph' }).click();
    await page.getByRole('button', { name: 'Values…' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('[7, 7, 1, 16], as layer.get_weights() gives it').waitFor();
    await dialog.getByRole('columnheader', { name: '5', exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Statistics' }).first().click();
    await page.getByText('Std. deviation').waitFor();
  },
  Tensors: async (page) => {
    await page.getByRole('treegrid').press('End');
    await page.getByRole('button', { name: 'Statistics' }).click();
    await page.getByText('Std. deviation').waitFor();
  },
  Layers: (page) => page.locator('tr.row').first().waitFor(),
  'Input layers': (page) => panel(page, 'Input layers').getByRole('option').first().waitFor(),
  Adaptation: async (page) => {
    await page.getByRole('button', { name: 'Verify now' }).click();
    await page.getByText('✓ Verified').waitFor();
  },
  Compare: (page) => page.getByRole('listbox', { name: 'Differences' }).waitFor(),
  Evaluate: async (page) => {
    await page.getByRole('button', { name: 'Evaluate', exact: true }).click();
    await page.getByRole('region', { name: 'Result' }).waitFor();
  },
};

const CONVERTED: Readonly<Record<string, (path: string) => Promise<void>>> = {
  'fruit.h5': writeFruitKeras,
  'fruit.pth': (path) => writeFile(path, fruitCheckpoint('fruit-resnet')),
};

/** Tabs that were looked at in every theme. */
const inThemes = new Set<string>();

for (const [name, write] of Object.entries(CONVERTED)) {
  test(`axe finds nothing on any tab of the converted ${name}, in any theme`, async () => {
    const from = join(folder, name);
    await write(from);
    const { outPath } = await convertToGray(from);
    const opened = await openConverted(outPath ?? '', from);
    const { page, problems, close } = opened;
    await page.getByRole('tab').first().waitFor();
    const found: Record<string, string[]> = {};
    for (const tab of (await page.getByRole('tab').allInnerTexts()).map((text) => text.trim())) {
      await page.getByRole('tab', { name: tab, exact: true }).click();
      await FILLED[tab]?.(page);
      found[tab] = inThemes.has(tab) ? await violations(page) : await violationsInThemes(opened);
      inThemes.add(tab);
    }
    assert.deepEqual(Object.values(found).flat(), []);
    assert.ok(Object.keys(found).every((tab) => Object.hasOwn(FILLED, tab)));
    assert.ok('Adaptation' in found && 'Compare' in found);
    assert.deepEqual(problems, []);
    await close();
  });
}
