import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { hostilePage, resnet50Page } from '../fixtures/pageModels.ts';
import type { ThemeKind } from '../fixtures/themes.ts';
import { launch, openPage } from './pageHarness.ts';

let browser: Browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

for (const theme of ['dark', 'light', 'hcDark', 'hcLight'] as ThemeKind[]) {
  test(`the page opens under the strict policy in ${theme} and says what the first layer is`, async () => {
    const opened = await openPage(browser, resnet50Page(), { theme });
    const card = opened.page.getByRole('region', { name: 'First layer' });
    await card.waitFor();
    assert.match(await card.innerText(), /conv1\.weight[\s\S]*64×3×7×7 \[64, 3, 7, 7\]/);
    assert.match(await opened.page.getByRole('region', { name: 'Summary' }).innerText(), /pytorch 2\.4\.0/);
    await opened.page.screenshot({ path: `test-results/page/resnet50-${theme}.png` });
    assert.deepEqual(opened.problems, []);
    await opened.close();
  });
}

test('a file that cannot be read shows its one sentence and nothing else', async () => {
  const opened = await openPage(browser, { ok: false, code: 'truncated', message: 'The file ends at byte 12, inside a node.' });
  assert.equal(await opened.page.getByRole('alert').innerText(), 'The file ends at byte 12, inside a node.');
  await opened.close();
});

test('names from the file are text, never markup', async () => {
  const opened = await openPage(browser, hostilePage());
  await opened.page.getByRole('tab', { name: 'Layers' }).click();
  await opened.page.getByRole('region', { name: 'First layer' }).waitFor();
  assert.equal(await opened.page.evaluate(() => (window as unknown as { __pwned?: number }).__pwned), undefined);
  assert.deepEqual(opened.problems, []);
  await opened.close();
});
