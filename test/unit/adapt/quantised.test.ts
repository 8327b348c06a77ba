import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { onnx as Onnx } from 'onnx-proto';
import { bands, grayscale } from '../../../src/adapt/maps/channelMap.ts';
import { adaptBytes } from '../../fixtures/adaptBytes.ts';
import { decodeModel, DTYPE, floatTensor, node, rawTensor, valueInfo } from '../../fixtures/modelBuilder.ts';
import { build, checkCase, conv, floats, type Case } from './adaptCase.ts';

const int8 = (name: string, dims: number[], values: number[]): Onnx.ITensorProto =>
  rawTensor(name, DTYPE.int8, dims, new Uint8Array(Int8Array.from(values).buffer));
const uint8Scalar = (name: string, value: number): Onnx.ITensorProto =>
  rawTensor(name, DTYPE.uint8, [], Uint8Array.of(value));
const bytes27 = (scale: number): number[] => Array.from({ length: 2 * 27 }, (_, i) => Math.round(scale * Math.sin(i)));

/** Numbers of fewer bits around the weights and the image. */
const CASES: readonly Case[] = [
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
];

for (const c of CASES) test(c.name, () => checkCase(c));

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
