import { test } from 'node:test';
import { bands, swapRedBlue } from '../../../src/adapt/maps/channelMap.ts';
import { int64Tensor, node, valueInfo } from '../../fixtures/modelBuilder.ts';
import { checkCase, conv, floats, type Case } from './adaptCase.ts';

/** Shapes that are read, changed and computed, and operators along an axis. */
const CASES: readonly Case[] = [
  {
    name: 'Expand to the shape it has',
    folds: 1,
    rebuilt: 0,
    parts: {
      initializers: [floats('w', [2, 3, 3, 3]), int64Tensor('s', [4], [2, 3, 8, 8])],
      nodes: [node('Expand', ['x', 's'], ['e']), conv('e')],
    },
  },
  {
    name: 'Resize to sizes that name the channels',
    folds: 1,
    rebuilt: 0,
    parts: {
      initializers: [floats('w', [2, 3, 3, 3]), int64Tensor('sizes', [4], [1, 3, 12, 16])],
      nodes: [node('Resize', ['x', '', '', 'sizes'], ['r'], { mode: 'linear' }), conv('r')],
    },
  },
  {
    name: 'Reshape by sizes read from Shape',
    folds: 1,
    rebuilt: 0,
    parts: {
      initializers: [floats('w', [2, 3, 3, 3])],
      nodes: [node('Shape', ['x'], ['s']), node('Reshape', ['x', 's'], ['r']), conv('r')],
    },
  },
  {
    name: 'the channel count read through Shape is still three',
    folds: 1,
    rebuilt: 0,
    parts: {
      initializers: [floats('w', [2, 3, 3, 3]), int64Tensor('one', [1], [1])],
      nodes: [
        node('Shape', ['x'], ['s']),
        node('Gather', ['s', 'one'], ['c']),
        node('Cast', ['c'], ['f'], { to: 1 }),
        conv('x', 'w', 'a'),
        node('Mul', ['a', 'f'], ['y']),
      ],
    },
  },
  {
    name: 'patches by Reshape and Transpose into a MatMul',
    folds: 1,
    rebuilt: 0,
    parts: {
      initializers: [
        floats('w', [48, 5]),
        int64Tensor('s1', [6], [1, 3, 2, 4, 2, 4]),
        int64Tensor('s2', [3], [1, 4, 48]),
      ],
      nodes: [
        node('Reshape', ['x', 's1'], ['a']),
        node('Transpose', ['a'], ['b'], { perm: [0, 2, 4, 3, 5, 1] }),
        node('Reshape', ['b', 's2'], ['c']),
        node('MatMul', ['c', 'w'], ['y']),
      ],
    },
  },
  {
    name: 'channels and pixels cut at once by attributes',
    folds: 1,
    rebuilt: 0,
    parts: {
      opset: 9,
      initializers: [floats('w', [2, 2, 3, 3])],
      nodes: [node('Slice', ['x'], ['s'], { axes: [1, 3], starts: [1, 2], ends: [3, 8] }), conv('s')],
    },
  },
  {
    name: 'Softmax along the pixels',
    folds: 1,
    rebuilt: 0,
    parts: {
      initializers: [floats('w', [2, 3, 3, 3])],
      nodes: [node('Softmax', ['x'], ['s'], { axis: 3 }), conv('s')],
    },
  },
  {
    name: 'Softmax of old opsets takes all axes from there on',
    folds: 0,
    rebuilt: 1,
    parts: {
      opset: 11,
      initializers: [floats('w', [2, 3, 3, 3])],
      nodes: [node('Softmax', ['x'], ['s'], { axis: 1 }), conv('s')],
    },
  },
  {
    name: 'Softmax across channels in another order',
    map: swapRedBlue(),
    dims: { x: [1, 3, 8, 8] },
    folds: 1,
    rebuilt: 0,
    parts: {
      initializers: [floats('w', [2, 3, 3, 3])],
      nodes: [node('Softmax', ['x'], ['s'], { axis: 1 }), conv('s')],
    },
  },
  {
    name: 'MeanVarianceNormalization over channels and pixels',
    folds: 1,
    rebuilt: 0,
    parts: {
      initializers: [floats('w', [2, 3, 3, 3])],
      nodes: [node('MeanVarianceNormalization', ['x'], ['s'], { axes: [1, 2, 3] }), conv('s')],
    },
  },
  {
    name: 'CumSum along the pixels',
    map: bands(5),
    dims: { x: [1, 5, 8, 8] },
    folds: 1,
    rebuilt: 0,
    parts: {
      initializers: [floats('w', [2, 3, 3, 3]), int64Tensor('axis', [], [3])],
      nodes: [node('CumSum', ['x', 'axis'], ['s']), conv('s')],
    },
  },
  {
    name: 'Resize that keeps proportions scales the channels too',
    map: swapRedBlue(),
    dims: { x: [2, 3, 8, 8] },
    folds: 0,
    rebuilt: 1,
    parts: {
      opset: 18,
      inputs: [valueInfo('x', [2, 3, 8, 8])],
      initializers: [floats('w', [2, 6, 3, 3]), int64Tensor('sizes', [4], [2, 3, 16, 12])],
      nodes: [
        node('Resize', ['x', '', '', 'sizes'], ['r'], { mode: 'nearest', keep_aspect_ratio_policy: 'not_smaller' }),
        conv('r'),
      ],
    },
  },
];

for (const c of CASES) test(c.name, () => checkCase(c));
