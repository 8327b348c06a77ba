// Slow: many proofs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bands, composeMaps, grayscale, normalize } from '../../../src/adapt/maps/channelMap.ts';
import { verify } from '../../../src/verify/proof/verify.ts';
import type { VerifyReport } from '../../../src/verify/proof/report.ts';
import { adaptBytes } from '../../fixtures/adaptBytes.ts';
import { DTYPE, encodeModel, floatTensor, model, node, rawTensor, valueInfo } from '../../fixtures/modelBuilder.ts';
import { changed, changeWeight, modelFile } from '../../fixtures/modelFile.ts';
import { Random } from '../../fixtures/random.ts';

const random = new Random(11);
const NORM = normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3], scale: 1 });
const image = valueInfo('x', ['n', 3, 8, 9]);
const around = {
  initializers: [floatTensor('k', [3, 1, 1], [1, 2, 3]), floatTensor('k2', [3, 1, 1], [0.5, 0.1, 0.2])],
  nodes: [node('Add', ['x', 'k'], ['p']), node('Sub', ['x', 'k2'], ['q']), node('Sub', ['p', 'q'], ['y'])],
};

/**
 * Models that round far more than their results show, what they are adapted to, and a number whose change by a few
 * thousandths is seen all the same.
 */
const CANCELLING = [
  { name: 'pixels that leave the result again', map: NORM, parts: around, spoilt: 'y/shift' },
  {
    name: 'pixels that leave the result again, gray',
    map: composeMaps(NORM, grayscale()),
    parts: around,
    spoilt: 'y/shift',
  },
  {
    name: 'a pole where mixed channels cancel',
    map: bands(5),
    parts: { nodes: [node('Reciprocal', ['x'], ['y'])] },
    spoilt: 'x/map',
  },
];
for (const { name, map, parts, spoilt } of CANCELLING) {
  test(`rounding is told from a wrong number: ${name}`, async () => {
    const before = encodeModel(model({ inputs: [image], outputs: [valueInfo('y', null)], ...parts }));
    const { bytes } = await adaptBytes(before, map);
    const proof = async (of: Uint8Array): Promise<VerifyReport> =>
      verify({ original: await modelFile(before), adapted: await modelFile(of) });
    const report = await proof(bytes);
    assert.equal(report.verdict, 'proved', report.statement);
    const wrong = changed(bytes, (_, g) =>
      changeWeight(g, spoilt, (values) => {
        values[0] = (values[0] ?? 0) * 1.004;
      }),
    );
    assert.equal((await proof(wrong)).verdict, 'failed');
  });
}

/** A weight or bias of the input layer that is off by less than a run shows. */
const OFF: readonly [string, ReturnType<typeof grayscale>, number, string][] = [
  ['a weight in groups', grayscale(), 3, 'w'],
  ['a weight in groups that the map keeps', NORM, 3, 'w'],
  ['a bias that took a shift', NORM, 1, 'b'],
  ['a weight under a shift', composeMaps(NORM, grayscale()), 1, 'w'],
];
for (const [name, map, group, off] of OFF) {
  test(`never proved: ${name}, off by a hundred-thousandth`, async () => {
    const before = encodeModel(
      model({
        inputs: [image],
        outputs: [valueInfo('y', null)],
        initializers: [
          floatTensor('w', [6, 3 / group, 3, 3], random.floats((54 * 3) / group)),
          floatTensor('b', [6], random.floats(6)),
        ],
        nodes: [node('Conv', ['x', 'w', 'b'], ['c'], { group }), node('Relu', ['c'], ['y'])],
      }),
    );
    const { bytes } = await adaptBytes(before, map);
    const proof = async (of: Uint8Array): Promise<VerifyReport> =>
      verify({ original: await modelFile(before), adapted: await modelFile(of) });
    const good = await proof(bytes);
    assert.deepEqual([good.verdict, good.folds.map((f) => f.ok)], ['proved', [true]], good.statement);
    const spoilt = changed(bytes, (_, g) =>
      changeWeight(g, off, (values) => {
        values[4] = (values[4] ?? 0) * 1.00001;
      }),
    );
    assert.equal((await proof(spoilt)).verdict, 'failed');
  });
}

test('outputs in another order are another interface', async () => {
  const two = encodeModel(
    model({
      inputs: [valueInfo('x', [1, 3, 8, 8])],
      outputs: [valueInfo('y', null), valueInfo('z', null)],
      initializers: [floatTensor('w', [2, 3, 3, 3], random.floats(54))],
      nodes: [node('Conv', ['x', 'w'], ['y']), node('Relu', ['y'], ['z'])],
    }),
  );
  const files = async (bytes: Uint8Array): Promise<VerifyReport> =>
    verify({ original: await modelFile(two), adapted: await modelFile(bytes) });
  const { bytes } = await adaptBytes(two, grayscale());
  assert.equal((await files(bytes)).verdict, 'proved');
  assert.match(
    (await files(changed(bytes, (_, g) => void g.output.reverse()))).statement,
    /^Not the same function: the outputs stand in another order/,
  );
});

test('a seam that a coarse scale makes one number everywhere proves nothing', async () => {
  const int8 = Uint8Array.from({ length: 54 }, (_, i) => Math.round(30 * Math.sin(i)) & 255);
  const quantised = (scale: number): Uint8Array =>
    encodeModel(
      model({
        inputs: [valueInfo('x', [1, 3, 8, 8])],
        outputs: [valueInfo('y', null)],
        initializers: [
          rawTensor('w', DTYPE.int8, [2, 3, 3, 3], int8),
          floatTensor('s', [], [0.02]),
          rawTensor('z', DTYPE.uint8, [], Uint8Array.of(100)),
          rawTensor('wz', DTYPE.int8, [], Uint8Array.of(0)),
          floatTensor('ys', [], [scale]),
        ],
        nodes: [
          node('QuantizeLinear', ['x', 's', 'z'], ['q']),
          node('QLinearConv', ['q', 's', 'z', 'w', 's', 'wz', 'ys', 'z'], ['r']),
          node('DequantizeLinear', ['r', 'ys', 'z'], ['y']),
        ],
      }),
    );
  for (const [scale, verdict] of [
    [0.05, 'proved'],
    [1000, 'unproved'],
  ] as const) {
    const report = await verify({
      original: await modelFile(quantised(scale)),
      adapted: await modelFile((await adaptBytes(quantised(scale), grayscale())).bytes),
    });
    assert.equal(report.verdict, verdict, report.statement);
  }
});
