// Slow: random chains of operators in ONNX Runtime.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DTYPE, encodeModel, model, valueInfo, type BuiltDim } from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';
import { float32 } from '../../fixtures/runtime.ts';
import { compareWithRuntime } from '../../fixtures/runtimeShapes.ts';
import { Net } from '../../fixtures/zoo/net.ts';

/** A chain of size arithmetic as an exporter writes it, from `x`, at several real sizes. */
interface Chain {
  readonly name: string;
  readonly declared: readonly BuiltDim[];
  readonly at: readonly (readonly number[])[];
  readonly opset?: number;
  readonly build: (n: Net) => void;
}

const IMAGE: Pick<Chain, 'declared' | 'at'> = {
  declared: ['batch', 4, 'height', 'width'],
  at: [
    [1, 4, 8, 12],
    [2, 4, 7, 9],
    [3, 4, 16, 5],
  ],
};
const TOKENS: Pick<Chain, 'declared' | 'at'> = {
  declared: ['batch', 'tokens', 16],
  at: [
    [1, 5, 16],
    [2, 1, 16],
    [3, 9, 16],
  ],
};
const CAST_FLOAT = { to: DTYPE.float32 };
const CAST_INT64 = { to: DTYPE.int64 };
const CAST_INT32 = { to: DTYPE.int32 };
const FAR = 2 ** 62;

const gathered = (n: Net, x: string, axis: number): string =>
  n.op('Gather', [n.op('Shape', [x]), n.i([axis], [])], { axis: 0 });
const listed = (n: Net, scalar: string): string => n.op('Unsqueeze', [scalar, n.i([0])]);
const slice1 = (n: Net, x: string, [from, to]: readonly [number, number], axis = 0): string =>
  n.op('Slice', [x, n.i([from]), n.i([to]), n.i([axis])]);

const CHAINS: readonly Chain[] = [
  {
    name: 'PyTorch: view(x.size(0), -1)',
    ...IMAGE,
    build: (n) => n.op('Reshape', ['x', n.op('Concat', [n.size('x', 0), n.i([-1])], { axis: 0 })]),
  },
  {
    name: 'PyTorch: flatten(2) and transpose',
    ...IMAGE,
    build: (n) =>
      n.op(
        'Transpose',
        [n.op('Reshape', ['x', n.op('Concat', [slice1(n, n.op('Shape', ['x']), [0, 2]), n.i([-1])], { axis: 0 })])],
        { perm: [0, 2, 1] },
      ),
  },
  {
    name: 'PyTorch: interpolate(scale_factor=2), as sizes',
    ...IMAGE,
    build: (n) => {
      const scaled = (axis: number): string =>
        listed(
          n,
          n.op(
            'Cast',
            [n.op('Floor', [n.op('Mul', [n.op('Cast', [gathered(n, 'x', axis)], CAST_FLOAT), n.f([], [2])])])],
            CAST_INT64,
          ),
        );
      n.op(
        'Resize',
        [
          'x',
          '',
          '',
          n.op(
            'Concat',
            [slice1(n, n.op('Shape', ['x']), [0, 2]), n.op('Concat', [scaled(2), scaled(3)], { axis: 0 })],
            {
              axis: 0,
            },
          ),
        ],
        { mode: 'nearest' },
      );
    },
  },
  {
    name: 'PyTorch: interpolate(scale_factor=1.5), as scales',
    ...IMAGE,
    build: (n) =>
      n.op('Conv', [n.op('Resize', ['x', '', n.f([4], [1, 1, 1.5, 0.5])], { mode: 'nearest' }), n.f([2, 4, 3, 3])], {
        pads: [1, 1, 1, 1],
        strides: [2, 2],
      }),
  },
  {
    name: 'PyTorch: interpolate(size=other.shape[2:]) and add, as in a feature pyramid',
    ...IMAGE,
    build: (n) => {
      const small = n.conv('x', 4, 4, { stride: 2 });
      n.op('Add', [
        'x',
        n.op(
          'Resize',
          [
            small,
            '',
            '',
            n.op('Concat', [slice1(n, n.op('Shape', [small]), [0, 2]), slice1(n, n.op('Shape', ['x']), [2, 4])], {
              axis: 0,
            }),
          ],
          { mode: 'nearest' },
        ),
      ]);
    },
  },
  {
    name: 'PyTorch: chunk(2) of a named axis, by arithmetic on its size, joined again',
    ...IMAGE,
    build: (n) => {
      const half = n.op('Div', [n.op('Add', [gathered(n, 'x', 2), n.i([1], [])]), n.i([2], [])]);
      const cut = (k: number): string => listed(n, n.op('Mul', [half, n.i([k], [])]));
      const [a, b, c] = [cut(0), cut(1), cut(2)];
      const parts = [n.op('Slice', ['x', a, b, n.i([2])]), n.op('Slice', ['x', b, c, n.i([2])])];
      n.op('Add', ['x', n.op('Concat', parts, { axis: 2 })]);
    },
  },
  {
    name: 'PyTorch: pixel_shuffle by views',
    ...IMAGE,
    build: (n) => {
      const parts = [
        n.size('x', 0),
        listed(n, n.op('Div', [gathered(n, 'x', 1), n.i([4], [])])),
        n.i([2]),
        n.i([2]),
        n.size('x', 2),
        n.size('x', 3),
      ];
      const six = n.op('Transpose', [n.op('Reshape', ['x', n.op('Concat', parts, { axis: 0 })])], {
        perm: [0, 1, 4, 2, 5, 3],
      });
      const out = [
        n.size('x', 0),
        n.i([-1]),
        ...[2, 3].map((axis) => listed(n, n.op('Mul', [gathered(n, 'x', axis), n.i([2], [])]))),
      ];
      n.op('Reshape', [six, n.op('Concat', out, { axis: 0 })]);
    },
  },
  {
    name: 'PyTorch: unfold by ranges of indices',
    ...IMAGE,
    build: (n) => {
      const grid = (axis: number): string => {
        const last = n.op('Sub', [n.op('Add', [gathered(n, 'x', axis), n.i([2], [])]), n.i([2], [])]);
        const starts = n.op('Unsqueeze', [n.op('Range', [n.i([0], []), last, n.i([2], [])]), n.i([0])]);
        return n.op('Add', [
          starts,
          n.op('Unsqueeze', [n.op('Range', [n.i([0], []), n.i([3], []), n.i([1], [])]), n.i([1])]),
        ]);
      };
      const padded = n.op('Pad', ['x', n.i([0, 0, 1, 1, 0, 0, 1, 1])]);
      const columns = n.op(
        'Transpose',
        [n.op('Gather', [n.op('Gather', [padded, grid(2)], { axis: 2 }), grid(3)], { axis: 4 })],
        { perm: [0, 1, 2, 4, 3, 5] },
      );
      n.op('Reshape', [
        columns,
        n.op('Concat', [n.size('x', 0), listed(n, n.op('Mul', [gathered(n, 'x', 1), n.i([9], [])])), n.i([-1])], {
          axis: 0,
        }),
      ]);
    },
  },
  {
    name: 'PyTorch: expand(batch, -1, -1) of a class token',
    ...TOKENS,
    build: (n) => {
      const asked = n.op('Concat', [n.size('x', 0), n.i([-1]), n.i([-1])], { axis: 0 });
      const ones = n.op('ConstantOfShape', [n.op('Shape', [asked])], {
        value: { tensor: { name: '', dataType: DTYPE.int64, dims: [1], int64Data: [1] } },
      });
      const shape = n.op('Where', [n.op('Equal', [asked, n.op('Mul', [ones, n.i([-1], [])])]), ones, asked]);
      n.op('Concat', [n.op('Expand', [n.f([1, 1, 16]), shape]), 'x'], { axis: 1 });
    },
  },
  {
    name: 'PyTorch: attention by heads',
    ...TOKENS,
    build: (n) => {
      const heads = (x: string): string =>
        n.op(
          'Transpose',
          [
            n.op('Reshape', [
              x,
              n.op(
                'Concat',
                [n.size(x, 0), n.size(x, 1), n.i([4]), listed(n, n.op('Div', [gathered(n, x, 2), n.i([4], [])]))],
                { axis: 0 },
              ),
            ]),
          ],
          { perm: [0, 2, 1, 3] },
        );
      const [q, k, v] = [0, 1, 2].map(() => heads(n.op('MatMul', ['x', n.f([16, 16])])));
      const scores = n.op(
        'Softmax',
        [n.op('MatMul', [q ?? '', n.op('Transpose', [k ?? ''], { perm: [0, 1, 3, 2] })])],
        { axis: -1 },
      );
      const mixed = n.op('Transpose', [n.op('MatMul', [scores, v ?? ''])], { perm: [0, 2, 1, 3] });
      const last = n.op('Mul', [gathered(n, mixed, 2), gathered(n, mixed, 3)]);
      n.op('Add', [
        'x',
        n.op('Reshape', [mixed, n.op('Concat', [n.size(mixed, 0), n.size(mixed, 1), listed(n, last)], { axis: 0 })]),
      ]);
    },
  },
  {
    name: 'PyTorch: a causal mask from ranges',
    ...TOKENS,
    build: (n) => {
      const positions = n.op('Range', [n.i([0], []), gathered(n, 'x', 1), n.i([1], [])]);
      const mask = n.op('LessOrEqual', [
        n.op('Unsqueeze', [positions, n.i([0])]),
        n.op('Unsqueeze', [positions, n.i([1])]),
      ]);
      n.op('Where', [mask, n.op('MatMul', ['x', n.op('Transpose', ['x'], { perm: [0, 2, 1] })]), n.f([], [-1])]);
    },
  },
  {
    name: 'PyTorch: padding to a multiple of 4',
    ...IMAGE,
    build: (n) => {
      const missing = (axis: number): string => {
        const size = gathered(n, 'x', axis);
        return listed(n, n.op('Mod', [n.op('Sub', [n.i([4], []), n.op('Mod', [size, n.i([4], [])])]), n.i([4], [])]));
      };
      n.op(
        'MaxPool',
        [n.op('Pad', ['x', n.op('Concat', [n.i([0, 0, 0, 0, 0, 0]), missing(2), missing(3)], { axis: 0 })])],
        { kernel_shape: [4, 4], strides: [4, 4] },
      );
    },
  },
  {
    name: 'PyTorch, before Range: arange from NonZero of ones',
    ...TOKENS,
    build: (n) => {
      const ones = n.op('ConstantOfShape', [n.size('x', 1)], {
        value: { tensor: { name: '', dataType: DTYPE.int64, dims: [1], int64Data: [1] } },
      });
      n.op('Squeeze', [n.op('Transpose', [n.op('NonZero', [ones])]), n.i([1])]);
    },
  },
  {
    name: 'PyTorch: top k of at most 6',
    ...TOKENS,
    build: (n) => {
      n.ops('TopK', ['x', n.op('Min', [n.i([6]), n.size('x', 1)])], 2, { axis: 1 });
    },
  },
  {
    name: 'PyTorch: the last token, and all but it',
    ...TOKENS,
    build: (n) => {
      n.op('Slice', ['x', n.i([-1]), n.i([FAR]), n.i([1])]);
      n.op('Slice', ['x', n.i([0]), n.i([-1]), n.i([1]), n.i([1])]);
      n.op('Slice', ['x', n.i([0]), n.i([FAR]), n.i([1]), n.i([2])]);
    },
  },
  {
    name: 'tf2onnx: Shape, StridedSlice, Pack, Reshape',
    ...IMAGE,
    build: (n) => {
      const shape = n.op('Cast', [n.op('Shape', ['x'])], CAST_INT32);
      const part = (k: number): string =>
        n.op('Unsqueeze', [n.op('Squeeze', [slice1(n, shape, [k, k + 1]), n.i([0])]), n.i([0])]);
      const pixels = n.op('Mul', [part(2), part(3)]);
      n.op('Reshape', ['x', n.op('Cast', [n.op('Concat', [part(0), part(1), pixels], { axis: 0 })], CAST_INT64)]);
    },
  },
  {
    name: 'tf2onnx: ResizeBilinear to twice the size, as a quotient of sizes',
    declared: ['batch', 'height', 'width', 3],
    at: [
      [1, 4, 6, 3],
      [2, 5, 7, 3],
    ],
    build: (n) => {
      const image = n.op('Transpose', ['x'], { perm: [0, 3, 1, 2] });
      const wanted = n.op('Mul', [
        slice1(n, n.op('Cast', [n.op('Shape', ['x'])], CAST_INT32), [1, 3]),
        n.op('Cast', [n.i([2, 2])], CAST_INT32),
      ]);
      const scales = n.op('Div', [
        n.op('Cast', [wanted], CAST_FLOAT),
        n.op('Cast', [slice1(n, n.op('Shape', [image]), [2, 4])], CAST_FLOAT),
      ]);
      n.op(
        'Transpose',
        [n.op('Resize', [image, '', n.op('Concat', [n.f([2], [1, 1]), scales], { axis: 0 })], { mode: 'linear' })],
        { perm: [0, 2, 3, 1] },
      );
    },
  },
  {
    name: 'a detection head: anchors of a grid, for every batch',
    ...IMAGE,
    build: (n) => {
      const grid = n.conv('x', 4, 6, { stride: 2 });
      const line = (axis: number): string => n.op('Range', [n.i([0], []), gathered(n, grid, axis), n.i([1], [])]);
      const size = n.op('Concat', [n.size(grid, 2), n.size(grid, 3)], { axis: 0 });
      const ys = n.op('Expand', [n.op('Unsqueeze', [line(2), n.i([1])]), size]);
      const xs = n.op('Expand', [n.op('Unsqueeze', [line(3), n.i([0])]), size]);
      const pairs = n.op('Concat', [n.op('Unsqueeze', [xs, n.i([2])]), n.op('Unsqueeze', [ys, n.i([2])])], { axis: 2 });
      const anchors = n.op('Cast', [n.op('Reshape', [pairs, n.i([1, -1, 2])])], CAST_FLOAT);
      const flat = n.op(
        'Transpose',
        [n.op('Reshape', [grid, n.op('Concat', [slice1(n, n.op('Shape', [grid]), [0, 2]), n.i([-1])], { axis: 0 })])],
        { perm: [0, 2, 1] },
      );
      const [centre = '', rest = ''] = n.ops('Split', [flat, n.i([2, 4])], 2, { axis: 2 });
      n.op('Concat', [n.op('Add', [centre, anchors]), rest], { axis: 2 });
    },
  },
  {
    name: 'sizes written into a list by ScatterND and ScatterElements',
    ...IMAGE,
    build: (n) => {
      const list = n.op('ScatterND', [n.i([0, 4, 0, -1]), n.i([0], [1, 1]), n.size('x', 0)]);
      n.op('Reshape', ['x', n.op('ScatterElements', [list, n.i([2]), n.size('x', 2)], { axis: 0 })]);
    },
  },
  {
    name: 'counts of elements: ReduceProd and Size',
    ...IMAGE,
    build: (n) => {
      n.op('Reshape', ['x', n.op('ReduceProd', [n.op('Shape', ['x'])], { axes: [0], keepdims: 1 })]);
      n.op('Reshape', ['x', n.op('Unsqueeze', [n.op('Size', ['x']), n.i([0])])]);
      n.op('Expand', [n.f([1]), n.op('Shape', ['x'], { start: 1, end: -1 })]);
      n.op('Tile', ['x', n.op('Concat', [n.i([1, 2]), n.size('x', 0), n.i([1])], { axis: 0 })]);
    },
  },
];

for (const c of CHAINS) {
  test(`${c.name}: every tensor is what ONNX Runtime computes`, async () => {
    const n = new Net(11);
    c.build(n);
    const last = n.nodes.at(-1)?.output?.[0] ?? '';
    const bytes = encodeModel(
      model({
        nodes: n.nodes,
        initializers: n.initializers,
        inputs: [valueInfo('x', c.declared)],
        outputs: [{ name: last }],
        opset: c.opset ?? 15,
      }),
    );
    for (const dims of c.at) {
      const found = await compareWithRuntime(bytes, {
        x: float32(dims, new Random(3).floats(dims.reduce((p, d) => p * d, 1))),
      });
      assert.deepEqual(found.wrong, []);
      assert.deepEqual(found.open, []);
      assert.deepEqual(found.openByName, []);
    }
  });
}

test('the comparison itself tells a wrong size', async () => {
  const n = new Net(1);
  n.op('Relu', ['x']);
  const bytes = encodeModel(
    model({ nodes: n.nodes, inputs: [valueInfo('x', [2, 3])], outputs: [valueInfo('relu_1', null)] }),
  );
  await assert.rejects(compareWithRuntime(bytes, { x: float32([2, 4], new Float32Array(8)) }));
  const open = await compareWithRuntime(
    encodeModel(model({ nodes: n.nodes, inputs: [valueInfo('x', null)], outputs: [valueInfo('relu_1', null)] })),
    { x: float32([2, 4], new Float32Array(8)) },
  );
  assert.equal(open.open.length, 1);
});
