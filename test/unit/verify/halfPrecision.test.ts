// Slow: many proofs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { onnx } from 'onnx-proto';
import { grayscale, normalize } from '../../../src/adapt/maps/channelMap.ts';
import { decodeRaw, encodeRaw } from '../../../src/tensors/elements.ts';
import { adaptBytes } from '../../fixtures/adaptBytes.ts';
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
import { changed } from '../../fixtures/modelFile.ts';
import { Random } from '../../fixtures/random.ts';
import { check } from './verifiedNetwork.ts';

const random = new Random(7);

/** A network of another type between two Casts, and a branch in float32 beside it. */
function between(dtype: number): Uint8Array {
  const weight = (name: string, dims: number[]): ReturnType<typeof rawTensor> =>
    rawTensor(name, dtype, dims, encodeRaw(dtype, random.floats(dims.reduce((n, size) => n * size, 1)), name));
  return encodeModel(
    model({
      inputs: [valueInfo('image', [1, 3, 16, 16])],
      outputs: [valueInfo('y', null), valueInfo('z', null)],
      initializers: [
        weight('w1', [8, 3, 3, 3]),
        weight('w2', [8, 8, 3, 3]),
        floatTensor('v', [4, 3, 1, 1], random.floats(12)),
      ],
      nodes: [
        node('Cast', ['image'], ['i'], { to: dtype }),
        node('Conv', ['i', 'w1'], ['c']),
        node('Relu', ['c'], ['r']),
        node('Conv', ['r', 'w2'], ['d']),
        node('Cast', ['d'], ['y'], { to: DTYPE.float32 }),
        node('Conv', ['image', 'v'], ['z']),
      ],
    }),
  );
}

test('a float16 network between two Casts has the tolerance of float16, and a branch beside it that of float32', async () => {
  const original = between(DTYPE.float16);
  const { bytes } = await adaptBytes(original, grayscale());
  const report = await check(original, bytes, { full: true });
  assert.equal(report.verdict, 'proved', report.statement);
  const relative = (name: string): number => report.full?.tensors.find((t) => t.name === name)?.maxRel ?? NaN;
  assert.ok(relative('y') > 1e-5, 'float16 rounding shows');
  assert.ok(relative('z') < 1e-6);
  for (const [tensor, factor, output] of [
    ['w2', 1.05, 'y'],
    ['v', 1.0005, 'z'],
  ] as const) {
    const wrong = await check(original, scaledWeight(bytes, tensor, factor), { full: true });
    const failed = wrong.full?.tensors.filter(({ ok }) => !ok).map(({ name }) => name);
    assert.deepEqual(failed, [output], `${tensor} times ${factor}`);
  }
});

test('a small change of one filter does not hide in the rounding of half precision', async () => {
  const original = between(DTYPE.float16);
  const { bytes } = await adaptBytes(original, grayscale());
  const saved = scaledWeight(bytes, 'w1', 1);
  assert.equal((await check(original, saved, { seed: 1 })).verdict, 'proved');
  for (const [tensor, verdict] of [
    ['w1', 'failed'],
    ['w2', 'unproved'],
  ] as const) {
    const report = await check(original, scaledWeight(bytes, tensor, 1.005, 9), { seed: 1 });
    assert.ok(
      report.tensors.every(({ ok }) => ok),
      'runs alone show nothing',
    );
    assert.equal(report.verdict, verdict, `${tensor}: ${report.statement}`);
    assert.match(report.statement, new RegExp(`\`${tensor}\``));
  }
});

const HALF_WEIGHTS: readonly onnx.ITensorProto[] = [
  ['w1', [8, 3, 3, 3]],
  ['w2', [8, 8, 3, 3]],
].map(([name, dims]) => {
  const numbers = random.floats((dims as number[]).reduce((n, size) => n * size, 1));
  const bytes = encodeRaw(DTYPE.float16, numbers, name as string);
  return rawTensor(name as string, DTYPE.float16, dims as number[], bytes);
});

/** Two convolutions in float16, whose weights another place than an initializer holds. */
const HOLDERS: readonly (readonly [kind: string, parts: ModelParts])[] = [
  [
    'Constant nodes',
    { nodes: HALF_WEIGHTS.map((held) => node('Constant', [], [held.name ?? ''], { value: { tensor: held } })) },
  ],
  ['sparse initializers', { sparseInitializers: HALF_WEIGHTS.map(asSparse) }],
  [
    'Identity nodes',
    {
      initializers: HALF_WEIGHTS.map((held) => ({ ...held, name: `${held.name}.stored` })),
      nodes: HALF_WEIGHTS.map(({ name }) => node('Identity', [`${name}.stored`], [name ?? ''])),
    },
  ],
];

/** A tensor with all its numbers, as a sparse one. */
function asSparse(tensor: onnx.ITensorProto): onnx.ISparseTensorProto {
  const count = (tensor.rawData?.length ?? 0) / 2;
  const places = Array.from({ length: count }, (_, i) => i);
  return { values: { ...tensor, dims: [count] }, indices: int64Tensor('', [count], places), dims: tensor.dims };
}

for (const [kind, parts] of HOLDERS) {
  test(`a small change of one filter in half precision is seen in ${kind}`, async () => {
    const original = encodeModel(
      model({
        ...parts,
        inputs: [valueInfo('image', [1, 3, 16, 16])],
        outputs: [valueInfo('y', null)],
        nodes: [
          ...(parts.nodes ?? []),
          node('Cast', ['image'], ['i'], { to: DTYPE.float16 }),
          node('Conv', ['i', 'w1'], ['c']),
          node('Relu', ['c'], ['r']),
          node('Conv', ['r', 'w2'], ['d']),
          node('Cast', ['d'], ['y'], { to: DTYPE.float32 }),
        ],
      }),
    );
    const { bytes } = await adaptBytes(original, grayscale());
    assert.equal((await check(original, scaledWeight(bytes, 'w1', 1), { seed: 1 })).verdict, 'proved');
    for (const [tensor, verdict] of [
      ['w1', 'failed'],
      ['w2', 'unproved'],
    ] as const) {
      const report = await check(original, scaledWeight(bytes, tensor, 1.005, 9), { seed: 1 });
      assert.equal(report.verdict, verdict, `${tensor}: ${report.statement}`);
      assert.match(report.statement, new RegExp(`\`${tensor}`));
    }
  });
}

test('a bias in half precision may be off by a step of what the shift adds, however small it was', async () => {
  const half = (name: string, dims: number[], values: Float64Array): ReturnType<typeof rawTensor> =>
    rawTensor(name, DTYPE.float16, dims, encodeRaw(DTYPE.float16, values, name));
  const original = encodeModel(
    model({
      inputs: [valueInfo('image', [1, 3, 16, 16], DTYPE.float16)],
      outputs: [valueInfo('y', null, DTYPE.float16)],
      initializers: [
        half('w', [4, 3, 3, 3], new Float64Array(random.floats(108))),
        half('b', [4], Float64Array.of(1e-3, -1e-3, 1e-3, 1e-3)),
      ],
      nodes: [node('Conv', ['image', 'w', 'b'], ['y'])],
    }),
  );
  const map = normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3], scale: 1 });
  const { bytes } = await adaptBytes(original, map);
  const oneStep = await check(original, scaledWeight(bytes, 'b', 1 + 2 ** -10), { seed: 1 });
  assert.equal(oneStep.verdict, 'proved', oneStep.statement);
  const wrong = await check(original, scaledWeight(bytes, 'b', 1.02), { seed: 1 });
  assert.equal(wrong.verdict, 'failed', wrong.statement);
});

/** The model with the first numbers of one weight times a factor, all where no count is given. */
function scaledWeight(bytes: Uint8Array, name: string, factor: number, count = Infinity): Uint8Array {
  return changed(bytes, (_, { initializer, sparseInitializer, node: nodes }) => {
    const held = [
      ...initializer,
      ...sparseInitializer.map((sparse) => sparse.values),
      ...nodes.map((n) => n.attribute?.[0]?.t),
    ];
    const names = [name, `${name}.stored`, `${name}/folded`];
    const weight = held.find((t) => names.includes(t?.name ?? ''));
    if (!weight?.rawData || !weight.dataType) return assert.fail(name);
    const numbers = new Float64Array(weight.rawData.length / (weight.dataType === DTYPE.float16 ? 2 : 4));
    decodeRaw(weight.dataType, weight.rawData, numbers);
    weight.rawData = encodeRaw(
      weight.dataType,
      numbers.map((v, i) => (i < count ? v * factor : v)),
      name,
    );
  });
}
