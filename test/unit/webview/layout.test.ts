import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import { GraphModel } from '../../../webview-ui/graph/graphModel.ts';
import type { SceneGeometry } from '../../../webview-ui/layout/geometry.ts';
import { layoutNested } from '../../../webview-ui/layout/nested.ts';
import { layoutGraph } from '../../../webview-ui/layout/layered.ts';
import type { LayoutInput } from '../../../webview-ui/layout/columns.ts';
import { Scene } from '../../../webview-ui/graph/scene.ts';
import { SPACING } from '../../../webview-ui/layout/spacing.ts';
import type { Orientation } from '../../../webview-ui/layout/spacing.ts';
import {
  densePage,
  inceptionPage,
  residualPage,
  resnet50Page,
  transformerPage,
  unetPage,
  yoloPage,
} from '../../fixtures/pageModels.ts';

function layout(
  page: PageModel,
  open: 0 | 1,
  orientation: Orientation = 'top-down',
): { model: GraphModel; scene: SceneGeometry } {
  const model = new GraphModel(page);
  const groups = new Uint8Array(model.hierarchy.groups.length).fill(open);
  return { model, scene: layoutNested(model.input, groups, orientation) };
}

/** Pairs of boxes that overlap though neither holds the other. */
function overlaps(s: SceneGeometry): number {
  const order = Array.from(s.box.keys())
    .filter((b) => !s.open[b])
    .sort((a, b) => s.y[a]! - s.y[b]!);
  let count = 0;
  for (let i = 0; i < order.length; i++) {
    const a = order[i]!;
    for (let j = i + 1; j < order.length && s.y[order[j]!]! < s.y[a]! + s.h[a]!; j++) {
      const b = order[j]!;
      if (s.x[a]! < s.x[b]! + s.w[b]! && s.x[b]! < s.x[a]! + s.w[a]!) count++;
    }
  }
  return count;
}

/** Upright runs of lines that pass through a closed box they don't end at. */
function crossings(s: SceneGeometry): number {
  let count = 0;
  for (let p = 0; p + 1 < s.pieceStart.length; p++) {
    for (let k = s.pieceStart[p]! * 2; k + 3 < s.pieceStart[p + 1]! * 2; k += 2) {
      const [x0, y0, x1, y1] = [s.points[k]!, s.points[k + 1]!, s.points[k + 2]!, s.points[k + 3]!];
      for (let b = 0; b < s.box.length; b++) {
        if (s.open[b]) continue;
        const inset = 1;
        if (
          Math.max(x0, x1) > s.x[b]! + inset &&
          Math.min(x0, x1) < s.x[b]! + s.w[b]! - inset &&
          Math.max(y0, y1) > s.y[b]! + inset &&
          Math.min(y0, y1) < s.y[b]! + s.h[b]! - inset
        )
          count++;
      }
    }
  }
  return count;
}

/** Labels that lie over a closed box, by the letters they have. */
function coveredLabels({ model, scene: s }: { model: GraphModel; scene: SceneGeometry }): string[] {
  const scene = new Scene(model, s);
  const covered: string[] = [];
  for (let p = 0; p < scene.pieceCount; p++) {
    const text = s.labelled[p] ? scene.label(p) : '';
    if (text === '') continue;
    const [x, y] = [s.labels[2 * p]!, s.labels[2 * p + 1]!];
    // The letters themselves are lower than their line, and their ground may reach further.
    const [half, up] = [text.length * 3, 5];
    const over = s.box.findIndex((_, b) => {
      const inColumn = x + half > s.x[b]! && x - half < s.x[b]! + s.w[b]!;
      return !s.open[b] && inColumn && y + up > s.y[b]! && y - up < s.y[b]! + s.h[b]!;
    });
    if (over >= 0) covered.push(text);
  }
  return covered;
}

const pages: [string, () => PageModel][] = [
  ['ResNet-50', resnet50Page],
  ['a transformer', () => transformerPage(200, true)],
  ['dense skips', () => densePage(90)],
  ['a residual chain without names', () => residualPage(120, false)],
  ['a U-Net', unetPage],
  ['Inception', inceptionPage],
  ['YOLOv8', yoloPage],
];
for (const [name, page] of pages) {
  for (const open of [0, 1] as const) {
    for (const orientation of ['top-down', 'left-right'] as const) {
      test(`${name}, ${orientation}, groups ${open ? 'open' : 'closed'}: boxes don't overlap, lines pass beside them`, () => {
        const { scene } = layout(page(), open, orientation);
        assert.equal(overlaps(scene), 0);
        assert.equal(crossings(scene), 0);
        for (const list of [scene.x, scene.y, scene.points]) assert.ok(list.every(Number.isFinite));
      });
    }
  }
}

test('the overlap and crossing counters see a bad picture', () => {
  const { scene } = layout(resnet50Page(), 1);
  const squashed = {
    ...scene,
    y: scene.y.map((y) => y * 0.3),
    points: scene.points.map((p, i) => (i % 2 ? p * 0.3 : p)),
  };
  assert.ok(overlaps(squashed) > 10);
  assert.ok(crossings({ ...scene, points: scene.points.map((p, i) => (i % 2 ? p : 0.9 * p)) }) > 10);
});

test('edges run downwards, except around a cycle', () => {
  const { scene } = layout(resnet50Page(), 0);
  for (let p = 0; p + 1 < scene.pieceStart.length; p++)
    assert.ok(scene.points[scene.pieceStart[p]! * 2 + 1]! < scene.points[scene.pieceStart[p + 1]! * 2 - 1]!);
});

test('from left to right, edges run to the right, from box to box and through frames to their edges', () => {
  for (const open of [0, 1] as const) {
    const { scene } = layout(resnet50Page(), open, 'left-right');
    const [ends, frames] = [new Set<number>(), new Set<number>()];
    scene.box.forEach((_, b) => {
      const edges = scene.open[b] ? frames : ends;
      edges.add(Math.round(scene.x[b]!)).add(Math.round(scene.x[b]! + scene.w[b]!));
    });
    for (let p = 0; p + 1 < scene.pieceStart.length; p++) {
      const [from, to] = [scene.points[scene.pieceStart[p]! * 2]!, scene.points[scene.pieceStart[p + 1]! * 2 - 2]!];
      assert.ok(from < to);
      for (const end of [from, to].map(Math.round)) assert.ok(ends.has(end) || frames.has(end), String(end));
    }
    assert.ok(scene.width > 5 * scene.height);
  }
});

test('the main path of ResNet-50 is one straight column', () => {
  const { model, scene } = layout(resnet50Page(), 1);
  const middles = new Set<number>();
  scene.box.forEach((ref, b) => {
    const op = ref >= 0 ? model.flat.items[ref]!.node?.opType : undefined;
    if (op === 'Relu' || op === 'Add' || op === 'MaxPool' || op === 'Gemm')
      middles.add(Math.round(scene.x[b]! + scene.w[b]! / 2));
  });
  assert.equal(middles.size, 1);
});

/** How far apart the middles of boxes of some operators lie, from the leftmost to the rightmost. */
function spreadOf(page: PageModel, operators: readonly string[]): number {
  const { model, scene } = layout(page, 1);
  const middles = Array.from(scene.box).flatMap((ref, b) =>
    ref >= 0 && operators.includes(model.flat.items[ref]!.node?.opType ?? '') ? [scene.x[b]! + scene.w[b]! / 2] : [],
  );
  return Math.max(...middles) - Math.min(...middles);
}

test('the main path stays one column with skips of every kind beside it', () => {
  assert.ok(spreadOf(unetPage(), ['Relu', 'MaxPool', 'Concat', 'ConvTranspose']) < 1);
  assert.ok(spreadOf(inceptionPage(), ['Concat']) < 1);
  assert.ok(spreadOf(transformerPage(300, true), ['LayerNormalization', 'Softmax']) < 1);
  // Twelve skips come in beside the main path, which may not drift with every block.
  assert.ok(spreadOf(densePage(200), ['Concat']) < 1);
});

/**
 * Pairs of an upright and a level run that cross each other; a line meets itself and its own tensor's others freely.
 */
function lineCrossings(s: SceneGeometry): number {
  const upright: number[][] = [];
  const level: number[][] = [];
  for (let p = 0; p + 1 < s.pieceStart.length; p++) {
    for (let k = s.pieceStart[p]! * 2; k + 3 < s.pieceStart[p + 1]! * 2; k += 2) {
      const [x0, y0, x1, y1] = [s.points[k]!, s.points[k + 1]!, s.points[k + 2]!, s.points[k + 3]!];
      const source = s.links[s.linkStart[p]!]!;
      if (Math.abs(x0 - x1) < 0.01) upright.push([x0, Math.min(y0, y1), Math.max(y0, y1), source]);
      else level.push([y0, Math.min(x0, x1), Math.max(x0, x1), source]);
    }
  }
  let count = 0;
  for (const [x, top, bottom, a] of upright)
    for (const [y, left, right, b] of level)
      if (a !== b && x! > left! + 1 && x! < right! - 1 && y! > top! + 1 && y! < bottom! - 1) count++;
  return count;
}

test('few lines cross', () => {
  const most: [string, PageModel, number][] = [
    ['ResNet-50', resnet50Page(), 0],
    ['U-Net', unetPage(), 12],
    ['Inception', inceptionPage(), 12],
    ['transformer', transformerPage(100, true), 60],
    ['dense', densePage(40), 1500],
  ];
  for (const [name, page, limit] of most) {
    const crossed = lineCrossings(layout(page, 1).scene);
    assert.ok(crossed <= limit, `${name}: ${crossed}`);
  }
  // The counter sees a bad picture: every line drawn across the same place.
  const { scene } = layout(unetPage(), 1);
  const heap = { ...scene, points: scene.points.map((p) => (p * 13) % 3000) };
  assert.ok(lineCrossings(heap) > 12, String(lineCrossings(heap)));
});

test('the same model gives the same picture', () => {
  for (const page of [() => densePage(60), () => transformerPage(100)])
    assert.deepEqual(layout(page(), 1).scene, layout(page(), 1).scene);
});

test('no piece is lost: every link between two visible boxes is carried from its source to its target', () => {
  const { model, scene } = layout(transformerPage(150, true), 1);
  const carried = new Map<number, number>();
  for (const link of scene.links) carried.set(link, (carried.get(link) ?? 0) + 1);
  assert.equal(carried.size, model.flat.links.length);
  // A link inside one group is one piece; one that crosses frames has a piece on each side of each.
  assert.ok([...carried.values()].some((n) => n >= 3));
});

/** Pieces that begin or end on the frame of an open group where no other piece goes on. */
function brokenLines(s: SceneGeometry): number[] {
  const place = (at: number): string => `${Math.round(s.points[at]!)},${Math.round(s.points[at + 1]!)}`;
  const pieces = Array.from({ length: s.pieceStart.length - 1 }, (_, p) => p);
  const start = pieces.map((p) => place(s.pieceStart[p]! * 2));
  const end = pieces.map((p) => place(s.pieceStart[p + 1]! * 2 - 2));
  const [starts, ends] = [new Set(start), new Set(end)];
  const closed = Array.from(s.box.keys()).filter((b) => !s.open[b]);
  const rows = new Set(closed.flatMap((b) => [Math.round(s.y[b]!), Math.round(s.y[b]! + s.h[b]!)]));
  const atBox = (at: string): boolean => rows.has(Number(at.split(',')[1]));
  return pieces.filter((p) => (!atBox(start[p]!) && !ends.has(start[p]!)) || (!atBox(end[p]!) && !starts.has(end[p]!)));
}

test('a line goes on where it crosses a frame, a lane from the middle of one too', () => {
  for (const page of [unetPage(), resnet50Page(), inceptionPage(), transformerPage(20, true), yoloPage()])
    assert.deepEqual(brokenLines(layout(page, 1).scene), []);
});

test('a long edge adds nothing to the graph', () => {
  const small = layout(residualPage(60), 0).scene;
  const n = 500;
  const g: LayoutInput = {
    w: new Float64Array(n).fill(100),
    h: new Float64Array(n).fill(30),
    from: Int32Array.from([...Array(n - 1).keys(), 0]),
    to: Int32Array.from([...Array(n - 1).keys()].map((i) => i + 1).concat(n - 1)),
    fromOffset: new Float64Array(n),
    toOffset: new Float64Array(n),
    fromFixed: new Uint8Array(n),
    toFixed: new Uint8Array(n),
    pin: null,
    labelled: null,
    spacing: SPACING['top-down'],
  };
  const long = layoutGraph(g);
  assert.equal(long.start[n]! - long.start[n - 1]!, 6);
  assert.ok(small.points.length > 0);
});

for (const [name, page] of pages) {
  test(`${name}: no label lies under a box, and a third of the boxes has one`, () => {
    const opened = layout(page(), 1);
    assert.deepEqual(coveredLabels(opened), []);
    assert.deepEqual(coveredLabels(layout(page(), 0)), []);
    const labels = opened.scene.labelled.filter(Boolean).length;
    assert.ok(labels > opened.model.flat.items.length * 0.3, `${labels} labels`);
  });
}

test('a line says no shape that stands below its reader, and each line into another group says its own', () => {
  const { model, scene } = layout(resnet50Page(), 1);
  const labels = new Map(
    [...scene.labelled.keys()].map((p) => [
      model.flat.links[scene.links[scene.linkStart[p]!]!]!.tensor,
      scene.labelled[p] === 1,
    ]),
  );
  const at = '/layer1/layer1.0';
  assert.equal(labels.get(`${at}/conv1/Conv_output_0`), false, 'a convolution before its Relu');
  assert.equal(labels.get(`${at}/relu/Relu_output_0`), true, 'a Relu before the next convolution');
  assert.equal(labels.get('/conv1/Conv_output_0'), false);
  assert.equal(labels.get('input'), true, 'what a model reads');
  const closed = layout(resnet50Page(), 0);
  const said = closed.scene.labelled.filter((_, p) => closed.scene.arrow[p]).length;
  assert.ok(said >= 10, `${said} lines between closed groups have labels`);
});

test('cycles, self-loops, doubles and empty graphs are laid out, not followed forever', () => {
  const g = (n: number, edges: [number, number][]): LayoutInput => ({
    w: new Float64Array(n).fill(100),
    h: new Float64Array(n).fill(30),
    from: Int32Array.from(edges, (e) => e[0]),
    to: Int32Array.from(edges, (e) => e[1]),
    fromOffset: new Float64Array(edges.length),
    toOffset: new Float64Array(edges.length),
    fromFixed: new Uint8Array(edges.length),
    toFixed: new Uint8Array(edges.length),
    pin: null,
    labelled: null,
    spacing: SPACING['top-down'],
  });
  for (const input of [
    g(0, []),
    g(1, [[0, 0]]),
    g(3, [
      [0, 1],
      [1, 2],
      [2, 0],
    ]),
    g(4, [
      [0, 1],
      [0, 1],
      [1, 0],
      [2, 3],
      [3, 3],
    ]),
  ]) {
    const l = layoutGraph(input);
    assert.ok([...l.x, ...l.y, ...l.points, l.width, l.height].every(Number.isFinite));
  }
});

test('a chain of 200,000 nodes does not overflow the stack', () => {
  const n = 200_000;
  const l = layoutGraph({
    w: new Float64Array(n).fill(100),
    h: new Float64Array(n).fill(30),
    from: Int32Array.from({ length: n - 1 }, (_, i) => i),
    to: Int32Array.from({ length: n - 1 }, (_, i) => i + 1),
    fromOffset: new Float64Array(n - 1),
    toOffset: new Float64Array(n - 1),
    fromFixed: new Uint8Array(n - 1),
    toFixed: new Uint8Array(n - 1),
    pin: null,
    labelled: null,
    spacing: SPACING['top-down'],
  });
  assert.ok(l.height > n * 30);
});
