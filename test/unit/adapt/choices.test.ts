import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { onnx as Onnx } from 'onnx-proto';
import {
  foldRepeats,
  forPictures,
  grayscale,
  mapFromJson,
  swapRedBlue,
  type ChannelMap,
} from '../../../src/adapt/maps/channelMap.ts';
import { asItStands } from '../../../src/adapt/flow/inline.ts';
import { Knowledge } from '../../../src/adapt/flow/known.ts';
import { candidates } from '../../../src/adapt/inputs/candidates.ts';
import { flowing } from '../../../src/adapt/inputs/chooseInputs.ts';
import { imageInputs } from '../../../src/adapt/inputs/imageInputs.ts';
import { MemorySource } from '../../../src/bytes/byteSource.ts';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import { mapFromOptions } from '../../../src/jobs/maps/mapOptions.ts';
import { scanModel } from '../../../src/formats/onnx/scan/scan.ts';
import { WireReader } from '../../../src/formats/onnx/scan/wire.ts';
import { adaptBytes, compareAdapted } from '../../fixtures/adaptBytes.ts';
import {
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

const random = new Random(31);
const floats = (name: string, dims: readonly number[]): Onnx.ITensorProto =>
  floatTensor(name, dims, random.floats(dims.reduce((n, d) => n * d, 1)));
const build = (dims: readonly (number | string)[], parts: ModelParts): Uint8Array =>
  encodeModel(model({ inputs: [valueInfo('x', dims)], outputs: [valueInfo('y', null)], ...parts }));
const convOf = (channels: number): Uint8Array =>
  build([1, channels, 16, 17], {
    initializers: [floats('w', [4, channels, 3, 3])],
    nodes: [node('Conv', ['x', 'w'], ['y'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })],
  });
const refusal = async (bytes: Uint8Array, map: ChannelMap): Promise<ChannelwiseError> => {
  const error: unknown = await adaptBytes(bytes, map).catch((e: unknown) => e);
  assert.ok(error instanceof ChannelwiseError && error.kind === 'refused', String(error));
  return error;
};

for (const pictures of [2, 3, 4]) {
  test(`${pictures} pictures in one input: each becomes gray`, async () => {
    const map = forPictures(grayscale(), pictures);
    const newDims = { x: [1, pictures, 16, 17] };
    const { plan, worst } = await compareAdapted(convOf(3 * pictures), map, { newDims, random });
    assert.ok(worst < 1e-5, `relative L2 ${worst}`);
    assert.deepEqual(
      plan.folds.map((f) => f.newDims),
      [[4, pictures, 3, 3]],
    );
    assert.equal(plan.addedNodes.length, 0);
  });
}

test('--groups puts the map on each picture; a wrong number is refused', async () => {
  const map = await mapFromOptions({ map: 'gray', groups: '2' });
  assert.deepEqual(map.matrix, [
    [1, 0],
    [1, 0],
    [1, 0],
    [0, 1],
    [0, 1],
    [0, 1],
  ]);
  assert.equal(map.name, 'gray:2');
  await assert.rejects(mapFromOptions({ map: 'gray', groups: '0' }), /number of pictures/);
  await assert.rejects(mapFromOptions({ map: 'gray', groups: '1.5' }), /number of pictures/);
});

test('refusals of more than three channels say which map would fit', async () => {
  const hints: Readonly<Record<number, RegExp>> = {
    4: /"matrix": \[\[1, 0\], \[1, 0\], \[1, 0\], \[0, 1\]\]/,
    5: /a matrix of 5 rows/,
    6: /2 pictures .*--groups 2.*matrix of 6 rows/,
    9: /3 pictures .*--groups 3/,
  };
  for (const [channels, hint] of Object.entries(hints))
    assert.match((await refusal(convOf(Number(channels)), grayscale())).message, hint);
  assert.doesNotMatch((await refusal(convOf(1), swapRedBlue())).message, /matrix|--groups/);
  const depth = mapFromJson(
    {
      matrix: [
        [1, 0],
        [1, 0],
        [1, 0],
        [0, 1],
      ],
    },
    'matrix',
  );
  const { worst } = await compareAdapted(convOf(4), depth, { newDims: { x: [1, 2, 16, 17] }, random });
  assert.ok(worst < 1e-5);
});

/**
 * Channels last, height 3. Two of its outputs compare channels, so the right axis needs more rebuilt than the wrong
 * one.
 */
const SQUARE = build([1, 3, 8, 3], {
  outputs: ['y', 'best', 'hard'].map((name) => valueInfo(name, null, name === 'best' ? DTYPE.int64 : DTYPE.float32)),
  initializers: [floats('w', [4, 3, 3, 3]), floatTensor('two', [], [2])],
  nodes: [
    node('ArgMax', ['x'], ['best'], { axis: 3 }),
    node('Mul', ['x', 'two'], ['m']),
    node('Sigmoid', ['m'], ['s']),
    node('Hardmax', ['s'], ['hard'], { axis: 3 }),
    node('Transpose', ['x'], ['t'], { perm: [0, 3, 1, 2] }),
    node('Conv', ['t', 'w'], ['y'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
  ],
});

test('where two axes hold three, the one that the first weights read holds the channels', async () => {
  for (const [map, channels] of [
    [swapRedBlue(), 3],
    [grayscale(), 1],
  ] as const) {
    const newDims = { x: [1, 3, 8, channels] };
    const { plan, worst } = await compareAdapted(SQUARE, map, { newDims, random });
    assert.equal(plan.inputs[0]?.axis, 3);
    assert.ok(worst < 1e-5, `relative L2 ${worst}`);
  }
});

test('where nothing tells two axes of three apart, the person is asked', async () => {
  const bytes = build([1, 3, 8, 3], { nodes: [node('Sigmoid', ['x'], ['y'])] });
  const error = await refusal(bytes, swapRedBlue());
  assert.equal(error.code, 'ambiguous-axis');
  assert.match(error.message, /axis 1 or 3.*--axis/);
  for (const axis of [1, 3]) {
    const { plan, worst } = await compareAdapted(bytes, swapRedBlue(), { newDims: { x: [1, 3, 8, 3] }, random, axis });
    assert.deepEqual([plan.inputs[0]?.axis, worst], [axis, 0]);
  }
});

const REPEATS: Readonly<Record<string, { nodes: Onnx.INodeProto[]; initializers: Onnx.ITensorProto[] }>> = {
  Concat: { nodes: [node('Concat', ['x', 'x', 'x'], ['rgb'], { axis: 1 })], initializers: [] },
  Expand: { nodes: [node('Expand', ['x', 'shape'], ['rgb'])], initializers: [int64Tensor('shape', [4], [1, 3, 1, 1])] },
  Tile: { nodes: [node('Tile', ['x', 'times'], ['rgb'])], initializers: [int64Tensor('times', [4], [1, 3, 1, 1])] },
};

for (const [operator, { nodes, initializers }] of Object.entries(REPEATS)) {
  for (const dims of [
    [1, 1, 8, 8],
    ['n', 'c', 8, 8],
  ]) {
    // An Expand to three channels is right for three as well, so an input that says nothing is taken for RGB.
    if (operator === 'Expand' && dims[1] === 'c') continue;
    test(`a gray image repeated by ${operator} inside, of [${dims.join(', ')}]`, async () => {
      const bytes = build(dims, {
        initializers: [...initializers, floats('w', [4, 3, 3, 3])],
        nodes: [...nodes, node('Conv', ['rgb', 'w'], ['y'], { kernel_shape: [3, 3] })],
      });
      const error = await refusal(bytes, grayscale());
      assert.equal(error.code, 'already-gray');
      assert.match(error.message, /repeated inside.*fold-repeats/);
      const { plan, worst } = await compareAdapted(bytes, foldRepeats(), { newDims: { x: [1, 1, 8, 8] }, random });
      assert.deepEqual([plan.folds[0]?.newDims, plan.addedNodes.length], [[4, 1, 3, 3], 0]);
      assert.ok(worst < 1e-5, `relative L2 ${worst}`);
    });
  }
}

test('a gray model without repetition is refused in one sentence, and folds nothing', async () => {
  const error = await refusal(convOf(1), grayscale());
  assert.equal(error.code, 'already-gray');
  assert.doesNotMatch(error.message, /fold-repeats/);
});

/** A layer whose weight is int8 with one scale, and the image and weight that it reads. */
interface QuantisedLayer {
  readonly image: readonly number[];
  readonly weight: readonly number[];
  readonly layer: Parameters<typeof node>;
}

const QUANTISED_LAYERS: Readonly<Record<string, QuantisedLayer>> = {
  Conv: { image: [8, 8], weight: [4, 3, 3, 3], layer: ['Conv', ['x', 'w'], ['y'], { kernel_shape: [3, 3] }] },
  'MatMul from the left': { image: [8], weight: [4, 3], layer: ['MatMul', ['w', 'x'], ['y']] },
  Einsum: { image: [8, 8], weight: [4, 3], layer: ['Einsum', ['x', 'w'], ['y'], { equation: 'nchw,oc->nohw' }] },
};

for (const [name, { image, weight, layer }] of Object.entries(QUANTISED_LAYERS)) {
  const count = weight.reduce((n, d) => n * d, 1);
  const bytes = build([1, 3, ...image], {
    opset: 13,
    initializers: [
      rawTensor(
        'w8',
        DTYPE.int8,
        weight,
        Uint8Array.from({ length: count }, (_, i) => 60 + ((i * 37) % 67)),
      ),
      floatTensor('scale', [], [0.02]),
      rawTensor('zero', DTYPE.int8, [], Uint8Array.of(0)),
    ],
    nodes: [node('DequantizeLinear', ['w8', 'scale', 'zero'], ['w']), node(...layer)],
  });

  test(`int8 weights of ${name} whose sums need floats: the plan says so, and the integers can stay`, async () => {
    const newDims = { x: [1, 1, ...image] };
    const folded = await compareAdapted(bytes, grayscale(), { newDims, random });
    const sizes = `${(4 * count) / 3} bytes in place of ${count}`;
    assert.match(folded.plan.notes.join(), new RegExp(`w8.* was int8; .* float32, ${sizes}.*--keep-integers`));
    assert.ok(folded.worst < 1e-5);
    const kept = await compareAdapted(bytes, grayscale(), { newDims, random, keepIntegers: true });
    assert.deepEqual(
      [kept.plan.folds, kept.plan.notes, kept.plan.addedNodes.map((n) => n.opType), kept.plan.removedInitializers],
      [[], [], ['Concat'], []],
    );
    assert.ok(kept.worst < 1e-5);
  });
}

test('shapes are inferred once for all inputs whose channels the file declares', async () => {
  const names = ['a', 'b', 'open'];
  const source = new MemorySource(
    encodeModel(
      model({
        inputs: names.map((name) => valueInfo(name, name === 'open' ? ['n', 'c', 8, 8] : [1, 3, 8, 8])),
        outputs: [valueInfo('y', null)],
        nodes: [node('Sum', names, ['y'])],
      }),
    ),
  );
  const file = asItStands(await scanModel(source));
  const knowledge = new Knowledge({ wire: new WireReader(source) });
  const inputs = file.graph.inputs.map((input) => {
    const [place] = candidates(input, 3);
    assert.ok(place);
    return flowing(place, grayscale());
  });
  const found = [];
  for (const input of inputs) found.push(await knowledge.of(file, [input]));
  const [a, b, open] = found;
  assert.equal(a, b);
  assert.notEqual(a, open);
  assert.deepEqual(open?.dims('open'), ['n', 3, 8, 8]);
});

test('one pixel of three channels that is fed beside an image goes on as it was', async () => {
  const beside = { mean: [1, 3, 1, 1], deviation: ['batch', 3, 1, 1] };
  const bytes = build([1, 3, 16, 17], {
    inputs: [valueInfo('x', [1, 3, 16, 17]), ...Object.entries(beside).map(([name, dims]) => valueInfo(name, dims))],
    initializers: [floats('w', [4, 3, 3, 3])],
    nodes: [
      node('Sub', ['x', 'mean'], ['centred']),
      node('Mul', ['centred', 'deviation'], ['normal']),
      node('Conv', ['normal', 'w'], ['y']),
    ],
  });
  const { plan } = await adaptBytes(bytes, grayscale());
  assert.deepEqual(
    plan.inputs.map(({ name }) => name),
    ['x'],
  );
  const named = await adaptBytes(bytes, grayscale(), { inputs: ['mean'] });
  assert.deepEqual(
    named.plan.inputs.map(({ name }) => name),
    ['mean'],
  );
});

test('weights that a file without them lists as inputs are no images', async () => {
  const bytes = build([1, 3, 16, 17], {
    inputs: [valueInfo('w', [4, 3, 5, 5]), valueInfo('x', [1, 3, 16, 17])],
    nodes: [node('Conv', ['x', 'w'], ['y'], { kernel_shape: [5, 5] })],
  });
  const { plan } = await adaptBytes(bytes, grayscale());
  assert.deepEqual([plan.inputs.map(({ name }) => name), plan.rebuilt.map(({ tensor }) => tensor)], [['x'], ['x']]);
  const inputs = imageInputs((await scanModel(new MemorySource(bytes))).graph);
  assert.deepEqual(
    inputs.map(({ name, isLikely }) => [name, isLikely]),
    [
      ['w', false],
      ['x', true],
    ],
  );
});

test('where the axis that was asked for has other sizes, the refusal says which may hold the channels', async () => {
  const said = { message: /No input has 3 channels on axis 9: input `x` is .*, where they may lie on axis 1\.$/ };
  await assert.rejects(adaptBytes(convOf(3), grayscale(), { axis: 9 }), said);
});
