import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { PageGrayByLayer } from '../../src/protocol/evaluation.ts';
import { RESULT, SETUP } from '../fixtures/evaluatedPage.ts';
import { resnet50Page } from '../fixtures/pageModels.ts';
import { violationsInThemes } from './axeRules.ts';
import { launch, openPage } from './pageHarness.ts';
import type { Answer, OpenedPage, OpenOptions } from './pageHarness.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
});

function open(answers: Partial<Record<string, Answer>>, options: OpenOptions = {}): Promise<OpenedPage> {
  let wanted = true;
  return openPage(browser, resnet50Page(), {
    ...options,
    answer: (method) => {
      const found = answers[method];
      if (found) return found;
      if (method !== 'wanted' || !wanted) return { ok: true, value: null };
      wanted = false;
      return { ok: true, value: { view: 'evaluate', asked: { compare: 0, evaluate: 1 } } };
    },
  });
}

test('choices, the table and what it comes to, in all themes', async () => {
  const opened = await open({
    evaluationSetup: { ok: true, value: SETUP },
    evaluate: { ok: true, value: RESULT },
    saveEvaluation: { ok: true, value: 'resnet50.evaluation.csv' },
  });
  const { page, problems, requests, close } = opened;
  const preset = page.getByLabel('Preprocessing');
  await preset.waitFor();
  assert.equal(await preset.inputValue(), 'raw', 'the steps found in the model come first');
  assert.equal(await page.getByText('scans: 1,200 images in 4 sub-folders').isVisible(), true);
  await preset.selectOption('imagenet');
  await page.getByLabel('Stretch instead of cropping the middle').check();
  assert.equal(await page.getByLabel('mean').getAttribute('placeholder'), '0.485, 0.456, 0.406');
  await page.getByLabel('std').fill('0.5');
  await page.getByLabel('Classes').fill('cat, dog');
  await page.getByRole('button', { name: 'Evaluate', exact: true }).click();
  const result = page.getByRole('region', { name: 'Result' });
  await result.waitFor();
  assert.deepEqual(requests.find((r) => r.method === 'evaluate')?.args, {
    preset: 'imagenet',
    stretch: true,
    order: 'rgb',
    mean: '',
    std: '0.5',
    scale: '',
    labels: 'cat, dog',
  });
  assert.match(await result.getByRole('status').first().innerText(), /: gray costs 3\.1 points/);
  assert.deepEqual(await result.getByRole('row').nth(3).getByRole('cell').allInnerTexts(), [
    '72.2 %',
    '90.0 %',
    '81.0 %',
    '100.0 %',
    '3.1e-7',
  ]);
  assert.match(await result.getByRole('columnheader').first().innerText(), /n = 1,198, 1,198 with labels/);
  assert.equal(await result.getByText('The image <b>x</b>.png').isVisible(), true, 'names are text');
  assert.deepEqual(await result.locator('cw-changed-images li').allInnerTexts(), [
    'class 3 → class 7, wrong now\ncat/<b>1</b>.png',
    'class 4 → class 5, right now\ndog/2.png',
    'class 1 → class 2\ngone.png',
  ]);
  assert.deepEqual(await firstPixels(page), [
    [255, 80, 0, 255],
    [0, 120, 255, 255],
  ]);
  assert.equal(await result.getByRole('heading', { name: /^228 of 1,198 images change their class/ }).count(), 1);
  await page.getByRole('button', { name: 'Save as CSV…' }).click();
  await page.getByText('Saved resnet50.evaluation.csv.').waitFor();
  assert.deepEqual(await violationsInThemes(opened, (theme) => `test-results/page/evaluate-${theme}.png`), []);
  assert.deepEqual(problems, []);
  await close();
});

/** The first pixel of each thumbnail. */
function firstPixels(page: Page): Promise<number[][]> {
  return page
    .locator('cw-changed-images canvas')
    .evaluateAll((all) =>
      all.map((canvas) => [...((canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, 1, 1).data ?? [])]),
    );
}

const GRAY: PageGrayByLayer = {
  statement: 'On 24 images the activations of `/layer1/conv` move most when the colours are taken away.',
  input: 0.31,
  layers: resnet50Page()
    .nodes.slice(0, 40)
    .map(({ name, opType, outputs }, i) => ({
      node: name,
      opType,
      tensor: outputs[0]?.name ?? '',
      relative: i === 3 ? null : 0.4 + 0.3 * Math.sin(i),
      worst: { image: `cat/${i}.png`, relative: 0.9 },
    })),
  images: 24,
  found: 1200,
  details: ['preprocessing raw (given): 224×224 middle crop'],
  notes: [],
};

test('what gray costs, layer by layer: ten layers, and the graph as a heat map, in all themes', async () => {
  const opened = await open({
    evaluationSetup: { ok: true, value: SETUP },
    grayByLayer: { ok: true, value: GRAY },
  });
  const { page, problems, close } = opened;
  const begin = page.getByRole('button', { name: 'What Gray Costs, Layer by Layer' });
  await begin.click();
  const result = page.getByRole('region', { name: 'What gray costs, layer by layer' });
  await result.waitFor();
  await begin.and(page.locator(':focus')).waitFor();
  const said = await result.getByRole('status').first().innerText();
  assert.match(said, /activations of \/layer1\/conv move most/, 'the name without its backticks');
  const rows = await result.getByRole('row').allInnerTexts();
  assert.equal(rows.length, 1 + 10);
  assert.match(rows[1] ?? '', /70\.0 %.*cat\/\d+\.png/s, 'the one that moves most comes first');
  assert.equal(await result.getByText('24 of 1,200 images, spread over the folder').count(), 1);
  assert.deepEqual(await violationsInThemes(opened, (theme) => `test-results/page/gray-layers-${theme}.png`), []);
  await result.getByRole('button', { name: 'Show in graph' }).click();
  const legend = page.locator('cw-legend');
  await legend.getByText('What gray costs').waitFor();
  assert.equal(await legend.getByRole('listitem').count(), 10);
  assert.match(await legend.getByRole('listitem').first().innerText(), /70\.0 %$/, 'no share: parts do not add up');
  assert.equal(await page.getByLabel('Colour layers by').inputValue(), 'numbers');
  assert.deepEqual(await violationsInThemes(opened, (theme) => `test-results/page/gray-heat-${theme}.png`), []);
  assert.deepEqual(problems, []);
  await close();
});

test('what was found stays for a page that comes back, and another page of the model hears of it', async () => {
  const choice = { preset: 'imagenet', stretch: true, order: 'bgr', mean: '', std: '0.5', scale: '', labels: '' };
  let last: unknown = { choice, evaluation: RESULT, gray: null };
  let wanted: unknown = { view: 'evaluate', asked: { compare: 0, evaluate: 1 } };
  const { page, send, requests, problems, close } = await openPage(browser, resnet50Page(), {
    answer: (method) => {
      if (method === 'evaluationSetup') return { ok: true, value: SETUP };
      if (method === 'lastEvaluation') return { ok: true, value: last };
      return { ok: true, value: method === 'wanted' ? wanted : null };
    },
  });
  await page.getByRole('region', { name: 'Result' }).waitFor();
  assert.equal(await page.getByLabel('Preprocessing').inputValue(), 'imagenet', 'the form says what it was found with');
  assert.equal(await page.getByLabel('std').inputValue(), '0.5');
  // A comparison was asked for meanwhile: that view begins anew, and this one stays.
  wanted = { view: 'compare', asked: { compare: 1, evaluate: 1 } };
  await send({ type: 'wanted' });
  await page.getByRole('button', { name: 'Choose a Model…' }).waitFor();
  await page.getByRole('tab', { name: 'Evaluate' }).click();
  assert.equal(await page.getByRole('region', { name: 'Result' }).isVisible(), true);
  // Another page has measured something else.
  last = { choice: { ...choice, stretch: false }, evaluation: null, gray: GRAY };
  await send({ type: 'findings' });
  await page.getByRole('button', { name: 'Show in graph' }).waitFor();
  assert.equal(await page.getByLabel('Stretch instead of cropping the middle').isChecked(), false);
  assert.equal(requests.filter(({ method }) => method === 'evaluationSetup').length, 1, 'the folder is the same');
  // Another page has chosen another folder.
  last = null;
  wanted = { view: null, asked: { compare: 1, evaluate: 2 } };
  await send({ type: 'wanted' });
  await page.getByRole('button', { name: 'Show in graph' }).waitFor({ state: 'detached' });
  assert.equal(requests.filter(({ method }) => method === 'evaluationSetup').length, 2);
  assert.deepEqual(problems, []);
  await close();
});

test('the time that a run here takes colours the graph; a failure is one sentence', async () => {
  const nodes = resnet50Page().nodes.slice(0, 5);
  const value = {
    milliseconds: 84.2,
    layers: Object.fromEntries(nodes.map(({ name }, i) => [name, 1500 * (i + 1)])),
    runs: 10,
    threads: 2,
    sizes: 'x 1×3×224×224',
    runtime: 'onnxruntime-web 1.30.0',
  };
  const measured = await open({ wanted: { ok: true, value: null }, measureTime: { ok: true, value } });
  await measured.page.getByRole('button', { name: 'More numbers' }).click();
  await measured.page.getByRole('menuitem', { name: 'Time, measured here…' }).click();
  const legend = measured.page.locator('cw-legend');
  await legend.getByText('A whole run takes 84.2 ms (x 1×3×224×224; 10 runs, 2 threads').waitFor();
  assert.match(await legend.getByRole('listitem').first().innerText(), /7\.5 ms · 33\.3 %$/);
  await measured.page.screenshot({ path: 'test-results/page/measured-time.png' });
  assert.deepEqual(measured.problems, []);
  await measured.close();
  const failed = await open({
    wanted: { ok: true, value: null },
    measureTime: { ok: false, code: 'run-too-large', message: 'A run would take about 9 GiB of memory.' },
  });
  await failed.page.getByRole('button', { name: 'More numbers' }).click();
  await failed.page.getByRole('menuitem', { name: 'Time, measured here…' }).click();
  assert.equal(await failed.page.getByRole('alert').innerText(), 'A run would take about 9 GiB of memory.');
  assert.equal(await failed.page.getByLabel('Colour layers by').inputValue(), 'kind');
  await failed.close();
});

test('no folder yet; a failure is one sentence, and the choices stay', async () => {
  const empty = await open({});
  await empty.page.getByRole('button', { name: 'Choose a Folder of Images…' }).click();
  await empty.page.waitForTimeout(50);
  assert.deepEqual(
    empty.requests.filter((r) => r.method === 'command').map((r) => r.args),
    [{ name: 'evaluate' }],
  );
  await empty.page.screenshot({ path: 'test-results/page/evaluate-empty.png' });
  await empty.close();
  const failed = await open({
    evaluationSetup: { ok: true, value: SETUP },
    evaluate: { ok: false, code: 'runtime-memory', message: 'ONNX Runtime ran out of memory.' },
  });
  await failed.page.getByRole('button', { name: 'Evaluate', exact: true }).click();
  assert.equal(await failed.page.getByRole('alert').innerText(), 'ONNX Runtime ran out of memory.');
  assert.equal(await failed.page.getByLabel('Preprocessing').isEnabled(), true);
  assert.deepEqual(failed.problems, []);
  await failed.close();
});

test('progress and cancel', async () => {
  const hanging = await open({ evaluationSetup: { ok: true, value: SETUP } }, {});
  const { page, requests } = hanging;
  await page.getByLabel('Preprocessing').waitFor();
  // The host answers `evaluate` late: the request is held back in the page's own way out.
  await page.evaluate(() => {
    const w = window as unknown as { hostReceive(m: { type: string; id: number; method?: string }): Promise<unknown> };
    const real = w.hostReceive.bind(w);
    w.hostReceive = (m) =>
      m.method === 'evaluate'
        ? new Promise(() => setTimeout(() => window.postMessage({ type: 'progress', id: m.id, fraction: 0.5 }, '*')))
        : real(m);
  });
  await page.getByRole('button', { name: 'Evaluate', exact: true }).click();
  const bar = page.getByRole('progressbar');
  await page.waitForFunction(
    () =>
      (
        document
          .querySelector('cw-app')
          ?.shadowRoot?.querySelector('cw-model-page')!
          .shadowRoot!.querySelector('cw-evaluate')!
          .shadowRoot!.querySelector('cw-long-work')
          ?.shadowRoot?.querySelector('progress') as HTMLProgressElement | null
      )?.value === 0.5,
  );
  assert.equal(await bar.isVisible(), true);
  assert.equal(await page.getByLabel('Preprocessing').isEnabled(), false);
  await page.screenshot({ path: 'test-results/page/evaluate-running.png' });
  await page.getByRole('button', { name: 'Cancel' }).click();
  await bar.waitFor({ state: 'detached' });
  assert.ok(requests.some((r) => r.type === 'cancel'));
  assert.equal(await page.getByRole('alert').count(), 0);
  await hanging.close();
});
