import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  composeMaps,
  grayscale,
  mapFromJson,
  normalize,
  swapRedBlue,
  type ChannelMap,
} from '../../../src/adapt/maps/channelMap.ts';
import { planText } from '../../../src/adapt/report/planText.ts';
import { mapFromOptions } from '../../../src/jobs/maps/mapOptions.ts';
import { adaptBytes, applyMap } from '../../fixtures/adaptBytes.ts';
import {
  decodeModel,
  DTYPE,
  encodeModel,
  floatTensor,
  model,
  node,
  rawTensor,
  valueInfo,
  type ModelParts,
} from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';
import { relativeL2, runModel } from '../../fixtures/runtime.ts';

const random = new Random(8);
const weight = (name: string, dims: number[]): ReturnType<typeof floatTensor> =>
  floatTensor(name, dims, random.floats(dims.reduce((n, d) => n * d, 1)));
const image = valueInfo('x', [1, 3, 8, 10]);
const build = (parts: ModelParts): Uint8Array =>
  encodeModel(model({ inputs: [image], outputs: [valueInfo('y', null)], ...parts }));
const NORM = normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3], scale: 1 });

const SAVINGS: readonly {
  name: string;
  parts: ModelParts;
  map?: ChannelMap;
  parameters: number;
  multiplyAdds: number | null;
}[] = [
  {
    name: 'a convolution',
    parts: { initializers: [weight('w', [4, 3, 3, 3])], nodes: [node('Conv', ['x', 'w'], ['y'])] },
    parameters: 72,
    multiplyAdds: 72 * 6 * 8,
  },
  {
    name: 'a channel of ones costs no multiply-adds',
    map: composeMaps(NORM, grayscale()),
    parts: {
      initializers: [weight('w', [4, 3, 3, 3])],
      nodes: [node('Conv', ['x', 'w'], ['y'], { pads: [1, 1, 1, 1] })],
    },
    parameters: 36 - 1,
    multiplyAdds: 36 * 80,
  },
  {
    name: 'the 1×1 convolution that rebuilds a tensor is taken off',
    map: NORM,
    parts: { nodes: [node('LRN', ['x'], ['y'], { size: 3 })] },
    parameters: -9 - 3,
    multiplyAdds: -9 * 80,
  },
  {
    name: 'a mean that vanishes',
    parts: {
      initializers: [weight('w', [4, 3, 3, 3]), weight('b', [4]), weight('m', [1, 3, 1, 1])],
      nodes: [node('Sub', ['x', 'm'], ['s']), node('Conv', ['s', 'w', 'b'], ['y'])],
    },
    parameters: 72 + 3,
    multiplyAdds: 72 * 48,
  },
  {
    name: 'a shared weight stays beside the folded one',
    parts: {
      initializers: [weight('w', [3, 3, 3, 3])],
      nodes: [node('Conv', ['x', 'w'], ['a'], { pads: [1, 1, 1, 1] }), node('Conv', ['a', 'w'], ['y'])],
    },
    parameters: -27,
    multiplyAdds: 54 * 80,
  },
  {
    name: 'ConvTranspose works once per input pixel',
    parts: {
      initializers: [weight('w', [3, 4, 2, 2])],
      nodes: [node('ConvTranspose', ['x', 'w'], ['y'], { strides: [2, 2] })],
    },
    parameters: 32,
    multiplyAdds: 32 * 80,
  },
  {
    name: 'a dense layer works once',
    parts: {
      initializers: [weight('w', [240, 5])],
      nodes: [node('Flatten', ['x'], ['f']), node('MatMul', ['f', 'w'], ['y'])],
    },
    parameters: 800,
    multiplyAdds: 800,
  },
  {
    name: 'unknown sizes are not guessed',
    parts: {
      inputs: [valueInfo('x', [1, 3, 'h', 'w'])],
      initializers: [weight('w', [4, 3, 3, 3])],
      nodes: [node('Conv', ['x', 'w'], ['y'])],
    },
    parameters: 72,
    multiplyAdds: null,
  },
];

for (const { name, parts, map, parameters, multiplyAdds } of SAVINGS) {
  test(`saved: ${name}`, async () => {
    const { plan } = await adaptBytes(build(parts), map ?? grayscale());
    assert.deepEqual(plan.saved, { parameters, multiplyAdds });
    assert.ok(
      planText(plan).some(
        (line) =>
          line.trim() === (parameters < 0 ? `adds ${-parameters} parameters` : `saves ${parameters} parameters`),
      ),
    );
  });
}

test('the type whose rounding is the bound is named', async () => {
  const half = rawTensor('w', DTYPE.float16, [2, 3, 3, 3], new Uint8Array(new Uint16Array(54).fill(0x3555).buffer));
  const { plan } = await adaptBytes(
    build({
      inputs: [valueInfo('x', [1, 3, 8, 8], DTYPE.float16)],
      initializers: [half],
      nodes: [node('Conv', ['x', 'w'], ['y'])],
    }),
    grayscale(),
  );
  assert.match(plan.exactness, /rounding of float16/);
});

test('quantised weights keep their integers where the sums fit, and leave them where not', async () => {
  for (const { value, dtype } of [
    { value: 40, dtype: DTYPE.int8 },
    { value: 60, dtype: DTYPE.float32 },
  ]) {
    const q = rawTensor('q', DTYPE.int8, [2, 3, 1, 1], Uint8Array.from([value, value, value, 3, -4 & 255, 5]));
    const original = build({
      initializers: [q, floatTensor('s', [2], [0.01, 0.02]), rawTensor('z', DTYPE.int8, [2], Uint8Array.of(0, 0))],
      nodes: [node('DequantizeLinear', ['q', 's', 'z'], ['w'], { axis: 0 }), node('Conv', ['x', 'w'], ['y'])],
    });
    const { bytes, plan } = await adaptBytes(original, grayscale());
    const folded = decodeModel(bytes).graph?.initializer?.find(
      (t) => Number(t.dims?.[1]) === 1 && t.dims?.length === 4,
    );
    assert.equal(folded?.dataType, dtype);
    if (dtype === DTYPE.int8)
      assert.deepEqual([...new Int8Array(Uint8Array.from(folded.rawData ?? []).buffer)], [120, 4]);
    assert.equal(plan.addedNodes.length, 0);
  }
});

const BYTES = {
  name: 'matrix',
  matrix: [
    [1, 0],
    [0, 1],
    [1, -1],
  ],
  shift: [0, 1, 128],
};

test('bytes that must be rebuilt come back exactly under a map of whole numbers', async () => {
  for (const axis of [1, 3]) {
    const dims = axis === 1 ? [1, 3, 5, 6] : [1, 5, 6, 3];
    const original = build({
      inputs: [valueInfo('x', dims, DTYPE.uint8)],
      outputs: [valueInfo('y', dims, DTYPE.uint8)],
      initializers: [rawTensor('low', DTYPE.uint8, [], Uint8Array.of(7))],
      nodes: [node('Max', ['x', 'low'], ['y'])],
    });
    const picture = {
      type: 'uint8',
      dims: dims.map((d, i) => (i === axis ? 2 : d)),
      data: Uint8Array.from({ length: 60 }, (_, i) => (i * 7) % 100),
    };
    const old = applyMap(BYTES, axis, picture);
    const expected = await runModel(original, {
      x: { ...old, type: 'uint8', data: Uint8Array.from(old.data as Float32Array) },
    });
    const { bytes, plan } = await adaptBytes(original, BYTES);
    const got = await runModel(bytes, { x: picture });
    assert.ok(got.y && expected.y);
    assert.equal(relativeL2(got.y, expected.y), 0);
    assert.equal(plan.rebuilt.length, 1);
  }
});

const REFUSALS: readonly { name: string; bytes: Uint8Array; map: ChannelMap; message: RegExp }[] = [
  {
    name: 'bytes under fractions',
    bytes: build({ inputs: [valueInfo('x', [1, 3, 5, 6], DTYPE.uint8)], nodes: [node('Max', ['x', 'x'], ['y'])] }),
    map: NORM,
    message:
      /`x` can't be rebuilt exactly, because it holds whole numbers \(uint8\) and the map gives others; Max `Max_y` needs it/,
  },
  {
    name: 'a vector',
    bytes: build({ inputs: [valueInfo('v', ['N', 3])], nodes: [node('Identity', ['v'], ['y'])] }),
    map: grayscale(),
    message: /input `v` is float32\[N, 3\] \(an image has 3 to 5 axes\)/,
  },
  {
    name: 'no axis of three',
    bytes: build({ inputs: [valueInfo('x', [1, 16, 8, 8])], nodes: [node('Identity', ['x'], ['y'])] }),
    map: grayscale(),
    message: /input `x` is float32\[1, 16, 8, 8\] \(no axis of 3 where channels lie\)/,
  },
  {
    name: 'flags',
    bytes: build({ inputs: [valueInfo('x', [1, 3, 8, 8], DTYPE.bool)], nodes: [node('Identity', ['x'], ['y'])] }),
    map: grayscale(),
    message: /bool holds no pixels/,
  },
  {
    name: 'nothing that confirms three',
    bytes: build({ inputs: [valueInfo('x', ['n', 'c', 'h', 'w'])], nodes: [node('Relu', ['x'], ['y'])] }),
    map: grayscale(),
    message: /no weight behind it is seen to take 3 channels\).* `--input x --axis 1`/,
  },
  {
    name: 'an unknown name',
    bytes: build({ nodes: [node('Relu', ['x'], ['y'])] }),
    map: grayscale(),
    message: /has no input `other`; it has `x` float32\[1, 3, 8, 10\]/,
  },
];

for (const { name, bytes, map, message } of REFUSALS) {
  test(`refused with the input and the reason: ${name}`, async () => {
    await assert.rejects(
      adaptBytes(bytes, map, name === 'an unknown name' ? { inputs: ['other'] } : {}),
      (error: Error) => message.test(error.message) || assert.fail(error.message),
    );
  });
}

test('an input whose channels are open is adapted where a person names it and the axis', async () => {
  const open = build({ inputs: [valueInfo('x', ['n', 'c', 'h', 'w'])], nodes: [node('Relu', ['x'], ['y'])] });
  const { plan } = await adaptBytes(open, grayscale(), { inputs: ['x'], axis: 1 });
  assert.deepEqual(
    plan.addedNodes.map(({ opType }) => opType),
    ['Concat'],
  );
  for (const half of [{ inputs: ['x'] }, { axis: 1 }])
    await assert.rejects(adaptBytes(open, grayscale(), half), /No input takes images of 3 channels/);
});

test('maps on the command line compose from left to right', async () => {
  const chain = await mapFromOptions({ map: ['bgr', 'normalize'], mean: '1,2,3', std: '2' });
  assert.deepEqual(chain.matrix, composeMaps(normalize({ mean: [1, 2, 3], std: [2], scale: 1 }), swapRedBlue()).matrix);
  assert.deepEqual(chain.shift, [-0.5, -1, -1.5]);
  const other = await mapFromOptions({ map: ['normalize', 'bgr'], mean: '1,2,3', std: '2' });
  assert.deepEqual(other.shift, [-1.5, -1, -0.5]);
  assert.deepEqual(
    await mapFromOptions({ map: 'gray', mean: '1,2,3', std: '2' }),
    await mapFromOptions({ map: ['gray', 'normalize'], mean: '1,2,3', std: '2' }),
  );
  const folder = await mkdtemp(join(tmpdir(), 'channelwise-map-'));
  try {
    const path = join(folder, 'two.json');
    await writeFile(path, JSON.stringify({ matrix: [[0.5, 0.5]] }));
    assert.deepEqual((await mapFromOptions({ map: [path, 'gray'] })).matrix, [
      [0.5, 0.5],
      [0.5, 0.5],
      [0.5, 0.5],
    ]);
    await assert.rejects(
      mapFromOptions({ map: ['gray', path] }),
      /maps don't fit: gray gives 3 channels, matrix takes 2/,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
  await assert.rejects(mapFromOptions({ map: [] }), /Say which map/);
  await assert.rejects(mapFromOptions({ map: ['normalize', 'normalize'], mean: '1' }), /once/);
});

test('what is wrong with a matrix is said', () => {
  const wrong: readonly [unknown, RegExp][] = [
    [[1, 1, 1], /object/],
    [{ matrix: [1, 1, 1] }, /list of rows, like/],
    [{ matrix: [[1], [1, 2]] }, /Row 2/],
    [{ matrix: [[1], ['1']] }, /Row 2/],
    [{ matrix: [[1], [1]], shift: [0] }, /"shift" must hold 2/],
    [null, /object/],
    [{}, /list of rows/],
  ];
  for (const [value, message] of wrong) assert.throws(() => mapFromJson(value, 'matrix'), message);
});
