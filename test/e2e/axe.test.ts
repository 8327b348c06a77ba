import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { resnet50Page } from '../fixtures/pageModels.ts';
import { violations, violationsInThemes } from './axeRules.ts';
import { launch, openPage } from './pageHarness.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
});

test('axe finds nothing on the graph, its cards and menus, the layers and the input layers in any theme', async () => {
  const opened = await openPage(browser, resnet50Page());
  const { page } = opened;
  await page.getByRole('application').waitFor();
  assert.deepEqual(await violationsInThemes(opened), []);
  await page.getByRole('combobox', { name: 'Colour layers by' }).selectOption({ label: 'Parameters' });
  assert.deepEqual(await violationsInThemes(opened), []);
  await page.getByRole('button', { name: 'Show in graph' }).click();
  await page.keyboard.press('b');
  await page.getByRole('application').press('i');
  await page.locator('cw-hover-card').getByText('Parameters').waitFor();
  assert.deepEqual(await violationsInThemes(opened), []);
  await page.keyboard.press('Control+f');
  await page.getByRole('combobox', { name: 'Find in the model' }).fill('Conv');
  await page.getByRole('listbox', { name: 'Matches' }).waitFor();
  assert.deepEqual(await violationsInThemes(opened), []);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Save picture' }).click();
  assert.deepEqual(await violationsInThemes(opened), []);
  await page.getByRole('tab', { name: 'Layers', exact: true }).click();
  await page.getByRole('button', { name: 'Columns' }).click();
  assert.deepEqual(await violationsInThemes(opened), []);
  await page.getByRole('tab', { name: 'Input layers' }).click();
  await page.getByRole('tabpanel', { name: 'Input layers' }).waitFor();
  assert.deepEqual(await violationsInThemes(opened), []);
  await opened.close();
});

test('axe sees a button without a name, and text that one theme makes too faint', async () => {
  const opened = await openPage(browser, resnet50Page());
  await opened.page.getByRole('application').waitFor();
  await opened.page.evaluate(() => {
    const button = document.createElement('button');
    const text = Object.assign(document.createElement('p'), { textContent: 'light, as the ground is in some themes' });
    const place = { position: 'fixed', top: '0', left: '0', zIndex: '9' };
    Object.assign(text.style, { ...place, color: '#ddd', background: 'var(--vscode-editor-background)' });
    document.body.append(button, text);
  });
  const found = await violationsInThemes(opened);
  assert.ok(found.some((violation) => violation.startsWith('button-name')));
  assert.ok(found.some((violation) => violation.startsWith('light: color-contrast')));
  assert.ok(!found.some((violation) => violation.startsWith('dark: color-contrast')));
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
