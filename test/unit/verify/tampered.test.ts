// Slow: many proofs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bands, grayscale, normalize, swapRedBlue, type ChannelMap } from '../../../src/adapt/maps/channelMap.ts';
import { PROVENANCE_KEY } from '../../../src/adapt/report/provenance.ts';
import { verify } from '../../../src/verify/proof/verify.ts';
import { adaptBytes, type Choice } from '../../fixtures/adaptBytes.ts';
import { DTYPE, encodeModel, floatTensor, model, node, rawTensor, valueInfo } from '../../fixtures/modelBuilder.ts';
import { changed, modelFile } from '../../fixtures/modelFile.ts';
import { Random } from '../../fixtures/random.ts';
import {
  GRAY,
  ORIGINAL,
  UNEXPLAINED,
  check,
  maker,
  neverVerified,
  numbers,
  type Row,
  type Tamper,
} from '../../fixtures/tampered.ts';

const random = new Random(29);

/** One convolution whose output saturates at both ends: what it computes does not show. */
const SATURATED = encodeModel(
  model({
    inputs: [valueInfo('image', ['n', 3, 'h', 'w'])],
    outputs: [valueInfo('y', null)],
    initializers: [
      floatTensor('w', [2, 3, 3, 3], random.floats(54)),
      floatTensor('b', [2], [1e6, 2e6]),
      floatTensor('low', [], [0]),
      floatTensor('high', [], [6]),
    ],
    nodes: [node('Conv', ['image', 'w', 'b'], ['c']), node('Clip', ['c', 'low', 'high'], ['y'])],
  }),
);

function attributeInts(output: string, name: string, ints: readonly number[]): Tamper {
  return (g) => {
    const n = maker(g, output);
    n.attribute = [...(n.attribute ?? []).filter((a) => a.name !== name), { name, type: 7, ints: [...ints] }];
  };
}

const WEIGHTS: readonly Row[] = [
  ['all first weights zero', numbers('w1', (v) => void v.fill(0)), /weight `w1` is wrong|`c1`/],
  ['channels averaged', numbers('w1', (v) => void v.set(v.map((x) => x / 3))), /`w1`|`c1`/],
  ['one tap turned over', numbers('w1', (v) => void (v[7] = -(v[7] ?? 0))), /`w1`|`c1`/],
  ['one weight off by a thousandth', numbers('w1', (v) => void (v[7] = 1.001 * (v[7] ?? 0))), /`w1`|`c1`/],
  ['one weight off by a hundred-thousandth', numbers('w1', (v) => void (v[7] = 1.00001 * (v[7] ?? 0))), /`w1`|`c1`/],
  ['filters in another order', numbers('w1', (v) => void v.set([...v.slice(9), ...v.slice(0, 9)])), /`w1`|`c1`/],
  ['taps turned round', numbers('w1', (v) => void v.reverse()), /`w1`|`c1`/],
  ['a weight that is no number', numbers('w1', (v) => void (v[0] = NaN)), /`w1`|`c1`/],
  ['a weight that is infinite', numbers('w1', (v) => void (v[0] = Infinity)), /`w1`|`c1`/],
  ['the first bias zero', numbers('b1', (v) => void v.fill(0)), /`w1`|`c1`|bias/],
  ['the first bias off by a little', numbers('b1', (v) => void (v[2] = (v[2] ?? 0) * 1.001)), /`w1`|`c1`|bias/],
  ['one weight behind the seam', numbers('w2', (v) => void (v[9] = -(v[9] ?? 0))), /`c2`/],
  ['weights behind the seam all zero', numbers('w2', (v) => void v.fill(0)), /`c2`/],
  ['a limit behind the seam', numbers('high', (v) => void v.fill(0.01)), /`clipped`/],
  ['a limit that no input tried reaches', numbers('high', (v) => void v.fill(1e30)), /could choose|`clipped`/],
  ['a captured weight', numbers('gain', (v) => void (v[3] = 5)), /`features`|`scores`|could choose/],
  ['the last weights', numbers('w3', (v) => void v.reverse()), /`product`/],
];

const ATTRIBUTES: readonly Row[] = [
  ['strides', attributeInts('c1', 'strides', [2, 2]), /shape/],
  ['pads moved to one side', attributeInts('c1', 'pads', [2, 2, 0, 0]), /`w1`|`c1`/],
  ['dilations', attributeInts('c1', 'dilations', [2, 2]), /shape|loaded|`c1`/],
  ['pads behind the seam', attributeInts('c2', 'pads', [2, 2, 0, 0]), /`c2`/],
  [
    'another operator of the same inputs',
    (g) => {
      maker(g, 'scores').opType = 'HardSigmoid';
    },
    /`scores`|could choose/,
  ],
  [
    'a node left out',
    (g) => {
      maker(g, 'c2').input = ['c1', 'w2'];
    },
    /could choose|`c2`|agrees/,
  ],
  [
    'an operator for one that clips nothing tried',
    (g) => {
      Object.assign(maker(g, 'clipped'), { opType: 'Identity', input: ['c1'] });
    },
    /could choose|`clipped`/,
  ],
  [
    'a later operator set',
    (_, m) => {
      for (const o of m.opsetImport) if (o.domain === '') o.version = 18;
    },
    UNEXPLAINED,
  ],
  [
    'the body of a function',
    (_, m) => {
      for (const n of m.functions[0]?.node ?? []) n.opType = 'Sub';
    },
    /`features`|could choose|same for all/,
  ],
  [
    'a branch that is never taken here',
    (g) => {
      for (const a of maker(g, 'features').attribute ?? [])
        for (const n of a.g?.node ?? []) if (n.opType === 'Mul') n.input = ['c2', 'c2'];
    },
    /`features`|could choose/,
  ],
];

/** The steps that a model records, changed. */
function record(change: (step: Record<string, unknown>) => void): Tamper {
  return (_, m) => {
    const entry = m.metadataProps.find((p) => p.key === PROVENANCE_KEY) ?? assert.fail('no record');
    const steps = JSON.parse(entry.value ?? '') as Record<string, unknown>[];
    change(steps[0] ?? assert.fail('no step'));
    entry.value = JSON.stringify(steps);
  };
}

const inputRecord = (step: Record<string, unknown>): Record<string, unknown> =>
  (step.inputs as Record<string, unknown>[])[0] ?? assert.fail('no input');

const RECORDS: readonly Row[] = [
  [
    'no record, weights averaged',
    (g, m) => {
      m.metadataProps = [];
      numbers('w1', (v) => void v.set(v.map((x) => x / 3)))(g, m);
    },
    /`w1`|`c1`/,
  ],
  [
    'a record that claims another matrix',
    record((step) => {
      inputRecord(step).matrix = [[1], [1], [2]];
    }),
    /`w1`|`c1`/,
  ],
  [
    'a record that claims another shift',
    record((step) => {
      inputRecord(step).shift = [0, 0, 1];
    }),
    /`w1`|`c1`|bias/,
  ],
  [
    'a record whose seam leaves the changed tensor out',
    (g, m) => {
      record((step) => {
        step.seam = ['scores'];
      })(g, m);
      numbers('w1', (v) => void v.fill(0))(g, m);
    },
    /`w1`|`c1`/,
  ],
];

neverVerified('a weight', WEIGHTS);
neverVerified('an attribute or operator', ATTRIBUTES);
neverVerified('a record', RECORDS);

test('the right conversion is verified, to the last byte, and so is one that was only written anew', async () => {
  assert.deepEqual(((r) => [r.verdict, r.rebuilt])(await check(ORIGINAL, GRAY)), ['proved', 'bytes']);
  const rewritten = await check(
    ORIGINAL,
    changed(GRAY, (m) => {
      m.docString = 'written by another program';
    }),
  );
  assert.deepEqual([rewritten.verdict, rewritten.rebuilt], ['proved', 'content'], rewritten.statement);
});

const SATURATING: readonly [string, Tamper][] = [
  ['all first weights zero', numbers('w', (v) => void v.fill(0))],
  ['channels averaged', numbers('w', (v) => void v.set(v.map((x) => x / 3)))],
  [
    'under another name',
    (g, m) => {
      numbers('w', (v) => void v.fill(0))(g, m);
      maker(g, 'c').output = ['other'];
      maker(g, 'y').input = ['other', 'low', 'high'];
    },
  ],
];
for (const [kind, tamper] of SATURATING) {
  test(`never verified, though the output saturates: ${kind}`, async () => {
    const gray = (await adaptBytes(SATURATED, grayscale())).bytes;
    assert.equal((await check(SATURATED, gray)).verdict, 'proved');
    const report = await check(
      SATURATED,
      changed(gray, (m, g) => tamper(g, m)),
    );
    assert.notEqual(report.verdict, 'proved', report.statement);
  });
}

/** The matrix of a record and the weights may agree, and the name may still be a lie. */
test('a matrix that is not what its name says is shown', async () => {
  const red: ChannelMap = { name: 'gray', matrix: [[1], [0], [0]], shift: [0, 0, 0] };
  const report = await check(ORIGINAL, (await adaptBytes(ORIGINAL, red)).bytes);
  assert.match(report.statement, /its record calls the map `gray`, but the matrix is \[\[1\], \[0\], \[0\]\]/);
  const none: ChannelMap = { name: 'gray', matrix: [[0], [0], [0]], shift: [0, 0, 0] };
  const nothing = await check(ORIGINAL, (await adaptBytes(ORIGINAL, none)).bytes);
  assert.match(nothing.statement, /but the matrix is \[\[0\], \[0\], \[0\]\]/);
  const honest: readonly ChannelMap[] = [
    grayscale(),
    swapRedBlue(),
    bands(5),
    normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3], scale: 1 }),
  ];
  for (const map of honest) {
    const good = await check(ORIGINAL, (await adaptBytes(ORIGINAL, map)).bytes);
    assert.equal(good.verdict, 'proved', good.statement);
    assert.doesNotMatch(good.statement, /its record calls/);
  }
});

test('another seed for each proof, which the report says and which repeats it', async () => {
  const [one, two] = [await check(ORIGINAL, GRAY), await check(ORIGINAL, GRAY)];
  assert.notEqual(one.seed, two.seed);
  const files = { original: await modelFile(ORIGINAL), adapted: await modelFile(GRAY) };
  assert.deepEqual(await verify({ ...files, seed: one.seed }), one);
});

/** An int8 weight whose sums over the channels fit no int8. */
const QUANTISED = encodeModel(
  model({
    inputs: [valueInfo('image', [1, 3, 8, 8])],
    outputs: [valueInfo('y', null)],
    initializers: [
      rawTensor(
        'w8',
        DTYPE.int8,
        [4, 3, 3, 3],
        Uint8Array.from({ length: 108 }, (_, i) => 60 + ((i * 37) % 67)),
      ),
      floatTensor('scale', [], [0.02]),
    ],
    nodes: [node('DequantizeLinear', ['w8', 'scale'], ['w']), node('Conv', ['image', 'w'], ['y'])],
  }),
);
/** Nothing tells which of two axes of three holds the channels. */
const AMBIGUOUS = encodeModel(
  model({
    inputs: [valueInfo('image', [1, 3, 8, 3])],
    outputs: [valueInfo('y', null)],
    initializers: [floatTensor('slope', [], [0.5])],
    nodes: [node('PRelu', ['image', 'slope'], ['y'])],
  }),
);
/** What adapts a model in another way, and a change to the adapted file that leaves its record. */
const CHOICES: Readonly<Record<string, { original: Uint8Array; choice: Choice; map: ChannelMap; tamper: Tamper }>> = {
  'integers that stay': {
    original: QUANTISED,
    choice: { keepIntegers: true },
    map: grayscale(),
    tamper: (g) => {
      const weight = g.initializer.find(({ name }) => name === 'w8');
      assert.ok(weight?.rawData);
      weight.rawData = Uint8Array.from(weight.rawData, (byte, i) => (i === 7 ? byte - 1 : byte));
    },
  },
  'an axis that was named': {
    original: AMBIGUOUS,
    choice: { axis: 3 },
    map: swapRedBlue(),
    tamper: numbers('slope', (v) => void v.fill(0.25)),
  },
};

for (const [name, { original, choice, map, tamper }] of Object.entries(CHOICES)) {
  test(`adapting again keeps to what the record says: ${name}`, async () => {
    const adapted = (await adaptBytes(original, map, choice)).bytes;
    assert.equal((await check(original, adapted)).rebuilt, 'bytes');
    const tampered = await check(
      original,
      changed(adapted, (m, g) => tamper(g, m)),
    );
    assert.deepEqual([tampered.rebuilt, tampered.ok], ['different', false], tampered.statement);
  });
}

test('a record that says integers stayed does not cover a file whose integers went; without the option it is silent', async () => {
  const folded = (await adaptBytes(QUANTISED, grayscale())).bytes;
  const record = (bytes: Uint8Array, change: (text: string) => string): Uint8Array =>
    changed(bytes, (m) => {
      const entry = (m.metadataProps ?? []).find(({ key }) => key === PROVENANCE_KEY);
      assert.ok(entry?.value);
      entry.value = change(entry.value);
    });
  record(folded, (text) => {
    assert.doesNotMatch(text, /keepIntegers/);
    return text;
  });
  const claimed = record(folded, (text) => text.replace('"inputs":', '"keepIntegers":true,"inputs":'));
  assert.equal((await check(QUANTISED, folded)).rebuilt, 'bytes');
  assert.equal((await check(QUANTISED, claimed)).rebuilt, 'different');
});
