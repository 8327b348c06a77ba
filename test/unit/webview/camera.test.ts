import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstView, fitView } from '../../../webview-ui/draw/camera.ts';

/** The tools over the picture reach this far down. */
const TOOLS = 40;

test('a fitted picture lies inside the page and below the tools, whatever its proportions', () => {
  for (const [width, height] of [
    [100, 60],
    [160, 620],
    [160, 5000],
    [5000, 160],
    [900, 560],
    [1, 1],
  ] as const) {
    for (const page of [
      { width: 470, height: 540 },
      { width: 1110, height: 840 },
    ]) {
      const { x, y, scale } = fitView({ width, height }, page);
      assert.ok(x >= 0 && x + width * scale <= page.width, `${width}×${height}: ${x}`);
      assert.ok(y >= TOOLS && y + height * scale <= page.height, `${width}×${height}: ${y}`);
      assert.ok(firstView({ width, height }, page, width / 2).y >= TOOLS);
    }
  }
});
