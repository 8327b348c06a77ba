// Slow: every operator in ONNX Runtime.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { onnx as Onnx } from 'onnx-proto';
import { CONTROL_FLOW } from '../../../src/graph/shapes/controlFlow.ts';
import schemas from '../../../src/graph/operatorSchemas.json' with { type: 'json' };
import { RULES } from '../../../src/graph/ops/table.ts';
import { DTYPES } from '../../../src/tensors/dtypes.ts';
import { encodeModel, model, node, valueInfo } from '../../fixtures/modelBuilder.ts';
import { caseModel, compareCase, inferCase, runCase, scalar, type OpCase } from '../../fixtures/operatorCase.ts';
import { LAYERS } from '../../fixtures/operators/layers.ts';
import { ARITHMETIC } from '../../fixtures/operators/arithmetic.ts';
import { MOVEMENT } from '../../fixtures/operators/movement.ts';
import { OTHERS } from '../../fixtures/operators/others.ts';
import { float32, runModel } from '../../fixtures/runtime.ts';

const FAMILIES: Readonly<Record<string, readonly OpCase[]>> = { ...LAYERS, ...ARITHMETIC, ...MOVEMENT, ...OTHERS };

test('every operator of the ONNX standard has a rule, or is followed inside', () => {
  const without = Object.keys(schemas.operators).filter((op) => !RULES.has(op) && !CONTROL_FLOW.has(op));
  assert.deepEqual(without, []);
});

test('a declared sequence, optional or map says what it holds', async () => {
  const tensorType = { elemType: 7, shape: { dim: [{ dimValue: 2 }, { dimParam: 'n' }] } };
  const types = [
    { sequenceType: { elemType: { tensorType } } },
    { optionalType: { elemType: { sequenceType: { elemType: { tensorType } } } } },
    { mapType: { keyType: 8, valueType: { tensorType } } },
  ];
  const bytes = encodeModel(
    model({
      inputs: types.map((type, k) => ({ name: `x${k}`, type })),
      outputs: [],
      nodes: [node('SequenceAt', ['x0', 'at'], ['y']), node('OptionalGetElement', ['x1'], ['z'])],
      initializers: [{ ...scalar(0), name: 'at' }],
    }),
  );
  const { tensors, others } = await inferCase(bytes);
  const held = { kind: 'tensor', dims: [2, 'n'], dtype: 7 };
  assert.deepEqual(
    [...others],
    [
      ['x0', { kind: 'sequence', element: held }],
      ['x1', { kind: 'optional', element: { kind: 'sequence', element: held } }],
      ['x2', { kind: 'map', key: 8, element: held }],
      ['z', { kind: 'sequence', element: held }],
    ],
  );
  assert.deepEqual(tensors.get('y'), held);
});

/** Chains that end in tensors, since the runtime gives no sequences: the last node's output is compared. */
const CHAINS: readonly (readonly [what: string, nodes: readonly Onnx.INodeProto[]])[] = [
  [
    'stacked',
    [
      node('SequenceConstruct', ['a', 'a', 'a'], ['s']),
      node('ConcatFromSequence', ['s'], ['y'], { axis: -1, new_axis: 1 }),
    ],
  ],
  ['joined', [node('SequenceConstruct', ['a', 'a'], ['s']), node('ConcatFromSequence', ['s'], ['y'], { axis: 1 })]],
  ['split in ones', [node('SplitToSequence', ['a'], ['s'], { axis: 1 }), node('SequenceAt', ['s', 'zero'], ['y'])]],
  [
    'split in ones without the axis',
    [node('SplitToSequence', ['a'], ['s'], { axis: 1, keepdims: 0 }), node('SequenceAt', ['s', 'zero'], ['y'])],
  ],
  [
    'split in twos',
    [node('SplitToSequence', ['a', 'two'], ['s'], { axis: 0 }), node('SequenceAt', ['s', 'zero'], ['y'])],
  ],
  [
    'split and stacked',
    [
      node('SplitToSequence', ['a', 'two'], ['s'], { axis: 0 }),
      node('ConcatFromSequence', ['s'], ['y'], { axis: 0, new_axis: 1 }),
    ],
  ],
  [
    'filled from empty',
    [
      node('SequenceEmpty', [], ['e']),
      node('SequenceInsert', ['e', 'a'], ['f']),
      node('SequenceInsert', ['f', 'a'], ['s']),
      node('ConcatFromSequence', ['s'], ['y'], { axis: 0, new_axis: 1 }),
    ],
  ],
  [
    'erased',
    [
      node('SequenceConstruct', ['a', 'a', 'a'], ['f']),
      node('SequenceErase', ['f'], ['s']),
      node('ConcatFromSequence', ['s'], ['y'], { axis: 0 }),
    ],
  ],
  ['counted', [node('SequenceConstruct', ['a', 'a'], ['s']), node('SequenceLength', ['s'], ['y'])]],
  [
    'optional',
    [
      node('SequenceConstruct', ['a', 'a'], ['s']),
      node('Optional', ['s'], ['o']),
      node('OptionalGetElement', ['o'], ['t']),
      node('SequenceAt', ['t', 'zero'], ['y']),
    ],
  ],
  ['has an element', [node('Optional', ['a'], ['o']), node('OptionalHasElement', ['o'], ['y'])]],
];

test('sequences and optionals: what comes out of them is what ONNX Runtime gives', async () => {
  for (const [what, nodes] of CHAINS) {
    const bytes = encodeModel(
      model({
        inputs: [valueInfo('a', [4, 3])],
        outputs: [{ name: 'y' }],
        nodes: [...nodes],
        initializers: [
          { ...scalar(0), name: 'zero' },
          { ...scalar(2), name: 'two' },
        ],
      }),
    );
    const { y } = await runModel(bytes, { a: float32([4, 3], new Float32Array(12)) });
    const found = (await inferCase(bytes)).tensors.get('y');
    assert.deepEqual([found?.dims, DTYPES[found?.dtype ?? 0]?.name], [y?.dims, y?.type], what);
  }
});

for (const [family, cases] of Object.entries(FAMILIES)) {
  test(`${family}: every shape and type is what ONNX Runtime gives`, async () => {
    let [symbolic, sizes] = [0, 0];
    for (const c of cases) {
      const bytes = caseModel(c);
      const ran = await runCase(c, bytes);
      if (ran instanceof Error) assert.fail(`${c.op} of opset ${c.opset ?? 17} does not run: ${ran.message}`);
      const compared = await compareCase(c, ran, bytes);
      symbolic += compared.symbolic;
      sizes += compared.sizes;
    }
    console.log(`${family}: ${cases.length} cases; ${symbolic} of ${sizes} sizes follow from symbols`);
  });
}
