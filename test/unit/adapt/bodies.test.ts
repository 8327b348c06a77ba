// Slow: many conversions, compared in ONNX Runtime.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { onnx as Onnx } from 'onnx-proto';
import { MemorySource } from '../../../src/bytes/byteSource.ts';
import { bands, grayscale, normalize, swapRedBlue, type ChannelMap } from '../../../src/adapt/maps/channelMap.ts';
import { scanModel } from '../../../src/formats/onnx/scan/scan.ts';
import { WireReader } from '../../../src/formats/onnx/scan/wire.ts';
import { verify } from '../../../src/verify/proof/verify.ts';
import { compareAdapted } from '../../fixtures/adaptBytes.ts';
import {
  decodeModel,
  DTYPE,
  encodeModel,
  floatTensor,
  graph,
  int64Tensor,
  model,
  node,
  valueInfo,
  type ModelParts,
} from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';

const random = new Random(41);
const floats = (name: string, dims: number[]): Onnx.ITensorProto =>
  floatTensor(name, dims, random.floats(dims.reduce((n, d) => n * d, 1)));
const image = valueInfo('x', [1, 3, 8, 8]);
const flag = valueInfo('flag', [1], DTYPE.bool);
const conv = (input: string, weight: string, output: string): Onnx.INodeProto =>
  node('Conv', [input, weight], [output], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
const body = (
  nodes: Onnx.INodeProto[],
  output: string,
  more: Partial<ModelParts> = {},
): { graph: Onnx.IGraphProto } => ({
  graph: graph({ name: output, nodes, outputs: [valueInfo(output, null)], ...more }),
});
const branches = (yes: { graph: Onnx.IGraphProto }, no: { graph: Onnx.IGraphProto }, output = 'y'): Onnx.INodeProto =>
  node('If', ['flag'], [output], { then_branch: yes, else_branch: no });
const build = (parts: ModelParts): Uint8Array =>
  encodeModel(model({ inputs: [image, flag], outputs: [valueInfo('y', null)], ...parts }));

/** Adds the convolved image to what it carries, so many times. */
const loop = (inside: Onnx.INodeProto[], more: Partial<ModelParts> = {}): Onnx.INodeProto =>
  node('Loop', ['trips', '', 'start'], ['y'], {
    body: {
      graph: graph({
        name: 'rounds',
        inputs: [valueInfo('i', [], DTYPE.int64), valueInfo('go', [], DTYPE.bool), valueInfo('sum', [1, 4, 8, 8])],
        outputs: [valueInfo('go_on', [], DTYPE.bool), valueInfo('next', [1, 4, 8, 8])],
        nodes: [...inside, node('Identity', ['go'], ['go_on'])],
        ...more,
      }),
    },
  });

interface Row {
  readonly name: string;
  readonly parts: ModelParts;
  readonly folds: number;
  readonly rebuilt: number;
  readonly map?: ChannelMap;
  /** Initializers of the main graph and of all graphs inside, behind the adaptation, with dims. */
  readonly weights: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    name: 'a weight outside that only one branch reads is replaced where it lies',
    parts: {
      initializers: [floats('w', [4, 3, 3, 3]), floats('other', [1, 4, 8, 8])],
      nodes: [branches(body([conv('x', 'w', 't')], 't'), body([node('Identity', ['other'], ['e'])], 'e'))],
    },
    folds: 1,
    rebuilt: 0,
    weights: ['w 4,1,3,3', 'other 1,4,8,8'],
  },
  {
    name: 'a convolution in both branches, each with a weight of its own inside',
    parts: {
      nodes: [
        branches(
          body([conv('x', 'w1', 't')], 't', { initializers: [floats('w1', [4, 3, 3, 3])] }),
          body([node('Relu', ['x'], ['r']), conv('r', 'w2', 'e')], 'e', { initializers: [floats('w2', [4, 3, 3, 3])] }),
        ),
      ],
    },
    folds: 2,
    rebuilt: 0,
    weights: ['w1 4,1,3,3', 'w2 4,1,3,3'],
  },
  {
    name: 'one weight outside that both branches read: each takes a new one, the old one goes',
    parts: {
      initializers: [floats('w', [4, 3, 3, 3])],
      nodes: [branches(body([conv('x', 'w', 't')], 't'), body([node('Abs', ['x'], ['a']), conv('a', 'w', 'e')], 'e'))],
    },
    folds: 2,
    rebuilt: 0,
    weights: ['w/folded 4,1,3,3', 'w/folded_2 4,1,3,3'],
  },
  {
    name: 'a weight that the main graph reads too stays for it',
    parts: {
      initializers: [floats('w', [3, 3, 3, 3])],
      nodes: [
        conv('x', 'w', 'a'),
        conv('a', 'w', 'b'),
        branches(body([conv('x', 'w', 't')], 't'), body([node('Neg', ['b'], ['e'])], 'e')),
      ],
    },
    folds: 2,
    rebuilt: 0,
    weights: ['w 3,3,3,3', 'w/folded 3,1,3,3', 'w/folded_2 3,1,3,3'],
  },
  {
    name: 'a branch that needs the image as it was gets it rebuilt outside; the other one folds',
    parts: {
      nodes: [
        branches(
          body([conv('x', 'w1', 't')], 't', { initializers: [floats('w1', [3, 3, 3, 3])] }),
          body([node('Neg', ['x'], ['e'])], 'e'),
        ),
      ],
    },
    folds: 1,
    rebuilt: 1,
    weights: ['w1 3,1,3,3'],
  },
  {
    name: 'If in If, a weight at each depth',
    parts: {
      initializers: [floats('w0', [4, 3, 3, 3])],
      nodes: [
        branches(
          body(
            [
              branches(
                body([conv('x', 'w0', 'tt')], 'tt'),
                body([conv('x', 'w1', 'te')], 'te', { initializers: [floats('w1', [4, 3, 3, 3])] }),
                't',
              ),
            ],
            't',
          ),
          body([conv('x', 'w2', 'e')], 'e', { initializers: [floats('w2', [4, 3, 3, 3])] }),
        ),
      ],
    },
    folds: 3,
    rebuilt: 0,
    weights: ['w0 4,1,3,3', 'w1 4,1,3,3', 'w2 4,1,3,3'],
  },
  {
    name: 'a Loop whose body convolves the image again each round',
    parts: {
      initializers: [int64Tensor('trips', [], [3]), floats('start', [1, 4, 8, 8])],
      nodes: [
        loop([conv('x', 'w', 'c'), node('Add', ['sum', 'c'], ['next'])], { initializers: [floats('w', [4, 3, 3, 3])] }),
      ],
    },
    folds: 1,
    rebuilt: 0,
    weights: ['trips ', 'start 1,4,8,8', 'w 4,1,3,3'],
  },
  {
    name: 'a tensor behind the input that a branch reads, beside a reader that needs it as it was',
    parts: {
      initializers: [floats('w', [3, 3, 3, 3])],
      nodes: [
        node('Relu', ['x'], ['r']),
        node('Softmax', ['r'], ['s'], { axis: 1 }),
        branches(body([conv('r', 'w', 't')], 't'), body([node('Neg', ['s'], ['e'])], 'e')),
      ],
    },
    folds: 1,
    rebuilt: 1,
    weights: ['w 3,1,3,3'],
  },
  {
    name: 'a weight behind a Transpose inside the branch, under bands',
    map: bands(4),
    parts: {
      initializers: [floats('w', [3, 3, 3, 4])],
      nodes: [
        branches(
          body([node('Transpose', ['w'], ['wt'], { perm: [3, 0, 1, 2] }), conv('x', 'wt', 't')], 't'),
          body([conv('x', 'w2', 'e')], 'e', { initializers: [floats('w2', [4, 3, 3, 3])] }),
        ),
      ],
    },
    folds: 2,
    rebuilt: 0,
    weights: ['wt/folded 4,4,3,3', 'w2 4,4,3,3'],
  },
  {
    name: 'an image that both branches pass on, to a weight behind',
    parts: {
      initializers: [floats('w', [4, 3, 3, 3])],
      nodes: [
        branches(
          body([node('Relu', ['x'], ['t'])], 't', { outputs: [valueInfo('t', [1, 3, 8, 8])] }),
          body([node('Tanh', ['x'], ['e'])], 'e'),
          'p',
        ),
        conv('p', 'w', 'y'),
      ],
    },
    folds: 1,
    rebuilt: 0,
    weights: ['w 4,1,3,3'],
  },
  {
    name: 'an image that branches shift alike, or leave as it is',
    parts: {
      initializers: [floats('k', [1, 3, 1, 1]), floats('w', [4, 3, 3, 3]), floats('v', [4, 3, 3, 3])],
      nodes: [
        branches(body([node('Sub', ['x', 'k'], ['t'])], 't'), body([node('Sub', ['x', 'k'], ['e'])], 'e'), 'p'),
        branches(body([node('Neg', ['x'], ['t2'])], 't2'), body([node('Identity', ['x'], ['e2'])], 'e2'), 'q'),
        node('Conv', ['p', 'w'], ['a']),
        node('Conv', ['q', 'v'], ['b']),
        node('Add', ['a', 'b'], ['y']),
      ],
    },
    folds: 2,
    rebuilt: 0,
    weights: ['w 4,1,3,3', 'v 4,1,3,3', 'a/bias 4'],
  },
  {
    name: 'an image that branches pass on otherwise',
    parts: {
      initializers: [floats('k', [1, 3, 1, 1]), floats('w', [4, 3, 3, 3])],
      nodes: [
        branches(body([node('Sub', ['x', 'k'], ['t'])], 't'), body([node('Neg', ['x'], ['e'])], 'e'), 'p'),
        conv('p', 'w', 'y'),
      ],
    },
    folds: 0,
    rebuilt: 1,
    weights: ['k 1,3,1,1', 'w 4,3,3,3'],
  },
  {
    name: 'pictures that a Loop makes smaller one by one and stacks',
    parts: {
      initializers: [int64Tensor('trips', [], [1]), int64Tensor('second', [1], [1]), floats('w', [4, 3, 3, 3])],
      nodes: [
        node('Loop', ['trips', ''], ['stacked'], {
          body: {
            graph: graph({
              name: 'each',
              inputs: [valueInfo('i', [], DTYPE.int64), valueInfo('go', [], DTYPE.bool)],
              outputs: [valueInfo('go_on', [], DTYPE.bool), valueInfo('small', [1, 3, 4, 4])],
              nodes: [
                node('Gather', ['x', 'i'], ['one'], { axis: 0 }),
                node('Unsqueeze', ['one', 'first'], ['batch']),
                node('AveragePool', ['batch'], ['small'], { kernel_shape: [2, 2], strides: [2, 2] }),
                node('Identity', ['go'], ['go_on']),
              ],
              initializers: [int64Tensor('first', [1], [0])],
            }),
          },
        }),
        node('Squeeze', ['stacked', 'second'], ['s']),
        conv('s', 'w', 'y'),
      ],
    },
    folds: 1,
    rebuilt: 0,
    weights: ['trips ', 'second 1', 'w 4,1,3,3', 'first 1'],
  },
  {
    name: 'channels in another order',
    map: swapRedBlue(),
    parts: {
      nodes: [
        branches(
          body([conv('x', 'w1', 't')], 't', { initializers: [floats('w1', [4, 3, 3, 3])] }),
          body([conv('x', 'w2', 'e')], 'e', { initializers: [floats('w2', [4, 3, 3, 3])] }),
        ),
      ],
    },
    folds: 2,
    rebuilt: 0,
    weights: ['w1 4,3,3,3', 'w2 4,3,3,3'],
  },
  {
    name: 'a shift in front of zero padding, in a branch',
    map: normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4], scale: 1 }),
    parts: {
      nodes: [
        branches(
          body([conv('x', 'w1', 't')], 't', { initializers: [floats('w1', [4, 3, 3, 3])] }),
          body([conv('x', 'w2', 'e')], 'e', { initializers: [floats('w2', [4, 3, 3, 3])] }),
        ),
      ],
    },
    folds: 2,
    rebuilt: 0,
    weights: ['w1 4,3,3,3', 'x/shift 1,3,1,1', 'w2 4,3,3,3', 'x/shift_2 1,3,1,1'],
  },
];

function weightsOf(g: Onnx.IGraphProto | null | undefined): string[] {
  const own = (g?.initializer ?? []).map((t) => `${t.name} ${(t.dims ?? []).map(Number).join()}`);
  const inside = (g?.node ?? []).flatMap((n) => (n.attribute ?? []).flatMap((a) => (a.g ? weightsOf(a.g) : [])));
  return [...own, ...inside];
}

async function opened(bytes: Uint8Array): Promise<Parameters<typeof verify>[0]['original']> {
  const source = new MemorySource(bytes);
  return { model: await scanModel(source), ctx: { wire: new WireReader(source) } };
}

for (const row of ROWS) {
  test(`graphs inside nodes: ${row.name}`, async () => {
    const original = build(row.parts);
    const channels = (row.map ?? grayscale()).matrix[0]?.length ?? 0;
    for (const yes of [0, 1]) {
      const { bytes, worst, plan } = await compareAdapted(original, row.map ?? grayscale(), {
        newDims: { x: [1, channels, 8, 8] },
        random: new Random(3),
        others: { flag: { type: 'bool', dims: [1], data: Uint8Array.of(yes) } },
      });
      assert.ok(worst < 1e-5, `relative L2 ${worst} where the condition is ${yes}`);
      assert.equal(plan.folds.length, row.folds, JSON.stringify(plan.folds));
      assert.equal(plan.rebuilt.length, row.rebuilt, JSON.stringify(plan.rebuilt));
      assert.deepEqual(weightsOf(decodeModel(bytes).graph), row.weights);
      const report = await verify({ original: await opened(original), adapted: await opened(bytes), seed: 5 });
      assert.equal(report.verdict, 'proved', report.statement);
    }
  });
}

test('graphs inside nodes: a weight in a branch that is no sum is not proved', async () => {
  const parts = ROWS.find((r) => r.name.startsWith('a convolution in both'))?.parts ?? {};
  const original = build(parts);
  const { bytes } = await compareAdapted(original, grayscale(), {
    newDims: { x: [1, 1, 8, 8] },
    random: new Random(3),
    others: { flag: { type: 'bool', dims: [1], data: Uint8Array.of(1) } },
  });
  const tampered = decodeModel(bytes);
  const weight = tampered.graph?.node?.[0]?.attribute?.[1]?.g?.initializer?.[0];
  assert.equal(weight?.name, 'w2');
  const values = new Float32Array(Uint8Array.from(weight.rawData ?? []).buffer);
  weight.rawData = new Uint8Array(values.map((v) => v * 1.01).buffer);
  const report = await verify({
    original: await opened(original),
    adapted: await opened(encodeModel(tampered)),
    seed: 5,
  });
  assert.notEqual(report.verdict, 'proved', report.statement);
});

test('graphs inside nodes: those nested deeper than is walked see the image as it was', async () => {
  const nested = (levels: number, output: string): Onnx.INodeProto[] =>
    levels === 0
      ? [conv('x', 'w', output)]
      : [
          branches(
            body(nested(levels - 1, `${output}t`), `${output}t`),
            body([node('Identity', ['other'], [`${output}e`])], `${output}e`),
            output,
          ),
        ];
  for (const [levels, folds] of [
    [8, 1],
    [9, 0],
  ] as const) {
    const { worst, plan } = await compareAdapted(
      build({ initializers: [floats('w', [4, 3, 3, 3]), floats('other', [1, 4, 8, 8])], nodes: nested(levels, 'y') }),
      grayscale(),
      {
        newDims: { x: [1, 1, 8, 8] },
        random: new Random(3),
        others: { flag: { type: 'bool', dims: [1], data: Uint8Array.of(1) } },
      },
    );
    assert.ok(worst < 1e-5, `relative L2 ${worst}`);
    assert.deepEqual([plan.folds.length, plan.rebuilt.length], [folds, 1 - folds]);
  }
});
