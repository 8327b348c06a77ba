import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import { firstViewOf, revealed } from '../../../webview-ui/components/graph/view/placing.ts';
import { firstView, fitView, resized } from '../../../webview-ui/draw/camera.ts';
import type { View } from '../../../webview-ui/draw/camera.ts';
import { forWhiteText, onLightPage, readableOn } from '../../../webview-ui/draw/theme/colour.ts';
import { GraphModel } from '../../../webview-ui/graph/graphModel.ts';
import { Scene } from '../../../webview-ui/graph/scene.ts';
import { layoutNested } from '../../../webview-ui/layout/nested.ts';
import { resnet50Page, transformerPage, unetPage, yoloPage } from '../../fixtures/pageModels.ts';

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

/** Models with nested groups, all open, and how many layers the first view shows whole; Netron shows about 19. */
const DENSE: readonly [model: () => PageModel, least: number][] = [
  [resnet50Page, 22],
  [unetPage, 21],
  [() => transformerPage(200), 27],
  [yoloPage, 19],
];

test('a screen of 1440×900 shows 19 layers and more at first, in full size, with all groups open', () => {
  const page = { width: 1120, height: 867 };
  for (const [model, least] of DENSE) {
    const scene = opened(model());
    const { x, y, w, h, box } = scene.geometry;
    const view = firstViewOf(scene, page);
    const layers = Array.from(box.keys()).filter((b) => {
      const [right, bottom] = [(x[b]! + w[b]!) * view.scale + view.x, (y[b]! + h[b]!) * view.scale + view.y];
      const isLayer = box[b]! >= 0 && scene.model.flat.items[box[b]!]!.node !== null;
      return isLayer && x[b]! * view.scale + view.x >= 0 && right <= page.width && bottom <= page.height;
    });
    const { fileName } = scene.model.page;
    assert.equal(view.scale, 1, fileName);
    assert.ok(layers.length >= least, `${fileName}: ${layers.length}`);
  }
});

test('what is revealed near an end of the picture leaves no part of the page empty', () => {
  const scene = opened(resnet50Page());
  const page = { width: 500, height: 600 };
  const at = (key: string, covered: boolean): { view: View; top: number } => {
    const box = scene.boxOf(key)!;
    const view = revealed(scene, box, { page, scale: 1, covered });
    return { view, top: scene.geometry.y[box]! * view.scale + view.y };
  };
  assert.ok(at('n0', false).view.y < 60, 'the first layer stands near the top');
  assert.ok(at('n0', true).top > 300, 'below the list of matches');
  const middle = at('n60', false).top;
  assert.ok(middle > 250 && middle < 350, `in the middle: ${middle}`);
  const last = at('o0', false);
  assert.ok(last.view.y + scene.geometry.height >= page.height - 60, 'the output stands near the bottom');
});

function opened(model: PageModel): Scene {
  const graph = new GraphModel(model);
  const open = new Uint8Array(graph.hierarchy.groups.length).fill(1);
  return new Scene(graph, layoutNested(graph.input, open));
}

test('a picture that is seen in its whole width still is on a narrower page, as far as it can be read', () => {
  const [wide, narrow] = [
    { width: 772, height: 700 },
    { width: 502, height: 700 },
  ];
  const of = (width: number, view: View): View => resized(view, { width, height: 4000 }, wide, narrow);
  const edges = ({ x, scale }: View, width: number): number[] => [x, x + width * scale].map(Math.round);
  assert.deepEqual(of(300, { x: 236, y: 48, scale: 1 }), { x: 101, y: 48, scale: 1 }, 'what fits keeps its size');
  assert.deepEqual(edges(of(640, { x: 36, y: 48, scale: 1 }), 640), [24, 478]);
  assert.equal(of(640, { x: 36, y: -952, scale: 1 }).y, 48 - 1000 * (454 / 640), 'the same layers stay at the top');
  assert.deepEqual(edges(of(300, { x: 460, y: 0, scale: 1 }), 300), [178, 478], 'off the middle too');
  assert.equal(of(900, { x: 10, y: 48, scale: 0.8 }).scale, 0.7, 'no smaller than can be read');
  assert.deepEqual(of(900, { x: -64, y: 0, scale: 1 }), { x: -199, y: 0, scale: 1 }, 'a part stays that part');
  const top = (height: number, y: number, now: number): number =>
    resized({ x: 236, y, scale: 1 }, { width: 300, height }, wide, { ...wide, height: now }).y;
  assert.equal(top(200, 250, 400), 100, 'what was in the middle of a high page is in the middle of a low one');
  assert.equal(top(200, 450, 400), 200, 'and not below it');
  assert.equal(top(600, 48, 400), 48, 'its beginning stays below the tools');
  assert.equal(top(900, -100, 400), -100, 'a part stays that part in height too');
});

test('on a light page blue and green grounds become dark enough for white text, orange and yellow light for black', () => {
  const rows = [
    ['#1a85ff', '#ffffff'],
    ['#388a34', '#ffffff'],
    ['#652d90', '#ffffff'],
    ['#d18616', '#000000'],
    ['#bf8803', '#000000'],
  ] as const;
  for (const [ground, text] of rows) assert.equal(readableOn(onLightPage(ground)), text, ground);
  assert.equal(readableOn('#1a85ff'), '#000000', 'as the theme has it, its text would be black');
  assert.equal(onLightPage('#652d90'), '#652d90', 'what suits stays');
  assert.equal(onLightPage('no colour'), 'no colour');
  assert.equal(readableOn(forWhiteText('#d18616')), '#ffffff', 'the input layer is told from yellow');
});
