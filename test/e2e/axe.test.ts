import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { resnet50Page } from '../fixtures/pageModels.ts';
import type { ThemeKind } from '../fixtures/themes.ts';
import { violations } from './axeRules.ts';
import { launch, openPage } from './pageHarness.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
});

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
