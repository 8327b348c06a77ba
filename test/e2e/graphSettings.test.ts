import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { resnet50Page, residualPage, unetPage } from '../fixtures/pageModels.ts';
import { drawn, graph, inspector, live, middleOf } from './drawn.ts';
import { launch, openPage } from './pageHarness.ts';
import type { Answer } from './pageHarness.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
});

const view = (page: Page): Promise<{ x: number; y: number; scale: number }> =>
  page.evaluate(() => {
    const app = document.querySelector('cw-app')?.shadowRoot?.querySelector('cw-model-page') as unknown as {
      graphView: { view: { x: number; y: number; scale: number } };
    };
    return { ...app.graphView.view };
  });

test('from left to right: by a button that VS Code remembers, with the layers one beside the other', async () => {
  const { page, problems, requests, close } = await openPage(browser, unetPage(), { reducedMotion: true });
  await drawn(page);
  await page.getByRole('button', { name: 'Left to right' }).click();
  await page.waitForTimeout(300);
  const [first, second] = [await middleOf(page, 'n0'), await middleOf(page, 'n1')];
  assert.ok(second.x > first.x + 100, JSON.stringify([first, second]));
  assert.ok(Math.abs(second.y - first.y) < 1);
  assert.deepEqual(
    requests.filter((r) => r.method === 'setSetting').map((r) => r.args),
    [{ name: 'orientation', value: 'left-right' }],
  );
  await page.screenshot({ path: 'test-results/page/left-right.png' });
  for (let i = 0; i < 3; i++) await graph(page).press('Alt+ArrowDown');
  assert.match(await live(page), /^Selected Conv \/down0\/conv0\/Conv/, 'reading order follows the layers');
  await page.getByRole('button', { name: 'Fit' }).click();
  await page.waitForTimeout(300);
  await page.screenshot({ path: 'test-results/page/left-right-fit.png' });
  await page.getByRole('button', { name: 'Left to right' }).click();
  await page.waitForTimeout(200);
  assert.ok((await middleOf(page, 'n1')).y > (await middleOf(page, 'n0')).y + 20);
  assert.deepEqual(problems, []);
  await close();
});

test('settings hold from the first frame on, and changes in VS Code follow', async () => {
  const set = { orientation: 'left-right', titles: 'names', wheel: 'pan', batchSize: true };
  const answer = (method: string): Answer => ({ ok: true, value: method === 'settings' ? set : null });
  const { page, problems, send, close } = await openPage(browser, resnet50Page(), { answer, reducedMotion: true });
  await drawn(page);
  const [first, second] = [await middleOf(page, 'n0'), await middleOf(page, 'n1')];
  assert.ok(second.x > first.x + 100);
  await page.screenshot({ path: 'test-results/page/names.png' });
  const titles = (): Promise<string[]> =>
    page.evaluate(() => {
      const app = document.querySelector('cw-app')?.shadowRoot?.querySelector('cw-model-page') as unknown as {
        session: { model: { flat: { items: { title: string }[] } } };
      };
      return app.session.model.flat.items.slice(1, 4).map(({ title }) => title);
    });
  assert.deepEqual(await titles(), ['conv1/Conv', 'relu/Relu', 'maxpool/MaxPool']);
  await page.mouse.click(first.x, first.y);
  await send({ type: 'settings', settings: { ...set, titles: 'operators', orientation: 'top-down' } });
  await page.waitForTimeout(300);
  assert.deepEqual(await titles(), ['Conv', 'Relu', 'MaxPool']);
  assert.ok((await middleOf(page, 'n1')).y > (await middleOf(page, 'n0')).y + 20);
  assert.match(await inspector(page).innerText(), /\/conv1\/Conv/, 'what was selected stays');
  assert.deepEqual(problems, []);
  await close();
});

test('the wheel zooms or pans by setting; both directions of a touch pad pan, and Ctrl always zooms', async () => {
  const { page, send, close } = await openPage(browser, residualPage(400), { reducedMotion: true });
  await drawn(page);
  const after = async (act: () => Promise<void>): Promise<{ dx: number; dy: number; zoomed: boolean }> => {
    const was = await view(page);
    await act();
    await page.waitForTimeout(60);
    const now = await view(page);
    return { dx: Math.round(now.x - was.x), dy: Math.round(now.y - was.y), zoomed: now.scale !== was.scale };
  };
  await page.mouse.move(400, 400);
  assert.equal((await after(() => page.mouse.wheel(0, 100))).zoomed, true);
  assert.deepEqual(await after(() => page.mouse.wheel(30, 0)), { dx: -30, dy: 0, zoomed: false });
  await send({ type: 'settings', settings: { wheel: 'pan' } });
  await page.waitForTimeout(60);
  assert.deepEqual(await after(() => page.mouse.wheel(20, 50)), { dx: -20, dy: -50, zoomed: false });
  await page.keyboard.down('Shift');
  const sideways = await after(() => page.mouse.wheel(0, 40));
  assert.deepEqual([Math.abs(sideways.dx), sideways.dy, sideways.zoomed], [40, 0, false]);
  await page.keyboard.up('Shift');
  await page.keyboard.down('Control');
  assert.equal((await after(() => page.mouse.wheel(0, 40))).zoomed, true);
  await page.keyboard.up('Control');
  await close();
});

test('Open all with nothing selected leaves a picture that can be read', async () => {
  const { page, problems, close } = await openPage(browser, residualPage(600), { reducedMotion: true });
  await drawn(page);
  await page.getByRole('button', { name: 'Open all' }).click();
  await page.getByText('Opened all groups').waitFor({ state: 'attached' });
  await page.waitForTimeout(300);
  const before = await view(page);
  assert.ok(before.scale >= 0.7, String(before.scale));
  for (const width of [700, 1200]) {
    await page.setViewportSize({ width, height: 800 });
    await page.waitForTimeout(100);
  }
  assert.deepEqual(await view(page), before, 'a page that becomes narrow and wide again shows what it showed');
  assert.deepEqual(problems, []);
  await close();
});
