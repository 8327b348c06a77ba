import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { onnx as Onnx } from 'onnx-proto';
import {
  bands,
  grayscale,
  mapFromJson,
  normalize,
  swapRedBlue,
  type ChannelMap,
} from '../../../src/adapt/maps/channelMap.ts';
import { adaptBytes, compareAdapted } from '../../fixtures/adaptBytes.ts';
import {
  decodeModel,
  DTYPE,
  encodeModel,
  floatTensor,
  int64Tensor,
  model,
  node,
  rawTensor,
  valueInfo,
  type ModelParts,
} from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';
import { runModel } from '../../fixtures/runtime.ts';

/** Products, paddings, casts and single channels in the forms that exporters give them. */

const random = new Random(12);
const floats = (name: string, dims: number[]): Onnx.ITensorProto =>
  floatTensor(name, dims, random.floats(dims.reduce((n, d) => n * d, 1)));
const ints = (name: string, ...values: number[]): Onnx.ITensorProto => int64Tensor(name, [values.length], values);
const scalar = (name: string, value: number): Onnx.ITensorProto => int64Tensor(name, [], [value]);
const number = (name: string, value: number): Onnx.ITensorProto => floatTensor(name, [], [value]);
const build = (parts: ModelParts): Uint8Array =>
  encodeModel(model({ inputs: [valueInfo('x', ['n', 3, 8, 9])], outputs: [valueInfo('y', null)], ...parts }));

const SHIFTED = normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4], scale: 1 });
/** x_old = 2x + 1: whole numbers stay whole. */
const WHOLE = mapFromJson(
  {
    matrix: [
      [2, 0, 0],
      [0, 2, 0],
      [0, 0, 2],
    ],
    shift: [1, 1, 1],
  },
  'whole',
);
const LAST = [valueInfo('x', ['n', 8, 9, 3])];
const conv = (input: string, output = 'y'): Onnx.INodeProto =>
  node('Conv', [input, 'w'], [output], { pads: [1, 1, 1, 1] });

interface Case {
  readonly name: string;
  readonly parts: ModelParts;
  readonly map?: ChannelMap;
  readonly folds: number;
  /** Nodes added, and tensors rebuilt. */
  readonly added: number;
  readonly rebuilt: number;
  readonly dims?: readonly number[];
}

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
const gray = [2, 1, 8, 9];
const rgb = [2, 3, 8, 9];
const grayLast = [2, 8, 9, 1];
const rgbLast = [2, 8, 9, 3];
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
const resized = (sizes: Onnx.INodeProto[]): ModelParts => ({
  initializers: [
    floats('w', [2, 3, 3, 3]),
    ints('zero', 0),
    ints('two', 2),
    ints('hw', 12, 13),
    ints('twice', 0, 1, 1, 3),
  ],
  nodes: [...sizes, node('Resize', ['x', '', '', 'sizes'], ['r'], { mode: 'linear' }), conv('r')],
});
const single = (constant: number[], inputs: Onnx.IValueInfoProto[], axis: number): ModelParts => ({
  inputs,
  initializers: [scalar('i', 1), floats('k', constant)],
  nodes: [node('Gather', ['x', 'i'], ['g'], { axis }), node('Mul', ['g', 'k'], ['m']), node('Relu', ['m'], ['y'])],
});

const CASES: readonly Case[] = [
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
  {
    name: 'a shape that copies the number of channels elsewhere',
    dims: [1, 1, 6, 8],
    folds: 0,
    added: 1,
    rebuilt: 1,
    parts: {
      inputs: [valueInfo('x', [1, 3, 6, 8])],
      initializers: [ints('s', 3, 0, 16), floats('k', [3, 3, 16])],
      nodes: [node('Reshape', ['x', 's'], ['r']), node('Mul', ['r', 'k'], ['y'])],
    },
  },
  {
    name: 'padding without a value, in front of a shift',
    map: WHOLE,
    dims: rgb,
    folds: 1,
    added: 0,
    rebuilt: 0,
    parts: {
      initializers: [ints('p', 0, 0, 1, 1, 0, 0, 1, 1), floats('w', [2, 3, 3, 3])],
      nodes: [node('Pad', ['x', 'p'], ['a']), node('Conv', ['a', 'w'], ['y'])],
    },
  },
  {
    name: 'padding by attributes, in front of a shift',
    map: WHOLE,
    dims: rgb,
    folds: 1,
    added: 0,
    rebuilt: 0,
    parts: {
      opset: 10,
      initializers: [floats('w', [2, 3, 3, 3])],
      nodes: [node('Pad', ['x'], ['a'], { pads: [0, 0, 1, 1, 0, 0, 1, 1] }), node('Conv', ['a', 'w'], ['y'])],
    },
  },
  {
    name: 'resized to sizes put together from the own shape',
    dims: gray,
    folds: 1,
    added: 0,
    rebuilt: 0,
    parts: resized([
      node('Shape', ['x'], ['s']),
      node('Slice', ['s', 'zero', 'two'], ['nc']),
      node('Concat', ['nc', 'hw'], ['sizes'], { axis: 0 }),
    ]),
  },
  {
    name: 'resized to sizes that somebody else reads too',
    dims: gray,
    folds: 1,
    added: 2,
    rebuilt: 0,
    parts: {
      ...resized([
        node('Shape', ['x'], ['s']),
        node('Slice', ['s', 'zero', 'two'], ['nc']),
        node('Concat', ['nc', 'hw'], ['sizes'], { axis: 0 }),
        node('Cast', ['nc'], ['z'], { to: 1 }),
      ]),
      outputs: [valueInfo('y', null), valueInfo('z', null)],
    },
  },
  {
    name: 'resized to a height that is the number of channels',
    dims: gray,
    folds: 1,
    added: 2,
    rebuilt: 0,
    parts: resized([node('Shape', ['x'], ['s']), node('Gather', ['s', 'twice'], ['sizes'])]),
  },
  {
    name: 'reshaped back to the own shape',
    dims: gray,
    folds: 1,
    added: 0,
    rebuilt: 0,
    parts: {
      initializers: [ints('flat', 0, 3, -1), floats('w', [2, 3, 3, 3])],
      nodes: [
        node('Shape', ['x'], ['s']),
        node('Reshape', ['x', 'flat'], ['r']),
        node('Softmax', ['r'], ['p']),
        node('Reshape', ['p', 's'], ['q']),
        conv('q'),
      ],
    },
  },
  {
    name: 'rows as channels of a convolution over columns',
    dims: [1, 1, 8, 9],
    folds: 1,
    added: 0,
    rebuilt: 0,
    parts: {
      inputs: [valueInfo('x', [1, 3, 8, 9])],
      initializers: [ints('s', 1, 24, 9), floats('w', [4, 24, 3])],
      nodes: [node('Reshape', ['x', 's'], ['r']), node('Conv', ['r', 'w'], ['y'], { pads: [1, 1] })],
    },
  },
  {
    name: 'BatchNormalization of a flat image',
    dims: [2, 1, 4, 4],
    folds: 2,
    added: 0,
    rebuilt: 0,
    parts: {
      inputs: [valueInfo('x', [2, 3, 4, 4])],
      initializers: [
        floats('k', [48]),
        floats('l', [48]),
        floats('m', [48]),
        floatTensor(
          'v',
          [48],
          Array.from({ length: 48 }, (_, i) => 0.5 + i / 48),
        ),
        floats('w', [48, 5]),
        floats('b', [5]),
      ],
      nodes: [
        node('Flatten', ['x'], ['f']),
        node('BatchNormalization', ['f', 'k', 'l', 'm', 'v'], ['n']),
        node('Gemm', ['n', 'w', 'b'], ['y']),
      ],
    },
  },
  {
    name: 'float16 between float32 before a product',
    map: SHIFTED,
    dims: rgbLast,
    folds: 0,
    added: 2,
    rebuilt: 1,
    parts: {
      inputs: LAST,
      initializers: [floats('w', [3, 5])],
      nodes: [
        node('Cast', ['x'], ['h'], { to: DTYPE.float16 }),
        node('Transpose', ['h'], ['t'], { perm: [0, 2, 1, 3] }),
        node('Cast', ['t'], ['f'], { to: DTYPE.float32 }),
        node('MatMul', ['f', 'w'], ['y']),
      ],
    },
  },
];

for (const c of CASES) {
  test(c.name, async () => {
    const { worst, plan } = await compareAdapted(build(c.parts), c.map ?? grayscale(), {
      newDims: { x: c.dims ?? gray },
      random: new Random(3),
    });
    const seen = JSON.stringify({ folds: plan.folds, rebuilt: plan.rebuilt, added: plan.addedNodes });
    assert.ok(worst < 1e-5, `relative L2 ${worst}: ${seen}`);
    assert.deepEqual(
      [plan.folds.length, plan.addedNodes.length, plan.rebuilt.length],
      [c.folds, c.added, c.rebuilt],
      seen,
    );
  });
}

test('float16 up to the weights takes the map in, as its own rounding is all that shows', async () => {
  const { plan } = await adaptBytes(
    build({
      initializers: [
        rawTensor(
          'w',
          DTYPE.float16,
          [2, 3, 1, 1],
          new Uint8Array(Uint16Array.from({ length: 6 }, (_, i) => 0x3000 + 100 * i).buffer),
        ),
        floatTensor('scales', [4], [1, 1, 2, 2]),
      ],
      nodes: [
        node('Cast', ['x'], ['h'], { to: DTYPE.float16 }),
        node('Cast', ['h'], ['f'], { to: DTYPE.float32 }),
        node('Resize', ['f', '', 'scales'], ['r']),
        node('Cast', ['r'], ['a'], { to: DTYPE.float16 }),
        node('Conv', ['a', 'w'], ['b']),
        node('Cast', ['b'], ['y'], { to: DTYPE.float32 }),
      ],
    }),
    bands(5),
  );
  assert.deepEqual([plan.folds.length, plan.rebuilt.length], [1, 0]);
});

test('bytes are padded with a byte, or rebuilt', async () => {
  const bytesIn = build({
    inputs: [valueInfo('x', [1, 3, 4, 4], DTYPE.uint8)],
    initializers: [
      ints('p', 0, 0, 1, 1, 0, 0, 1, 1),
      rawTensor('v', DTYPE.uint8, [], Uint8Array.of(114)),
      floats('w', [2, 3, 3, 3]),
    ],
    nodes: [
      node('Pad', ['x', 'p', 'v'], ['a']),
      node('Cast', ['a'], ['f'], { to: DTYPE.float32 }),
      node('Conv', ['f', 'w'], ['y']),
    ],
  });
  // 2 · 56.5 + 1 is 114, and no byte is 56.5.
  const { bytes, plan } = await adaptBytes(bytesIn, WHOLE);
  assert.equal(plan.rebuilt[0]?.reason, 'it pads with 114, and the type has no number that the map turns into that');
  const pixels = Uint8Array.from({ length: 48 }, () => random.int(127));
  const run = async (of: Uint8Array, data: Uint8Array): Promise<number[]> =>
    Array.from((await runModel(of, { x: { type: 'uint8', dims: [1, 3, 4, 4], data } })).y?.data ?? [], Number);
  assert.deepEqual(
    await run(bytes, pixels),
    await run(
      bytesIn,
      pixels.map((v) => 2 * v + 1),
    ),
  );
});

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

test('a part of a Split that nobody names is no tensor', async () => {
  const { bytes, plan } = await adaptBytes(
    build({
      initializers: [floats('w', [2, 3, 3, 3]), ints('sizes', 3, 5), floatTensor('scales', [4], [1, 1, 2, 2])],
      nodes: [
        node('Split', ['x', 'sizes'], ['', 'p'], { axis: 2 }),
        node('Conv', ['p', 'w'], ['c']),
        node('Resize', ['c', '', 'scales'], ['y']),
      ],
    }),
    grayscale(),
  );
  const inputs = (op: string): string[] | null | undefined =>
    decodeModel(bytes).graph?.node?.find((n) => n.opType === op)?.input;
  assert.deepEqual(
    [inputs('Conv'), inputs('Resize'), plan.folds.map((f) => f.newDims)],
    [['p', 'w'], ['c', '', 'scales'], [[2, 1, 3, 3]]],
  );
});
