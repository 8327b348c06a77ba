import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GraphModel } from '../../../webview-ui/graph/graphModel.ts';
import {
  isTarget,
  linkTarget,
  menuContext,
  neighbours,
  targetName,
  traceFrom,
  weightsOf,
} from '../../../webview-ui/graph/targets.ts';
import { shortestPath } from '../../../webview-ui/graph/trace.ts';
import { resnet50Page } from '../../fixtures/pageModels.ts';

const model = new GraphModel(resnet50Page());

function key(name: string): string {
  const found = model.named(name);
  assert.ok(found, name);
  return found;
}

const names = (keys: readonly string[]): string[] => keys.map((each) => targetName(model, each));

test('what an action is for has the name that is copied', () => {
  const add = key('/layer1/layer1.0/Add');
  const link = model.flat.links.findIndex(({ tensor }) => tensor === '/maxpool/MaxPool_output_0');
  assert.deepEqual(names([add, 'i0', 'o0', 'g/layer1/layer1.0', linkTarget(link)]), [
    '/layer1/layer1.0/Add',
    'input',
    '/fc/Gemm_output_0',
    'layer1/layer1.0',
    '/maxpool/MaxPool_output_0',
  ]);
  for (const wrong of ['n99999', 'l99999', 'l', 'lx', '', 'g/none', 'wnone'])
    assert.equal(isTarget(model, wrong), false);
});

test('neighbours of a layer, of a line and of a group are what their links lead to', () => {
  const add = key('/layer1/layer1.0/Add');
  assert.deepEqual(names(neighbours(model, add, 'inputs')), [
    '/layer1/layer1.0/conv3/Conv',
    '/layer1/layer1.0/downsample/downsample.0/Conv',
  ]);
  assert.deepEqual(names(neighbours(model, 'g/layer1', 'inputs')), ['/maxpool/MaxPool']);
  assert.deepEqual(names(neighbours(model, 'g/layer1', 'outputs')), [
    '/layer2/layer2.0/conv1/Conv',
    '/layer2/layer2.0/downsample/downsample.0/Conv',
  ]);
  const link = model.flat.links.findIndex(({ tensor }) => tensor === '/maxpool/MaxPool_output_0');
  assert.deepEqual(names(neighbours(model, linkTarget(link), 'inputs')), ['/maxpool/MaxPool']);
  assert.equal(neighbours(model, linkTarget(link), 'outputs').length, 2);
  assert.deepEqual(neighbours(model, 'i0', 'inputs'), []);
});

test('a trace counts what lies between, from a layer, a group and a line', () => {
  const between = (target: string): [number, number] => [
    traceFrom(model, target, 'inputs').between,
    traceFrom(model, target, 'outputs').between,
  ];
  const [above, below] = between(key('/maxpool/MaxPool'));
  assert.equal(above, 3, 'Relu, Conv and the input');
  assert.equal(above + below + 1, model.flat.items.length);
  const link = model.flat.links.findIndex(({ tensor }) => tensor === '/maxpool/MaxPool_output_0');
  assert.equal(traceFrom(model, linkTarget(link), 'inputs').between, 4);
  const layers = model.hierarchy.groups[model.groupOf('g/layer1') ?? -1]?.count ?? 0;
  const [fed, feeds] = between('g/layer1');
  assert.equal(fed + layers + feeds, model.flat.items.length);
});

test('the shortest path takes the skip, whichever end it is asked from', () => {
  const [from, to] = [model.itemOf(key('/maxpool/MaxPool')), model.itemOf(key('/layer1/layer1.0/Add'))];
  assert.ok(from !== undefined && to !== undefined);
  for (const path of [shortestPath(model.flat, from, to), shortestPath(model.flat, to, from)])
    assert.deepEqual([...(path?.items ?? [])].map((item) => targetName(model, model.keyOf(item))).sort(), [
      '/layer1/layer1.0/Add',
      '/layer1/layer1.0/downsample/downsample.0/Conv',
      '/maxpool/MaxPool',
    ]);
  const [one, other] = ['/layer1/layer1.0/conv2/Conv', '/layer1/layer1.0/downsample/downsample.0/Conv'];
  assert.equal(shortestPath(model.flat, model.itemOf(key(one!))!, model.itemOf(key(other!))!), null);
});

test('a menu offers what there is to do: weights of layers that have some, paths from another layer', () => {
  const conv = key('/conv1/Conv');
  const relu = key('/relu/Relu');
  assert.deepEqual(weightsOf(model, conv), ['conv1.weight', 'conv1.bias']);
  assert.deepEqual(weightsOf(model, relu), []);
  assert.deepEqual(menuContext(model, conv, relu), {
    webviewSection: 'layer',
    target: conv,
    hasWeights: true,
    hasLink: true,
    hasPath: true,
    hasGroups: true,
  });
  const { webviewSection, hasPath, hasLink } = menuContext(model, 'g/layer1', relu);
  assert.deepEqual([webviewSection, hasPath, hasLink], ['group', false, false]);
  assert.equal(menuContext(model, conv, conv).hasPath, false, 'no path to itself');
  const tensors = [{ name: 'conv1.weight', dtype: 'float32', dims: [8, 3, 3, 3], params: 216, bytes: 864 }];
  const weights = new GraphModel({
    ...resnet50Page(),
    hasGraph: false,
    tensors,
    nodes: [],
    edges: [],
    outputEdges: [],
  });
  assert.deepEqual(menuContext(weights, 'wconv1.weight', null), {
    webviewSection: 'tensor',
    target: 'wconv1.weight',
    hasWeights: true,
    hasLink: false,
    hasPath: false,
    hasGroups: false,
  });
});
