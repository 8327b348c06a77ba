import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import type { PageFormal } from '../../src/protocol/pageModel.ts';
import { resnet50Page, unetPage } from '../fixtures/pageModels.ts';
import { drawn, graph, inspector, live, middleOf } from './drawn.ts';
import { launch, openPage } from './pageHarness.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
});

const colourBy = (page: Page): ReturnType<Page['locator']> => page.getByRole('combobox', { name: 'Colour layers by' });

test('a heat map by parameters lists the ten heaviest layers, and each leads to its layer', async () => {
  const model = resnet50Page();
  const opened = await openPage(browser, model);
  const { page } = opened;
  await drawn(page);
  await colourBy(page).selectOption({ label: 'Parameters' });
  const list = page.getByRole('list', { name: 'Heaviest layers' });
  const rows = await list.getByRole('listitem').allInnerTexts();
  assert.equal(rows.length, 10);
  const params = model.nodes.map((n) => ({
    name: n.name,
    count: n.inputs.reduce((sum, i) => sum + (i.weight?.dims.reduce((a, b) => a * b, 1) ?? 0), 0),
  }));
  const first = params.sort((a, b) => b.count - a.count)[0]!;
  assert.match(rows[0]!, new RegExp(`${first.name}[\\s\\S]*2\\.36 M · 9\\.2 %`));
  for (const [width, height] of [
    [552, 434],
    [900, 600],
    [1440, 900],
  ] as const) {
    await page.setViewportSize({ width, height });
    const [legend, picture] = [await page.locator('cw-legend').boundingBox(), await graph(page).boundingBox()];
    assert.ok(legend && picture && legend.height > 100);
    const isBeside = legend.x >= picture.x + picture.width || legend.y >= picture.y + picture.height;
    assert.ok(isBeside, `at ${width}×${height} the legend covers the graph`);
    assert.ok(picture.height >= height * 0.4, `at ${width}×${height} the graph has ${picture.height} pixels`);
  }
  await page.screenshot({ path: 'test-results/page/heat.png' });
  await list.getByRole('button').first().click();
  assert.equal(await live(page), `Selected Conv ${first.name}, output 1×512×7×7`);
  assert.deepEqual(opened.problems, []);
  await opened.close();
});

test('numbers from a file colour the layers they name; a file without numbers is told', async () => {
  const model = unetPage();
  const opened = await openPage(browser, model);
  const { page } = opened;
  await drawn(page);
  const give = async (name: string, text: string): Promise<void> => {
    await page
      .locator('cw-heat-menu input[type=file]')
      .setInputFiles({ name, mimeType: 'application/json', buffer: Buffer.from(text) });
  };
  const convolutions = model.nodes.filter((n) => n.opType === 'Conv').slice(0, 2);
  const [one, two] = [convolutions[0]!.name, convolutions[1]!.name];
  const event = (node: string, dur: number): object => ({ cat: 'Node', name: `${node}_kernel_time`, dur });
  await give('profile.json', JSON.stringify([event(one, 10), event(one, 20), event(two, 40), { name: 'session' }]));
  const list = page.getByRole('list', { name: 'Heaviest layers' });
  await list.waitFor();
  const rows = await list.getByRole('listitem').allInnerTexts();
  assert.deepEqual(
    rows.map((row) => row.split(/\s+/).slice(-5).join(' ')),
    ['40 µs · 72.7 %', '15 µs · 27.3 %'],
  );
  await give('broken.json', '{"a": "b"}');
  assert.match(await page.getByRole('alert').innerText(), /holds no numbers by layer/);
  await give('other.json', '{"nothing here": 1}');
  await page.getByText('names no layer of this model').waitFor();
  await page.waitForTimeout(400);
  const state = await opened.savedState();
  assert.deepEqual(opened.problems, []);
  await opened.close();
  const again = await openPage(browser, model, { state });
  await drawn(again.page);
  assert.deepEqual(
    await again.page.getByRole('list', { name: 'Heaviest layers' }).getByRole('listitem').allInnerTexts(),
    rows,
  );
  assert.equal(await colourBy(again.page).locator('option:checked').innerText(), 'Time in profile.json, of each run');
  await again.send({ type: 'changed' });
  await again.page.waitForTimeout(300);
  assert.equal(await colourBy(again.page).inputValue(), 'numbers', 'after the file was read again');
  await colourBy(again.page).selectOption({ label: 'Operator colours' });
  await again.page.waitForTimeout(400);
  assert.equal(((await again.savedState()) as { heat: unknown }).heat, null);
  assert.deepEqual(again.problems, []);
  await again.close();
});

test('a trace shows all that feeds a layer, and ends', async () => {
  const opened = await openPage(browser, unetPage());
  const { page } = opened;
  await drawn(page);
  await page.getByRole('button', { name: 'Show in graph' }).click();
  await page.getByRole('button', { name: 'Trace to the inputs' }).click();
  assert.equal(await live(page), '1 layer between here and the inputs');
  await page.getByRole('button', { name: 'Trace to the outputs' }).click();
  assert.match(await live(page), /^\d\d+ layers between here and the outputs$/);
  await page.screenshot({ path: 'test-results/page/trace.png' });
  await page.getByRole('button', { name: 'End the trace' }).click();
  assert.equal(await live(page), 'Trace ended');
  assert.deepEqual(opened.problems, []);
  await opened.close();
});

test('Alt with Left and Right goes through what was selected', async () => {
  const opened = await openPage(browser, resnet50Page());
  const { page } = opened;
  await drawn(page);
  await page.getByRole('button', { name: 'Show in graph' }).click();
  const first = await live(page);
  await page.getByRole('region', { name: 'Summary' }).getByRole('button').nth(1).click();
  const second = await live(page);
  assert.notEqual(first, second);
  await page.keyboard.press('Alt+ArrowLeft');
  assert.ok(first.startsWith(await live(page)), await live(page));
  await page.keyboard.press('Alt+ArrowRight');
  assert.ok(second.startsWith(await live(page)), await live(page));
  assert.equal(await page.getByRole('button', { name: 'Forward' }).isEnabled(), false);
  await opened.close();
});

test('the side panel is resized by keys and hidden by one, its sections fold, and all of it is kept', async () => {
  const opened = await openPage(browser, resnet50Page());
  const { page } = opened;
  await drawn(page);
  const panel = page.locator('cw-side-panel');
  const width = async (): Promise<number> => Math.round((await panel.boundingBox())!.width);
  const before = await width();
  await page.getByRole('separator', { name: 'Width of the details' }).press('ArrowLeft');
  assert.equal(await width(), before + 24);
  const summary = page.getByRole('region', { name: 'Summary' });
  await summary.getByRole('button', { name: 'Summary' }).click();
  assert.equal((await summary.innerText()).trim(), 'Summary');
  await page.keyboard.press('d');
  assert.equal(await panel.isVisible(), false);
  await page.waitForTimeout(400);
  const saved = (await opened.savedState()) as { panel: object; folds: string[] };
  assert.deepEqual(saved.panel, { width: before + 24, hidden: true });
  assert.deepEqual(saved.folds, ['summary']);
  await opened.close();
  const again = await openPage(browser, resnet50Page(), { state: saved });
  await drawn(again.page);
  assert.equal(await again.page.locator('cw-side-panel').isVisible(), false);
  await again.page.getByRole('button', { name: 'Details' }).click();
  assert.equal((await again.page.getByRole('region', { name: 'Summary' }).innerText()).trim(), 'Summary');
  await again.close();
});

test('metadata shows description, licence and class names, as text', async () => {
  const metadata = [
    { key: 'Description', value: 'A detector.' },
    { key: 'license', value: 'AGPL-3.0 <b>License</b>' },
    { key: 'names', value: "{0: 'person', 1: 'it\\'s a \"car\"'}" },
    { key: 'stride', value: '32' },
    { key: 'terms', value: `Begins here, ${'goes on '.repeat(60)}and ends.` },
  ];
  const opened = await openPage(browser, { ...resnet50Page(), metadata });
  const region = opened.page.getByRole('region', { name: 'Metadata' });
  const text = await region.innerText();
  assert.match(text, /A detector\.[\s\S]*AGPL-3\.0 <b>License<\/b>[\s\S]*2 classes[\s\S]*stride\s+32/);
  assert.deepEqual(await region.getByRole('listitem').allInnerTexts(), ['person', 'it\'s a "car"']);
  const terms = region.getByText('Begins here');
  assert.match(await terms.first().innerText(), /^Begins here, .*…$/);
  await region.locator('summary').last().click();
  assert.match(await region.innerText(), /Show less\s+Begins here, [^…]*and ends\./, 'its beginning is not said twice');
  assert.deepEqual(opened.problems, []);
  await opened.close();
});

test('only what applies is offered', async () => {
  const words = { ...unetPage(), imageInputs: [] };
  const opened = await openPage(browser, words);
  await drawn(opened.page);
  for (const name of ['Convert to Grayscale', 'Adapt Channels…', 'Verify', 'Copy as Python…'])
    assert.equal(await opened.page.getByRole('button', { name }).count(), 0, name);
  assert.equal(await opened.page.getByRole('tab', { name: 'Evaluate' }).count(), 0);
  await opened.close();
  const gray = { ...unetPage(), imageInputs: [{ name: 'input', channels: [1] }] };
  const second = await openPage(browser, gray);
  await drawn(second.page);
  await second.page.getByText('Already one channel').waitFor();
  assert.equal(await second.page.getByRole('button', { name: 'Convert to Grayscale' }).count(), 0);
  await second.close();
});

test('shapes leave out the batch size that all share, until it is asked for', async () => {
  const opened = await openPage(browser, unetPage());
  const { page } = opened;
  await drawn(page);
  const button = page.getByRole('button', { name: 'Batch size on lines' });
  const before = await page.getByRole('application').screenshot();
  await button.click();
  assert.equal(await button.getAttribute('aria-pressed'), 'true');
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.notDeepEqual(await page.getByRole('application').screenshot(), before);
  await opened.close();
});

/** The texts of a card, one behind the other. */
async function words(card: Locator): Promise<string> {
  const texts = await card.locator('div, dt, dd').allInnerTexts();
  return texts.join(' ');
}

test('a card says what the pointer rests on, and by key what is selected; names are text', async () => {
  const model = unetPage();
  model.nodes[0]!.name = '/<img src=x onerror=alert(1)>/Conv';
  const { page, problems, close } = await openPage(browser, model, { reducedMotion: true });
  await drawn(page);
  const card = page.locator('cw-hover-card');
  const conv = await middleOf(page, 'n0');
  await page.mouse.move(conv.x, conv.y);
  assert.equal(await card.isVisible(), false, 'not at once');
  await card.getByText('1×64×256×256').waitFor();
  const text = await words(card);
  assert.match(text, /^Conv \/<img src=x onerror=alert\(1\)>\/Conv In float32 1×3×256×256\s/);
  assert.match(text, /Out\s+1×64×256×256\s+Weight\s+down0\.conv0\.weight\s+float32 64×3×3×3[\s\S]*Parameters\s+1,792/);
  assert.equal(await card.locator('img').count(), 0);
  await page.screenshot({ path: 'test-results/page/hover.png' });
  await page.mouse.move(conv.x, conv.y + 20, { steps: 3 });
  await card.getByText('Tensor', { exact: true }).waitFor();
  assert.match(await words(card), /To\s+Relu/);
  await page.mouse.click(conv.x, conv.y);
  await card.waitFor({ state: 'hidden' });
  await page.mouse.move(5, 400);
  await graph(page).press('i');
  await card.getByText('Parameters').waitFor();
  await graph(page).press('Escape');
  await card.waitFor({ state: 'hidden' });
  const endTrace = page.getByRole('button', { name: 'End the trace' });
  await page.getByRole('button', { name: 'Trace to the inputs' }).click();
  await graph(page).press('Escape');
  assert.equal(await endTrace.count(), 0, 'Escape takes away one thing after the other: the card, the trace');
  await graph(page).press('Escape');
  await page.getByText('Nothing selected').waitFor({ state: 'attached' });
  assert.deepEqual(problems, []);
  await close();
});

test('the operator in this opset: since when, what it takes, what changed, and its page on a click only', async () => {
  const model = unetPage();
  const single = (name: string): PageFormal => ({ name, kind: 'single' });
  model.operators = [
    {
      opType: 'Conv',
      domain: '',
      inputs: [single('X'), single('W'), { name: 'B', kind: 'optional' }],
      outputs: [single('Y')],
      attributes: [],
      since: 22,
      first: 1,
      changes: ['T takes bfloat16 too'],
    },
  ];
  const { page, problems, requests, close } = await openPage(browser, model);
  await drawn(page);
  await page.getByRole('button', { name: 'Show in graph' }).click();
  const text = await inspector(page).innerText();
  assert.match(
    text,
    /Since opset\s+22, first in 1\s+Takes\s+X, W, B \(optional\)\s+Gives\s+Y\s+Changed in 22\s+T takes bfloat16 too/,
  );
  const asked = (): unknown[] => requests.filter((r) => r.method === 'openOperatorPage').map((r) => r.args);
  assert.deepEqual(asked(), []);
  const link = page.getByRole('button', { name: 'Conv in the ONNX documentation' });
  await link.scrollIntoViewIfNeeded();
  await page.screenshot({ path: 'test-results/page/operator.png' });
  await link.click();
  assert.deepEqual(asked(), [{ domain: '', opType: 'Conv' }]);
  assert.deepEqual(problems, []);
  await close();
});
