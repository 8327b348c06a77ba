import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CallContext } from '../../../src/rpc/messages.ts';
import { WORKER_ANSWERS } from '../../../src/page/workerAnswers.ts';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import type { PageInputLayerFacts } from '../../../src/protocol/inputLayer.ts';
import { PAGE_ARGS } from '../../../src/protocol/messages.ts';
import {
  DTYPE,
  convModel,
  encodeModel,
  floatTensor,
  int64Tensor,
  model,
  node,
  valueInfo,
} from '../../fixtures/modelBuilder.ts';
import type { onnx } from 'onnx-proto';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('first');
const context: CallContext = { signal: new AbortController().signal, onProgress: () => undefined };
let files = 0;

function written(built: onnx.IModelProto, name = `m${files++}.onnx`): string {
  writeFileSync(join(folder, name), encodeModel(built));
  return join(folder, name);
}

const facts = (built: onnx.IModelProto): Promise<PageInputLayerFacts> =>
  WORKER_ANSWERS.inputLayerFacts({ path: written(built), layer: 0 }, context);
const values = async (path: string, of: 'file' | 'original' = 'file', from = 0): Promise<number[]> => {
  const { values: text } = await WORKER_ANSWERS.layerFilters({ path, layer: 0, from, of }, context);
  const bytes = Buffer.from(text, 'base64');
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4));
};
const counted = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const near = (found: readonly number[] | undefined, wanted: readonly number[]): void => {
  assert.equal(found?.length, wanted.length);
  // Stored as float32: relative error 2^-24, and two roundings on the way.
  wanted.forEach((w, i) =>
    assert.ok(Math.abs((found?.[i] ?? NaN) - w) <= 3e-7 * Math.abs(w), `${found?.[i]} for ${w}`),
  );
};

test('normalisation in front of the first convolution is found, with its layout and range', async () => {
  const mean = [123.675, 116.28, 103.53];
  const std = [58.395, 57.12, 57.375];
  const found = await facts(
    model({
      inputs: [valueInfo('x', [1, 16, 16, 3])],
      outputs: [valueInfo('y', null)],
      initializers: [
        floatTensor('mean', [3], mean),
        floatTensor('std', [3], std),
        floatTensor('w', [4, 3, 3, 3], counted(108)),
      ],
      nodes: [
        node('Sub', ['x', 'mean'], ['a']),
        node('Div', ['a', 'std'], ['b']),
        node('Transpose', ['b'], ['c'], { perm: [0, 3, 1, 2] }),
        node('Conv', ['c', 'w'], ['y'], { strides: [2, 2], dilations: [2, 2] }),
      ],
    }),
  );
  const [input] = found.inputs;
  assert.deepEqual(
    [input?.layout, input?.range, input?.normalisation?.nodes],
    ['NHWC', 'raw', ['Sub Sub_a', 'Div Div_b']],
  );
  near(input?.normalisation?.mean, mean);
  near(input?.normalisation?.std, std);
  assert.deepEqual(found.field, { size: [5, 5], step: [2, 2] });
});

test('BatchNormalization on pixels is such a step; a constant minus the pixels turns the sign; none is none', async () => {
  const conv = node('Conv', ['a', 'w'], ['y']);
  const weight = floatTensor('w', [1, 1, 1, 1], [1]);
  const normal = await facts(
    model({
      inputs: [valueInfo('x', [1, 1, 8, 8])],
      outputs: [valueInfo('y', null)],
      initializers: [
        weight,
        floatTensor('g', [1], [2]),
        floatTensor('b', [1], [3]),
        floatTensor('m', [1], [0.5]),
        floatTensor('v', [1], [0.25]),
      ],
      nodes: [node('BatchNormalization', ['x', 'g', 'b', 'm', 'v'], ['a'], { epsilon: { float: 0 } }), conv],
    }),
  );
  // 2 (x − 0.5) / 0.5 + 3 = (x + 0.25) / 0.25
  near(normal.inputs[0]?.normalisation?.mean, [-0.25]);
  near(normal.inputs[0]?.normalisation?.std, [0.25]);
  const flipped = await facts(
    model({
      inputs: [valueInfo('x', [1, 1, 8, 8])],
      outputs: [valueInfo('y', null)],
      initializers: [weight, floatTensor('one', [], [1])],
      nodes: [node('Sub', ['one', 'x'], ['a']), conv],
    }),
  );
  assert.deepEqual(flipped.inputs[0]?.normalisation, { mean: [1], std: [-1], nodes: ['Sub Sub_a'] });
  const none = await facts(convModel());
  assert.deepEqual(
    [none.inputs[0]?.range, none.inputs[0]?.normalisation, none.inputs[0]?.layout],
    [null, null, 'NCHW'],
  );
});

test('behind a step that hides the axes, as Keras’s padding, the sizes tell the layout', async () => {
  const padded = (dims: number[]): Promise<PageInputLayerFacts> =>
    facts(
      model({
        inputs: [valueInfo('x', dims)],
        outputs: [valueInfo('y', null)],
        initializers: [
          floatTensor('w', [4, 3, 3, 3], counted(108)),
          int64Tensor('pads', [8], [0, 1, 1, 0, 0, 1, 1, 0]),
        ],
        nodes: [
          node('Pad', ['x', 'pads'], ['p']),
          node('Transpose', ['p'], ['c'], { perm: [0, 3, 1, 2] }),
          node('Conv', ['c', 'w'], ['y']),
        ],
      }),
    );
  assert.equal((await padded([1, 16, 16, 3])).inputs[0]?.layout, 'NHWC');
  assert.equal((await padded([1, 16, 16, 5])).inputs[0]?.layout, null);
});

test('integers are pixels as they come', async () => {
  const found = await facts(
    model({
      inputs: [valueInfo('x', [1, 3, 8, 8], DTYPE.uint8)],
      outputs: [valueInfo('y', null)],
      initializers: [floatTensor('w', [1, 3, 1, 1], [1, 2, 3])],
      nodes: [node('Cast', ['x'], ['a'], { to: 1 }), node('Conv', ['a', 'w'], ['y'])],
    }),
  );
  assert.equal(found.inputs[0]?.range, 'raw');
});

test('the receptive field where the image first gets smaller', async () => {
  const found = await facts(
    model({
      inputs: [valueInfo('x', [1, 3, 32, 32])],
      outputs: [valueInfo('y', null)],
      initializers: [floatTensor('w', [4, 3, 3, 3], counted(108)), floatTensor('v', [4, 4, 3, 3], counted(144))],
      nodes: [
        node('Conv', ['x', 'w'], ['a']),
        node('Relu', ['a'], ['b']),
        node('Conv', ['b', 'v'], ['c']),
        node('MaxPool', ['c'], ['y'], { kernel_shape: [2, 2], strides: [2, 2] }),
      ],
    }),
  );
  assert.deepEqual(
    [found.field, found.downsampling],
    [
      { size: [3, 3], step: [1, 1] },
      { node: 'MaxPool_y', size: [6, 6], step: [2, 2] },
    ],
  );
});

test('filters of a convolution, of a transposed one, and of matrices behind a Flatten', async () => {
  const conv = written(convModel(3, 2, 8));
  near(
    await values(conv, 'file', 1),
    counted(54)
      .slice(27)
      .map((i) => Math.fround(Math.sin(i) / 3)),
  );
  const around = (
    op: string,
    dims: number[],
    attributes: Record<string, number>,
    { input, before = [] }: { input: number[]; before?: onnx.INodeProto[] },
  ): string =>
    written(
      model({
        inputs: [valueInfo('x', input)],
        outputs: [valueInfo('y', null)],
        initializers: [floatTensor('w', dims, counted(dims.reduce((n, d) => n * d, 1)))],
        nodes: [...before, node(op, [before.length ? 'f' : 'x', 'w'], ['y'], attributes)],
      }),
    );
  assert.deepEqual(
    await values(around('ConvTranspose', [2, 3, 1, 2], {}, { input: [1, 2, 4, 4] })),
    [0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11],
  );
  const before = [node('Flatten', ['x'], ['f'])];
  const gemm = around('Gemm', [2, 6], { transB: 1 }, { input: [1, 1, 2, 3], before });
  assert.deepEqual((await WORKER_ANSWERS.inputLayerFacts({ path: gemm, layer: 0 }, context)).filters, {
    count: 2,
    channels: 1,
    height: 2,
    width: 3,
  });
  assert.deepEqual(await values(gemm), counted(12));
  const matmul = around('MatMul', [6, 2], {}, { input: [1, 2, 3], before });
  assert.deepEqual(await values(matmul), [0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]);
  const last = around('Gemm', [1, 12], { transB: 1 }, { input: [1, 2, 2, 3], before });
  assert.deepEqual(await values(last), [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
  const unknown = await WORKER_ANSWERS.inputLayerFacts(
    { path: around('Gemm', [2, 6], { transB: 1 }, { input: [1, 6] }), layer: 0 },
    context,
  );
  assert.match(unknown.why ?? '', /reads 6 numbers in a row, and the graph does not say which image/);
});

test('an adapted model shows the original beside it, and says when it is gone or another', async () => {
  const path = written(convModel(), 'net.onnx');
  const { outPath } = await WORKER_ANSWERS.convertToGray({ path }, context);
  assert.ok(outPath);
  const [before, now] = [await values(outPath, 'original'), await values(outPath)];
  assert.deepEqual((await WORKER_ANSWERS.inputLayerFacts({ path: outPath, layer: 0 }, context)).original, {
    file: 'net.onnx',
    filters: { count: 2, channels: 3, height: 3, width: 3 },
    why: null,
  });
  now.forEach((v, i) => {
    const [filter, at] = [Math.floor(i / 9), i % 9];
    const sum = [0, 1, 2].reduce((n, c) => n + (before[filter * 27 + c * 9 + at] ?? NaN), 0);
    assert.ok(Math.abs(v - sum) < 1e-6);
  });
  renameSync(path, join(folder, 'moved.onnx'));
  assert.match(
    (await WORKER_ANSWERS.inputLayerFacts({ path: outPath, layer: 0 }, context)).original?.why ?? '',
    /net\.onnx, is not beside it/,
  );
  await assert.rejects(values(outPath, 'original'), (e) => e instanceof ChannelwiseError && e.code === 'no-original');
  written(convModel(3, 4), 'net.onnx');
  assert.match(
    (await WORKER_ANSWERS.inputLayerFacts({ path: outPath, layer: 0 }, context)).original?.why ?? '',
    /is not the file it was made from/,
  );
});

test('what is not there, and what is too large', async () => {
  const path = written(convModel());
  await assert.rejects(
    WORKER_ANSWERS.inputLayerFacts({ path, layer: 7 }, context),
    (e) => e instanceof ChannelwiseError && e.code === 'no-layer',
  );
  await assert.rejects(
    values(path, 'file', 2),
    (e) => e instanceof ChannelwiseError && e.message === 'There are 2 filters.',
  );
  for (const bad of [{}, { layer: -1 }, { layer: 0.5 }]) assert.equal(PAGE_ARGS.inputLayerFacts(bad), undefined);
  for (const bad of [
    { layer: 0, from: 0 },
    { layer: 0, from: 0, of: 'elsewhere' },
  ])
    assert.equal(PAGE_ARGS.layerFilters(bad), undefined);
  const lying = model({
    inputs: [valueInfo('x', [1, 3, 8, 8])],
    outputs: [valueInfo('y', null)],
    initializers: [floatTensor('w', [64, 3, 2 ** 16, 2 ** 16], [1])],
    nodes: [node('Conv', ['x', 'w'], ['y'])],
  });
  assert.match((await facts(lying)).why ?? '', /too many for a picture/);
  const huge = model({
    inputs: [valueInfo('x', [1, 3, 8, 8])],
    outputs: [valueInfo('y', null)],
    initializers: [floatTensor('w', [2 ** 30, 3, 2 ** 30, 2 ** 30], [1])],
    nodes: [node('Conv', ['x', 'w'], ['y'])],
  });
  await assert.rejects(facts(huge), (e) => e instanceof ChannelwiseError && e.code === 'dims');
});
