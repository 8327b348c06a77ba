import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySource } from '../../../src/bytes/byteSource.ts';
import { scanModel } from '../../../src/formats/onnx/scan/scan.ts';
import { inputLayers } from '../../../src/graph/inputLayers/inputLayers.ts';
import { DTYPE, encodeModel, floatTensor, model, node, rawTensor, valueInfo } from '../../fixtures/modelBuilder.ts';

type Built = ReturnType<typeof node>;

const weight = (name: string, channels: number): ReturnType<typeof floatTensor> =>
  floatTensor(name, [4, channels, 3, 3], new Float32Array(4 * channels * 9));
const bytesWeight = (name: string, channels: number): ReturnType<typeof rawTensor> =>
  rawTensor(name, DTYPE.uint8, [4, channels, 3, 3], new Uint8Array(4 * channels * 9));

async function weightsOf(nodes: Built[]): Promise<string[]> {
  const bytes = encodeModel(
    model({
      inputs: [valueInfo('x', [1, 3, 16, 16])],
      outputs: [valueInfo('y', null)],
      initializers: [
        weight('w1', 3),
        weight('w2', 4),
        weight('w3', 4),
        weight('both', 7),
        bytesWeight('q1', 3),
        bytesWeight('q2', 4),
      ],
      nodes,
    }),
  );
  return inputLayers((await scanModel(new MemorySource(bytes))).graph).map((layer) => layer.weightName);
}

/**
 * A layer as dynamic quantisation writes it: what stands behind it is multiplied with the scale of what stood in front.
 */
const dynamic = (from: string, to: string, w: string): Built[] => [
  node('DynamicQuantizeLinear', [from], [`${to}q`, `${to}scale`, `${to}zero`]),
  node('ConvInteger', [`${to}q`, w, `${to}zero`], [`${to}sums`]),
  node('Cast', [`${to}sums`], [`${to}floats`], { to: DTYPE.float32 }),
  node('Mul', [`${to}floats`, `${to}scale`], [to]),
];

for (const { what, nodes, first } of [
  {
    what: 'a scale of dynamic quantisation holds no pixels',
    nodes: [...dynamic('x', 'a', 'q1'), ...dynamic('a', 'y', 'q2')],
    first: ['q1'],
  },
  {
    what: 'nor does a scale from the smallest and largest pixel',
    nodes: [
      node('ReduceMax', ['x'], ['high'], { keepdims: 0 }),
      node('ReduceMin', ['x'], ['low'], { keepdims: 0 }),
      node('Sub', ['high', 'low'], ['scale']),
      node('Conv', ['x', 'w1'], ['a']),
      node('Mul', ['a', 'scale'], ['b']),
      node('Conv', ['b', 'w2'], ['y']),
    ],
    first: ['w1'],
  },
  {
    what: "nor do the image's sizes, by which a later tensor is resized",
    nodes: [
      node('Shape', ['x'], ['sizes']),
      node('Conv', ['x', 'w1'], ['a']),
      node('Resize', ['a', '', '', 'sizes'], ['b']),
      node('Conv', ['b', 'w2'], ['y']),
    ],
    first: ['w1'],
  },
  {
    what: 'a second layer that reads the image beside other channels is one of the first',
    nodes: [
      node('Conv', ['x', 'w1'], ['a'], { pads: [1, 1, 1, 1] }),
      node('Concat', ['x', 'a'], ['b'], { axis: 1 }),
      node('Conv', ['b', 'both'], ['y']),
    ],
    first: ['w1', 'both'],
  },
  {
    what: 'a mean over each channel holds them still',
    nodes: [
      node('ReduceMean', ['x'], ['mean'], { axes: [2, 3] }),
      node('Sub', ['x', 'mean'], ['centred']),
      node('Conv', ['centred', 'w1'], ['y']),
    ],
    first: ['w1'],
  },
  {
    what: 'the place in the file counts, also where a layer stands in front of what it reads',
    nodes: [
      node('Conv', ['a', 'w2'], ['y']),
      node('Conv', ['cast', 'w1'], ['a']),
      node('Cast', ['x'], ['cast'], { to: 1 }),
    ],
    first: ['w1'],
  },
])
  test(`input layers: ${what}`, async () => {
    assert.deepEqual(await weightsOf(nodes), first);
  });
