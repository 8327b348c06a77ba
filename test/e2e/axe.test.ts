import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { resnet50Page } from '../fixtures/pageModels.ts';
import type { ThemeKind } from '../fixtures/themes.ts';
import { launch, openPage } from './pageHarness.ts';

/** axe-core's rules, run inside the page: https://github.com/dequelabs/axe-core */
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
});

/** What axe finds wrong on the page as it is now: the rule and the places. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { target: unknown; failureSummary: string }[] }[] }> };
    };
    const found = await axe.run();
    return found.violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${JSON.stringify(target)}`));
  });
}

for (const theme of ['dark', 'light', 'hcDark', 'hcLight'] as ThemeKind[]) {
  test(`axe finds nothing on the graph, the layers and the tensors in ${theme}`, async () => {
    const opened = await openPage(browser, resnet50Page(), { theme });
    const { page } = opened;
    await page.getByRole('application').waitFor();
    assert.deepEqual(await violations(page), []);
    await page.getByRole('combobox', { name: 'Colour layers by' }).selectOption({ label: 'Parameters' });
    assert.deepEqual(await violations(page), []);
    await page.getByRole('tab', { name: 'Layers', exact: true }).click();
    assert.deepEqual(await violations(page), []);
    await opened.close();
    const tensors = [{ name: 'conv1.weight', dtype: 'float32', dims: [8, 3, 3, 3], params: 216, bytes: 864 }];
    const second = await openPage(
      browser,
      { ...resnet50Page(), hasGraph: false, tensors, nodes: [], edges: [] },
      { theme },
    );
    await second.page.getByRole('treegrid').waitFor();
    assert.deepEqual(await violations(second.page), []);
    await second.close();
  });
}

test('axe sees a button without a name', async () => {
  const opened = await openPage(browser, resnet50Page());
  await opened.page.getByRole('application').waitFor();
  await opened.page.evaluate(() => document.body.append(document.createElement('button')));
  assert.ok((await violations(opened.page)).some((found) => found.startsWith('button-name')));
  await opened.close();
});
