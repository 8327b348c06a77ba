import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { onnx as Onnx } from 'onnx-proto';
import { bands, grayscale, swapRedBlue, normalize, type ChannelMap } from '../../../src/adapt/maps/channelMap.ts';
import { adaptBytes, compareAdapted } from '../../fixtures/adaptBytes.ts';
import {
  convModel,
  decodeModel,
  DTYPE,
  encodeModel,
  floatTensor,
  graph,
  int64Tensor,
  model,
  named,
  node,
  rawTensor,
  valueInfo,
  type ModelParts,
} from '../../fixtures/modelBuilder.ts';
import type { Value } from '../../fixtures/runtime.ts';
import { Random } from '../../fixtures/random.ts';

const random = new Random(11);
const floats = (name: string, dims: number[]): Onnx.ITensorProto =>
  floatTensor(name, dims, random.floats(dims.reduce((n, d) => n * d, 1)));
const image = valueInfo('x', [1, 3, 8, 8]);
const GRAY_DIMS = { x: [1, 1, 8, 8] };
const conv = (input: string, weight = 'w', output = 'y'): Onnx.INodeProto =>
  node('Conv', [input, weight], [output], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
const build = (parts: ModelParts): Uint8Array =>
  encodeModel(model({ inputs: [image], outputs: [valueInfo('y', null)], ...parts }));

interface Case {
  readonly name: string;
  readonly parts: ModelParts;
  readonly map?: ChannelMap;
  readonly folds: number;
  readonly rebuilt: number;
  readonly dims?: Readonly<Record<string, readonly number[]>>;
}

const branch = (name: string, nodes: Onnx.INodeProto[], output: string): Onnx.IGraphProto =>
  graph({ name, nodes, outputs: [valueInfo(output, null)] });
const int8 = (name: string, dims: number[], values: number[]): Onnx.ITensorProto =>
  rawTensor(name, DTYPE.int8, dims, new Uint8Array(Int8Array.from(values).buffer));
const uint8Scalar = (name: string, value: number): Onnx.ITensorProto =>
  rawTensor(name, DTYPE.uint8, [], Uint8Array.of(value));
const bytes27 = (scale: number): number[] => Array.from({ length: 2 * 27 }, (_, i) => Math.round(scale * Math.sin(i)));

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
    name: 'branches of If that read the input see it as it was',
    folds: 1,
    rebuilt: 1,
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
    name: 'weights behind DequantizeLinear, one scale per filter',
    folds: 1,
    rebuilt: 0,
    parts: {
      initializers: [
        int8('q', [2, 3, 3, 3], bytes27(100)),
        floatTensor('s', [2], [0.01, 0.02]),
        int8('z', [2], [0, 0]),
      ],
      nodes: [node('DequantizeLinear', ['q', 's', 'z'], ['w'], { axis: 0 }), conv('x')],
    },
  },
  {
    name: 'QDQ around the image',
    folds: 1,
    rebuilt: 0,
    parts: {
      initializers: [floats('w', [2, 3, 3, 3]), floatTensor('s', [], [0.05]), uint8Scalar('z', 100)],
      nodes: [
        node('QuantizeLinear', ['x', 's', 'z'], ['q']),
        node('DequantizeLinear', ['q', 's', 'z'], ['d']),
        conv('d'),
      ],
    },
  },
  {
    name: 'ConvInteger whose sums fit',
    folds: 1,
    rebuilt: 0,
    parts: {
      initializers: [int8('w', [2, 3, 3, 3], bytes27(30)), floatTensor('s', [], [0.05]), uint8Scalar('z', 100)],
      nodes: [
        node('QuantizeLinear', ['x', 's', 'z'], ['q']),
        node('ConvInteger', ['q', 'w', 'z'], ['i'], { pads: [1, 1, 1, 1] }),
        node('Cast', ['i'], ['y'], { to: 1 }),
      ],
    },
  },
  {
    name: 'ConvInteger whose sums overflow int8 keeps its weights',
    folds: 0,
    rebuilt: 1,
    parts: {
      initializers: [
        int8('w', [2, 3, 3, 3], new Array<number>(54).fill(100)),
        floatTensor('s', [], [0.05]),
        uint8Scalar('z', 100),
      ],
      nodes: [
        node('QuantizeLinear', ['x', 's', 'z'], ['q']),
        node('ConvInteger', ['q', 'w', 'z'], ['i'], { pads: [1, 1, 1, 1] }),
        node('Cast', ['i'], ['y'], { to: 1 }),
      ],
    },
  },
  {
    name: 'QLinearConv with a zero point of the weights',
    folds: 1,
    rebuilt: 0,
    parts: {
      initializers: [
        int8('w', [2, 3, 3, 3], bytes27(30)),
        floatTensor('s', [], [0.05]),
        uint8Scalar('z', 100),
        floatTensor('ws', [2], [0.01, 0.02]),
        int8('wz', [2], [0, 0]),
        floatTensor('ys', [], [0.1]),
      ],
      nodes: [
        node('QuantizeLinear', ['x', 's', 'z'], ['q']),
        node('QLinearConv', ['q', 's', 'z', 'w', 'ws', 'wz', 'ys', 'z'], ['i'], { pads: [1, 1, 1, 1] }),
        node('DequantizeLinear', ['i', 'ys', 'z'], ['y']),
      ],
    },
  },
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
    name: 'a shift under padding where the map is square is undone by one Add',
    map: normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4], scale: 1 }),
    dims: { x: [1, 3, 8, 8] },
    folds: 1,
    rebuilt: 0,
    parts: { initializers: [floats('w', [2, 3, 3, 3])], nodes: [conv('x')] },
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
    name: 'a node that nobody needs keeps what it reads',
    folds: 1,
    rebuilt: 1,
    parts: {
      initializers: [floats('w', [2, 3, 3, 3])],
      nodes: [conv('x'), node('LRN', ['x'], ['unused'], { size: 3 })],
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
    name: 'QuantizeLinear in blocks',
    folds: 0,
    rebuilt: 1,
    parts: {
      opset: 21,
      initializers: [floats('w', [2, 3, 3, 3]), floatTensor('s', [1, 3, 8, 2], new Float32Array(48).fill(0.05))],
      nodes: [
        node('QuantizeLinear', ['x', 's'], ['q'], { axis: 3, block_size: 4 }),
        node('DequantizeLinear', ['q', 's'], ['d'], { axis: 3, block_size: 4 }),
        conv('d'),
      ],
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

for (const c of CASES) {
  test(c.name, async () => {
    const others: Record<string, Value> = c.name.startsWith('branches')
      ? { flag: { type: 'bool', dims: [1], data: Uint8Array.of(1) } }
      : {};
    const { worst, plan } = await compareAdapted(build(c.parts), c.map ?? grayscale(), {
      newDims: c.dims ?? GRAY_DIMS,
      random: new Random(3),
      others,
    });
    assert.ok(
      worst < 1e-5,
      `relative L2 ${worst}: ${JSON.stringify({ folds: plan.folds, rebuilt: plan.rebuilt, added: plan.addedNodes })}`,
    );
    assert.equal(plan.folds.length, c.folds, JSON.stringify(plan.folds));
    assert.equal(plan.rebuilt.length, c.rebuilt, JSON.stringify(plan.rebuilt));
  });
}

test('what the file declares follows: input, value_info, a weight listed as an input, the pixel format', async () => {
  const { bytes } = await adaptBytes(
    build({
      inputs: [image, valueInfo('w', [2, 3, 3, 3])],
      initializers: [floats('w', [2, 3, 3, 3])],
      nodes: [node('Relu', ['x'], ['r']), conv('r')],
      valueInfo: [valueInfo('r', [1, 3, 8, 8])],
      metadata: { 'Image.BitmapPixelFormat': 'Rgb8', author: 'someone' },
    }),
    grayscale(),
  );
  const decoded = decodeModel(bytes);
  const dims = (v: Onnx.IValueInfoProto | undefined | null): number[] | undefined =>
    v?.type?.tensorType?.shape?.dim?.map((d) => Number(d.dimValue));
  assert.deepEqual(decoded.graph?.input?.map(dims), [
    [1, 1, 8, 8],
    [2, 1, 3, 3],
  ]);
  assert.deepEqual(decoded.graph?.valueInfo?.map(dims), [[1, 1, 8, 8]]);
  const metadata = new Map(decoded.metadataProps?.map((m) => [m.key, m.value]));
  assert.equal(metadata.get('Image.BitmapPixelFormat'), 'Gray8');
  assert.equal(metadata.get('author'), 'someone');
});

test('a weight that two image inputs share is replaced once, under its name', async () => {
  const shared = build({
    inputs: [image, valueInfo('x2', [1, 3, 8, 8])],
    initializers: [floats('w', [2, 3, 3, 3]), floats('b', [2])],
    nodes: [
      node('Conv', ['x', 'w', 'b'], ['p']),
      node('Conv', ['x2', 'w', 'b'], ['q']),
      node('Sub', ['p', 'q'], ['y']),
    ],
  });
  for (const [map, channels] of [
    [grayscale(), 1],
    [normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4], scale: 1 }), 3],
  ] as const) {
    const { bytes, worst } = await compareAdapted(shared, map, {
      newDims: { x: [1, channels, 8, 8], x2: [1, channels, 8, 8] },
      random: new Random(3),
    });
    assert.ok(worst < 1e-5, `relative L2 ${worst}`);
    assert.deepEqual(
      decodeModel(bytes).graph?.initializer?.map((t) => [t.name, t.dims?.map(Number)]),
      [
        ['w', [2, channels, 3, 3]],
        ['b', [2]],
      ],
    );
  }
  // One reader that keeps its three channels keeps the old weight beside the new one.
  const { bytes } = await adaptBytes(shared, grayscale(), { inputs: ['x'] });
  assert.deepEqual(
    decodeModel(bytes).graph?.initializer?.map((t) => [t.name, t.dims?.map(Number)]),
    [
      ['w', [2, 3, 3, 3]],
      ['b', [2]],
      ['w/folded', [2, 1, 3, 3]],
    ],
  );
});

test('bytes under a map of fractions: the cast comes first, and a warning says so', async () => {
  const bytesIn = build({
    inputs: [valueInfo('x', [1, 3, 8, 8], DTYPE.uint8)],
    initializers: [floats('w', [2, 3, 3, 3])],
    nodes: [node('Cast', ['x'], ['f'], { to: 1 }), conv('f')],
  });
  const { plan } = await adaptBytes(bytesIn, bands(5));
  assert.deepEqual([plan.folds.length, plan.rebuilt.length, plan.addedNodes.length], [1, 0, 0]);
  assert.match(plan.warnings.join(' '), /Input x holds whole numbers \(uint8\), and the map gives fractions/);
  assert.deepEqual((await adaptBytes(bytesIn, grayscale())).plan.warnings, []);
});

test('of two weights with one name neither is folded, whichever the runtime takes', async () => {
  const { plan, worst } = await compareAdapted(
    build({ initializers: [floats('w', [2, 3, 3, 3]), floats('w', [2, 3, 3, 3])], nodes: [conv('x')] }),
    grayscale(),
    { newDims: GRAY_DIMS, random: new Random(3) },
  );
  assert.deepEqual([plan.folds.length, plan.rebuilt.length, worst], [0, 1, 0]);
});

test('the slopes of PRelu in the first opsets are one per channel', async () => {
  const { plan } = await adaptBytes(
    build({
      opset: 6,
      initializers: [floats('slope', [3]), floats('w', [2, 3, 3, 3])],
      nodes: [node('PRelu', ['x', 'slope'], ['p']), conv('p')],
    }),
    grayscale(),
  );
  assert.deepEqual(
    plan.rebuilt.map((e) => e.reason),
    ['slope may differ per channel'],
  );
});

test('weights that a few bytes of the file make as large as they like are not computed', async () => {
  const shape = [64, 3, 512, 512];
  const { plan } = await adaptBytes(
    build({
      initializers: [int64Tensor('s', [4], shape)],
      nodes: [node('ConstantOfShape', ['s'], ['w']), node('Conv', ['x', 'w'], ['y'])],
    }),
    grayscale(),
  );
  assert.deepEqual(
    plan.rebuilt.map((e) => e.reason),
    ['its weights are not known before the model runs'],
  );
});

test('what the file declares of a dequantised weight follows', async () => {
  const { bytes, plan } = await adaptBytes(
    build({
      initializers: [int8('q', [2, 3, 3, 3], bytes27(30)), floatTensor('s', [], [0.5])],
      nodes: [node('DequantizeLinear', ['q', 's'], ['w']), conv('x')],
      valueInfo: [valueInfo('w', [2, 3, 3, 3]), valueInfo('y', [1, 2, 8, 8])],
    }),
    grayscale(),
  );
  const { graph: changed } = decodeModel(bytes);
  assert.equal(plan.folds.length, 1);
  assert.deepEqual(
    changed?.initializer?.map((t) => [t.name, t.dims?.map(Number)]),
    [
      ['q', [2, 1, 3, 3]],
      ['s', []],
    ],
  );
  assert.deepEqual(
    changed?.valueInfo?.map((v) => v.type?.tensorType?.shape?.dim?.map((d) => Number(d.dimValue))),
    [
      [2, 1, 3, 3],
      [1, 2, 8, 8],
    ],
  );
});

test('float16 weights keep their type, rounded once from the exact sum', async () => {
  const half = new Uint16Array(54).fill(0x3555);
  const { bytes, plan } = await adaptBytes(
    build({
      inputs: [valueInfo('x', [1, 3, 8, 8], DTYPE.float16)],
      initializers: [rawTensor('w', DTYPE.float16, [2, 3, 3, 3], new Uint8Array(half.buffer))],
      nodes: [conv('x')],
    }),
    grayscale(),
  );
  const weight = decodeModel(bytes).graph?.initializer?.[0];
  assert.equal(plan.folds.length, 1);
  assert.equal(weight?.dataType, DTYPE.float16);
  // 0x3555 is 1365/4096; three of it are 4095/4096, which float16 rounds to 0x3c00 (1) or 0x3bff (4094/4096): a tie, to
  // even.
  assert.deepEqual(
    [...new Uint16Array(Uint8Array.from(weight?.rawData ?? []).buffer)],
    new Array<number>(18).fill(0x3c00),
  );
});

const REFUSALS: readonly { name: string; bytes: Uint8Array; message: RegExp }[] = [
  {
    name: 'already one channel',
    bytes: encodeModel(convModel(1)),
    message: /already takes one channel: input `input` is float32\[batch, 1, 8, 8\]\./,
  },
  {
    name: 'ids',
    bytes: encodeModel(
      model({
        inputs: [valueInfo('ids', ['N', 'S'], DTYPE.int64)],
        outputs: [valueInfo('y', null)],
        nodes: [node('Identity', ['ids'], ['y'])],
      }),
    ),
    message: /input `ids` is int64\[N, S\]/,
  },
  {
    name: 'an input that is an output',
    bytes: encodeModel(
      model({
        inputs: [image],
        outputs: [valueInfo('x', null), valueInfo('y', null)],
        initializers: [floats('w', [2, 3, 3, 3])],
        nodes: [conv('x')],
      }),
    ),
    message: /both an input and an output/,
  },
];

for (const { name, bytes, message } of REFUSALS) {
  test(`refused: ${name}`, async () => {
    await assert.rejects(adaptBytes(bytes, grayscale()), (error: Error) => message.test(error.message));
  });
}
