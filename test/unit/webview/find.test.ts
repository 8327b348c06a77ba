import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Finder } from '../../../webview-ui/graph/search/find.ts';
import { residualPage, resnet50Page } from '../../fixtures/pageModels.ts';

const finder = new Finder(resnet50Page());
const keys = (query: string): string[] => finder.find(query).map((f) => f.key);

test('find by operator, name, tensor, dtype, shape and attribute', () => {
  const cases: [string, number, RegExp][] = [
    ['Gemm', 1, /operator: Gemm/],
    ['maxpool', 2, /MaxPool/],
    ['layer3.5/conv2', 2, /conv2/],
    ['fc.weight', 1, /weight: fc\.weight/],
    ['conv1_output_0', 0, /^$/],
    ['64x3x7x7', 1, /shape: 64×3×7×7/],
    ['[64, 3, 7, 7]', 1, /shape/],
    ['64*3*7*7', 1, /shape/],
    ['transB', 1, /attribute: transB = 1/],
    ['conv 512x7x7', 8, /./],
  ];
  for (const [query, least, why] of cases) {
    const found = finder.find(query);
    assert.ok(found.length >= least, `${query}: ${found.length}`);
    if (least > 0) assert.match(found[0]!.why, why, query);
  }
});

test('every word must be found, and nothing is found for nothing', () => {
  assert.deepEqual(keys(''), []);
  assert.deepEqual(keys('   '), []);
  assert.deepEqual(keys('Conv nosuchthing'), []);
});

test('a number in a shape is a whole dimension', () => {
  assert.ok(keys('224x224').length > 0);
  assert.deepEqual(keys('24x224'), []);
});

test('exact operators come before names that hold them', () => {
  const found = finder.find('relu');
  assert.match(found[0]!.why, /operator: Relu/);
  assert.ok(found.every((f) => f.why !== ''));
});

test('inputs and outputs of the graph are found', () => {
  assert.ok(keys('input').includes('i0'));
  assert.ok(keys('Gemm_output_0').includes('o0'));
});

test('30,000 nodes are searched whole', () => {
  const big = new Finder(residualPage(30_000));
  assert.equal(big.find('block4998/Add').length > 0, true);
  assert.equal(big.find('BatchNormalization').length >= 4999, true);
});

test('attributes by value, and shapes by how they begin or as a whole', () => {
  const finder = new Finder(resnet50Page());
  const names = (query: string): number => finder.find(query).length;
  assert.equal(names('kernel_shape=7'), 1);
  assert.equal(names('kernel_shape = [7, 7]'), 1);
  assert.equal(names('kernel_shape=7x7'), 1);
  assert.equal(names('kernel_shape=77'), 0);
  assert.equal(names('[64, 3'), 1);
  assert.equal(names('[64, 3]'), 0);
  assert.equal(names('[1, 1000]'), 2);
  assert.equal(names('conv kernel_shape=3'), 16);
  assert.match(finder.find('strides=2')[0]!.why, /^attribute: strides = \[2, 2\]$/);
  for (const hostile of ['(', '[', '\\', '^$.*', '=', '==', '[=', 'a=', '=b', '((((a+)+)+)+)$'])
    assert.doesNotThrow(() => finder.find(hostile));
});
