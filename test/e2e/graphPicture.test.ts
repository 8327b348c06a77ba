import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { buffer } from 'node:stream/consumers';
import type { Browser, Page } from 'playwright-core';
import { PNG } from 'pngjs';
import type { PageModel } from '../../src/protocol/pageModel.ts';
import { kindColours } from '../../webview-ui/draw/boxColours.ts';
import { fitView } from '../../webview-ui/draw/camera.ts';
import { NO_MARKS } from '../../webview-ui/draw/marks.ts';
import { paint } from '../../webview-ui/draw/paint.ts';
import { paperTheme } from '../../webview-ui/draw/theme/paperTheme.ts';
import { GraphModel } from '../../webview-ui/graph/graphModel.ts';
import { Scene } from '../../webview-ui/graph/scene.ts';
import { layoutNested } from '../../webview-ui/layout/nested.ts';
import { hostilePage, residualPage, resnet50Page, unetPage } from '../fixtures/pageModels.ts';
import { colours, drawn, graph, inspector } from './drawn.ts';
import { launch, openPage } from './pageHarness.ts';

let browser: Browser;

before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
});

test('the graph is saved as SVG and PNG', async () => {
  const { page, close } = await openPage(browser, hostilePage());
  await drawn(page);
  const save = async (name: string): Promise<Buffer> => {
    await page.getByRole('button', { name: 'Save picture' }).click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name }).click()]);
    // The browser may be a shared one, whose own folders are not this process's.
    return buffer(await download.createReadStream());
  };
  const svg = (await save('SVG, whole graph')).toString('utf8');
  const check = await page.evaluate((text) => {
    const document = new DOMParser().parseFromString(text, 'image/svg+xml');
    return {
      bad: document.querySelector('parsererror')?.textContent ?? '',
      scripts: document.querySelectorAll('script, img').length,
      texts: [...document.querySelectorAll('text')].map((t) => t.textContent),
    };
  }, svg);
  assert.equal(check.bad, '');
  assert.equal(check.scripts, 0);
  assert.ok(check.texts.includes('<b>Relu</b>') && check.texts.includes('1×4×8×8'));
  const png = PNG.sync.read(await save('PNG, whole graph'));
  assert.ok(png.width > 300 && new Set(png.data).size > 10);
  await close();
});

test('hovering an edge traces it and says what it carries; dragging moves the picture', async () => {
  const { page, close } = await openPage(browser, resnet50Page());
  await drawn(page);
  const at = await page.evaluate(() => {
    const app = document.querySelector('cw-app')?.shadowRoot?.querySelector('cw-model-page') as unknown as {
      graphView: HTMLElement & {
        view: { x: number; y: number; scale: number };
        scene: { geometry: { points: number[] }; pieceCount: number };
      };
    };
    const { view, scene } = app.graphView;
    const box = app.graphView.getBoundingClientRect();
    return {
      x: box.x + scene.geometry.points[0]! * view.scale + view.x,
      y: box.y + (scene.geometry.points[1]! + 4) * view.scale + view.y,
    };
  });
  await page.mouse.move(at.x, at.y);
  await page.waitForFunction(() =>
    document
      .querySelector('cw-app')
      ?.shadowRoot?.querySelector('cw-model-page')!
      .shadowRoot!.querySelector('cw-graph-view')!
      .shadowRoot!.querySelector('cw-hover-card')!
      .shadowRoot!.textContent!.includes('1×3×224×224'),
  );
  const view = (): Promise<{ x: number; y: number }> =>
    page.evaluate(
      () =>
        (
          document.querySelector('cw-app')?.shadowRoot?.querySelector('cw-model-page') as unknown as {
            graphView: { view: { x: number; y: number } };
          }
        ).graphView.view,
    );
  const before = await view();
  await page.mouse.move(100, 400);
  await page.mouse.down();
  await page.mouse.move(160, 330, { steps: 4 });
  await page.mouse.up();
  const after = await view();
  assert.deepEqual([after.x - before.x, after.y - before.y].map(Math.round), [60, -70]);
  assert.match(await inspector(page).innerText(), /Select a layer/, 'a drag selects nothing');
  await close();
});

test('what is in the middle of the graph stays there when the editor becomes narrower, and comes back', async () => {
  const { page, close } = await openPage(browser, resnet50Page(), { width: 1440, height: 900 });
  await drawn(page);
  const middle = (): Promise<number> =>
    page.evaluate(() => {
      const { view, clientWidth } = (
        document.querySelector('cw-app')?.shadowRoot?.querySelector('cw-model-page') as unknown as {
          graphView: { view: { x: number; scale: number }; clientWidth: number };
        }
      ).graphView;
      return Math.round((clientWidth / 2 - view.x) / view.scale);
    });
  const before = await middle();
  for (const width of [900, 560, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    assert.ok(Math.abs((await middle()) - before) <= 1, `${width}: ${await middle()}, not ${before}`);
  }
  await close();
});

test('the menu of pictures is walked with the arrows, and closes when it is left', async () => {
  const { page, problems, close } = await openPage(browser, unetPage());
  await drawn(page);
  const item = (name: string): ReturnType<Page['locator']> => page.getByRole('menuitem', { name });
  const focused = (name: string): Promise<void> => item(name).and(page.locator(':focus')).waitFor();
  const button = page.getByRole('button', { name: 'Save picture' });
  await button.press('Enter');
  await focused('SVG, whole graph');
  await page.keyboard.press('ArrowUp');
  await focused('PNG, visible part');
  await page.keyboard.press('ArrowDown');
  await focused('SVG, whole graph');
  await page.keyboard.press('Escape');
  assert.equal(await page.getByRole('menuitem').count(), 0);
  await button.click();
  await item('SVG, whole graph').waitFor();
  await graph(page).click({ position: { x: 20, y: 300 } });
  assert.equal(await page.getByRole('menuitem').count(), 0);
  await button.click();
  const saved = page.waitForEvent('download');
  await item('SVG, whole graph').click();
  assert.equal((await saved).suggestedFilename(), 'unet.svg');
  assert.deepEqual(problems, []);
  await close();
});

test('the theme is followed live, and the picture is really drawn', async () => {
  const { page, setTheme, close } = await openPage(browser, resnet50Page(), { ratio: 2, width: 700, height: 500 });
  await drawn(page);
  const dark = await colours(page);
  assert.ok((dark.get('31,31,31') ?? 0) > 10_000 && dark.size > 20, 'dark ground with boxes on it');
  assert.equal(await graph(page).evaluate((c) => (c as HTMLCanvasElement).width / c.clientWidth), 2);
  const swatch = page.locator('cw-legend .swatch rect').first();
  const before = await swatch.getAttribute('fill');
  await setTheme('light');
  await page.waitForTimeout(150);
  assert.notEqual(await swatch.getAttribute('fill'), before, 'the legend follows too');
  const light = await colours(page);
  assert.ok((light.get('255,255,255') ?? 0) > 10_000 && (light.get('31,31,31') ?? 0) === 0);
  await close();
});

/** How often each method of a canvas is called for one view of a model, all groups open; all of it without a scale. */
function drawingCalls(model: PageModel, scale?: number): Record<string, number> {
  const graphModel = new GraphModel(model);
  const open = new Uint8Array(graphModel.hierarchy.groups.length).fill(1);
  const scene = new Scene(graphModel, layoutNested(graphModel.input, open));
  const page = { width: 1200, height: 800 };
  const whole = fitView(scene.geometry, page);
  const view = { ...whole, scale: scale ?? whole.scale };
  const calls: Record<string, number> = {};
  const count = (method: string) => (): { width: number } => {
    calls[method] = (calls[method] ?? 0) + 1;
    return { width: 40 };
  };
  const ctx: unknown = new Proxy({}, { get: (_, method) => count(String(method)), set: () => true });
  const theme = paperTheme();
  const painting = { scene, view, theme, colours: kindColours(scene, theme), page, ratio: 1, motion: null };
  paint(ctx as CanvasRenderingContext2D, painting, NO_MARKS);
  return calls;
}

test('a whole picture costs what the page has room for, not what the graph holds', () => {
  const few = drawingCalls(residualPage(3000));
  const many = drawingCalls(residualPage(9000));
  for (const method of ['fill', 'stroke', 'fillRect']) {
    const [least = 0, most = 0] = [few[method], many[method]];
    assert.ok(most > 0 && most <= 1.2 * least, `${method}: ${least} calls, and ${most} for three times the layers`);
  }
  const { fill = 0, stroke = 0 } = many;
  assert.ok(fill + stroke <= 12, `${fill} fills and ${stroke} strokes of paths`);
  const readable = drawingCalls(resnet50Page(), 1);
  assert.ok((readable.fill ?? 0) > 12 && (readable.fillText ?? 0) > 12, 'what can be read is drawn box by box');
});
