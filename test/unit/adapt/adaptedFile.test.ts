import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { onnx as Onnx } from 'onnx-proto';
import { grayscale, normalize } from '../../../src/adapt/maps/channelMap.ts';
import { adaptBytes, compareAdapted } from '../../fixtures/adaptBytes.ts';
import {
  convModel,
  decodeModel,
  DTYPE,
  encodeModel,
  int64Tensor,
  model,
  node,
  valueInfo,
} from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';
import { GRAY_DIMS, build, conv, floats, image } from './adaptCase.ts';

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
