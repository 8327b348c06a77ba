import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { residualPage, resnet50Page, unetPage } from '../fixtures/pageModels.ts';
import { launch, openPage } from './pageHarness.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
});

test('a model without layers says so in the table', async () => {
  const bare = await openPage(browser, {
    ...unetPage(),
    nodes: [],
    edges: [],
    outputEdges: [],
    inputLayers: [],
    parameterCount: 0,
  });
  await bare.page.getByRole('tab', { name: 'Layers', exact: true }).click();
  await bare.page.getByText('The model has no layers.').waitFor();
  assert.deepEqual(bare.problems, []);
  await bare.close();
});

test('the table while it scrolls: rows in order without a gap, the focus stays on its row, and a taller window is filled', async () => {
  const { page, problems, close } = await openPage(browser, residualPage(1_000), { width: 1200, height: 500 });
  await page.getByRole('tab', { name: 'Layers', exact: true }).click();
  const scrolled = (top: number): Promise<{ indices: number[]; texts: boolean; focus: string; covered: boolean }> =>
    page.evaluate(async (y) => {
      const table = document
        .querySelector('cw-app')
        ?.shadowRoot?.querySelector('cw-model-page')!
        .shadowRoot!.querySelector('cw-layer-table') as unknown as {
        shadowRoot: ShadowRoot;
        updateComplete: Promise<unknown>;
      };
      const scroll = table.shadowRoot.querySelector('.scroll')!;
      scroll.scrollTop = y;
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      await table.updateComplete;
      const rows = [...table.shadowRoot.querySelectorAll<HTMLTableRowElement>('tr.row')];
      const indices = rows.map((r) => Number(r.ariaRowIndex ?? r.getAttribute('aria-rowindex')));
      const view = scroll.getBoundingClientRect();
      const heading = scroll.querySelector('thead')!.clientHeight;
      return {
        indices,
        texts: rows.every((r, i) => r.cells[0]!.textContent === String(indices[i]! - 1)),
        focus: table.shadowRoot.activeElement?.getAttribute('aria-rowindex') ?? '',
        covered:
          rows[0]!.getBoundingClientRect().top <= view.top + heading + 1 &&
          rows[rows.length - 1]!.getBoundingClientRect().bottom >= view.top + scroll.clientHeight - 2,
      };
    }, top);
  for (const top of [700, 0, 900, 12_000, 13_000, 200, 1e6]) {
    const { indices, texts, covered } = await scrolled(top);
    assert.ok(
      indices.every((n, i) => i === 0 || n === indices[i - 1]! + 1),
      `${top}: ${indices.join()}`,
    );
    assert.ok(texts, `${top}: each row says its own number`);
    assert.ok(covered, `${top}: the view is filled`);
  }
  await scrolled(0);
  await page.locator('tr.row').nth(20).click();
  await page.keyboard.press('ArrowDown');
  assert.equal((await scrolled(500)).focus, '23');
  await page.setViewportSize({ width: 1200, height: 1400 });
  assert.ok((await scrolled(5_000)).covered);
  assert.deepEqual(problems, []);
  await close();
});

test('the table counts again once the filter changes after a copy', async () => {
  const { page, close } = await openPage(browser, resnet50Page());
  await page.getByRole('tab', { name: 'Layers', exact: true }).click();
  await page.getByRole('button', { name: 'Export…' }).click();
  await page.getByRole('menuitem', { name: 'Save as CSV' }).click();
  await page.getByText(/^Saved \d+ rows as CSV$/).waitFor();
  await page.getByLabel('Filter layers').fill('MaxPool');
  await page.getByText(/^1 of \d+ layers$/).waitFor();
  await close();
});

test('the table fits a window of 1440 pixels; columns are chosen, resized by edge and by key, and kept', async () => {
  const model = resnet50Page();
  model.nodes[3]!.name = `/${'a long name '.repeat(9)}/that ends here`;
  const opened = await openPage(browser, model, { width: 1440, height: 900 });
  const { page } = opened;
  await page.getByRole('tab', { name: 'Layers', exact: true }).click();
  const headings = page.getByRole('columnheader');
  const overflow = (): Promise<number> =>
    page.locator('cw-layer-table .scroll').evaluate((scroll) => scroll.scrollWidth - scroll.clientWidth);
  assert.equal(await headings.count(), 10);
  assert.equal(await overflow(), 0);
  const name = page.locator('tr.row').nth(3).locator('th');
  assert.equal(await name.getAttribute('title'), model.nodes[3]!.name);
  assert.match(await name.innerText(), /^\/a long.*….*that ends here$/);
  const gap = await name.evaluate((cell) => {
    const text = cell.querySelector('bdi')?.getBoundingClientRect();
    return cell.getBoundingClientRect().right - (text?.right ?? 0);
  });
  assert.ok(gap >= 7 && gap < 20, `the name fills its room up to a letter: ${gap} px are left`);
  await page.screenshot({ path: 'test-results/page/layers-1440.png' });
  await page.setViewportSize({ width: 900, height: 600 });
  await page.waitForTimeout(100);
  assert.deepEqual(await headings.allInnerTexts(), ['#', 'Name', 'Operator', 'Output shape', 'Parameters', '% params']);
  assert.equal(await overflow(), 0);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Input shape' }).click();
  await page.screenshot({ path: 'test-results/page/columns.png' });
  await page.keyboard.press('Escape');
  assert.equal(await headings.count(), 9);
  const operator = headings.filter({ hasText: 'Operator' });
  const width = async (): Promise<number> => Math.round((await operator.boundingBox())!.width);
  const before = await width();
  await operator.getByRole('button').press('Shift+ArrowRight');
  assert.equal(await width(), before + 16);
  const edge = (await operator.locator('.edge').boundingBox())!;
  await page.mouse.move(edge.x + 3, edge.y + 8);
  await page.mouse.down();
  await page.mouse.move(edge.x + 43, edge.y + 8, { steps: 4 });
  await page.mouse.up();
  assert.ok(Math.abs((await width()) - before - 56) <= 2, String(await width()));
  await page.waitForTimeout(400);
  const saved = (await opened.savedState()) as { table: { columns: string[]; widths: Record<string, number> } };
  assert.equal(saved.table.columns.includes('input'), false);
  assert.deepEqual(opened.problems, []);
  await opened.close();
  const again = await openPage(browser, model, { width: 1440, height: 900, state: saved });
  await again.page.getByRole('tab', { name: 'Layers', exact: true }).click();
  assert.equal(await again.page.getByRole('columnheader').count(), 9);
  await again.close();
});
