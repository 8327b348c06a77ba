import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser, Frame, Page } from 'playwright-core';
import { launchBrowser } from '../../scripts/browser.mjs';
import { startServer } from '../../scripts/vscodeServer.mjs';
import { writeSamples } from '../fixtures/writeSamples.ts';
import { writeWorkspace } from '../fixtures/writeWorkspace.ts';

const SHOTS = fileURLToPath(new URL('../../test-results/', import.meta.url));
const PATIENCE = 60_000;

let server: Awaited<ReturnType<typeof startServer>>;
let browser: Browser;
let page: Page;
let workspace: string;

before(async () => {
  const vsix = process.env.CHANNELWISE_VSIX;
  assert.ok(vsix && existsSync(vsix), 'CHANNELWISE_VSIX names the packaged extension');
  mkdirSync(SHOTS, { recursive: true });
  workspace = mkdtempSync(join(tmpdir(), 'channelwise-person-'));
  writeWorkspace(workspace);
  writeSamples(workspace);
  server = await startServer({ extensions: [vsix] });
  browser = await launchBrowser();
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.setDefaultTimeout(PATIENCE);
  await page.goto(`${server.url}/?${new URLSearchParams({ folder: workspace, payload: JSON.stringify([['skipWelcome', 'true']]) })}`);
  await page.locator('.monaco-workbench').waitFor();
  await page.getByRole('button', { name: /yes, i trust/i }).click();
  await file('resnet.onnx').waitFor();
});

after(async () => {
  await browser?.close();
  await server?.stop();
  if (workspace) rmSync(workspace, { recursive: true, force: true });
});

function file(name: string): ReturnType<Page['locator']> {
  return page.locator(`.explorer-folders-view .monaco-list-row[aria-label="${name}"]`);
}

async function shot(name: string): Promise<void> {
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

/** The frame of the page that shows a text now; webviews sit two frames deep. */
async function pageWith(text: string): Promise<Frame> {
  const end = Date.now() + PATIENCE;
  while (Date.now() < end) {
    for (const frame of page.frames()) {
      const found = await frame.locator('cw-app').getByText(text, { exact: false }).first().isVisible().catch(() => false);
      if (found) return frame;
    }
    await page.waitForTimeout(100);
  }
  await shot('failed');
  return assert.fail(`no page shows "${text}"`);
}

test('right-click, Convert to Grayscale, and the gray model opens', async () => {
  await file('resnet.onnx').click({ button: 'right' });
  const item = page.locator('.context-view').getByRole('menuitem', { name: 'Convert to Grayscale' });
  await item.waitFor();
  await shot('1-context-menu');
  await item.click();
  await file('resnet.gray.onnx').waitFor();
  const toast = page.locator('.notifications-toasts .notification-list-item').filter({ hasText: 'resnet.gray.onnx' });
  await toast.waitFor();
  assert.match(await toast.innerText(), /Proved: max/);
  assert.match(await toast.innerText(), /conv1\.weight 16×3×7×7 → 16×1×7×7, input 3 → 1 channel/);
  await shot('2-converted');
  await toast.getByRole('button', { name: 'Open', exact: true }).click();
  await pageWith('[16, 1, 7, 7]');
  await shot('3-gray-model');
});

test('double-click opens the trained detector with its first layer, and the page converts it', async () => {
  await file('ch_PP-OCRv4_det_infer.onnx').dblclick();
  const frame = await pageWith('[16, 3, 3, 3]');
  await shot('4-detector');
  await frame.locator('cw-app').getByRole('button', { name: 'Convert to Grayscale' }).first().click();
  await file('ch_PP-OCRv4_det_infer.gray.onnx').waitFor();
  assert.ok(existsSync(join(workspace, 'ch_PP-OCRv4_det_infer.gray.onnx')));
});

test('Undo in the notification takes the file back', async () => {
  const toast = page.locator('.notifications-toasts .notification-list-item').filter({ hasText: 'ch_PP-OCRv4_det_infer.gray.onnx' });
  await toast.waitFor();
  await toast.getByRole('button', { name: 'Undo', exact: true }).click();
  await file('ch_PP-OCRv4_det_infer.gray.onnx').waitFor({ state: 'detached' });
});

test('the layer table lists the layers, and a click on the first layer selects its node', async () => {
  await file('resnet18-random.onnx').dblclick();
  const frame = await pageWith('[64, 3, 7, 7]');
  await frame.locator('cw-app').getByRole('tab', { name: 'Layers' }).click();
  await frame.locator('cw-layer-table').getByText('GlobalAveragePool').first().waitFor();
  await shot('5-layers');
});

test('a file that is no model says why and where', async () => {
  await file('text.onnx').dblclick();
  await pageWith('byte');
  await shot('6-no-model');
});
