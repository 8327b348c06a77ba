import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { onnx as Onnx } from 'onnx-proto';
import { composeMaps, grayscale, normalize, swapRedBlue } from '../../../src/adapt/maps/channelMap.ts';
import { planText } from '../../../src/adapt/report/planText.ts';
import { adaptBytes, compareAdapted } from '../../fixtures/adaptBytes.ts';
import {
  attribute,
  decodeModel,
  DTYPE,
  encodeModel,
  floatTensor,
  graph,
  int64Tensor,
  joinBytes,
  model,
  named,
  node,
  onnx,
  rawField,
  rawTensor,
  valueInfo,
  type AttributeValue,
  type ModelParts,
} from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';

const random = new Random(4);
const floats = (name: string, dims: number[]): Onnx.ITensorProto =>
  floatTensor(name, dims, random.floats(dims.reduce((n, d) => n * d, 1)));
const same = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
const STANDARD = { domain: '', version: 17 };
const OWN = { domain: 'own', version: 1 };

function define(name: string, input: string[], output: string[], nodes: Onnx.INodeProto[]): Onnx.IFunctionProto {
  return { name, domain: 'own', input, output, node: nodes, opsetImport: [STANDARD, OWN] };
}

function call(
  op: string,
  inputs: string[],
  outputs: string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
): Onnx.INodeProto {
  return named(node(op, inputs, outputs, attributes), { domain: 'own', name: `${op}_call` });
}

function reference(n: Onnx.INodeProto, name: string, to: string, type: number): Onnx.INodeProto {
  return { ...n, attribute: [...(n.attribute ?? []), { name, refAttrName: to, type }] };
}

const build = (parts: ModelParts): Uint8Array =>
  encodeModel(
    model({
      inputs: [valueInfo('x', [2, 3, 9, 11])],
      outputs: [valueInfo('y', null)],
      opsets: [STANDARD, OWN],
      ...parts,
    }),
  );
const convFunction = (): Onnx.IFunctionProto =>
  define('Net', ['i', 'w'], ['o'], [node('Conv', ['i', 'w'], ['h'], same), node('Relu', ['h'], ['o'])]);
const withConstant = (): Onnx.IFunctionProto =>
  define(
    'Net',
    ['i'],
    ['o'],
    [
      node('Constant', [], ['w'], { value: { tensor: floats('', [4, 3, 3, 3]) } }),
      node('Conv', ['i', 'w'], ['o'], same),
    ],
  );
const branches = ['a', 'b'].map((name) => ({
  graph: graph({
    name,
    nodes: [node('Conv', ['i', 'w'], [`${name}_o`], same)],
    outputs: [valueInfo(`${name}_o`, null)],
  }),
}));

interface Case {
  readonly name: string;
  readonly parts: ModelParts;
  /** Weights folded, tensors rebuilt, calls written out, under grayscale. */
  readonly gray: readonly [number, number, number];
}

const CASES: readonly Case[] = [
  {
    name: 'the whole model in nested functions, weights handed in',
    gray: [1, 0, 1],
    parts: {
      initializers: [floats('w1', [4, 3, 3, 3]), floats('b1', [4]), floats('w2', [2, 4, 3, 3])],
      nodes: [call('Net', ['x', 'w1', 'b1', 'w2'], ['y'])],
      functions: [
        define('Conv2d', ['i', 'w', 'b'], ['o'], [node('Conv', ['i', 'w', 'b'], ['o'], same)]),
        define(
          'Net',
          ['i', 'w', 'b', 'w2'],
          ['o'],
          [call('Conv2d', ['i', 'w', 'b'], ['h']), node('Relu', ['h'], ['r']), node('Conv', ['r', 'w2'], ['o'], same)],
        ),
      ],
    },
  },
  {
    name: 'weights as a Constant inside',
    gray: [1, 0, 1],
    parts: {
      functions: [withConstant()],
      nodes: [call('Net', ['x'], ['y'])],
    },
  },
  {
    name: 'called twice: only the call that sees the image is written out',
    gray: [1, 0, 1],
    parts: {
      initializers: [floats('w', [3, 3, 3, 3])],
      functions: [convFunction()],
      nodes: [
        named(call('Net', ['x', 'w'], ['a']), { name: 'one' }),
        named(call('Net', ['a', 'w'], ['y']), { name: 'two' }),
      ],
    },
  },
  {
    name: 'called twice with one map: each call is written out with its own weight',
    gray: [2, 0, 2],
    parts: {
      functions: [withConstant()],
      nodes: [
        named(call('Net', ['x'], ['a']), { name: 'one' }),
        named(call('Net', ['x'], ['b']), { name: 'two' }),
        node('Add', ['a', 'b'], ['y']),
      ],
    },
  },
  {
    name: 'called with two maps: each call folds its own',
    gray: [2, 0, 2],
    parts: {
      initializers: [int64Tensor('bgr', [3], [2, 1, 0])],
      functions: [withConstant()],
      nodes: [
        node('Gather', ['x', 'bgr'], ['turned'], { axis: 1 }),
        named(call('Net', ['x'], ['a']), { name: 'one' }),
        named(call('Net', ['turned'], ['b']), { name: 'two' }),
        node('Add', ['a', 'b'], ['y']),
      ],
    },
  },
  {
    name: 'an optional input left out, names that are taken',
    gray: [1, 0, 1],
    parts: {
      initializers: [floats('w', [4, 3, 3, 3])],
      nodes: [named(call('Net', ['x', 'w'], ['z']), { name: '' }), node('Relu', ['z'], ['y'])],
      functions: [
        define(
          'Net',
          ['i', 'w', 'b'],
          ['o'],
          [node('Conv', ['i', 'w', 'b'], ['x'], same), node('Relu', ['x'], ['y']), node('Neg', ['y'], ['o'])],
        ),
      ],
    },
  },
  {
    name: 'shapes inside',
    gray: [1, 0, 1],
    parts: {
      inputs: [valueInfo('x', ['b', 3, 9, 11])],
      initializers: [floats('w', [4, 297])],
      functions: [
        define(
          'Net',
          ['i', 'w'],
          ['o'],
          [node('Flatten', ['i'], ['f']), node('Gemm', ['f', 'w'], ['o'], { transB: 1 })],
        ),
      ],
      nodes: [call('Net', ['x', 'w'], ['y'])],
    },
  },
  {
    name: 'an output of the call that is an output of the model',
    gray: [1, 1, 1],
    parts: {
      initializers: [floats('w', [4, 3, 3, 3])],
      outputs: [valueInfo('y', null), valueInfo('r', null)],
      functions: [
        define('Net', ['i', 'w'], ['o', 'r'], [node('Relu', ['i'], ['r']), node('Conv', ['r', 'w'], ['o'], same)]),
      ],
      nodes: [call('Net', ['x', 'w'], ['y', 'r'])],
    },
  },
  {
    name: 'another version of the operators inside: rebuilt in front',
    gray: [0, 1, 0],
    parts: {
      initializers: [floats('w', [4, 3, 3, 3])],
      functions: [{ ...convFunction(), opsetImport: [{ domain: '', version: 14 }] }],
      nodes: [call('Net', ['x', 'w'], ['y'])],
    },
  },
  {
    name: 'subgraphs inside: rebuilt in front',
    gray: [0, 1, 0],
    parts: {
      initializers: [floats('w', [4, 3, 3, 3])],
      nodes: [call('Net', ['x', 'w'], ['y'])],
      functions: [
        define(
          'Net',
          ['i', 'w'],
          ['o'],
          [
            node('Constant', [], ['t'], { value: { tensor: rawTensor('', DTYPE.bool, [], Uint8Array.of(1)) } }),
            node('If', ['t'], ['o'], { then_branch: branches[0] ?? 0, else_branch: branches[1] ?? 0 }),
          ],
        ),
      ],
    },
  },
  {
    name: "a function with the name of a runtime's operator: rebuilt in front",
    gray: [0, 1, 0],
    parts: {
      initializers: [floats('w', [4, 3, 3, 3])],
      opsets: [STANDARD, { domain: 'com.microsoft', version: 1 }],
      nodes: [named(node('FusedConv', ['x', 'w'], ['y']), { domain: 'com.microsoft' })],
      functions: [{ ...convFunction(), name: 'FusedConv', domain: 'com.microsoft', opsetImport: [STANDARD] }],
    },
  },
];

/** A default for an attribute of a function is newer than the published schema (field 11), so it is written by hand. */
function withDefault(definition: Onnx.IFunctionProto, value: Onnx.IAttributeProto, parts: ModelParts): Uint8Array {
  const body = joinBytes(
    onnx.FunctionProto.encode(definition).finish(),
    rawField(11, 2, onnx.AttributeProto.encode(value).finish()),
  );
  return joinBytes(build(parts), rawField(25, 2, body));
}

const NORM = normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3], scale: 1 });
const MAPS = { 1: [grayscale(), composeMaps(NORM, grayscale())], 3: [swapRedBlue(), NORM] } as const;

for (const { name, parts, gray } of CASES) {
  test(`functions: ${name}`, async () => {
    for (const [channels, maps] of Object.entries(MAPS)) {
      for (const map of maps) {
        const { worst, plan } = await compareAdapted(build(parts), map, {
          newDims: { x: [2, Number(channels), 9, 11] },
          random: new Random(3),
        });
        assert.ok(worst < 1e-5, `${map.name}: relative L2 ${worst}`);
        if (map.name === 'gray')
          assert.deepEqual(
            [plan.folds.length, plan.rebuilt.length, plan.writtenOut.length],
            [...gray],
            JSON.stringify(plan.rebuilt),
          );
      }
    }
  });
}

test('functions: attributes of the caller, a default, and one that neither gives', async () => {
  const inner = [
    reference(reference(node('Conv', ['i', 'w'], ['h']), 'pads', 'padding', 7), 'strides', 'stride', 7),
    reference(node('LeakyRelu', ['h'], ['o']), 'alpha', 'slope', 1),
  ];
  const bytes = withDefault(
    { ...define('Net', ['i', 'w'], ['o'], inner), attribute: ['padding', 'slope'] },
    attribute('stride', [2, 1]),
    { initializers: [floats('w', [4, 3, 3, 3])], nodes: [call('Net', ['x', 'w'], ['y'], { padding: [1, 0, 0, 1] })] },
  );
  const {
    worst,
    plan,
    bytes: adapted,
  } = await compareAdapted(bytes, grayscale(), { newDims: { x: [2, 1, 9, 11] }, random: new Random(3) });
  assert.ok(worst < 1e-5, `relative L2 ${worst}`);
  assert.deepEqual([plan.folds.length, plan.rebuilt.length, plan.writtenOut.length], [1, 0, 1]);
  const [conv, leaky] = decodeModel(adapted).graph?.node ?? [];
  assert.deepEqual(
    conv?.attribute?.map((a) => [a.name, a.ints?.map(Number)]),
    [
      ['pads', [1, 0, 0, 1]],
      ['strides', [2, 1]],
    ],
  );
  assert.deepEqual(leaky?.attribute, []);
});

test('functions: the definition stays, and the plan says what is written out', async () => {
  const { bytes, plan } = await adaptBytes(build(CASES[2]?.parts ?? {}), grayscale());
  const decoded = decodeModel(bytes);
  assert.deepEqual(
    decoded.functions?.map((f) => f.name),
    ['Net'],
  );
  assert.deepEqual(
    decoded.graph?.node?.map((n) => [n.opType, n.name]),
    [
      ['Conv', 'one/Conv_h'],
      ['Relu', 'one/Relu_o'],
      ['Net', 'two'],
    ],
  );
  assert.deepEqual(plan.seam, ['a']);
  assert.ok(planText(plan).includes('  Net one: the map goes into what is inside'));
});

test('functions: what calls itself without end is rebuilt in front', async () => {
  const { plan } = await adaptBytes(
    build({
      initializers: [floats('w', [4, 3, 3, 3])],
      nodes: [call('A', ['x'], ['a']), node('Conv', ['a', 'w'], ['y'], same)],
      functions: [
        define(
          'A',
          ['i'],
          ['o'],
          [named(call('A', ['i'], ['h']), { name: 'one' }), named(call('A', ['h'], ['o']), { name: 'two' })],
        ),
      ],
    }),
    grayscale(),
  );
  assert.deepEqual([plan.folds.length, plan.rebuilt.map((e) => e.tensor)], [0, ['x']]);
});
