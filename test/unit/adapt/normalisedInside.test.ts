import assert from 'node:assert/strict';
import { test } from 'node:test';
import { composeMaps, forPictures, grayscale, normalize, type ChannelMap } from '../../../src/adapt/maps/channelMap.ts';
import { adaptBytes } from '../../fixtures/adaptBytes.ts';
import {
  DTYPE,
  encodeModel,
  floatTensor,
  model,
  node,
  valueInfo,
  type ModelParts,
} from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';

const random = new Random(17);
const weight = floatTensor('w', [4, 3, 3, 3], random.floats(4 * 27));
const perChannel = (name: string, values: number[]): ReturnType<typeof floatTensor> =>
  floatTensor(name, [1, 3, 1, 1], values);
const conv = (input: string): ReturnType<typeof node> => node('Conv', [input, 'w'], ['y']);
const NORM = normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3], scale: 1 });

interface Row {
  readonly name: string;
  readonly parts: ModelParts;
  readonly map?: ChannelMap;
  /** The operators that the warning names; null where there is none. */
  readonly named: string | null;
}

const MEAN_AND_STD: ModelParts = {
  initializers: [weight, perChannel('mean', [0.4, 0.5, 0.6]), perChannel('std', [0.2, 0.25, 0.3])],
  nodes: [node('Sub', ['x', 'mean'], ['s']), node('Div', ['s', 'std'], ['n']), conv('n')],
};
const THROUGH_SPLIT: ModelParts = {
  initializers: [weight, ...[0, 1, 2].map((c) => floatTensor(`m${c}`, [1], [0.4 + c / 10]))],
  nodes: [
    node('Split', ['x'], ['c0', 'c1', 'c2'], { axis: 1 }),
    ...[0, 1, 2].map((c) => node('Sub', [`c${c}`, `m${c}`], [`n${c}`])),
    node('Concat', ['n0', 'n1', 'n2'], ['n'], { axis: 1 }),
    conv('n'),
  ],
};

const ROWS: readonly Row[] = [
  { name: 'mean and std', parts: MEAN_AND_STD, named: 'Sub, Div' },
  { name: 'mean and std, gray behind', parts: MEAN_AND_STD, map: composeMaps(NORM, grayscale()), named: 'Sub, Div' },
  { name: 'through Split', parts: THROUGH_SPLIT, named: 'Sub' },
  {
    name: 'a scale alone',
    parts: {
      initializers: [weight, floatTensor('scale', [], [1 / 255])],
      nodes: [node('Mul', ['x', 'scale'], ['n']), conv('n')],
    },
    named: 'Mul',
  },
  { name: 'another map', parts: MEAN_AND_STD, map: grayscale(), named: null },
  { name: 'no step', parts: { initializers: [weight], nodes: [conv('x')] }, named: null },
  {
    name: 'bytes that are only cast',
    parts: {
      inputs: [valueInfo('x', [1, 3, 8, 8], DTYPE.uint8)],
      initializers: [weight],
      nodes: [node('Cast', ['x'], ['c'], { to: DTYPE.float32 }), conv('c')],
    },
    named: null,
  },
];

for (const { name, parts, map, named } of ROWS) {
  test(`a normalisation inside the model already: ${name}`, async () => {
    const bytes = encodeModel(
      model({ inputs: [valueInfo('x', [1, 3, 8, 8])], outputs: [valueInfo('y', null)], ...parts }),
    );
    const { plan } = await adaptBytes(bytes, map ?? NORM);
    const warnings = plan.warnings.filter((w) => w.includes('already stands inside'));
    assert.equal(warnings.length, named === null ? 0 : 1, plan.warnings.join('\n'));
    if (named !== null) assert.ok(warnings[0]?.includes(`behind input x (${named})`), warnings[0]);
  });
}

test('a normalisation of several pictures counts as one', async () => {
  const bytes = encodeModel(
    model({
      inputs: [valueInfo('x', [1, 6, 8, 8])],
      outputs: [valueInfo('y', null)],
      initializers: [floatTensor('w', [4, 6, 3, 3], random.floats(4 * 54)), floatTensor('half', [], [0.5])],
      nodes: [node('Sub', ['x', 'half'], ['n']), conv('n')],
    }),
  );
  const { plan } = await adaptBytes(bytes, forPictures(NORM, 2));
  assert.ok(plan.warnings.some((w) => w.includes('already stands inside')));
});
