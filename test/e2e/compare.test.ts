import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { resNet18 } from '../fixtures/architectures.ts';
import { adaptedPage } from '../fixtures/adaptedPage.ts';
import { comparedPages } from '../fixtures/comparedPages.ts';
import type { ComparedPages } from '../fixtures/comparedPages.ts';
import { changed, changeWeight } from '../fixtures/modelFile.ts';
import { named, node } from '../fixtures/modelBuilder.ts';
import { THEMES } from '../fixtures/themes.ts';
import type { ThemeKind } from '../fixtures/themes.ts';
import { violationsInThemes } from './axeRules.ts';
import { launch, openPage } from './pageHarness.ts';
import type { Answer, OpenedPage, OpenOptions } from './pageHarness.ts';

let browser: Browser;
let gray: ComparedPages;
const original = resNet18(8, 10, 64);

before(async () => {
  browser = await launch();
  gray = await comparedPages(original);
});
after(async () => {
  await browser.close();
});

function open(pages: ComparedPages, options: OpenOptions = {}): Promise<OpenedPage> {
  let wanted = true;
  return openPage(browser, pages.own, {
    reducedMotion: true,
    width: 1400,
    ...options,
    answer: (method) => {
      if (method === 'comparison') return { ok: true, value: pages.comparison };
      if (method !== 'wanted' || !wanted) return { ok: true, value: null };
      wanted = false;
      return { ok: true, value: { view: 'compare', asked: { compare: 1, evaluate: 0 } } };
    },
  });
}

interface View {
  x: number;
  y: number;
  scale: number;
}
interface Twin {
  view: View;
  clientWidth: number;
  selected: string | null;
  scene: { boxOf(key: string): number | undefined; geometry: { x: number[]; y: number[]; w: number[] } } | null;
}

/** Where a thing stands on the page in both views, from each view's own left edge. */
function placesOf(page: Page, keys: Record<'a' | 'b', string>): Promise<Record<'a' | 'b', [number, number] | null>> {
  return page.evaluate((wanted) => {
    const page = document.querySelector('cw-app')!.shadowRoot!.querySelector('cw-model-page')!;
    const compare = page.shadowRoot!.querySelector('cw-compare')!;
    const twins = compare.shadowRoot!.querySelector('cw-twin-graphs')!.shadowRoot!;
    const found = (['a', 'b'] as const).map((side): [number, number] | null => {
      const g = twins.querySelector(`#${side} cw-graph-view`) as unknown as Twin;
      const box = g.scene?.boxOf(wanted[side]);
      return box === undefined || !g.scene
        ? null
        : ([
            g.view.x +
              g.scene.geometry.x[box]! * g.view.scale +
              (g.scene.geometry.w[box]! * g.view.scale - g.clientWidth) / 2,
            g.view.y + g.scene.geometry.y[box]! * g.view.scale,
          ].map(Math.round) as [number, number]);
    });
    return { a: found[0] ?? null, b: found[1] ?? null };
  }, keys);
}

async function drawn(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const twins = document
      .querySelector('cw-app')
      ?.shadowRoot?.querySelector('cw-model-page')
      ?.shadowRoot?.querySelector('cw-compare')
      ?.shadowRoot?.querySelector('cw-twin-graphs')?.shadowRoot;
    const views = [...(twins?.querySelectorAll('cw-graph-view') ?? [])] as unknown as Twin[];
    return views.length === 2 && views.every((v) => v.scene);
  });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

test('a model and its gray variant: exactly the fold, in every theme', async () => {
  const opened = await open(gray);
  const { page, problems, close } = opened;
  await drawn(page);
  assert.equal(
    await page.locator('cw-compare .top p').innerText(),
    '1 input, 1 weight, 1 metadata entry; nothing else differs.',
  );
  const rows = await page.getByRole('option').allInnerTexts();
  assert.equal(rows.length, 3);
  assert.match(rows[1] ?? '', /conv1\.weight: float32\[8, 3, 7, 7\] → float32\[8, 1, 7, 7\], the sum over axis 1/);
  assert.match(rows[2] ?? '', /channelwise\.adaptation: the record of the adaptation$/);
  await page.getByRole('option').nth(1).click();
  await page.waitForTimeout(300);
  assert.deepEqual(await violationsInThemes(opened), []);
  for (const theme of Object.keys(THEMES) as ThemeKind[]) {
    await opened.setTheme(theme);
    await page.screenshot({ path: `test-results/page/compare-${theme}.png` });
  }
  assert.deepEqual(problems, []);
  await close();
});

test('the list is walked by keyboard; both graphs select and show what it names', async () => {
  const { page, problems, close } = await open(gray);
  await drawn(page);
  await page.getByRole('listbox', { name: 'Differences' }).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  assert.match(await page.getByRole('option', { selected: true }).innerText(), /conv1\.weight/);
  await page.waitForTimeout(300);
  const selected = await page.evaluate(() => {
    const page = document.querySelector('cw-app')!.shadowRoot!.querySelector('cw-model-page')!;
    const compare = page.shadowRoot!.querySelector('cw-compare')!;
    const twins = compare.shadowRoot!.querySelector('cw-twin-graphs')!.shadowRoot!;
    return ['a', 'b'].map((side) => (twins.querySelector(`#${side} cw-graph-view`) as unknown as Twin).selected);
  });
  assert.deepEqual(selected, ['n0', 'n0']);
  const at = await placesOf(page, { a: 'n0', b: 'n0' });
  assert.deepEqual(at.a, at.b);
  assert.ok(at.a && at.a[1] > 0 && at.a[1] < 700, 'in view');
  await page.keyboard.press('Home');
  assert.match(
    await page.getByRole('option', { selected: true }).innerText(),
    /input: float32\[batch, 3, 64, 64\] → float32\[batch, 1, 64, 64\]/,
  );
  assert.deepEqual(problems, []);
  await close();
});

test('the two graphs move together, past what only one of them has', async () => {
  const other = changed(original, (_, g) => {
    const relu = g.node[1];
    const made = relu?.output?.[0] ?? '';
    if (relu) relu.output = ['inserted/in'];
    g.node.splice(
      2,
      0,
      named(node('Sigmoid', ['inserted/in'], ['inserted/mid']), { name: 'inserted/one' }) as (typeof g.node)[number],
      named(node('Tanh', ['inserted/mid'], [made]), { name: 'inserted/two' }) as (typeof g.node)[number],
    );
    changeWeight(g, 'fc.weight', (w) =>
      w.forEach((v, i) => {
        w[i] = v + 1;
      }),
    );
  });
  const pages = await comparedPages(original, other);
  const { page, problems, close } = await open(pages);
  await drawn(page);
  assert.match(
    await page.locator('cw-compare .top p').innerText(),
    /^2 nodes added, 1 weight, 1 name; nothing else differs\.$/,
  );
  const last = pages.own.nodes.length - 1;
  const left = page.getByRole('region', { name: /First model/ }).getByRole('application');
  await left.focus();
  const apart = await placesOf(page, { a: `n${last}`, b: `n${last + 2}` });
  assert.ok(apart.a && apart.b);
  for (let i = 0; i < 40; i++) await page.keyboard.press('ArrowDown');
  const after = await placesOf(page, { a: `n${last}`, b: `n${last + 2}` });
  assert.ok(after.a && after.a[1] !== apart.a[1], 'it moved');
  assert.deepEqual(after.a, after.b, 'at the end the ends stand side by side, though one graph is longer');
  await page.screenshot({ path: 'test-results/page/compare-inserted.png' });
  assert.deepEqual(problems, []);
  await close();
});

test('no comparison yet, a failure, and a long one that is cancelled', async () => {
  const asked: string[] = [];
  const answer = (method: string, request: Record<string, unknown>): Answer => {
    if (method === 'command') asked.push(JSON.stringify(request.args));
    return { ok: true, value: null };
  };
  const empty = await openPage(browser, gray.own, { answer });
  await empty.page.getByRole('tab', { name: 'Compare' }).click();
  await empty.page.getByRole('button', { name: 'Choose a Model…' }).click();
  await empty.page.waitForTimeout(50);
  assert.deepEqual(asked, ['{"name":"compare"}']);
  await empty.page.screenshot({ path: 'test-results/page/compare-empty.png' });
  await empty.close();
  const adapted = await openPage(browser, adaptedPage(), { answer });
  await adapted.page.getByRole('tab', { name: 'Compare' }).click();
  await adapted.page.getByRole('button', { name: 'Compare with resnet50.onnx' }).click();
  await adapted.page.waitForTimeout(50);
  assert.equal(asked[1], '{"name":"compareOriginal"}', 'the model it was made from comes first');
  await adapted.page.screenshot({ path: 'test-results/page/compare-adapted.png' });
  await adapted.close();
  const failed = await openPage(browser, gray.own, {
    answer: (method) =>
      method === 'comparison'
        ? { ok: false, code: 'io', message: 'other.onnx is not there any more.' }
        : { ok: true, value: null },
  });
  await failed.page.getByRole('tab', { name: 'Compare' }).click();
  assert.equal(await failed.page.getByRole('alert').innerText(), 'other.onnx is not there any more.');
  assert.equal(await failed.page.getByRole('button', { name: 'Choose Another Model…' }).isVisible(), true);
  await failed.close();
});

test('names from files are text in the list, and long lists open on request', async () => {
  const hostile = changed(original, (_, g) =>
    g.node.forEach((n, i) => {
      n.name = `<img src=x onerror="window.__pwned=1">${i}`;
    }),
  );
  const many: ComparedPages = await comparedPages(original, hostile);
  const rows = Array.from({ length: 300 }, (_, i) => ({ sign: '~' as const, text: `<b>${i}</b>`, a: 'n1', b: 'n1' }));
  const { page, problems, close } = await open({
    ...many,
    comparison: { ...many.comparison, groups: [...many.comparison.groups, { title: 'Many', count: 9000, rows }] },
  });
  await drawn(page);
  assert.equal(await page.evaluate(() => (window as unknown as { __pwned?: number }).__pwned), undefined);
  assert.equal(await page.locator('cw-compare').getByRole('option').count(), 249);
  await page.getByRole('button', { name: 'Show 100 more' }).click();
  assert.equal(await page.locator('cw-compare').getByRole('option').count(), 349);
  assert.equal(await page.getByText('and 8,700 more').isVisible(), true);
  assert.deepEqual(problems, []);
  await close();
});
