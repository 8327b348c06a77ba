import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GraphModel } from '../../../webview-ui/graph/graphModel.ts';
import { leavingShape } from '../../../webview-ui/graph/targets.ts';
import { repeatedBlocks } from '../../../webview-ui/graph/repeats.ts';
import { linksAt } from '../../../webview-ui/graph/targets.ts';
import { Scene } from '../../../webview-ui/graph/scene.ts';
import { layoutNested } from '../../../webview-ui/layout/nested.ts';
import { densePage, residualPage, resnet50Page, transformerPage } from '../../fixtures/pageModels.ts';

const titles = (model: GraphModel, group = 0): string[] =>
  model.hierarchy.groups[group]!.groups.map((g) => model.hierarchy.groups[g]!.title);

test('scopes come from node names; groups of one or two vanish', () => {
  const model = new GraphModel(resnet50Page());
  assert.deepEqual(titles(model), ['layer1', 'layer2', 'layer3', 'layer4']);
  assert.deepEqual(titles(model, model.hierarchy.groups[0]!.groups[0]), ['layer1.0', 'layer1.1', 'layer1.2']);
});

test("the exporter's own scopes win over names", () => {
  const page = resnet50Page();
  page.nodes.forEach((n, i) => {
    n.scope = ['net', i < 61 ? 'first half' : 'second half'];
  });
  assert.deepEqual(titles(new GraphModel(page)), ['first half', 'second half']);
});

test('dots of names are scopes where modules come together, and not where operators are numbered', () => {
  const dotted = resnet50Page();
  for (const node of dotted.nodes) node.name = node.name.replace(/^(\/layer\d)?\//, '').replaceAll('/', '.');
  const model = new GraphModel(dotted);
  assert.deepEqual(titles(model), ['layer1', 'layer2', 'layer3', 'layer4']);
  assert.deepEqual(titles(model, model.hierarchy.groups[0]!.groups[0]), ['layer1.0', 'layer1.1', 'layer1.2']);
  // One group around all others is no step of its own.
  for (const node of dotted.nodes) node.name = `net.${node.name}`;
  assert.deepEqual(titles(new GraphModel(dotted)), ['net.layer1', 'net.layer2', 'net.layer3', 'net.layer4']);
  const numbered = resnet50Page();
  const letters = ['a', 'b', 'c', 'd'];
  for (const [i, node] of numbered.nodes.entries()) node.name = `p2o.${letters[i % 4]!}.${i}`;
  assert.ok(titles(new GraphModel(numbered)).every((title) => title.startsWith('Block ')));
  for (const [i, node] of numbered.nodes.entries()) node.name = `p2o.${node.opType}.${i}`;
  assert.ok(titles(new GraphModel(numbered)).every((title) => title.startsWith('Block ')));
});

test('every item lies in exactly one group, and counts add up', () => {
  for (const page of [resnet50Page(), transformerPage(300), residualPage(300, false), densePage(90)]) {
    const { hierarchy: h, flat } = new GraphModel(page);
    const seen = h.groups.flatMap((g) => g.items).sort((a, b) => a - b);
    assert.deepEqual(
      seen,
      flat.items.map((_, i) => i),
    );
    h.groups.forEach((g, i) => {
      if (i > 0) assert.ok(g.parent < i && g.count >= 3);
      assert.equal(
        g.count,
        g.items.filter((k) => flat.items[k]!.node).length + g.groups.reduce((n, c) => n + h.groups[c]!.count, 0),
      );
    });
    assert.equal(h.groups[0]!.count, page.nodes.length);
  }
});

test('where names say nothing, repeated structure makes groups', () => {
  const page = residualPage(302, false);
  for (const n of page.nodes) n.name = '';
  const model = new GraphModel(page);
  assert.ok(titles(model).length >= 48, String(titles(model).length));
  assert.match(titles(model)[0]!, /^Block /);
  const long = residualPage(6000, false);
  const longTitles = titles(new GraphModel(long));
  assert.ok(longTitles.every((t) => /^Blocks /.test(t)));
  assert.ok(longTitles.length > 10 && longTitles.length <= 60, String(longTitles.length));
});

test('repeated blocks are found with their true period', () => {
  const block = ['Conv', 'Bn', 'Relu', 'Conv', 'Add', 'Relu'];
  assert.deepEqual(repeatedBlocks(['Stem', ...Array.from({ length: 10 }, () => block).flat(), 'Gemm']), [
    { start: 1, period: 6, times: 10 },
  ]);
  assert.deepEqual(repeatedBlocks(['A', 'B', 'C', 'D']), []);
  assert.deepEqual(repeatedBlocks(Array.from({ length: 40 }, () => 'Relu')), []);
});

test('a group says what leaves it and what part of the parameters it holds', () => {
  const model = new GraphModel(resnet50Page());
  const layer4 = model.facts[model.groupOf('g/layer4')!]!;
  assert.equal(leavingShape(model, 'g/layer4'), '1×2048×7×7');
  assert.match(layer4.detail, /layers · 15\.0 M parameters, 59 %/);
});

test('a large graph opens closed, a small one open', () => {
  const small = new GraphModel(resnet50Page()).initiallyOpen();
  const large = new GraphModel(residualPage(1000)).initiallyOpen();
  assert.ok(small.length > 0 && small.every((o) => o === 1));
  assert.ok(large.length > 0 && large.every((o) => o === 0));
});

test('open groups are named by path, so another session finds them', () => {
  const model = new GraphModel(resnet50Page());
  const open = model.openFrom(['/layer2', '/layer2/layer2.1', '/gone']);
  assert.deepEqual(model.openPaths(open), ['/layer2', '/layer2/layer2.1']);
});

test('a thing in a closed group is shown by the group; tracing a link finds all its pieces', () => {
  const model = new GraphModel(resnet50Page());
  const node = model.page.nodes.find((n) => n.name === '/layer2/layer2.1/Add')!;
  const closed = new Scene(model, layoutNested(model.input, new Uint8Array(model.hierarchy.groups.length)));
  assert.equal(model.keyOf(closed.geometry.box[closed.boxOf(`n${node.id}`)!]!), 'g/layer2');
  const open = new Scene(model, layoutNested(model.input, model.initiallyOpen()));
  const box = open.boxOf(`n${node.id}`)!;
  assert.equal(model.keyOf(open.geometry.box[box]!), `n${node.id}`);
  const { into, out } = linksAt(model, `n${node.id}`);
  assert.deepEqual([into.length, out.length], [2, 1]);
  const pieces = open.piecesOf(into);
  // The skip comes from the block before: out of its frame, over the gap, into this one.
  assert.ok(pieces.length >= 4, String(pieces.length));
  const { x, y, w } = open.geometry;
  assert.equal(open.boxAt(x[box]! + w[box]! / 2, y[box]! + 5), box);
  assert.equal(open.boxAt(-1000, -1000), -1);
  const frame = open.boxOf('g/layer2')!;
  assert.equal(open.boxAt(x[frame]! + 12, y[frame]! - 3), frame, 'a title lies on the edge of its frame');
  assert.equal(open.boxAt(x[frame]! + 2, y[frame]! + 40), -1, 'within a frame is open ground');
  const p = pieces[0]!;
  const at = open.geometry.pieceStart[p]! * 2;
  assert.equal(open.pieceAt(open.geometry.points[at]!, open.geometry.points[at + 1]! + 1, 4) >= 0, true);
});

test('hostile scopes: deep, empty and repeated parts do not break anything', () => {
  const page = resnet50Page();
  const names = [
    (): string => '/'.repeat(50),
    (): string => Array.from({ length: 5000 }, () => 'a').join('/'),
    (i: number): string => `__proto__/constructor/${i}`,
  ];
  page.nodes.forEach((node, i) => {
    node.name = names[i % names.length]!(i);
  });
  const model = new GraphModel(page);
  const scene = layoutNested(model.input, new Uint8Array(model.hierarchy.groups.length).fill(1));
  assert.ok(scene.x.every(Number.isFinite));
  assert.equal(model.hierarchy.groups[0]!.count, page.nodes.length);
});
