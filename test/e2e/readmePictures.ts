import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { convertToGray } from '../../src/jobs/convert.ts';
import { evaluationSetup } from '../../src/page/evaluatePage.ts';
import { grayByLayerPage } from '../../src/page/measuredLayers.ts';
import { comparePage } from '../../src/page/pageComparison.ts';
import { writeSamples } from '../fixtures/writeSamples.ts';
import { openFilePage } from './fileHost.ts';
import { launch, type Answer } from './pageHarness.ts';

/**
 * Writes standard input, a PNG, as WebP without loss, by Debian's python3-pil: the pictures go along in the package, and
 * this is a third of their bytes. Chromium's own encoder makes more than the PNG has.
 */
const AS_WEBP = `
import sys
from PIL import Image
Image.open(sys.stdin.buffer).convert('RGB').save(sys.argv[1], 'WEBP', lossless=True, quality=100, method=6)
`;

/** Takes the README's pictures of the sample models: node --import tsx test/e2e/readmePictures.ts media */
async function takePictures(into: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'channelwise-pictures-'));
  const browser = await launch();
  try {
    await writeSamples(folder);
    const original = join(folder, 'fruit-resnet.onnx');
    const { outPath } = await convertToGray(original);
    const gray = outPath ?? '';
    await picture(browser, { path: gray, into: join(into, 'screenshot.webp') }, async (page) => {
      await page.getByRole('tab', { name: 'Input layers' }).click();
      await page.locator('cw-filter-grid').first().waitFor();
    });
    const models = { original, adapted: null };
    const images = join(folder, 'fruit');
    const choice = { preset: 'imagenet', stretch: false, order: 'rgb' } as const;
    const measured = await grayByLayerPage({ models, folder: images, choice }, {});
    const heat = {
      wanted: 'evaluate',
      evaluationSetup: await evaluationSetup(models, images),
      grayByLayer: measured.gray,
    };
    await picture(browser, { path: original, into: join(into, 'heatmap.webp'), answers: heat }, async (page) => {
      await page.getByRole('button', { name: 'What Gray Costs, Layer by Layer' }).click();
      await page.getByRole('button', { name: 'Show on the Graph' }).click();
      await page.locator('cw-legend').getByText('What gray costs').waitFor();
      await dragRight(page, PAST_LEGEND);
    });
    const compared = { wanted: 'compare', comparison: await comparePage(original, gray, {}) };
    await picture(browser, { path: original, into: join(into, 'compare.webp'), answers: compared }, async (page) => {
      await page.getByRole('listbox', { name: 'Differences' }).getByRole('option').nth(1).click();
    });
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Picture {
  readonly path: string;
  readonly into: string;
  /** What the host answers, by method; `wanted` once. */
  readonly answers?: Readonly<Record<string, unknown>>;
}

/** Lets a layout settle. */
const SETTLED = 1500;

/** How far the graph is moved, so that the legend hides no layer. */
const PAST_LEGEND = 150;

async function dragRight(page: Page, distance: number): Promise<void> {
  const [x, y] = [800, 200];
  await page.waitForTimeout(SETTLED);
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + distance, y, { steps: 4 });
  await page.mouse.up();
}

async function picture(
  browser: Browser,
  { path, into, answers = {} }: Picture,
  arrange: (page: Page) => Promise<void>,
): Promise<void> {
  let asked = false;
  const job = (method: string): Promise<Answer | undefined> => {
    const known = Object.hasOwn(answers, method) && !(method === 'wanted' && asked);
    asked ||= method === 'wanted';
    return Promise.resolve(known ? { ok: true, value: answers[method] } : undefined);
  };
  const { page, close } = await openFilePage(browser, path, { job, theme: 'light', width: 1400, height: 780 });
  await arrange(page);
  await page.mouse.move(0, 0);
  await page.waitForTimeout(SETTLED);
  execFileSync('/usr/bin/python3', ['-c', AS_WEBP, into], { input: await page.screenshot() });
  await close();
}

const folder = process.argv[2];
if (process.argv[1]?.endsWith('readmePictures.ts') && folder) await takePictures(folder);
