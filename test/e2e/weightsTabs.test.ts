import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { convertToGray } from '../../src/jobs/convert.ts';
import type { CallContext } from '../../src/rpc/messages.ts';
import { WORKER_ANSWERS } from '../../src/page/workerAnswers.ts';
import { floatWeights, safetensorsFile } from '../fixtures/safetensors.ts';
import type { ThemeKind } from '../fixtures/themes.ts';
import { violations } from './axeRules.ts';
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

/** The page of the converted file; what it asks about its original is done by the worker's own jobs. */
async function openAdapted(theme: ThemeKind): Promise<OpenedPage> {
  const context: CallContext = { signal: new AbortController().signal, onProgress: () => undefined };
  const jobs: Readonly<Record<string, () => Promise<unknown>>> = {
    comparison: () => Promise.resolve(WORKER_ANSWERS.compare({ path: adapted, other: original }, context)),
    prove: () => Promise.resolve(WORKER_ANSWERS.verify({ original, adapted }, context)),
  };
  return openFilePage(browser, adapted, {
    theme,
    width: 1280,
    height: 800,
    job: async (method): Promise<Answer | undefined> => {
      const job = jobs[method];
      return job && { ok: true, value: await job() };
    },
  });
}

const panel = (page: Page, name: string): ReturnType<Page['locator']> => page.getByRole('tabpanel', { name });

for (const theme of ['dark', 'light', 'hcDark', 'hcLight'] as ThemeKind[]) {
  test(`a converted file of weights: its story, its proof and what differs, in ${theme}`, async () => {
    const { page, problems, close } = await openAdapted(theme);
    await page.getByRole('tab', { name: 'Adaptation' }).click();
    const story = panel(page, 'Adaptation');
    await story.getByText('beside this file, unchanged since conversion').waitFor();
    const row = story.getByRole('row', { name: /stem\.conv\.weight/ });
    assert.match(await row.innerText(), /16×3×5×5\s+16×1×5×5\s+✓ as recorded/);
    await story.getByRole('button', { name: 'Verify now' }).click();
    await story.getByText('✓ Verified').waitFor();
    await story.getByText('1 changed layer run, all other tensors byte for byte').waitFor();
    assert.deepEqual(await violations(page), []);
    await page.screenshot({ path: `test-results/page/weights-adaptation-${theme}.png` });

    await story.getByRole('button', { name: 'Filters before and after' }).click();
    await panel(page, 'Input layers').getByRole('option').first().waitFor();
    assert.deepEqual(await violations(page), []);
    await page.screenshot({ path: `test-results/page/weights-filters-${theme}.png` });

    await page.getByRole('tab', { name: 'Compare' }).click();
    const differences = panel(page, 'Compare').getByRole('listbox', { name: 'Differences' });
    await differences.waitFor();
    const status = panel(page, 'Compare').getByRole('status');
    assert.match(await status.innerText(), /^net\.safetensors → net\.gray\.safetensors: 1 weight/);
    const groups = await differences.getByRole('group').allInnerTexts();
    assert.match(groups.join('\n'), /^Other shapes 1\s[\s\S]*stem\.conv\.weight/);
    assert.equal(await page.getByRole('application').count(), 0, 'no graph is drawn');
    assert.deepEqual(await violations(page), []);
    await page.screenshot({ path: `test-results/page/weights-compare-${theme}.png` });
    assert.deepEqual(problems, []);
    await close();
  });
}
