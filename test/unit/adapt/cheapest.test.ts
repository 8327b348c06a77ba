import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { onnx as Onnx } from 'onnx-proto';
import { dropAlpha, grayscale, normalize, swapRedBlue, type ChannelMap } from '../../../src/adapt/maps/channelMap.ts';
import { compareAdapted } from '../../fixtures/adaptBytes.ts';
import { encodeModel, floatTensor, int64Tensor, model, node, valueInfo } from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';

const random = new Random(23);
const floats = (name: string, dims: readonly number[]): Onnx.ITensorProto =>
  floatTensor(name, dims, random.floats(dims.reduce((n, d) => n * d, 1)));
const NORM = normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3], scale: 1 });
const conv = (input: string, weight: string, output: string): Onnx.INodeProto =>
  node('Conv', [input, weight], [output], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
const luma = floatTensor('luma', [1, 3, 1, 1], [0.299, 0.587, 0.114]);
const axis1 = int64Tensor('axis', [1], [1]);

interface Case {
  readonly name: string;
  readonly map: ChannelMap;
  readonly nodes: readonly Onnx.INodeProto[];
  readonly initializers: readonly Onnx.ITensorProto[];
  /** Nodes added, by operator. */
  readonly added: readonly string[];
  readonly folds: number;
  /** Multiply-adds saved per image; what a plan adds is negative. */
  readonly saved: number;
}

const LUMA: Pick<Case, 'nodes' | 'initializers'> = {
  nodes: [
    node('Mul', ['x', 'luma'], ['m']),
    node('ReduceSum', ['m', 'axis'], ['g'], { keepdims: 1 }),
    conv('g', 'w', 'y'),
  ],
  initializers: [luma, axis1, floats('w', [4, 1, 3, 3])],
};
const PRODUCTS: Pick<Case, 'nodes' | 'initializers'> = {
  nodes: [
    node('Split', ['x'], ['r', 'g', 'b'], { axis: 1 }),
    node('Mul', ['r', 'g'], ['rg']),
    node('Mul', ['g', 'b'], ['gb']),
    node('Concat', ['rg', 'gb', 'x'], ['all'], { axis: 1 }),
    conv('all', 'w', 'y'),
  ],
  initializers: [floats('w', [4, 5, 3, 3])],
};
const DEPTHWISE: Pick<Case, 'nodes' | 'initializers'> = {
  nodes: [
    node('Conv', ['x', 'w', 'wb'], ['d'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], group: 3 }),
    node('BatchNormalization', ['d', 's', 'b', 'm', 'v'], ['n']),
    node('PRelu', ['n', 'slope'], ['p']),
    node('Conv', ['p', 'w2'], ['y'], { kernel_shape: [1, 1] }),
  ],
  initializers: [
    floats('w', [12, 1, 3, 3]),
    floats('wb', [12]),
    ...['s', 'b', 'm'].map((n) => floats(n, [12])),
    floatTensor(
      'v',
      [12],
      random.floats(12).map((v) => Math.abs(v) + 0.5),
    ),
    floats('slope', [12, 1, 1]),
    floats('w2', [6, 12, 1, 1]),
  ],
};
/** GoogLeNet's and Inception's transform_input. */
const TRANSFORM: Pick<Case, 'nodes' | 'initializers'> = {
  nodes: [
    ...[0, 1, 2].flatMap((c) => [
      node('Gather', ['x', `i${c}`], [`g${c}`], { axis: 1 }),
      node('Unsqueeze', [`g${c}`, 'axis'], [`u${c}`]),
      node('Mul', [`u${c}`, `scale${c}`], [`m${c}`]),
      node('Add', [`m${c}`, `shift${c}`], [`a${c}`]),
    ]),
    node('Concat', ['a0', 'a1', 'a2'], ['all'], { axis: 1 }),
    node('Conv', ['all', 'w'], ['y'], { kernel_shape: [3, 3] }),
  ],
  initializers: [
    ...[0, 1, 2].flatMap((c) => [
      { ...int64Tensor(`i${c}`, [1], [c]), dims: [] },
      floatTensor(`scale${c}`, [], [0.4 + c / 10]),
      floatTensor(`shift${c}`, [], [-0.1 * c - 0.2]),
    ]),
    axis1,
    floats('w', [4, 3, 3, 3]),
  ],
};

const CASES: readonly Case[] = [
  {
    name: 'a mean over channels needs no change under another order',
    map: swapRedBlue(),
    nodes: [node('ReduceMean', ['x'], ['g'], { axes: [1] }), conv('g', 'w', 'y')],
    initializers: [floats('w', [4, 1, 3, 3])],
    added: [],
    folds: 0,
    saved: 0,
  },
  { name: 'built-in luma under bgr moves three constants', map: swapRedBlue(), ...LUMA, added: [], folds: 1, saved: 0 },
  {
    name: 'built-in luma of four channels is a Gather in front, not a wide first layer',
    map: dropAlpha(),
    ...LUMA,
    added: ['Gather'],
    folds: 0,
    saved: 0,
  },
  {
    name: 'products of channels under bgr: one Gather in front',
    map: swapRedBlue(),
    ...PRODUCTS,
    added: ['Gather'],
    folds: 0,
    saved: 0,
  },
  {
    name: 'products of channels under normalisation: one Conv in front',
    map: NORM,
    ...PRODUCTS,
    added: ['Conv'],
    folds: 0,
    saved: -576,
  },
  { name: "torchvision's transform_input under normalisation", map: NORM, ...TRANSFORM, added: [], folds: 1, saved: 0 },
  {
    name: 'the filters of a depthwise layer follow their channels, and so does what comes behind',
    map: swapRedBlue(),
    ...DEPTHWISE,
    added: [],
    folds: 8,
    saved: 0,
  },
  {
    name: 'a first layer that folds is cheaper than any node in front',
    map: grayscale(),
    nodes: [conv('x', 'w', 'y')],
    initializers: [floats('w', [4, 3, 3, 3])],
    added: [],
    folds: 1,
    saved: 4608,
  },
  {
    name: 'a first layer grows as the number of channels does, and takes the map in',
    map: dropAlpha(),
    nodes: [conv('x', 'w', 'y')],
    initializers: [floats('w', [4, 3, 3, 3])],
    added: [],
    folds: 1,
    saved: -2304,
  },
];

for (const c of CASES) {
  test(`the cheapest plan: ${c.name}`, async () => {
    const bytes = encodeModel(
      model({
        opset: 13,
        inputs: [valueInfo('x', [1, 3, 8, 8])],
        outputs: [valueInfo('y', null)],
        nodes: [...c.nodes],
        initializers: [...c.initializers],
      }),
    );
    const { plan, worst } = await compareAdapted(bytes, c.map, {
      newDims: { x: [1, c.map.matrix[0]?.length ?? 0, 8, 8] },
      random,
    });
    assert.ok(worst < 1e-5, `relative L2 ${worst}`);
    assert.deepEqual(
      {
        added: plan.addedNodes.map((n) => n.opType),
        folds: plan.folds.length,
        saved: plan.saved.multiplyAdds,
        warnings: plan.warnings,
      },
      { added: c.added, folds: c.folds, saved: c.saved, warnings: [] },
    );
  });
}
