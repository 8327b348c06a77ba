import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySource } from '../../../src/bytes/byteSource.ts';
import { modelCosts, type Costs } from '../../../src/graph/cost/cost.ts';
import { inferShapes } from '../../../src/graph/shapes/shapes.ts';
import { steeringConstants } from '../../../src/graph/shapes/steering.ts';
import type { Model } from '../../../src/formats/onnx/model.ts';
import { scanModel } from '../../../src/formats/onnx/scan/scan.ts';
import { WireReader } from '../../../src/formats/onnx/scan/wire.ts';
import { mobileNetV2, resNet18 } from '../../fixtures/architectures.ts';
import {
  DTYPE,
  encodeModel,
  floatTensor,
  graph,
  int64Tensor,
  model,
  named,
  node,
  rawTensor,
  valueInfo,
} from '../../fixtures/modelBuilder.ts';
import { denseNet121, resNet50, squeezeNet10, vgg19 } from '../../fixtures/published.ts';

async function costsOf(
  bytes: Uint8Array,
  bind: Record<string, number> = {},
): Promise<{ costs: Costs; scanned: Model }> {
  const source = new MemorySource(bytes);
  const scanned = await scanModel(source);
  return {
    costs: modelCosts(
      scanned,
      inferShapes(scanned, { constants: await steeringConstants(scanned, { wire: new WireReader(source) }), bind }),
    ),
    scanned,
  };
}

/**
 * torchvision's published figures: https://docs.pytorch.org/vision/stable/models.html; parameters to the last one,
 * multiply-adds to the digits given there. The last two have folded batch normalisation, which moves parameters by
 * under 1 %.
 */
const PUBLISHED = [
  { name: 'ResNet-50', bytes: resNet50(), params: 25_557_032, within: 0, macs: 4.09e9 },
  { name: 'VGG-19', bytes: vgg19(), params: 143_667_240, within: 0, macs: 19.63e9 },
  { name: 'DenseNet-121', bytes: denseNet121(), params: 7_978_856, within: 0, macs: 2.87e9 },
  { name: 'SqueezeNet 1.0', bytes: squeezeNet10(), params: 1_248_424, within: 0, macs: 0.82e9 },
  { name: 'ResNet-18', bytes: resNet18(), params: 11_689_512, within: 0.01, macs: 1.81e9 },
  { name: 'MobileNet-v2', bytes: mobileNetV2(), params: 3_504_872, within: 0.01, macs: 0.3e9 },
];

for (const { name, bytes, params, within, macs } of PUBLISHED) {
  test(`${name}: parameters and multiply-adds agree with the published figures`, async () => {
    const { total } = (await costsOf(bytes)).costs;
    assert.ok(Math.abs(total.params / params - 1) <= within, `${total.params} parameters`);
    assert.ok(total.macs !== null && Math.abs(total.macs / macs - 1) < 0.015, `${total.macs} multiply-adds`);
  });
}

const matrix = (name: string, rows: number, columns: number): ReturnType<typeof floatTensor> =>
  floatTensor(name, [rows, columns], new Float32Array(rows * columns));

test('weights that several nodes share count once; a named batch counts as one, a number as it is', async () => {
  const bytes = encodeModel(
    model({
      inputs: [valueInfo('x', ['batch', 4])],
      outputs: [valueInfo('y', null)],
      initializers: [matrix('w', 4, 4)],
      nodes: [node('MatMul', ['x', 'w'], ['h'], {}), node('MatMul', ['h', 'w'], ['y'], {})],
    }),
  );
  const { total } = (await costsOf(bytes)).costs;
  assert.deepEqual([total.params, total.macs], [16, 32]);
  assert.equal((await costsOf(bytes, { batch: 3 })).costs.total.macs, 96);
});

const TYPED_WEIGHTS = [
  { type: 'float16', dtype: DTYPE.float16, bytes: 8, params: 4 },
  { type: 'int8', dtype: DTYPE.int8, bytes: 4, params: 4 },
  { type: 'int16', dtype: DTYPE.int16, bytes: 8, params: 4 },
  { type: 'uint16', dtype: DTYPE.uint16, bytes: 8, params: 4 },
  { type: 'int32', dtype: DTYPE.int32, bytes: 16, params: 0 },
  { type: 'bool', dtype: DTYPE.bool, bytes: 4, params: 0 },
];

for (const { type, dtype, bytes, params } of TYPED_WEIGHTS)
  test(`four stored numbers of ${type} count as ${params} parameters`, async () => {
    const encoded = encodeModel(
      model({
        inputs: [valueInfo('x', [4], dtype)],
        outputs: [valueInfo('y', null)],
        initializers: [rawTensor('w', dtype, [4], new Uint8Array(bytes))],
        nodes: [node('Equal', ['x', 'w'], ['y'])],
      }),
    );
    assert.equal((await costsOf(encoded)).costs.total.params, params);
  });

/** One node of an operator, with a weight and what it makes declared. */
async function costOfOne(op: string, domain: string): Promise<Costs['total'] & { node: number | null }> {
  const { costs, scanned } = await costsOf(
    encodeModel({
      ...model({
        inputs: [valueInfo('x', [1, 4])],
        outputs: [valueInfo('y', [1, 4])],
        initializers: [matrix('w', 4, 4)],
        nodes: [named(node(op, ['x', 'w'], ['h']), { domain }), node('Relu', ['h'], ['y'])],
      }),
      opsetImport: [
        { domain: '', version: 17 },
        { domain, version: 1 },
      ],
    }),
  );
  const [first] = scanned.graph.nodes;
  return { ...costs.total, node: first ? costs.of(first).macs : NaN };
}

for (const { what, op, domain, macs, left } of [
  { what: 'a product counts', op: 'MatMul', domain: '', macs: 16, left: [] },
  {
    what: 'so does one that quantises on the way',
    op: 'DynamicQuantizeMatMul',
    domain: 'com.microsoft',
    macs: 16,
    left: [],
  },
  { what: 'an operator that multiplies nothing counts none', op: 'Add', domain: '', macs: 0, left: [] },
  {
    what: 'an unknown one is named, and nothing is claimed',
    op: 'Conv',
    domain: 'qonnx',
    macs: null,
    left: ['qonnx:Conv'],
  },
  {
    what: 'a known one without a rule too',
    op: 'MatMulNBits',
    domain: 'com.microsoft',
    macs: null,
    left: ['com.microsoft:MatMulNBits'],
  },
])
  test(`multiply-adds of an operator: ${what}`, async () => {
    const total = await costOfOne(op, domain);
    assert.deepEqual([total.macs, total.unknownOperators, total.uncounted], [macs, left, 0]);
  });

test('an unknown operator beside known ones: they are counted, it is named and its own count is not known', async () => {
  const { costs, scanned } = await costsOf(
    encodeModel({
      ...model({
        inputs: [valueInfo('x', [1, 4])],
        outputs: [valueInfo('y', null)],
        initializers: [matrix('w', 4, 4)],
        nodes: [node('MatMul', ['x', 'w'], ['h']), named(node('Nms', ['h'], ['y']), { domain: 'own' })],
      }),
    }),
  );
  assert.deepEqual([costs.total.macs, costs.total.unknownOperators], [16, ['own:Nms']]);
  assert.deepEqual(
    scanned.graph.nodes.map((n) => costs.of(n).macs),
    [16, null],
  );
});

test('a branch that is too deep to be followed is not called free', async () => {
  const calling = {
    name: 'f',
    domain: 'own',
    input: ['a'],
    output: ['b'],
    node: [named(node('f', ['a'], ['b']), { domain: 'own' })],
  };
  const opsetImport = [
    { domain: '', version: 17 },
    { domain: 'own', version: 1 },
  ];
  const { costs } = await costsOf(
    encodeModel({
      ...model({
        inputs: [valueInfo('x', [1, 4])],
        outputs: [valueInfo('y', null)],
        nodes: [named(node('f', ['x'], ['y']), { domain: 'own' })],
      }),
      opsetImport,
      functions: [{ ...calling, opsetImport }],
    }),
  );
  assert.deepEqual([costs.total.macs, costs.total.uncounted], [null, 1]);
});

for (const { what, dims, macs } of [
  { what: 'a batch counts as one', dims: ['N', 3, 8, 8], macs: 4 * 27 * 36 },
  { what: 'a name that stands for other sizes too is no batch', dims: ['N', 3, 'N', 'N'], macs: null },
  {
    what: 'None is no name: the batch counts as one, the other sizes are not known',
    dims: ['None', 3, 'None', 8],
    macs: null,
  },
  { what: 'None for the batch alone counts as one', dims: ['None', 3, 8, 8], macs: 4 * 27 * 36 },
])
  test(`multiply-adds for one image: ${what}`, async () => {
    const { costs } = await costsOf(
      encodeModel(
        model({
          inputs: [valueInfo('x', dims)],
          outputs: [valueInfo('y', null)],
          initializers: [floatTensor('w', [4, 3, 3, 3], new Float32Array(108))],
          nodes: [node('Conv', ['x', 'w'], ['y'])],
        }),
      ),
    );
    assert.equal(costs.total.macs, macs);
  });

test('memory: the sum of what nodes make, and the most that is alive at once', async () => {
  // x (40) makes a (40) makes b (80); x is read again at the end, so all three live there, but a does not.
  const { total } = (
    await costsOf(
      encodeModel(
        model({
          inputs: [valueInfo('x', [10])],
          outputs: [valueInfo('c', null)],
          nodes: [
            node('Relu', ['x'], ['a']),
            node('Concat', ['a', 'a'], ['b'], { axis: 0 }),
            node('Concat', ['b', 'x'], ['c'], { axis: 0 }),
          ],
        }),
      ),
    )
  ).costs;
  assert.equal(total.memory, 40 + 80 + 120);
  assert.equal(total.peak, 40 + 80 + 120);
  const chain = (
    await costsOf(
      encodeModel(
        model({
          inputs: [valueInfo('x', [10])],
          outputs: [valueInfo('c', null)],
          nodes: ['x', 'a', 'b'].map((x, i) => node('Relu', [x], [['a', 'b', 'c'][i] ?? ''])),
        }),
      ),
    )
  ).costs.total;
  assert.deepEqual([chain.memory, chain.peak], [120, 80]);
});

test('quantised weights are weights, their scales and zero points are not, and neither are numbers that steer shapes', async () => {
  const { total } = (
    await costsOf(
      encodeModel(
        model({
          inputs: [valueInfo('x', [1, 4])],
          outputs: [valueInfo('z', null)],
          initializers: [
            rawTensor('q', 3, [4, 8], new Uint8Array(32)),
            floatTensor('s', [8], new Float32Array(8)),
            rawTensor('p', 3, [8], new Uint8Array(8)),
            int64Tensor('to', [2], [2, 4]),
          ],
          nodes: [
            node('DequantizeLinear', ['q', 's', 'p'], ['w'], { axis: 1 }),
            node('MatMul', ['x', 'w'], ['y']),
            node('Reshape', ['y', 'to'], ['z']),
          ],
        }),
      ),
    )
  ).costs;
  assert.deepEqual([total.params, total.macs], [32, 32]);
});

test('graphs and functions inside count: rounds of a loop, the costlier branch, a function at each call', async () => {
  const square = (from: string, to: string): ReturnType<typeof node> => node('MatMul', [from, 'w'], [to]);
  const body = graph({
    name: 'body',
    inputs: [valueInfo('i', [], 7), valueInfo('go', [], 9), valueInfo('s', [4, 4])],
    outputs: [valueInfo('on', [], 9), valueInfo('t', null)],
    nodes: [node('Identity', ['go'], ['on']), square('s', 't')],
  });
  const branch = (times: number): ReturnType<typeof graph> =>
    graph({
      name: `b${times}`,
      outputs: [valueInfo(`o${times}_${times}`, null)],
      nodes: Array.from({ length: times }, (_, k) => square(k ? `o${times}_${k}` : 'x', `o${times}_${k + 1}`)),
    });
  const { costs, scanned } = await costsOf(
    encodeModel(
      model({
        opsets: [
          { domain: '', version: 17 },
          { domain: 'own', version: 1 },
        ],
        functions: [
          {
            name: 'Twice',
            domain: 'own',
            input: ['a', 'w'],
            output: ['c'],
            opsetImport: [{ domain: '', version: 17 }],
            node: [node('MatMul', ['a', 'w'], ['b']), node('MatMul', ['b', 'w'], ['c'])],
          },
        ],
        inputs: [valueInfo('x', [4, 4]), valueInfo('c', [], 9)],
        outputs: [valueInfo('y', null)],
        initializers: [matrix('w', 4, 4), int64Tensor('n', [], [5]), rawTensor('yes', 9, [], Uint8Array.of(1))],
        nodes: [
          node('Loop', ['n', 'yes', 'x'], ['l'], { body: { graph: body } }),
          node('If', ['c'], ['b'], { then_branch: { graph: branch(1) }, else_branch: { graph: branch(3) } }),
          named(node('Twice', ['l', 'w'], ['f']), { domain: 'own' }),
          named(node('Twice', ['b', 'w'], ['g']), { domain: 'own' }),
          node('Add', ['f', 'g'], ['y']),
        ],
      }),
    ),
  );
  assert.deepEqual(
    scanned.graph.nodes.map((n) => costs.of(n).macs),
    [5 * 64, 3 * 64, 2 * 64, 2 * 64, 0],
  );
  assert.deepEqual([costs.total.params, costs.total.macs, costs.total.uncounted], [16, 12 * 64, 0]);
});
