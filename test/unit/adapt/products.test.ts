import { test } from 'node:test';
import type { onnx as Onnx } from 'onnx-proto';
import { bands } from '../../../src/adapt/maps/channelMap.ts';
import { node, valueInfo, type ModelParts } from '../../fixtures/modelBuilder.ts';
import {
  LAST,
  SHIFTED,
  checkCase,
  conv,
  floats,
  gray,
  grayLast,
  ints,
  rgb,
  rgbLast,
  type Case,
} from './exporterCase.ts';

const product = (dims: number[], after: Onnx.INodeProto[] = [], bias: number[] = [5]): ModelParts => ({
  inputs: LAST,
  initializers: [floats('w', dims), floats('b', bias)],
  nodes: [node('MatMul', ['x', 'w'], [after.length ? 'm' : 'y']), ...after],
});
const add = [node('Add', ['m', 'b'], ['y'])];
const einsum = (equation: string, weight: number[], inputs = [valueInfo('x', ['n', 3, 8, 9])]): ModelParts => ({
  inputs,
  initializers: [floats('w', weight)],
  nodes: [node('Einsum', ['x', 'w'], ['y'], { equation })],
});
/** Patches of 4×4 pixels, rows of 48 numbers. */
const patches = (rows: Onnx.INodeProto[], initializers: Onnx.ITensorProto[]): ModelParts => ({
  inputs: [valueInfo('x', [2, 3, 8, 8])],
  initializers: [ints('s1', 2, 3, 2, 4, 2, 4), ints('s2', 2, 4, 48), ...initializers],
  nodes: [
    node('Reshape', ['x', 's1'], ['a']),
    node('Transpose', ['a'], ['t'], { perm: [0, 2, 4, 3, 5, 1] }),
    node('Reshape', ['t', 's2'], ['p']),
    ...rows,
  ],
});

/** Products in the forms that exporters give them. */
const CASES: readonly Case[] = [
  ...['LayerNormalization', 'RMSNormalization'].map((normalisation): Case => ({
    name: `patches in ${normalisation}, whose scale goes into the product`,
    parts: {
      ...patches(
        [node(normalisation, ['p', 'k'], ['q']), node('MatMul', ['q', 'w'], ['y'])],
        [floats('k', [48]), floats('w', [48, 5])],
      ),
      opset: 23,
    },
    dims: [2, 1, 8, 8],
    folds: 1,
    added: 0,
    rebuilt: 0,
  })),
  {
    name: 'an image made smaller by a matrix on either side',
    parts: {
      initializers: [floats('rows', [4, 8]), floats('columns', [9, 5]), floats('w', [2, 3, 3, 3])],
      nodes: [node('MatMul', ['rows', 'x'], ['a']), node('MatMul', ['a', 'columns'], ['b']), conv('b')],
    },
    dims: gray,
    folds: 1,
    added: 0,
    rebuilt: 0,
  },
  { name: 'weights [1, 1, C, O]', parts: product([1, 1, 3, 5]), dims: grayLast, folds: 1, added: 0, rebuilt: 0 },
  {
    name: 'weights [1, 1, C, O] and a bias that takes the shift',
    map: SHIFTED,
    parts: product([1, 1, 3, 5], add),
    dims: rgbLast,
    folds: 2,
    added: 0,
    rebuilt: 0,
  },
  {
    name: 'weights per batch under a shift',
    map: SHIFTED,
    parts: product([2, 1, 3, 5], add),
    dims: rgbLast,
    folds: 1,
    added: 1,
    rebuilt: 0,
  },
  {
    name: 'a vector of weights under a shift',
    map: SHIFTED,
    parts: product([3], add, [1]),
    dims: rgbLast,
    folds: 2,
    added: 0,
    rebuilt: 0,
  },
  {
    name: 'Einsum with dots',
    parts: einsum('...c,cd->...d', [3, 5], LAST),
    dims: grayLast,
    folds: 1,
    added: 0,
    rebuilt: 0,
  },
  {
    name: 'Einsum under a shift, with its output turned',
    map: SHIFTED,
    parts: einsum('nchw,oc->nwho', [5, 3]),
    dims: rgb,
    folds: 1,
    added: 1,
    rebuilt: 0,
  },
  {
    name: 'Einsum that keeps a pixel axis of the weight under a shift',
    map: SHIFTED,
    parts: einsum('nchw,woc->nwo', [9, 5, 3]),
    dims: rgb,
    folds: 0,
    added: 1,
    rebuilt: 1,
  },
  {
    name: 'Einsum that sums a pixel axis with the channels under a shift',
    map: SHIFTED,
    parts: einsum('nchw,wcoh->now', [9, 3, 5, 8]),
    dims: rgb,
    folds: 1,
    added: 1,
    rebuilt: 0,
  },
  {
    name: 'Einsum with a factor per channel',
    dims: gray,
    folds: 1,
    added: 0,
    rebuilt: 0,
    parts: {
      initializers: [floats('k', [3]), floats('w', [2, 3, 3, 3])],
      nodes: [node('Einsum', ['x', 'k'], ['e'], { equation: 'nchw,c->nchw' }), conv('e')],
    },
  },
  {
    name: 'Einsum with a factor per channel that turns the axes',
    map: SHIFTED,
    dims: rgbLast,
    folds: 1,
    added: 1,
    rebuilt: 0,
    parts: {
      inputs: LAST,
      initializers: [floats('k', [3]), floats('w', [2, 3, 3, 3])],
      nodes: [node('Einsum', ['x', 'k'], ['e'], { equation: 'nhwc,c->nchw' }), conv('e')],
    },
  },
  {
    name: 'Einsum over patches',
    map: bands(5),
    dims: [2, 5, 8, 8],
    folds: 1,
    added: 0,
    rebuilt: 0,
    parts: patches([node('Einsum', ['p', 'w'], ['y'], { equation: 'blk,ko->blo' })], [floats('w', [48, 5])]),
  },
  {
    name: 'patches merged once more before Gemm',
    map: SHIFTED,
    dims: [2, 3, 8, 8],
    folds: 2,
    added: 0,
    rebuilt: 0,
    parts: patches(
      [node('Reshape', ['p', 's3'], ['r']), node('Gemm', ['r', 'w', 'b'], ['y'], { transB: 1 })],
      [ints('s3', -1, 48), floats('w', [5, 48]), floats('b', [5])],
    ),
  },
];

for (const c of CASES) test(c.name, () => checkCase(c));
