// Slow: many proofs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grayscale, normalize, swapRedBlue, type ChannelMap } from '../../../src/adapt/maps/channelMap.ts';
import { PROVENANCE_KEY } from '../../../src/adapt/report/provenance.ts';
import { adaptBytes } from '../../fixtures/adaptBytes.ts';
import { encodeModel, floatTensor, model, node, valueInfo } from '../../fixtures/modelBuilder.ts';
import { changeWeight, changed } from '../../fixtures/modelFile.ts';
import { Random } from '../../fixtures/random.ts';
import { check, network } from './verifiedNetwork.ts';

const random = new Random(7);

const WRONG: readonly [string, ChannelMap, (bytes: Uint8Array) => Uint8Array][] = [
  [
    'one filter scaled by 1 %',
    grayscale(),
    (b) =>
      changed(b, (_, g) =>
        changeWeight(g, 'w1', (w) => {
          for (let i = 0; i < 9; i++) w[i] = (w[i] ?? 0) * 1.01;
        }),
      ),
  ],
  [
    'all weights averaged instead of summed',
    grayscale(),
    (b) =>
      changed(b, (_, g) =>
        changeWeight(g, 'w1', (w) => {
          w.forEach((v, i) => {
            w[i] = v / 3;
          });
        }),
      ),
  ],
  [
    'channels not swapped',
    swapRedBlue(),
    (b) =>
      changed(b, (_, g) =>
        changeWeight(g, 'w1', (w) => {
          for (let o = 0; o < 6; o++)
            for (let t = 0; t < 9; t++)
              [w[o * 27 + t], w[o * 27 + 18 + t]] = [w[o * 27 + 18 + t] ?? 0, w[o * 27 + t] ?? 0];
        }),
      ),
  ],
  ['bias dropped', grayscale(), (b) => changed(b, (_, g) => changeWeight(g, 'b1', (w) => w.fill(0)))],
  [
    'a bias off by a thousandth',
    grayscale(),
    (b) =>
      changed(b, (_, g) =>
        changeWeight(g, 'b1', (w) => {
          w[2] = (w[2] ?? 0) + 1e-3;
        }),
      ),
  ],
  [
    'padding moved',
    grayscale(),
    (b) =>
      changed(b, (_, g) => {
        const pads = g.node.find((n) => n.opType === 'Conv')?.attribute?.find((a) => a.name === 'pads');
        if (pads) pads.ints = [0, 0, 2, 2];
      }),
  ],
  [
    'a weight far behind the seam changed',
    grayscale(),
    (b) =>
      changed(b, (_, g) =>
        changeWeight(g, 'w3', (w) => {
          w[19] = (w[19] ?? 0) + 0.01;
        }),
      ),
  ],
  [
    'an operator behind the seam replaced',
    grayscale(),
    (b) =>
      changed(b, (_, g) => {
        const pool = g.node.find((n) => n.opType === 'GlobalAveragePool');
        if (pool) pool.opType = 'GlobalMaxPool';
      }),
  ],
];
for (const [name, map, spoil] of WRONG) {
  test(`a wrong conversion is caught: ${name}`, async () => {
    const original = network();
    const adapted = (await adaptBytes(original, map)).bytes;
    assert.equal((await check(original, adapted)).verdict, 'proved');
    const report = await check(original, spoil(adapted));
    assert.equal(report.verdict, 'failed', report.statement);
    assert.match(report.statement, /^Not the same function: .*\.$/);
    assert.equal(report.ok, false);
  });
}

test('a shift folded into the bias as if there were no padding is caught at the border only', async () => {
  const original = encodeModel(
    model({
      inputs: [valueInfo('image', [1, 3, 24, 24])],
      outputs: [valueInfo('y', null)],
      initializers: [floatTensor('w', [2, 3, 3, 3], random.floats(54)), floatTensor('b', [2], [0, 0])],
      nodes: [node('Conv', ['image', 'w', 'b'], ['y'], { pads: [1, 1, 1, 1] })],
    }),
  );
  const map = normalize({ mean: [0.5, 0.4, 0.3], std: [0.25, 0.25, 0.25], scale: 1 });
  // Converted without padding, so the shift goes into the bias; then the padding is put back, as careless folding
  // would.
  const unpadded = changed(original, (_, g) => {
    g.node[0]?.attribute?.splice(0);
  });
  const folded = (await adaptBytes(unpadded, map)).bytes;
  assert.equal((await check(unpadded, folded)).verdict, 'proved');
  const careless = changed(folded, (_, g) => {
    g.node.find((n) => n.opType === 'Conv')?.attribute?.push({ name: 'pads', type: 7, ints: [1, 1, 1, 1] });
  });
  assert.equal((await check(original, careless)).verdict, 'failed');
});

test('a hostile record does not help a wrong conversion', async () => {
  const original = network();
  const adapted = (await adaptBytes(original, grayscale())).bytes;
  const wrong = changed(adapted, (m, g) => {
    changeWeight(g, 'w1', (w) => {
      w[0] = (w[0] ?? 0) + 0.5;
    });
    const entry = m.metadataProps.find((e) => e.key === PROVENANCE_KEY);
    const steps = JSON.parse(entry?.value ?? '[]') as { seam: string[] }[];
    for (const s of steps) s.seam = [];
    if (entry) entry.value = JSON.stringify(steps);
  });
  assert.equal((await check(original, wrong)).verdict, 'failed');
});
