import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { onnx as Onnx } from 'onnx-proto';
import { grayscale, swapRedBlue } from '../../../src/adapt/maps/channelMap.ts';
import { compareAdapted } from '../../fixtures/adaptBytes.ts';
import { decodeModel, node, valueInfo, type ModelParts } from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';
import {
  LAST,
  build,
  checkCase,
  conv,
  floats,
  gray,
  grayLast,
  ints,
  number,
  rgb,
  scalar,
  type Case,
} from './exporterCase.ts';

const stacked = (one: (k: number) => Onnx.INodeProto[], more: Onnx.ITensorProto[] = []): ModelParts => ({
  initializers: [
    floats('w', [2, 3, 3, 3]),
    ints('one', 1),
    ...[0, 1, 2].flatMap((k) => [
      scalar(`i${k}`, k),
      number(`f${k}`, k + 0.5),
      ints(`from${k}`, k),
      ints(`to${k}`, k + 1),
    ]),
    ...more,
  ],
  nodes: [...[0, 1, 2].flatMap(one), node('Concat', ['u0', 'u1', 'u2'], ['c'], { axis: 1 }), conv('c')],
});
const single = (constant: number[], inputs: Onnx.IValueInfoProto[], axis: number): ModelParts => ({
  inputs,
  initializers: [scalar('i', 1), floats('k', constant)],
  nodes: [node('Gather', ['x', 'i'], ['g'], { axis }), node('Mul', ['g', 'k'], ['m']), node('Relu', ['m'], ['y'])],
});

/** Channels that are taken out of the image, one by one. */
const CASES: readonly Case[] = [
  {
    name: 'channels taken out, scaled and stacked again',
    dims: gray,
    folds: 1,
    added: 0,
    rebuilt: 0,
    parts: stacked((k) => [
      node('Gather', ['x', `i${k}`], [`g${k}`], { axis: 1 }),
      node('Mul', [`g${k}`, `f${k}`], [`m${k}`]),
      node('Unsqueeze', [`m${k}`, 'one'], [`u${k}`]),
    ]),
  },
  {
    name: 'channels cut out, squeezed, scaled and stacked again',
    map: swapRedBlue(),
    dims: rgb,
    folds: 1,
    added: 0,
    rebuilt: 0,
    parts: stacked((k) => [
      node('Slice', ['x', `from${k}`, `to${k}`, 'one'], [`s${k}`]),
      node('Squeeze', [`s${k}`, 'one'], [`g${k}`]),
      node('Mul', [`g${k}`, `f${k}`], [`m${k}`]),
      node('Unsqueeze', [`m${k}`, 'one'], [`u${k}`]),
    ]),
  },
  {
    name: 'a single channel times pixels',
    parts: single([8, 9], [valueInfo('x', ['n', 3, 8, 9])], 1),
    dims: gray,
    folds: 0,
    added: 1,
    rebuilt: 1,
  },
  {
    name: 'a single channel times pixels of each image',
    parts: single([2, 8, 9], [valueInfo('x', ['n', 3, 8, 9])], 1),
    dims: gray,
    folds: 0,
    added: 1,
    rebuilt: 1,
  },
  {
    name: 'a single channel of the last axis times columns',
    parts: single([9], LAST, 3),
    dims: grayLast,
    folds: 0,
    added: 1,
    rebuilt: 1,
  },
  {
    name: 'a single channel times what is computed from it',
    dims: gray,
    folds: 0,
    added: 1,
    rebuilt: 1,
    parts: {
      initializers: [scalar('i', 1)],
      nodes: [
        node('Gather', ['x', 'i'], ['g'], { axis: 1 }),
        node('CumSum', ['g', 'i'], ['s']),
        node('Mul', ['g', 's'], ['y']),
      ],
    },
  },
];

for (const c of CASES) test(c.name, () => checkCase(c));

test('what is declared of a single channel goes where its tensor has all channels now', async () => {
  const taken = build({
    inputs: [valueInfo('x', [2, 3, 8, 9])],
    initializers: [scalar('i', 1), ints('one', 1), number('k', 2), floats('w', [2, 1, 3, 3])],
    nodes: [
      node('Gather', ['x', 'i'], ['g'], { axis: 1 }),
      node('Mul', ['g', 'k'], ['m']),
      node('Relu', ['m'], ['r']),
      node('Unsqueeze', ['r', 'one'], ['u']),
      conv('u', 'c'),
      node('CumSum', ['r', 'i'], ['y']),
    ],
    valueInfo: [
      ...['g', 'm', 'r'].map((name) => valueInfo(name, [2, 8, 9])),
      valueInfo('u', [2, 1, 8, 9]),
      valueInfo('c', [2, 2, 8, 9]),
    ],
    outputs: [valueInfo('c', [2, 2, 8, 9]), valueInfo('y', [2, 8, 9])],
  });
  const { bytes, worst } = await compareAdapted(taken, grayscale(), { newDims: { x: gray }, random: new Random(3) });
  assert.ok(worst < 1e-5, `relative L2 ${worst}`);
  assert.deepEqual(
    decodeModel(bytes).graph?.valueInfo?.map((v) => v.name),
    ['r', 'c'],
  );
});
