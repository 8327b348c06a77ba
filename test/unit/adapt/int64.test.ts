import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { onnx as Onnx } from 'onnx-proto';
import { bands, grayscale, normalize, swapRedBlue, type ChannelMap } from '../../../src/adapt/maps/channelMap.ts';
import { adaptBytes, compareAdapted } from '../../fixtures/adaptBytes.ts';
import { DTYPE, encodeModel, floatTensor, model, node, rawTensor, valueInfo } from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';
import { runModel } from '../../fixtures/runtime.ts';

/** Exporters write an open end of a Slice as the largest int64, and an open start of a backward one as the smallest. */
const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

interface Limits {
  readonly starts: readonly bigint[];
  readonly ends: readonly bigint[];
  readonly axes: readonly bigint[];
  readonly steps?: readonly bigint[];
}

/** Channels and rows in one Slice: the node stays, without the channel axis, and its open ends are written anew. */
const LIMITS: Readonly<Record<string, Limits>> = {
  'all channels, odd rows': { starts: [0n, 1n], ends: [MAX, MAX], axes: [1n, 2n] },
  'the last two channels, from a negative axis': { starts: [1n, 0n], ends: [MAX, MAX], axes: [1n, -1n] },
  'channels backwards': { starts: [MAX, 0n], ends: [MIN, MAX], axes: [1n, 3n], steps: [-1n, 2n] },
  'one channel by a step beyond the axis': { starts: [2n, 0n], ends: [MAX, MAX], axes: [1n, 2n], steps: [MAX, 1n] },
};
const CHANNELS: Readonly<Record<string, number>> = {
  'the last two channels, from a negative axis': 2,
  'one channel by a step beyond the axis': 1,
};

const int64 = (name: string, values: readonly bigint[]): Onnx.ITensorProto =>
  rawTensor(name, DTYPE.int64, [values.length], new Uint8Array(BigInt64Array.from(values).buffer));
/** As protobufjs writes 64 bits. */
const long = (value: bigint): number =>
  ({
    low: Number(BigInt.asIntN(32, value)),
    high: Number(BigInt.asIntN(32, value >> 32n)),
    unsigned: false,
  }) as unknown as number;
const ints = (values: readonly bigint[]): { ints: number[] } => ({ ints: values.map(long) });

interface Form {
  readonly opset: number;
  readonly steps: boolean;
  readonly write: (limits: Limits) => { nodes: Onnx.INodeProto[]; initializers: Onnx.ITensorProto[] };
}

const asInputs = (limits: Limits): string[] => ['x', 's', 'e', 'a', ...(limits.steps ? ['b'] : [])];
const listed = (limits: Limits): [string, readonly bigint[]][] => [
  ['s', limits.starts],
  ['e', limits.ends],
  ['a', limits.axes],
  ...(limits.steps ? [['b', limits.steps] as [string, readonly bigint[]]] : []),
];
const stored = (opset: number): Form => ({
  opset,
  steps: true,
  write: (limits) => ({
    nodes: [node('Slice', asInputs(limits), ['cut'])],
    initializers: listed(limits).map(([name, values]) => int64(name, values)),
  }),
});

const FORMS: Readonly<Record<string, Form>> = {
  'attributes, opset 1': {
    opset: 1,
    steps: false,
    write: ({ starts, ends, axes }) => ({
      nodes: [node('Slice', ['x'], ['cut'], { starts: ints(starts), ends: ints(ends), axes: ints(axes) })],
      initializers: [],
    }),
  },
  'attributes, opset 9': {
    opset: 9,
    steps: false,
    write: ({ starts, ends, axes }) => ({
      nodes: [node('Slice', ['x'], ['cut'], { starts: ints(starts), ends: ints(ends), axes: ints(axes) })],
      initializers: [],
    }),
  },
  'initializers, opset 10': stored(10),
  'initializers, opset 13': stored(13),
  'Constant nodes': {
    opset: 13,
    steps: true,
    write: (limits) => ({
      nodes: [
        ...listed(limits).map(([name, values]) =>
          node('Constant', [], [name], { value: { tensor: int64('', values) } }),
        ),
        node('Slice', asInputs(limits), ['cut']),
      ],
      initializers: [],
    }),
  },
  'Constant nodes with lists': {
    opset: 13,
    steps: true,
    write: (limits) => ({
      nodes: [
        ...listed(limits).map(([name, values]) => node('Constant', [], [name], { value_ints: ints(values) })),
        node('Slice', asInputs(limits), ['cut']),
      ],
      initializers: [],
    }),
  },
  'behind Unsqueeze, Concat and Cast, as PyTorch writes it': {
    opset: 13,
    steps: true,
    write: (limits) => ({
      nodes: [
        ...listed(limits).flatMap(([name, values]) => [
          ...values.map((_, i) => node('Unsqueeze', [`${name}${i}`, 'zero'], [`${name}${i}/v`])),
          node(
            'Concat',
            values.map((_, i) => `${name}${i}/v`),
            [`${name}/all`],
            { axis: 0 },
          ),
          node('Cast', [`${name}/all`], [name], { to: DTYPE.int64 }),
        ]),
        node('Slice', asInputs(limits), ['cut']),
      ],
      initializers: [
        int64('zero', [0n]),
        ...listed(limits).flatMap(([name, values]) =>
          values.map((value, i) => ({ ...int64(`${name}${i}`, [value]), dims: [] })),
        ),
      ],
    }),
  },
};

const MAPS: readonly ChannelMap[] = [
  grayscale(),
  swapRedBlue(),
  bands(5),
  normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3], scale: 1 }),
];

for (const [name, form] of Object.entries(FORMS)) {
  test(`a Slice to the largest int64 folds: ${name}`, async () => {
    const random = new Random(3);
    for (const [what, limits] of Object.entries(LIMITS)) {
      if (limits.steps && !form.steps) continue;
      const channels = CHANNELS[what] ?? 3;
      const { nodes, initializers } = form.write(limits);
      const bytes = encodeModel(
        model({
          opset: form.opset,
          inputs: [valueInfo('x', [1, 3, 8, 8])],
          outputs: [valueInfo('y', null)],
          initializers: [...initializers, floatTensor('w', [4, channels, 3, 3], random.floats(4 * channels * 9))],
          nodes: [...nodes, node('Conv', ['cut', 'w'], ['y'], { kernel_shape: [3, 3] })],
        }),
      );
      for (const map of MAPS) {
        const dims = [1, map.matrix[0]?.length ?? 0, 8, 8];
        // ONNX Runtime has no Slice of opset 1 to 6; the plan is the same as under opset 9.
        const { plan, worst } =
          form.opset < 7
            ? { ...(await adaptBytes(bytes, map)), worst: 0 }
            : await compareAdapted(bytes, map, { newDims: { x: dims }, random });
        assert.ok(worst < 1e-5, `${what}, ${map.name}: ${worst}`);
        // A weight for some of the channels would become as wide as the image: one node in front costs less.
        const inFront = channels < 3 && map.name !== 'gray';
        const counts = [plan.folds.length, plan.addedNodes.length];
        assert.deepEqual(counts, inFront ? [0, 1] : [1, 0], `${what}, ${map.name}`);
      }
    }
  });
}

test('the weights behind a Slice to the largest int64 are known', async () => {
  const bytes = encodeModel(
    model({
      inputs: [valueInfo('x', [1, 3, 8, 8])],
      outputs: [valueInfo('y', null)],
      initializers: [
        int64('s', [0n, MAX]),
        int64('e', [MAX, MIN]),
        int64('a', [0n, 2n]),
        int64('b', [1n, -1n]),
        floatTensor('all', [4, 3, 3, 3], new Random(2).floats(108)),
      ],
      nodes: [
        node('Slice', ['all', 's', 'e', 'a', 'b'], ['w']),
        node('Conv', ['x', 'w'], ['y'], { kernel_shape: [3, 3] }),
      ],
    }),
  );
  const { plan, worst } = await compareAdapted(bytes, grayscale(), {
    newDims: { x: [1, 1, 8, 8] },
    random: new Random(4),
  });
  assert.deepEqual([plan.folds.length, plan.addedNodes.length], [1, 0]);
  assert.ok(worst < 1e-5);
});

test('integers that float64 rounds to one number stay as many as they are', async () => {
  const big = 2n ** 53n;
  const bytes = encodeModel(
    model({
      inputs: [valueInfo('x', [1, 3, 1, 2], DTYPE.int64)],
      outputs: [valueInfo('y', null, DTYPE.int64)],
      initializers: [{ ...int64('c', [big, big + 1n, big]), dims: [1, 3, 1, 1] }],
      nodes: [node('Add', ['x', 'c'], ['y'])],
    }),
  );
  const { bytes: adapted } = await adaptBytes(bytes, grayscale(), { inputs: ['x'] });
  const feed = (channels: number): Record<string, { type: string; dims: number[]; data: BigInt64Array }> => ({
    x: { type: 'int64', dims: [1, channels, 1, 2], data: new BigInt64Array(channels * 2) },
  });
  const { y } = await runModel(adapted, feed(1));
  assert.deepEqual([...(y?.data as unknown as BigInt64Array)], [big, big, big + 1n, big + 1n, big, big]);
});
