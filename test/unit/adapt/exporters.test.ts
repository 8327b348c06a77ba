import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { onnx as Onnx } from 'onnx-proto';
import { bands, grayscale, mapFromJson } from '../../../src/adapt/maps/channelMap.ts';
import { adaptBytes } from '../../fixtures/adaptBytes.ts';
import {
  decodeModel,
  DTYPE,
  floatTensor,
  node,
  rawTensor,
  valueInfo,
  type ModelParts,
} from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';
import { runModel } from '../../fixtures/runtime.ts';
import { LAST, SHIFTED, build, checkCase, conv, floats, gray, ints, rgb, rgbLast, type Case } from './exporterCase.ts';

const random = new Random(12);
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

/** Paddings, casts and sizes in the forms that exporters give them. */
const CASES: readonly Case[] = [
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

for (const c of CASES) test(c.name, () => checkCase(c));

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
