import type { Locator, Page } from 'playwright-core';
import { PNG } from 'pngjs';

/** Waits for the first drawn frame of the graph. */
export async function drawn(page: Page): Promise<void> {
  await page.waitForFunction(() => performance.getEntriesByName('channelwise:paint').length > 0);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** The graph's canvas. */
export function graph(page: Page): Locator {
  return page.getByRole('application', { name: /Layer graph/ });
}

/** What the page says to screen readers. */
export function live(page: Page): Promise<string> {
  return page.locator('[aria-live="polite"]').first().innerText();
}

/** Waits until a screen reader has been told a text. */
export async function announced(page: Page, text: string): Promise<void> {
  await page.locator('[aria-live="polite"]').first().filter({ hasText: text }).waitFor({ state: 'attached' });
}

/** The middle of what a thing is drawn as, on the page; `key` as in webview-ui/graph/graphModel.ts. */
export function middleOf(page: Page, key: string): Promise<{ x: number; y: number }> {
  return page.evaluate((wanted) => {
    const app = document.querySelector('cw-app')?.shadowRoot?.querySelector('cw-model-page') as unknown as {
      graphView: {
        getBoundingClientRect(): DOMRect;
        view: { x: number; y: number; scale: number };
        scene: { boxOf(k: string): number; geometry: Record<'x' | 'y' | 'w' | 'h', number[]> };
      };
    };
    const { view, scene } = app.graphView;
    const { x, y, w, h } = scene.geometry;
    const b = scene.boxOf(wanted);
    const at = app.graphView.getBoundingClientRect();
    return {
      x: at.left + view.x + (x[b]! + w[b]! / 2) * view.scale,
      y: at.top + view.y + (y[b]! + h[b]! / 2) * view.scale,
    };
  }, key);
}

/** The card of the selected layer. */
export function inspector(page: Page): Locator {
  return page.locator('cw-inspector section');
}

/** How many points of the drawn graph have each colour, as `red,green,blue`. */
export async function colours(page: Page): Promise<Map<string, number>> {
  const { data } = PNG.sync.read(await graph(page).screenshot());
  const found = new Map<string, number>();
  for (let i = 0; i < data.length; i += 4) {
    const key = `${data[i]},${data[i + 1]},${data[i + 2]}`;
    found.set(key, (found.get(key) ?? 0) + 1);
  }
  return found;
}
