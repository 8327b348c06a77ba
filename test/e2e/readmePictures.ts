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
    const filters = { path: gray, into: join(into, 'screenshot.webp'), width: 1300, height: 258 };
    await picture(browser, filters, async (page) => {
      await page.getByRole('tab', { name: 'Input layers' }).click();
      await page.locator('cw-filter-grid').first().waitFor();
    });
    const models = { original, adapted: null };
    const images = join(folder, 'fruit');
    const choice = { preset: 'imagenet', stretch: false, order: 'rgb' } as const;
    const measured = await grayByLayerPage({ models, folder: images, choice }, {});
    const heat = {
      wanted: { view: 'evaluate', asked: { compare: 0, evaluate: 1 } },
      evaluationSetup: await evaluationSetup(models, images),
      grayByLayer: measured.gray,
    };
    const heated = { path: original, into: join(into, 'heatmap.webp'), answers: heat, height: 620 };
    await picture(browser, heated, async (page) => {
      await page.getByRole('button', { name: 'What Gray Costs, Layer by Layer' }).click();
      await page.getByRole('button', { name: 'Show in graph' }).click();
      await page.locator('cw-legend').getByText('What gray costs').waitFor();
      await page.getByRole('button', { name: 'Details', exact: true }).click();
      await page.getByRole('button', { name: 'Fit' }).click();
    });
    const compared = {
      wanted: { view: 'compare', asked: { compare: 1, evaluate: 0 } },
      comparison: await comparePage(original, gray, {}),
    };
    const twins = { path: original, into: join(into, 'compare.webp'), answers: compared, height: 512 };
    await picture(browser, twins, async (page) => {
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
  /** As much as the picture has to tell fills, in pixels of the page. */
  readonly width?: number;
  readonly height: number;
}

/** A README is shown about this wide, and on screens of twice as many points. */
const WIDTH = 1000;
const SHARP = 2;
/** Lets a layout settle. */
const SETTLED = 1500;

async function picture(
  browser: Browser,
  { path, into, answers = {}, width = WIDTH, height }: Picture,
  arrange: (page: Page) => Promise<void>,
): Promise<void> {
  let asked = false;
  const job = (method: string): Promise<Answer | undefined> => {
    const known = Object.hasOwn(answers, method) && !(method === 'wanted' && asked);
    asked ||= method === 'wanted';
    return Promise.resolve(known ? { ok: true, value: answers[method] } : undefined);
  };
  const { page, close } = await openFilePage(browser, path, {
    job,
    theme: 'light',
    width,
    height,
    ratio: SHARP,
  });
  await arrange(page);
  await page.mouse.move(0, 0);
  await page.waitForTimeout(SETTLED);
  execFileSync('/usr/bin/python3', ['-c', AS_WEBP, into], { input: await page.screenshot() });
  await close();
}

const folder = process.argv[2];
if (process.argv[1]?.endsWith('readmePictures.ts') && folder) await takePictures(folder);
