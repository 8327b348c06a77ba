import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { resnet50Page, unetPage } from '../fixtures/pageModels.ts';
import { announced, drawn, graph, live, middleOf } from './drawn.ts';
import { launch, openPage } from './pageHarness.ts';
import type { Answer } from './pageHarness.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
});

/** As Chromium does when VS Code's own menus and lists take the focus and give it back. */
function takeFocus(page: Page): Promise<void> {
  return page.evaluate(() => {
    let focused = document.activeElement;
    while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
    if (focused instanceof HTMLElement) focused.blur();
    window.dispatchEvent(new Event('focus'));
  });
}

/** What VS Code would read for the menu that opens. */
async function menu(page: Page): Promise<Record<string, unknown> | null> {
  const text = await page.evaluate(() => document.body.dataset.vscodeContext ?? null);
  return text === null ? null : (JSON.parse(text) as Record<string, unknown>);
}

test('a context menu is for the layer, line or row under the pointer, and for texts elsewhere', async () => {
  const { page, problems, send, close } = await openPage(browser, unetPage(), { reducedMotion: true });
  await drawn(page);
  const conv = await middleOf(page, 'n0');
  await page.mouse.click(conv.x, conv.y, { button: 'right' });
  assert.deepEqual(await menu(page), {
    webviewSection: 'layer',
    target: 'n0',
    hasWeights: true,
    hasLink: true,
    hasPath: false,
    hasGroups: true,
    preventDefaultContextMenuItems: true,
  });
  const below = await middleOf(page, 'n1');
  await page.mouse.click(below.x, (conv.y + below.y) / 2, { button: 'right' });
  assert.equal((await menu(page))?.webviewSection, 'edge');
  await page.getByRole('region', { name: 'Summary' }).click({ button: 'right' });
  assert.equal(await menu(page), null);
  await page.mouse.click(conv.x, conv.y);
  const card = page.locator('cw-hover-card');
  await graph(page).press('l');
  await card.getByText('graph input input').waitFor();
  await graph(page).press('l');
  await card.getByText(/^Relu/).waitFor();
  await page.screenshot({ path: 'test-results/page/line-by-key.png' });
  const byKey = (): Promise<void> => graph(page).dispatchEvent('contextmenu', { button: 0 });
  await byKey();
  assert.equal((await menu(page))?.webviewSection, 'edge', 'by keyboard, for the line it has come to');
  await graph(page).press('Enter');
  assert.match(await live(page), /^Selected Relu /, 'at the other end of the line');
  await byKey();
  assert.equal((await menu(page))?.target, 'n1', 'by keyboard, for what is selected');
  await page.mouse.click(12, 560, { button: 'right' });
  assert.deepEqual([(await menu(page))?.webviewSection, (await menu(page))?.hasGroups], ['graph', true]);
  await send({ type: 'act', action: 'closeAllGroups', target: '' });
  await page.waitForFunction(
    () =>
      document
        .querySelector('cw-app')
        ?.shadowRoot?.querySelector('cw-model-page')
        ?.shadowRoot?.querySelector('[aria-live]')?.textContent === 'Closed all groups',
  );
  await page.getByRole('tab', { name: 'Layers', exact: true }).click();
  await page.locator('tr.row').nth(2).click({ button: 'right' });
  assert.deepEqual([(await menu(page))?.target, (await menu(page))?.hasPath], ['n2', true]);
  assert.deepEqual(problems, []);
  await close();
});

test('actions copy the name and the link, save all weights of a layer, and follow its neighbours', async () => {
  const model = resnet50Page();
  const answer = (method: string): Answer => ({
    ok: true,
    value: method === 'saveTensor' ? { name: 'w.npy', note: null } : null,
  });
  const { page, problems, requests, send, close } = await openPage(browser, model, { answer, reducedMotion: true });
  await drawn(page);
  const act = async (action: string, target: string | null, said: string): Promise<void> => {
    await send({ type: 'act', action, target });
    await page.getByText(said, { exact: true }).first().waitFor({ state: 'attached' });
  };
  const asked = (method: string): unknown[] => requests.filter((r) => r.method === method).map((r) => r.args);
  await act('copyName', 'n0', 'Copied the name');
  assert.deepEqual(asked('copyText'), [{ text: '/conv1/Conv' }]);
  await act('copyLink', 'n0', 'Copied a link to this layer');
  assert.deepEqual(asked('copyLink'), [{ node: '/conv1/Conv' }]);
  await act('saveWeights', 'n0', 'Saved w.npy, w.npy');
  assert.deepEqual(asked('saveTensor'), [
    { tensor: 'conv1.weight', format: 'npy' },
    { tensor: 'conv1.bias', format: 'npy' },
  ]);
  await act('saveWeights', 'n1', 'This layer has no weights to save');
  await act('selectOutputs', 'n0', 'Selected Relu /relu/Relu');
  await act('selectInputs', null, 'Selected Conv /conv1/Conv');
  await act('traceToInputs', 'n1', '2 layers between here and the inputs');
  await act('copyName', 'n99999', 'Select a layer first');
  await send({ type: 'act', action: 'unknown', target: 'n0' });
  assert.deepEqual(problems, []);
  await close();
});

test('the shortest path between two layers stands out; the skip is taken', async () => {
  const { page, problems, send, close } = await openPage(browser, unetPage(), { reducedMotion: true });
  await drawn(page);
  const joined = unetPage().nodes.find((n) => n.name === '/up0/Concat')!;
  await page.getByRole('button', { name: 'Show in graph' }).click();
  await page.getByRole('button', { name: 'Path to another layer' }).click();
  await page.getByText('Select the layer at the other end of the path.').waitFor();
  await page.keyboard.press('Control+f');
  await page.keyboard.type(joined.name);
  await page.keyboard.press('Enter');
  await page.getByText('Shortest path: 3 layers in between').waitFor({ state: 'attached' });
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Fit' }).click();
  await page.waitForTimeout(200);
  await page.screenshot({ path: 'test-results/page/path.png' });
  assert.equal(await page.getByRole('button', { name: 'End the trace' }).count(), 1, 'the first end stays selected');
  await send({ type: 'act', action: 'pathFromSelected', target: 'n0' });
  await page.getByText('Select another layer first').waitFor({ state: 'attached' });
  assert.deepEqual(problems, []);
  await close();
});

test('by keyboard: menus open on their first entry, a list that is walked measures nothing, and the focus is never lost', async () => {
  const { page, problems, requests, close } = await openPage(browser, resnet50Page(), { reducedMotion: true });
  await drawn(page);
  // Nothing has the focus in a page that was just opened; its keys go to the view.
  await page.keyboard.press('Alt+ArrowDown');
  await graph(page).and(page.locator(':focus')).waitFor();
  await announced(page, 'Selected');
  const colours = page.getByRole('combobox', { name: 'Colour layers by' });
  await colours.focus();
  for (let i = 0; i < 6; i++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Escape');
  await page.getByRole('tab', { name: 'Graph', selected: true }).waitFor();
  const press = async (name: string | RegExp, focused: Locator): Promise<void> => {
    await page.getByRole('button', { name, exact: true }).focus();
    await page.keyboard.press('Enter');
    await focused.and(page.locator(':focus')).waitFor();
  };
  const button = (name: string): Locator => page.getByRole('button', { name, exact: true });
  await press('Save picture', page.getByRole('menuitem', { name: 'SVG, whole graph' }));
  await page.keyboard.press('Escape');
  await button('Save picture').and(page.locator(':focus')).waitFor();
  await graph(page).focus();
  await page.keyboard.press('Alt+ArrowDown');
  await page.keyboard.press('Alt+ArrowDown');
  await press('Trace to the inputs', button('Trace to the inputs'));
  await press('End the trace', button('Trace to the inputs'));
  await press('Bookmark', button('Bookmark'));
  await press(/^Remove the bookmark/, graph(page));
  await button('Bookmark').focus();
  await page.keyboard.press('d');
  await graph(page).and(page.locator(':focus')).waitFor();
  await press('Convert to Grayscale', button('Convert to Grayscale'));
  await takeFocus(page);
  await button('Convert to Grayscale').and(page.locator(':focus')).waitFor();
  await page.keyboard.press('d');
  await press('Show filters', page.getByRole('tab', { name: 'Input layers', selected: true }));
  assert.ok(requests.some(({ method }) => method === 'convertToGrayscale'));
  assert.deepEqual(problems, []);
  await close();
});

test('bookmarks are set by key and by button, listed, jumped to, removed, and kept', async () => {
  const opened = await openPage(browser, resnet50Page(), { reducedMotion: true });
  const { page } = opened;
  await drawn(page);
  const list = page.getByRole('region', { name: 'Bookmarks' });
  assert.equal(await list.count(), 0);
  await page.getByRole('button', { name: 'Show in graph' }).click();
  await page.keyboard.press('b');
  assert.equal(await live(page), 'Bookmark set');
  await page.getByRole('region', { name: 'Summary' }).getByRole('button').nth(1).click();
  await page.getByRole('button', { name: 'Bookmark', exact: true }).click();
  const entries = list.getByRole('listitem');
  assert.equal(await entries.count(), 2);
  await page.screenshot({ path: 'test-results/page/bookmarks.png' });
  await entries.first().getByRole('button').first().click();
  assert.match(await live(page), /^Selected Conv \/conv1\/Conv/);
  await page.waitForTimeout(400);
  const saved = (await opened.savedState()) as { bookmarks: string[] };
  assert.equal(saved.bookmarks.length, 2);
  assert.deepEqual(opened.problems, []);
  await opened.close();
  const again = await openPage(browser, resnet50Page(), { state: saved });
  await drawn(again.page);
  const kept = again.page.getByRole('region', { name: 'Bookmarks' });
  await kept.getByRole('button', { name: 'Remove the bookmark on Conv /conv1/Conv' }).click();
  assert.equal(await kept.getByRole('listitem').count(), 1);
  await again.page.getByLabel('Find', { exact: true }).click();
  await again.page.keyboard.type('b');
  assert.equal(await kept.getByRole('listitem').count(), 1, 'a letter that is typed sets none');
  await again.close();
});
