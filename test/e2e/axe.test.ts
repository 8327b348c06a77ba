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
  test(`axe finds nothing on the graph, the layers, the input layers and the tensors in ${theme}`, async () => {
    const opened = await openPage(browser, resnet50Page(), { theme });
    const { page } = opened;
    await page.getByRole('application').waitFor();
    assert.deepEqual(await violations(page), []);
    await page.getByRole('combobox', { name: 'Colour layers by' }).selectOption({ label: 'Parameters' });
    assert.deepEqual(await violations(page), []);
    await page.getByRole('button', { name: 'Show in graph' }).click();
    await page.keyboard.press('b');
    await page.getByRole('application').press('i');
    await page.locator('cw-hover-card').getByText('Parameters').waitFor();
    assert.deepEqual(await violations(page), []);
    await page.keyboard.press('Control+f');
    await page.getByRole('combobox', { name: 'Find in the model' }).fill('Conv');
    await page.getByRole('listbox', { name: 'Matches' }).waitFor();
    assert.deepEqual(await violations(page), []);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Save picture' }).click();
    assert.deepEqual(await violations(page), []);
    await page.getByRole('tab', { name: 'Layers', exact: true }).click();
    await page.getByRole('button', { name: 'Columns' }).click();
    assert.deepEqual(await violations(page), []);
    await page.getByRole('tab', { name: 'Input layers' }).click();
    await page.getByRole('tabpanel', { name: 'Input layers' }).waitFor();
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

test('the side panel can be read in Visual Studio Light, whose muted text is lighter than others', async () => {
  const opened = await openPage(browser, resnet50Page(), { theme: 'light' });
  const { page } = opened;
  await page.getByRole('application').waitFor();
  await page.evaluate(() => {
    const { style } = document.documentElement;
    style.setProperty('--vscode-foreground', '#616161');
    style.setProperty('--vscode-descriptionForeground', '#717171');
    style.setProperty('--vscode-sideBar-background', '#f3f3f3');
  });
  await page.getByRole('button', { name: 'Show in graph' }).click();
  const found = (await violations(page)).filter((violation) => violation.includes('cw-details'));
  assert.deepEqual(found, []);
  await opened.close();
});
