import { test } from 'node:test';
import type { onnx as Onnx } from 'onnx-proto';
import { bands, swapRedBlue, normalize } from '../../../src/adapt/maps/channelMap.ts';
import { DTYPE, floatTensor, graph, int64Tensor, named, node, valueInfo } from '../../fixtures/modelBuilder.ts';
import { checkCase, conv, floats, image, type Case } from './adaptCase.ts';

const branch = (name: string, nodes: Onnx.INodeProto[], output: string): Onnx.IGraphProto =>
  graph({ name, nodes, outputs: [valueInfo(output, null)] });

/** Weighted layers, and what stands between them and the image. */
const CASES: readonly Case[] = [
  {
    name: 'a weight shared by two convolutions is folded beside the old one',
    parts: { initializers: [floats('w', [3, 3, 3, 3])], nodes: [conv('x', 'w', 'a'), conv('a')] },
    folds: 1,
    rebuilt: 0,
  },
  {
    name: 'a skip connection of copies broadcasts back',
    parts: {
      initializers: [floats('w', [3, 3, 3, 3])],
      nodes: [conv('x', 'w', 'a'), node('Add', ['a', 'x'], ['b']), node('Mul', ['b', 'x'], ['y'])],
    },
    folds: 1,
    rebuilt: 0,
  },
  {
    name: 'a skip connection from the input rebuilds it once',
    map: swapRedBlue(),
    dims: { x: [1, 3, 8, 8] },
    parts: {
      initializers: [floats('w', [3, 3, 3, 3])],
      nodes: [conv('x', 'w', 'a'), node('Add', ['a', 'x'], ['b']), node('Mul', ['b', 'x'], ['y'])],
    },
    folds: 1,
    rebuilt: 1,
  },
  {
    name: 'an intermediate tensor that is an output keeps its name and channels',
    folds: 1,
    rebuilt: 1,
    parts: {
      initializers: [floats('w', [2, 3, 3, 3])],
      nodes: [node('Relu', ['x'], ['r']), conv('r')],
      outputs: [valueInfo('y', null), valueInfo('r', [1, 3, 8, 8])],
    },
  },
  {
    name: 'branches of If that read the input give copies of its one channel on',
    others: { flag: { type: 'bool', dims: [1], data: Uint8Array.of(1) } },
    folds: 1,
    rebuilt: 0,
    parts: {
      inputs: [image, valueInfo('flag', [1], DTYPE.bool)],
      initializers: [floats('w', [3, 3, 3, 3])],
      nodes: [
        conv('x', 'w', 'a'),
        node('If', ['flag'], ['b'], {
          then_branch: { graph: branch('then', [node('Neg', ['x'], ['t'])], 't') },
          else_branch: { graph: branch('else', [node('Identity', ['x'], ['e'])], 'e') },
        }),
        node('Add', ['a', 'b'], ['y']),
      ],
    },
  },
  {
    name: 'a local function that the map passes through',
    folds: 1,
    rebuilt: 0,
    parts: {
      initializers: [floats('w', [2, 3, 3, 3])],
      opsets: [
        { domain: '', version: 17 },
        { domain: 'own', version: 1 },
      ],
      functions: [
        {
          name: 'Twice',
          domain: 'own',
          input: ['a'],
          output: ['b'],
          opsetImport: [{ domain: '', version: 17 }],
          node: [node('Add', ['a', 'a'], ['b'])],
        },
      ],
      nodes: [named(node('Twice', ['x'], ['t']), { domain: 'own' }), conv('t')],
    },
  },
  {
    name: 'depthwise with a multiplier',
    parts: {
      initializers: [floats('w', [6, 1, 3, 3])],
      nodes: [node('Conv', ['x', 'w'], ['y'], { kernel_shape: [3, 3], group: 3, pads: [1, 1, 1, 1] })],
    },
    folds: 1,
    rebuilt: 0,
  },
  {
    name: 'a depthwise convolution under a permutation stays depthwise where the order would come back anyway',
    map: swapRedBlue(),
    dims: { x: [1, 3, 8, 8] },
    parts: {
      initializers: [floats('w', [6, 1, 3, 3])],
      nodes: [node('Conv', ['x', 'w'], ['y'], { kernel_shape: [3, 3], group: 3 })],
    },
    folds: 0,
    rebuilt: 1,
  },
  {
    name: 'a depthwise convolution under a diagonal map keeps its groups',
    map: normalize({ mean: [0], std: [0.2, 0.3, 0.4], scale: 1 }),
    dims: { x: [1, 3, 8, 8] },
    folds: 1,
    rebuilt: 0,
    parts: {
      initializers: [floats('w', [6, 1, 3, 3])],
      nodes: [node('Conv', ['x', 'w'], ['y'], { kernel_shape: [3, 3], group: 3 })],
    },
  },
  {
    name: 'ConvTranspose with groups',
    folds: 1,
    rebuilt: 0,
    parts: {
      initializers: [floats('w', [3, 2, 3, 3])],
      nodes: [node('ConvTranspose', ['x', 'w'], ['y'], { kernel_shape: [3, 3], group: 3, strides: [2, 2] })],
    },
  },
  {
    name: 'weights behind Transpose and Reshape',
    folds: 1,
    rebuilt: 0,
    parts: {
      initializers: [floats('raw', [3, 3, 3, 2]), int64Tensor('s', [4], [2, 3, 3, 3])],
      nodes: [
        node('Transpose', ['raw'], ['turned'], { perm: [3, 2, 0, 1] }),
        node('Reshape', ['turned', 's'], ['w']),
        conv('x'),
      ],
    },
  },
  {
    name: 'a shift under padding where the map is square is undone by one Add',
    map: normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4], scale: 1 }),
    dims: { x: [1, 3, 8, 8] },
    folds: 1,
    rebuilt: 0,
    parts: { initializers: [floats('w', [2, 3, 3, 3])], nodes: [conv('x')] },
  },
  {
    name: 'a node that nobody needs keeps what it reads',
    folds: 1,
    rebuilt: 1,
    parts: {
      initializers: [floats('w', [2, 3, 3, 3])],
      nodes: [conv('x'), node('LRN', ['x'], ['unused'], { size: 3 })],
    },
  },
  {
    name: 'one channel that meets a constant of three becomes three',
    folds: 1,
    rebuilt: 0,
    parts: {
      initializers: [
        floats('w', [2, 3, 3, 3]),
        floatTensor('two', [1, 3, 1, 1], new Float32Array(3).fill(2)),
        floats('k', [3, 1, 1]),
      ],
      nodes: [
        node('ReduceMean', ['x'], ['m'], { axes: [1] }),
        node('Mul', ['m', 'two'], ['a']),
        node('Mul', ['k', 'a'], ['b']),
        conv('b'),
      ],
    },
  },
  {
    name: 'one channel that an operator without a linear form makes three is rebuilt',
    folds: 0,
    rebuilt: 1,
    parts: {
      initializers: [floats('w', [2, 3, 3, 3]), floatTensor('limit', [1, 3, 1, 1], new Float32Array(3).fill(0.1))],
      nodes: [node('ReduceMean', ['x'], ['m'], { axes: [1] }), node('Max', ['m', 'limit'], ['a']), conv('a')],
    },
  },
  {
    name: 'a Gemm whose bias differs per row gets the shift behind it',
    map: normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4], scale: 1 }),
    dims: { x: [4, 3, 2, 2] },
    folds: 1,
    rebuilt: 0,
    parts: {
      inputs: [valueInfo('x', [4, 3, 2, 2])],
      initializers: [floats('w', [12, 4]), floats('b', [4, 1])],
      nodes: [
        node('Flatten', ['x'], ['f']),
        node('Gemm', ['f', 'w', 'b'], ['y'], { alpha: { float: 0.5 }, beta: { float: 2 } }),
      ],
    },
  },
  {
    name: 'a Gemm without use of its bias gets the shift behind it',
    map: normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4], scale: 1 }),
    dims: { x: [2, 3, 2, 2] },
    folds: 1,
    rebuilt: 0,
    parts: {
      inputs: [valueInfo('x', [2, 3, 2, 2])],
      initializers: [floats('w', [12, 4]), floats('b', [4])],
      nodes: [
        node('Flatten', ['x'], ['f']),
        node('Gemm', ['f', 'w', 'b'], ['y'], { alpha: { float: 0.5 }, beta: { float: 0 } }),
      ],
    },
  },
  {
    name: 'a product along other axes than the merged one sees the image as it was',
    map: bands(5),
    dims: { x: [2, 5, 8, 8] },
    folds: 0,
    rebuilt: 1,
    parts: {
      inputs: [valueInfo('x', [2, 3, 8, 8])],
      initializers: [floats('w', [64, 4]), int64Tensor('s', [2], [6, 64])],
      nodes: [node('Reshape', ['x', 's'], ['r']), node('MatMul', ['r', 'w'], ['y'])],
    },
  },
  {
    name: 'a stack of matrices behind merged axes takes the map in',
    map: bands(5),
    dims: { x: [1, 5, 8, 8] },
    folds: 1,
    rebuilt: 0,
    parts: {
      initializers: [floats('w', [2, 192, 4])],
      nodes: [node('Flatten', ['x'], ['f']), node('MatMul', ['f', 'w'], ['y'])],
    },
  },
  {
    name: 'Flatten and Gemm',
    parts: {
      initializers: [floats('w', [192, 4])],
      nodes: [node('Flatten', ['x'], ['f']), node('Gemm', ['f', 'w'], ['y'])],
    },
    folds: 1,
    rebuilt: 0,
  },
  {
    name: 'N bands',
    map: bands(7),
    dims: { x: [1, 7, 8, 8] },
    parts: { initializers: [floats('w', [2, 3, 3, 3])], nodes: [conv('x')] },
    folds: 1,
    rebuilt: 0,
  },
  {
    name: 'two image inputs',
    folds: 2,
    rebuilt: 0,
    dims: { x: [1, 1, 8, 8], x2: [1, 1, 8, 8] },
    parts: {
      inputs: [image, valueInfo('x2', [1, 3, 8, 8])],
      initializers: [floats('w', [2, 3, 3, 3]), floats('v', [2, 3, 3, 3])],
      nodes: [conv('x', 'w', 'a'), conv('x2', 'v', 'b'), node('Add', ['a', 'b'], ['y'])],
    },
  },
  {
    name: 'an input without a shape, settled by its weight',
    parts: { inputs: [valueInfo('x', null)], initializers: [floats('w', [2, 3, 3, 3])], nodes: [conv('x')] },
    folds: 1,
    rebuilt: 0,
  },
];

for (const c of CASES) test(c.name, () => checkCase(c));
