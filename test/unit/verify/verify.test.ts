// Slow: many proofs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  composeMaps,
  bands,
  dropAlpha,
  grayscale,
  normalize,
  rgbFromGray,
  swapRedBlue,
  NORMALISATIONS,
  type ChannelMap,
} from '../../../src/adapt/maps/channelMap.ts';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import { verifyText } from '../../../src/verify/proof/statement.ts';
import { verify } from '../../../src/verify/proof/verify.ts';
import { adaptBytes } from '../../fixtures/adaptBytes.ts';
import { mobileNetV2, resNet18 } from '../../fixtures/architectures.ts';
import {
  DTYPE,
  convModel,
  encodeModel,
  floatTensor,
  int64Tensor,
  model,
  named,
  node,
  rawTensor,
  valueInfo,
} from '../../fixtures/modelBuilder.ts';
import { changeWeight, changed, modelFile } from '../../fixtures/modelFile.ts';
import { Random } from '../../fixtures/random.ts';
import { check, checkMap, network } from './verifiedNetwork.ts';

const random = new Random(7);
const imagenet = NORMALISATIONS.imagenet ?? assert.fail();

const alphaModel = encodeModel(
  model({
    inputs: [valueInfo('image', [1, 3, 16, 16])],
    outputs: [valueInfo('y', null)],
    initializers: [floatTensor('w', [4, 3, 1, 1], random.floats(12))],
    nodes: [node('Conv', ['image', 'w'], ['c']), node('Relu', ['c'], ['y'])],
  }),
);
const grayModel = encodeModel(
  model({
    inputs: [valueInfo('image', [1, 1, 16, 16])],
    outputs: [valueInfo('y', null)],
    initializers: [floatTensor('w', [4, 1, 3, 3], random.floats(36))],
    nodes: [node('Conv', ['image', 'w'], ['c']), node('Relu', ['c'], ['y'])],
  }),
);
const MAPS: readonly [string, Uint8Array, ChannelMap][] = [
  ['gray', network(), grayscale()],
  ['bgr', network(), swapRedBlue()],
  ['five bands', network(), bands(5)],
  ['drop alpha', alphaModel, dropAlpha()],
  ['rgb from gray', grayModel, rgbFromGray()],
  ['normalisation', network(), normalize(imagenet)],
  ['gray and normalisation', network(), composeMaps(normalize(imagenet), grayscale())],
];
for (const [name, original, map] of MAPS) {
  test(`a right conversion is proved: ${name}`, async () => {
    const report = await checkMap(original, map, { full: true });
    assert.equal(report.verdict, 'proved', report.statement);
    assert.equal(report.full?.ok, true);
    assert.deepEqual(
      report.runs.map((r) => r.on),
      ['noise', 'smooth', 'edges', 'noise', 'noise'],
    );
    assert.equal(report.rebuilt, 'bytes');
    assert.ok((report.maxRel ?? 1) < 2e-6, `relative ${report.maxRel}`);
  });
}

test('whole models run at the sizes that they fix, however large', async () => {
  const report = await checkMap(network(300), grayscale(), { full: true });
  assert.equal(report.full?.ok, true, report.full?.why ?? '');
  assert.deepEqual(report.full.runs[0]?.sizes, { image: [1, 1, 300, 300] });
  assert.notDeepEqual(report.runs[0]?.sizes, { image: [1, 1, 300, 300] }, 'a part of it runs on smaller pictures');
});

test('architectures are proved from their input layer; everything behind is compared byte by byte', async () => {
  for (const [bytes, nodes] of [
    [resNet18(8, 10, 64), 48],
    [mobileNetV2(0.25, 10, 64), 100],
  ] as const) {
    const report = await checkMap(bytes, grayscale());
    assert.equal(report.verdict, 'proved', report.statement);
    assert.equal(report.seam?.identicalNodes, nodes);
    assert.equal(report.seam?.stemNodes, 1);
    assert.ok((report.seam?.bytesCompared ?? 0) > bytes.length * 0.9);
    assert.match(
      report.statement,
      /^Verified: relative error \S+ where both models become identical; the other \d+ nodes are byte-identical/,
    );
  }
});

test('without a record, grayscale is assumed and said', async () => {
  const original = network();
  const bare = changed((await adaptBytes(original, grayscale())).bytes, (m) => {
    m.metadataProps = [];
  });
  const report = await check(original, bare);
  assert.equal(report.verdict, 'proved', report.statement);
  assert.match(report.maps.assumption ?? '', /stands for all 3/);
  const swapped = changed((await adaptBytes(original, swapRedBlue())).bytes, (m) => {
    m.metadataProps = [];
  });
  assert.equal((await check(original, swapped)).verdict, 'failed');
});

test('two steps are proved together and one by one', async () => {
  const original = network();
  const first = (await adaptBytes(original, normalize(imagenet))).bytes;
  const second = (await adaptBytes(first, grayscale())).bytes;
  for (const [from, to, inputs] of [
    [original, first, 3],
    [first, second, 3],
    [original, second, 3],
  ] as const) {
    const report = await check(from, to);
    assert.equal(report.verdict, 'proved', report.statement);
    assert.equal(report.maps.inputs[0]?.map.m.length, inputs);
  }
  const both = await check(original, second);
  assert.ok(Math.abs((both.maps.inputs[0]?.map.m[0]?.[0] ?? 0) - 1 / 255 / 0.229) < 1e-12);
  await assert.rejects(check(second, first), (e: ChannelwiseError) => e.code === 'unrelated');
});

test('models that do not belong together are refused in one sentence', async () => {
  const adapted = (await adaptBytes(network(), grayscale())).bytes;
  const other = encodeModel(convModel(4));
  for (const original of [other, encodeModel(convModel(3))]) {
    await assert.rejects(
      check(original, adapted),
      (e: unknown) => e instanceof ChannelwiseError && e.kind === 'refused' && !e.message.includes('\n'),
    );
  }
});

test('rebuilt channels, subgraphs and shapes read from the image are measured behind the change', async () => {
  const original = encodeModel(
    model({
      inputs: [valueInfo('image', [1, 3, 12, 12])],
      outputs: [valueInfo('y', null), valueInfo('sum', null)],
      initializers: [floatTensor('w', [3, 3, 1, 1], random.floats(9)), int64Tensor('one', [1], [1])],
      nodes: [
        node('Relu', ['image'], ['r']),
        node('Shape', ['r'], ['shape']),
        node('Conv', ['r', 'w'], ['c']),
        node('Expand', ['c', 'shape'], ['y']),
        node('CumSum', ['r', 'one'], ['sum']),
      ],
      opset: 17,
    }),
  );
  const report = await checkMap(original, grayscale());
  assert.equal(report.verdict, 'proved', report.statement);
});

test('float16 models have the tolerance of float16', async () => {
  const half = (values: Float32Array): Uint8Array => {
    const out = new DataView(new ArrayBuffer(values.length * 2));
    // Quarters from -2 to 2 are exact in float16: sign, exponent and two mantissa bits.
    values.forEach((v, i) => {
      const q = Math.round(v * 4) / 4 || 0.25;
      const e = Math.floor(Math.log2(Math.abs(q)));
      out.setUint16(i * 2, (q < 0 ? 32768 : 0) + (e + 15) * 1024 + (Math.abs(q) / 2 ** e - 1) * 1024, true);
    });
    return new Uint8Array(out.buffer);
  };
  const original = encodeModel(
    model({
      inputs: [valueInfo('image', [1, 3, 16, 16], DTYPE.float16)],
      outputs: [valueInfo('y', null, DTYPE.float16)],
      initializers: [rawTensor('w', DTYPE.float16, [4, 3, 3, 3], half(random.floats(108, 2)))],
      nodes: [node('Conv', ['image', 'w'], ['y'])],
    }),
  );
  const adapted = (
    await adaptBytes(original, composeMaps(normalize({ mean: [0.1], std: [0.3], scale: 1 }), grayscale()))
  ).bytes;
  const report = await check(original, adapted);
  assert.equal(report.verdict, 'proved', report.statement);
  assert.ok((report.maxRel ?? 0) > 1e-5, 'float16 rounding shows');
  const wrong = changed(adapted, (_, g) => {
    const w = g.initializer.find((t) => t.name === 'w');
    const bytes = Uint8Array.from(w?.rawData as Uint8Array);
    new DataView(bytes.buffer).setUint16(0, 0x4400, true);
    if (w) w.rawData = bytes;
  });
  assert.equal((await check(original, wrong)).verdict, 'failed');
});

test('whole-number images: exact where channels are copied', async () => {
  const original = encodeModel(
    model({
      inputs: [valueInfo('image', [1, 16, 16, 3], DTYPE.uint8)],
      outputs: [valueInfo('y', null)],
      initializers: [floatTensor('w', [4, 3, 3, 3], random.floats(108))],
      nodes: [
        node('Cast', ['image'], ['f'], { to: 1 }),
        node('Transpose', ['f'], ['t'], { perm: [0, 3, 1, 2] }),
        node('Conv', ['t', 'w'], ['y']),
      ],
    }),
  );
  const report = await checkMap(original, grayscale());
  assert.equal(report.verdict, 'proved', report.statement);
  assert.deepEqual(report.runs[0]?.sizes, { image: [1, 16, 16, 1] });
});

test('an operator the runtime lacks: said, and the sums are checked by arithmetic', async () => {
  const original = encodeModel(
    model({
      inputs: [valueInfo('image', [1, 3, 8, 8])],
      outputs: [valueInfo('y', null)],
      initializers: [floatTensor('w', [2, 3, 3, 3], random.floats(54))],
      nodes: [
        node('Relu', ['image'], ['r']),
        node('Conv', ['image', 'w'], ['c']),
        named(node('Mystery', ['c', 'r'], ['y']), { domain: 'nobody.knows' }),
      ],
      opsets: [
        { domain: '', version: 17 },
        { domain: 'nobody.knows', version: 1 },
      ],
    }),
  );
  const adapted = (await adaptBytes(original, grayscale())).bytes;
  assert.equal((await check(original, adapted)).verdict, 'proved', 'the unknown operator lies behind the seam');
  const inside = changed(original, (_, g) => {
    const [relu, conv, last] = g.node;
    if (relu && conv && last)
      g.node = [
        conv,
        named(node('Mystery', ['image'], ['r']), { domain: 'nobody.knows' }),
        node('Add', ['c', 'c'], ['y']),
      ] as typeof g.node;
    g.output.push(valueInfo('r', null) as (typeof g.output)[number]);
  });
  const lacking = (await adaptBytes(inside, grayscale())).bytes;
  const report = await check(inside, lacking);
  assert.equal(report.verdict, 'unproved', report.statement);
  assert.match(
    report.statement,
    /ONNX Runtime lacks the operator .*Mystery.*exact sum\. But adapting the original again gives .*\.$/,
  );
  const tampered = changed(lacking, (_, g) => {
    const last = g.node.find(({ opType }) => opType === 'Add');
    if (last) last.input = ['c', 'r'];
  });
  assert.doesNotMatch((await check(inside, tampered)).statement, /adapting the original again/);
  assert.deepEqual(
    report.folds.map((f) => [f.tensor, f.ok]),
    [['w', true]],
  );
  const wrong = await check(
    inside,
    changed(lacking, (_, g) =>
      changeWeight(g, 'w', (w) => {
        w[3] = (w[3] ?? 0) * 1.0001;
      }),
    ),
  );
  assert.equal(wrong.verdict, 'failed', wrong.statement);
});

test('a model that says nothing is not called proved', async () => {
  const dead = encodeModel(
    model({
      inputs: [valueInfo('image', [1, 3, 8, 8])],
      outputs: [valueInfo('y', null)],
      initializers: [floatTensor('w', [2, 3, 3, 3], new Float32Array(54))],
      nodes: [node('Conv', ['image', 'w'], ['y'])],
    }),
  );
  const report = await checkMap(dead, grayscale());
  assert.equal(report.verdict, 'unproved');
  assert.match(report.statement, /the same for all inputs/);
});

test('what a model draws at each run is no rounding', async () => {
  const drawing = encodeModel(
    model({
      inputs: [valueInfo('image', [1, 3, 8, 8])],
      outputs: [valueInfo('y', null)],
      initializers: [floatTensor('w', [2, 3, 3, 3], random.floats(54))],
      nodes: [
        node('RandomNormalLike', ['image'], ['drawn'], { scale: 0.1 }),
        node('Add', ['image', 'drawn'], ['sum']),
        node('Conv', ['sum', 'w'], ['y']),
      ],
    }),
  );
  const report = await checkMap(drawing, grayscale(), { full: true });
  assert.equal(report.verdict, 'unproved', report.statement);
  assert.match(report.statement, /`RandomNormalLike_drawn` .* draws other numbers at each run/);
  assert.equal(report.full?.ok, null);
});

const WHOLE_IMAGE = { axes: [1, 2, 3], keepdims: 1 };
/** Nodes that sum a whole picture, by opset; they make `normal` of `image`. */
const LONG_SUMS: readonly (readonly [kind: string, opset: number, nodes: ReturnType<typeof node>[]])[] = [
  [
    'its mean and deviation',
    17,
    [
      node('ReduceMean', ['image'], ['mean'], WHOLE_IMAGE),
      node('Sub', ['image', 'mean'], ['centred']),
      node('Mul', ['centred', 'centred'], ['squares']),
      node('ReduceMean', ['squares'], ['variance'], WHOLE_IMAGE),
      node('Sqrt', ['variance'], ['deviation']),
      node('Div', ['centred', 'deviation'], ['normal']),
    ],
  ],
  [
    'MeanVarianceNormalization',
    11,
    [node('MeanVarianceNormalization', ['image'], ['normal'], { axes: WHOLE_IMAGE.axes })],
  ],
  ['GroupNormalization', 21, [node('GroupNormalization', ['image', 's', 'b'], ['normal'], { num_groups: 1 })]],
  ['GlobalAveragePool', 18, [node('GlobalAveragePool', ['image'], ['normal'])]],
  ['AveragePool', 13, [node('AveragePool', ['image'], ['normal'], { kernel_shape: [96, 96] })]],
  [
    'ReduceLogSumExp',
    13,
    [node('ReduceLogSumExp', ['image'], ['sum'], WHOLE_IMAGE), node('Sub', ['image', 'sum'], ['normal'])],
  ],
];
const NORMALISED_BGR = composeMaps(normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.2, 0.2], scale: 1 }), swapRedBlue());
/** Maps that change the order of a sum; gray in front of the other kinds. */
const MAP_OF_SUM: Readonly<Record<string, ChannelMap>> = {
  GlobalAveragePool: NORMALISED_BGR,
  AveragePool: normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.2, 0.2], scale: 1 / 255 }),
  ReduceLogSumExp: swapRedBlue(),
};
for (const [kind, opset, nodes] of LONG_SUMS) {
  test(`the order in which a whole image is summed does not count as a difference: ${kind}`, async () => {
    const original = encodeModel(
      model({
        opset,
        inputs: [valueInfo('image', [1, 3, 96, 96])],
        outputs: [valueInfo('y', null)],
        initializers: [
          floatTensor('w', [2, 3, 3, 3], random.floats(54)),
          floatTensor('s', [3], [1, 1, 1]),
          floatTensor('b', [3], [0, 0, 0]),
        ],
        nodes: [...nodes, node('Conv', ['normal', 'w'], ['y'], { pads: [1, 1, 1, 1] })],
      }),
    );
    const { bytes } = await adaptBytes(original, MAP_OF_SUM[kind] ?? grayscale());
    const report = await check(original, bytes, { seed: 1 });
    assert.equal(report.verdict, 'proved', report.statement);
    assert.ok((report.maxRel ?? 1) < 2e-6, `${report.maxRel}`);
    const wrong = changed(bytes, (_, graph) => changeWeight(graph, 'w', (values) => (values[4]! *= 1.001)));
    assert.equal((await check(original, wrong, { seed: 1 })).verdict, 'failed');
  });
}

test('the same seed gives the same numbers, another seed others; the report is plain data', async () => {
  const original = network();
  const adapted = (await adaptBytes(original, grayscale())).bytes;
  const [one, again, other] = [
    await check(original, adapted, { seed: 5 }),
    await check(original, adapted, { seed: 5 }),
    await check(original, adapted, { seed: 6 }),
  ];
  assert.deepEqual(one, again);
  assert.notEqual(one.relL2, other.relL2);
  assert.deepEqual(JSON.parse(JSON.stringify(one)), one);
  assert.ok(verifyText(one).length >= 6);
  const nearZero = one.tensors.map((tensor) => ({ ...tensor, maxAbs: 9e-8, maxRel: 1, peak: 9e-8, tolerance: 2e-7 }));
  const text = verifyText({ ...one, tensors: nearZero }).join('\n');
  assert.match(
    text,
    /relative error 1 of values up to 9\.0e-8; largest difference 9\.0e-8, rounding tolerance 2\.0e-7/,
  );
});

test('a cancel stops the proof', async () => {
  const original = network();
  const adapted = (await adaptBytes(original, grayscale())).bytes;
  const signal = AbortSignal.abort();
  await assert.rejects(
    verify({ original: await modelFile(original), adapted: await modelFile(adapted), signal }),
    (e: ChannelwiseError) => e.kind === 'cancelled',
  );
});
