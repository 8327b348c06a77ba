import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { PNG } from 'pngjs';
import { hostilePage, residualPage, resnet50Page, unetPage } from '../fixtures/pageModels.ts';
import { THEMES, type ThemeKind } from '../fixtures/themes.ts';
import { announced, colours, drawn, graph, inspector, live } from './drawn.ts';
import { launch, openPage } from './pageHarness.ts';

let browser: Browser;

before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
});

for (const theme of Object.keys(THEMES) as ThemeKind[]) {
  test(`the page opens under the strict policy in ${theme} and says what the input layer is`, async () => {
    const opened = await openPage(browser, resnet50Page(), { theme });
    const card = opened.page.getByRole('region', { name: 'Input layer' });
    await card.waitFor();
    assert.match(await card.innerText(), /conv1\.weight[\s\S]*64×3×7×7 \[64, 3, 7, 7\]/);
    assert.match(await opened.page.getByRole('region', { name: 'Summary' }).innerText(), /pytorch 2\.4\.0/);
    await opened.page.screenshot({ path: `test-results/page/resnet50-${theme}.png` });
    assert.deepEqual(opened.problems, []);
    await opened.close();
  });
}

test('a small model is drawn in every theme, and its input layer is selected from the card', async () => {
  const { page, problems, setTheme, close } = await openPage(browser, unetPage());
  await drawn(page);
  for (const theme of Object.keys(THEMES) as ThemeKind[]) {
    await setTheme(theme);
    await page.waitForTimeout(100);
    assert.ok((await colours(page)).size > 20, `${theme}: something is drawn`);
    await page.screenshot({ path: `test-results/page/small-${theme}.png` });
  }
  await page.getByRole('button', { name: 'Show in graph' }).click();
  await inspector(page).getByText('Conv', { exact: true }).first().waitFor();
  assert.match(await live(page), /^Selected /);
  assert.deepEqual(problems, []);
  await close();
});

test('30,000 layers: closed groups with their facts in every theme, opened in place, found by attribute', async () => {
  const { page, problems, setTheme, close } = await openPage(browser, residualPage(30_000), { reducedMotion: true });
  await drawn(page);
  assert.match((await graph(page).getAttribute('aria-label')) ?? '', /29,995 layers/);
  for (const theme of Object.keys(THEMES) as ThemeKind[]) {
    await setTheme(theme);
    await page.waitForTimeout(100);
    await page.screenshot({ path: `test-results/page/residual-30000-${theme}.png` });
    assert.ok((await colours(page)).size > 20, `${theme}: something is drawn`);
  }
  await page.keyboard.press('Control+f');
  await page.keyboard.type('block77/ kernel_shape=3');
  await page.keyboard.press('Enter');
  await announced(page, '/stage0/block77/conv1/Conv');
  assert.match(await page.getByRole('search').innerText(), /1 of 3/);
  // Its groups are open now, and the layer itself is in the picture.
  await page.waitForFunction(() => {
    const app = document.querySelector('cw-app')?.shadowRoot?.querySelector('cw-model-page') as unknown as {
      selected: string;
      graphView: {
        scene: { boxOf(k: string): number; geometry: { box: number[] }; model: { keyOf(r: number): string } };
      };
    };
    const { scene } = app.graphView;
    return scene.model.keyOf(scene.geometry.box[scene.boxOf(app.selected)]!) === app.selected;
  });
  assert.deepEqual(problems, []);
  await close();
});

test('a link to a node is copied by name and shows the node when it is followed', async () => {
  const { page, problems, requests, send, close } = await openPage(browser, resnet50Page(), { reducedMotion: true });
  await drawn(page);
  await send({ type: 'show', node: 'layer2.0.conv1.weight is no node' });
  assert.match(await page.getByRole('alert').innerText(), /holds nothing named/);
  await send({ type: 'show', node: '/layer2/layer2.0/conv1/Conv_output_0' });
  await announced(page, '/layer2/layer2.0/conv1/Conv');
  await page.getByRole('button', { name: 'Copy link to this layer' }).click();
  await page.waitForFunction(
    () =>
      document
        .querySelector('cw-app')
        ?.shadowRoot?.querySelector('cw-model-page')!
        .shadowRoot!.querySelector('[aria-live]')!.textContent === 'Copied a link to this layer',
  );
  assert.deepEqual(
    requests.filter((r) => r.method === 'copyLink').map((r) => r.args),
    [{ node: '/layer2/layer2.0/conv1/Conv' }],
  );
  assert.deepEqual(problems, []);
  await close();
});

test('the summary names the classes and the heaviest layer, which is one step away', async () => {
  const model = resnet50Page();
  model.metadata = [{ key: 'names', value: "{0: 'cat', 1: 'dog', 2: 'cow', 3: 'hen', 4: 'fox', 5: 'owl'}" }];
  const { page, close } = await openPage(browser, model, { reducedMotion: true });
  await drawn(page);
  const summary = page.getByRole('region', { name: 'Summary' });
  const text = await summary.innerText();
  assert.match(text, /Most parameters\s+\/layer4\/layer4\.0\/conv2\/Conv\s+2\.36 M, 9 %/);
  assert.match(text, /Classes\s+6: cat, dog, cow, hen, fox, … all/);
  const fold = page.locator('cw-metadata').getByRole('button', { name: 'Metadata' });
  await fold.click();
  await summary.getByRole('button', { name: 'all' }).click();
  assert.equal(await page.locator('cw-metadata').getByText('owl').isVisible(), true);
  await page.locator('cw-metadata summary:focus').waitFor();
  await summary.locator('.link').first().click();
  await announced(page, '/layer4/layer4.0/conv2/Conv');
  await close();
});

test('a file that cannot be read shows its one sentence and no tab or table', async () => {
  const opened = await openPage(browser, {
    ok: false,
    code: 'truncated',
    message: 'The file ends at byte 12, inside a node.',
  });
  await opened.page.getByRole('alert').waitFor();
  assert.deepEqual(await opened.page.getByRole('alert').locator('h1, p').allInnerTexts(), [
    'This file can’t be shown',
    'The file ends at byte 12, inside a node.',
    'It is read again when it changes.',
  ]);
  assert.equal(await opened.page.locator('[role=tab], table, canvas').count(), 0);
  await opened.close();
});

test('names from the file are text, never markup', async () => {
  const opened = await openPage(browser, hostilePage());
  await opened.page.getByRole('tab', { name: 'Layers', exact: true }).click();
  await opened.page.getByRole('region', { name: 'Input layer' }).waitFor();
  assert.equal(await opened.page.evaluate(() => (window as unknown as { __pwned?: number }).__pwned), undefined);
  assert.deepEqual(opened.problems, []);
  await opened.close();
});

test('find: the list, next and previous, shapes, and where the reader is told', async () => {
  const { page, problems, close } = await openPage(browser, resnet50Page());
  await drawn(page);
  await page.keyboard.press('Control+f');
  const field = page.getByRole('combobox', { name: 'Find in the model' });
  assert.ok(await field.evaluate((e) => (e.getRootNode() as ShadowRoot).activeElement === e));
  await field.fill('64x3x7x7');
  assert.equal(await page.getByRole('search').getByRole('option').count(), 1);
  await page.keyboard.press('Enter');
  await announced(page, '/conv1/Conv');
  assert.match(await live(page), /Selected Conv \/conv1\/Conv, output 1×64×112×112/);
  assert.match(await inspector(page).innerText(), /kernel_shape[\s\S]*\[7, 7\]/);
  await field.fill('GlobalAveragePool');
  await page.keyboard.press('Enter');
  assert.match(await page.getByRole('search').innerText(), /1 of /);
  await field.fill('no such thing');
  assert.match(await page.getByRole('search').innerText(), /No results/);
  for (const width of [700, 772, 1100]) {
    await page.setViewportSize({ width, height: 600 });
    const [tools, box] = [page.locator('cw-graph-tools'), page.locator('cw-find')].map((part) => part.boundingBox());
    const [t, f] = [await tools, await box];
    assert.ok(t && f && (t.y + t.height <= f.y || t.x + t.width <= f.x), `at ${width} px find covers no tool`);
  }
  await page.keyboard.press('Escape');
  assert.equal(await page.getByRole('search').isVisible(), false);
  assert.deepEqual(problems, []);
  await close();
});

test('groups close and open in place, by mouse and by keyboard', async () => {
  const { page, problems, close } = await openPage(browser, resnet50Page(), { reducedMotion: true });
  await drawn(page);
  const before = await page.evaluate(
    () =>
      (
        document.querySelector('cw-app')?.shadowRoot?.querySelector('cw-model-page') as unknown as {
          session: { scene: { geometry: { box: unknown[] } } };
        }
      ).session.scene.geometry.box.length,
  );
  await page.getByRole('button', { name: 'Close all' }).click();
  await page.waitForFunction(
    (n) =>
      (
        document.querySelector('cw-app')?.shadowRoot?.querySelector('cw-model-page') as unknown as {
          session: { scene: { geometry: { box: unknown[] } } };
        }
      ).session.scene.geometry.box.length < n,
    before,
  );
  await graph(page).focus();
  for (let i = 0; i < 5; i++) await page.keyboard.press('Alt+ArrowDown');
  assert.match(await live(page), /Selected group layer1/);
  assert.match(await inspector(page).innerText(), /Layers\s+22[\s\S]*Conv ×10/);
  const anchor = (): Promise<number[]> =>
    page.evaluate(() => {
      const app = document.querySelector('cw-app')?.shadowRoot?.querySelector('cw-model-page') as unknown as {
        selected: string;
        graphView: {
          view: { x: number; y: number; scale: number };
          scene: { boxOf(k: string): number; geometry: { x: number[]; y: number[] } };
        };
      };
      const { view, scene } = app.graphView;
      const b = scene.boxOf(app.selected);
      return [scene.geometry.x[b]! * view.scale + view.x, scene.geometry.y[b]! * view.scale + view.y].map(Math.round);
    });
  const was = await anchor();
  await page.keyboard.press('Enter');
  await page.waitForFunction(
    () =>
      document
        .querySelector('cw-app')
        ?.shadowRoot?.querySelector('cw-model-page')!
        .shadowRoot!.querySelector('[aria-live]')!.textContent === 'Opened group layer1',
  );
  await page.waitForTimeout(50);
  assert.deepEqual(await anchor(), was);
  await page.getByRole('button', { name: 'Close group' }).click();
  assert.match(await live(page), /Closed group layer1/);
  assert.deepEqual(problems, []);
  await close();
});

test('a tab that comes back shows the same place; so does a file that changed on disk', async () => {
  const first = await openPage(browser, resnet50Page());
  await drawn(first.page);
  await first.page.getByRole('button', { name: 'Close all' }).click();
  await first.page.keyboard.press('Control+f');
  await first.page.keyboard.type('layer3.2/Add');
  await first.page.keyboard.press('Enter');
  await first.page.waitForTimeout(900);
  const state = (await first.savedState()) as { selected: string; open: string[]; view: { scale: number } };
  assert.deepEqual(state.open, ['/layer3', '/layer3/layer3.2']);
  await first.send({ type: 'changed' });
  await first.page.waitForTimeout(600);
  assert.deepEqual(((await first.savedState()) as typeof state).open, state.open);
  await first.close();
  const second = await openPage(browser, resnet50Page(), { state });
  await drawn(second.page);
  assert.match(await inspector(second.page).innerText(), /layer3\.2\/Add/);
  await second.page.waitForTimeout(400);
  assert.deepEqual(await second.savedState(), state);
  await second.close();
  const other = await openPage(browser, residualPage(50), { state });
  await drawn(other.page);
  assert.match(await inspector(other.page).innerText(), /Select a layer/);
  assert.deepEqual(other.problems, []);
  await other.close();
});

test('the table: 30,000 layers, few rows in the document, sorted, filtered, selected together with the graph', async () => {
  const { page, problems, close } = await openPage(browser, residualPage(30_000), { reducedMotion: true });
  await drawn(page);
  await page.getByRole('tab', { name: 'Layers', exact: true }).click();
  const grid = page.getByRole('grid', { name: 'Layers' });
  assert.equal(await grid.getAttribute('aria-rowcount'), '29996');
  assert.ok((await page.locator('tr.row').count()) < 700);
  await page.locator('tr.row').first().click();
  await page.keyboard.press('End');
  await announced(page, 'relu_1/Relu');
  await page.locator('tr.row[aria-selected="true"]').waitFor();
  assert.equal(await page.locator('tr.row[aria-selected="true"]').getAttribute('aria-rowindex'), '29996');
  await page.getByRole('textbox', { name: 'Filter layers' }).fill('block77/ conv');
  assert.equal(await page.getByRole('status').filter({ hasText: 'of' }).first().innerText(), '2 of 29,995 layers');
  await page.getByRole('textbox', { name: 'Filter layers' }).fill('');
  await page.getByRole('button', { name: 'Parameters' }).click();
  assert.equal(await page.getByRole('columnheader', { name: 'Parameters' }).getAttribute('aria-sort'), 'descending');
  await page.locator('tr.row').nth(2).click();
  await page.getByRole('tab', { name: 'Graph' }).click();
  const shown = await page.evaluate(() => {
    const app = document.querySelector('cw-app')?.shadowRoot?.querySelector('cw-model-page') as unknown as {
      selected: string;
      graphView: {
        scene: { boxOf(k: string): number; geometry: { box: number[] }; model: { keyOf(r: number): string } };
      };
    };
    const { scene } = app.graphView;
    return [app.selected, scene.model.keyOf(scene.geometry.box[scene.boxOf(app.selected)]!)];
  });
  assert.equal(shown[0], shown[1]);
  assert.deepEqual(problems, []);
  await close();
});

test('everything can be reached by keyboard and has a name', async () => {
  const { page, close } = await openPage(browser, resnet50Page());
  await drawn(page);
  const reached = new Set<string>();
  for (let i = 0; i < 30; i++) {
    await page.keyboard.press('Tab');
    reached.add(
      await page.evaluate(() => {
        let e: Element | null = document.activeElement;
        while (e?.shadowRoot?.activeElement && e.tagName !== 'VSCODE-BUTTON') e = e.shadowRoot.activeElement;
        return `${e?.getAttribute('role') ?? e?.tagName.toLowerCase()}:${e?.getAttribute('aria-label') ?? e?.textContent?.trim() ?? ''}`;
      }),
    );
  }
  const list = [...reached].join('\n');
  for (const part of [
    /tab:Graph/,
    /application:Layer graph/,
    /button:Zoom in/,
    /button:Fit/,
    /button:Open all/,
    /button:Save picture/,
  ])
    assert.match(list, part);
  assert.doesNotMatch(list, /^button:$/m);
  await page.getByRole('application').focus();
  await page.keyboard.press('Alt+ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForSelector('aside:focus');
  await page.keyboard.press('Escape');
  await page.waitForSelector('[role=application]:focus');
  await close();
});

test('of many input layers the first is shown, and the others are a list that leads to each', async () => {
  const model = resnet50Page();
  const convolutions = model.nodes.filter((n) => n.opType === 'Conv').slice(0, 49);
  model.inputLayers = convolutions.map((n) => ({ ...model.inputLayers[0]!, nodeId: n.id, node: n.name }));
  const { page, problems, close } = await openPage(browser, model, { reducedMotion: true });
  await drawn(page);
  assert.equal((await page.locator('cw-input-layer h2').innerText()).trim(), 'Input layer 1 of 49');
  const others = page.getByRole('region', { name: 'Other input layers' });
  assert.equal(await others.getByRole('button').count(), 0, 'nothing is made before it is asked for');
  await others.getByText('48 other input layers').click();
  await others.getByRole('button').nth(47).waitFor();
  assert.equal(await others.getByRole('button').count(), 48);
  await others.getByRole('button', { name: convolutions[2]!.name, exact: true }).click();
  await page.waitForFunction(
    (name) =>
      document
        .querySelector('cw-app')
        ?.shadowRoot?.querySelector('cw-model-page')!
        .shadowRoot!.querySelector('[aria-live]')!
        .textContent!.includes(name),
    convolutions[2]!.name,
  );
  assert.deepEqual(problems, []);
  await close();
});

test('the ring around a tab that has the focus is whole', async () => {
  const { page, close } = await openPage(browser, unetPage(), { theme: 'dark' });
  await drawn(page);
  await page.getByRole('tab', { name: 'Graph' }).press('ArrowRight');
  const { data, width, height } = PNG.sync.read(
    await page.getByRole('tab', { name: 'Layers', exact: true }).screenshot(),
  );
  const ring = (x: number, y: number): boolean =>
    [0x00, 0x78, 0xd4].every((part, i) => Math.abs(data[(y * width + x) * 4 + i]! - part) < 24);
  for (const x of [4, width >> 1, width - 5]) assert.ok(ring(x, 0) || ring(x, 1), `above, at ${x} of ${width}`);
  for (const y of [4, height >> 1]) {
    assert.ok(ring(0, y) || ring(1, y), `left, at ${y} of ${height}`);
    assert.ok(ring(width - 1, y) || ring(width - 2, y), `right, at ${y} of ${height}`);
  }
  await close();
});
