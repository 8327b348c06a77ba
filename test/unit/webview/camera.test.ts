import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstView, fitView } from '../../../webview-ui/draw/camera.ts';
import { GraphModel } from '../../../webview-ui/graph/graphModel.ts';
import { Scene } from '../../../webview-ui/graph/scene.ts';
import { layoutNested } from '../../../webview-ui/layout/nested.ts';
import { resnet50Page, transformerPage } from '../../fixtures/pageModels.ts';

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

test('a screen of 1440×900 shows 18 layers at first, with all groups open', () => {
  const page = { width: 1120, height: 867 };
  for (const model of [resnet50Page(), transformerPage(120)]) {
    const graph = new GraphModel(model);
    const open = new Uint8Array(graph.hierarchy.groups.length).fill(1);
    const { geometry } = new Scene(graph, layoutNested(graph.input, open));
    const { x, y, w, h, box } = geometry;
    const view = firstView(geometry, page, { x: x[0]! + w[0]! / 2, y: 0 }, 'top-down');
    const seen = Array.from(box.keys()).filter((b) => {
      const [left, middle] = [x[b]! * view.scale + view.x, (y[b]! + h[b]! / 2) * view.scale + view.y];
      const across = left + w[b]! * view.scale > 0 && left < page.width;
      return !geometry.open[b] && across && middle < page.height;
    });
    assert.ok(view.scale >= 0.85, `${model.fileName}: legible`);
    assert.ok(seen.length >= 18, `${model.fileName}: ${seen.length}`);
  }
});
