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
      const middle = { x: width / 2, y: height / 2 };
      assert.ok(firstView({ width, height }, page, middle, 'top-down').y >= TOOLS);
      const sideways = firstView({ width, height }, page, middle, 'left-right');
      assert.ok(sideways.x >= 0, 'the beginning is on the page');
      assert.ok(sideways.y + middle.y * sideways.scale <= page.height);
    }
  }
});
