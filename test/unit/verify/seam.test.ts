import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grayscale } from '../../../src/adapt/maps/channelMap.ts';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import { difference, type TensorDifference } from '../../../src/verify/proof/measure/difference.ts';
import { SeamFinder } from '../../../src/verify/proof/structure/seam.ts';
import { cutStem } from '../../../src/verify/proof/stem/stem.ts';
import { openSession } from '../../../src/verify/session.ts';
import { fromNumbers } from '../../../src/verify/values.ts';
import { verify } from '../../../src/verify/proof/verify.ts';
import { wiring } from '../../../src/verify/wiring.ts';
import { adaptBytes } from '../../fixtures/adaptBytes.ts';
import {
  DTYPE,
  decodeModel,
  encodeModel,
  floatTensor,
  graph,
  model,
  named,
  node,
  rawTensor,
  valueInfo,
  type ModelParts,
} from '../../fixtures/modelBuilder.ts';
import { changed, modelFile } from '../../fixtures/modelFile.ts';

const weights = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(i * 1.7));

/** A convolution, then an If whose branches hold a weight and read an outer tensor, then a function call. */
const original = encodeModel({
  ...model({
    inputs: [valueInfo('image', [1, 3, 6, 6]), valueInfo('flag', [], DTYPE.bool)],
    outputs: [valueInfo('y', null)],
    initializers: [floatTensor('w', [2, 3, 3, 3], weights(54)), floatTensor('unused', [2], [1, 2])],
    nodes: [
      node('Conv', ['image', 'w'], ['c']),
      node('If', ['flag'], ['d'], {
        then_branch: {
          graph: graph({
            name: 'then',
            initializers: [floatTensor('k', [1], [2])],
            nodes: [node('Mul', ['c', 'k'], ['t'])],
            outputs: [valueInfo('t', null)],
          }),
        },
        else_branch: {
          graph: graph({ name: 'else', nodes: [node('Neg', ['c'], ['e'])], outputs: [valueInfo('e', null)] }),
        },
      }),
      named(node('Twice', ['d'], ['y']), { domain: 'own' }),
    ],
    opsets: [
      { domain: '', version: 17 },
      { domain: 'own', version: 1 },
    ],
  }),
  functions: [
    {
      name: 'Twice',
      domain: 'own',
      input: ['x'],
      output: ['z'],
      node: [node('Add', ['x', 'x'], ['z'])],
      opsetImport: [{ domain: '', version: 17 }],
    },
  ],
});

async function seamOf(
  a: Uint8Array,
  b: Uint8Array,
): Promise<{ measured: readonly string[]; identicalNodes: number; broken: readonly string[] }> {
  const finder = new SeamFinder(wiring(await modelFile(a)), wiring(await modelFile(b)));
  return finder.find(new Set(['image']));
}

test('the seam lies behind the fold; subgraph and function behind it are compared, not run', async () => {
  const adapted = (await adaptBytes(original, grayscale())).bytes;
  const seam = await seamOf(original, adapted);
  assert.deepEqual([seam.measured, seam.identicalNodes, seam.broken], [['c'], 2, []]);
  const report = await verify({ original: await modelFile(original), adapted: await modelFile(adapted), full: true });
  assert.equal(report.verdict, 'proved', report.statement);
  assert.equal(report.full?.ok, true);
});

const HIDDEN: readonly [string, (bytes: Uint8Array) => Uint8Array][] = [
  [
    'a weight inside a subgraph',
    (b) =>
      changed(b, (_, g) => {
        const t = g.node[1]?.attribute?.[0]?.g?.initializer?.[0];
        if (t) t.rawData = new Uint8Array(Float32Array.of(2.5).buffer);
      }),
  ],
  [
    'an operator inside a subgraph',
    (b) =>
      changed(b, (_, g) => {
        for (const a of g.node[1]?.attribute ?? [])
          for (const n of a.g?.node ?? []) {
            if (n.opType === 'Mul') n.opType = 'Div';
            if (n.opType === 'Neg') n.opType = 'Abs';
          }
      }),
  ],
  [
    'a function',
    (b) =>
      changed(b, (m) => {
        const n = m.functions[0]?.node?.[0];
        if (n) n.opType = 'Mul';
      }),
  ],
];
for (const [name, spoil] of HIDDEN) {
  test(`a change behind the seam does not go unseen: ${name}`, async () => {
    const adapted = (await adaptBytes(original, grayscale())).bytes;
    const wrong = spoil(adapted);
    assert.notDeepEqual(decodeModel(wrong), decodeModel(adapted), 'something was changed');
    const seam = await seamOf(original, wrong);
    assert.ok(
      seam.measured.some((t) => t === 'd' || t === 'y'),
      seam.measured.join(),
    );
    assert.equal(
      (await verify({ original: await modelFile(original), adapted: await modelFile(wrong) })).verdict,
      'failed',
    );
  });
}

test('a changed subgraph that runs the same is said to be measured only where it was taken', async () => {
  const adapted = (await adaptBytes(original, grayscale())).bytes;
  const renamed = changed(adapted, (_, g) => {
    for (const a of g.node[1]?.attribute ?? []) if (a.g) a.g.name = 'other';
  });
  const report = await verify({ original: await modelFile(original), adapted: await modelFile(renamed) });
  assert.equal(report.verdict, 'unproved', report.statement);
  assert.match(report.statement, /node `If_d` \(If\) is not as in the original/);
  assert.ok(
    report.warnings.some((w) => /If `If_d` has subgraphs that were changed/.test(w)),
    report.warnings.join(),
  );
  assert.deepEqual(
    (await verify({ original: await modelFile(original), adapted: await modelFile(adapted) })).warnings,
    [],
  );
});

test('other operator sets: nothing counts as the same', async () => {
  const adapted = changed((await adaptBytes(original, grayscale())).bytes, (m) => {
    const o = m.opsetImport[0];
    if (o) o.version = 18;
  });
  assert.deepEqual((await seamOf(original, adapted)).measured, ['y']);
});

test('a missing or added output, and an output that became an input, are no proof', async () => {
  const adapted = (await adaptBytes(original, grayscale())).bytes;
  const more = changed(adapted, (_, g) => {
    g.output.push(valueInfo('c', null) as (typeof g.output)[number]);
  });
  assert.match((await seamOf(original, more)).broken.join(), /no output `c`/);
  assert.equal(
    (await verify({ original: await modelFile(original), adapted: await modelFile(more) })).verdict,
    'failed',
  );
  const bypass = changed(adapted, (_, g) => {
    g.node.splice(2, 1);
    g.input.push(valueInfo('y', [1, 2, 4, 4]) as (typeof g.input)[number]);
  });
  assert.match((await seamOf(original, bypass)).broken.join(), /`y` is no longer what it was/);
});

test('two makers of one tensor are refused', async () => {
  const twice = changed(original, (_, g) => {
    g.node.push(node('Relu', ['c'], ['d']) as (typeof g.node)[number]);
  });
  const file = await modelFile(twice);
  assert.throws(
    () => wiring(file),
    (e: ChannelwiseError) => e.code === 'two-makers',
  );
});

test('a stem holds what its targets need and nothing else', async () => {
  const w = wiring(await modelFile(original));
  const stem = await cutStem(w, ['c']);
  const decoded = decodeModel(stem.bytes);
  assert.deepEqual(
    decoded.graph?.node?.map((n) => n.opType),
    ['Conv'],
  );
  assert.deepEqual(
    decoded.graph?.initializer?.map((t) => t.name),
    ['w'],
  );
  assert.deepEqual(
    [decoded.graph?.input?.map((i) => i.name), decoded.graph?.output?.map((o) => o.name), stem.inputs],
    [['image'], ['c'], ['image']],
  );
  assert.deepEqual([decoded.functions.length, decoded.opsetImport.length], [1, 2]);
  const branch = decodeModel((await cutStem(w, ['d'])).bytes);
  assert.deepEqual(
    branch.graph?.node?.map((n) => n.opType),
    ['Conv', 'If'],
    'what a subgraph reads is needed too',
  );
  const before = decodeModel(original);
  assert.deepEqual(decoded.graph?.node?.[0], before.graph?.node?.[0]);
});

const LONG_WINDOWS: readonly Readonly<Record<string, number | number[]>>[] = [
  { kernel_shape: [9, 8] },
  { kernel_shape: [9, 8], strides: [3, 2], pads: [2, 0, 4, 3], count_include_pad: 1 },
  { kernel_shape: [9, 8], strides: [2, 3], pads: [1, 3, 5, 2] },
];
test('windows summed in double give the averages that AveragePool gives', async () => {
  for (const attributes of LONG_WINDOWS) {
    const pooled = model({
      opset: 11,
      inputs: [valueInfo('image', [2, 3, 20, 17])],
      outputs: [valueInfo('y', null)],
      nodes: [node('AveragePool', ['image'], ['y'], attributes)],
    });
    const w = wiring(await modelFile(encodeModel(pooled)));
    const image = fromNumbers(DTYPE.float32, [2, 3, 20, 17], weights(2040), 'image');
    const outputs = [];
    for (const sumsInDouble of [false, true]) {
      const session = await openSession((await cutStem(w, ['y'], { sumsInDouble })).bytes);
      outputs.push((await session.run(new Map([['image', image]]))).get('y') ?? assert.fail());
      await session.close();
    }
    const [plain, wide] = outputs;
    const { maxAbs, why } = difference({ name: 'y', original: plain, adapted: wide });
    assert.ok(maxAbs > 0 && maxAbs < 1e-6, `${JSON.stringify(attributes)}: ${maxAbs} ${why}`);
  }
});

test('whole images are summed in double in functions and subgraphs too, where each call gives float32', async () => {
  const mean = (from: string, to: string): ReturnType<typeof node> => node('GlobalAveragePool', [from], [to]);
  const call = (name: string, from: string, to: string): ReturnType<typeof node> =>
    named(node(name, [from], [to]), { domain: 'own' });
  const branch = (to: string): ReturnType<typeof graph> =>
    graph({ name: to, nodes: [mean('image', to)], outputs: [valueInfo(to, null)] });
  const own = (name: string, nodes: ReturnType<typeof node>[]): NonNullable<ModelParts['functions']>[number] => ({
    name,
    domain: 'own',
    input: ['a'],
    output: ['b'],
    node: nodes,
    opsetImport: [
      { domain: '', version: 17 },
      { domain: 'own', version: 1 },
    ],
  });
  const summed = model({
    inputs: [valueInfo('image', [1, 3, 6, 6]), valueInfo('flag', [], DTYPE.bool)],
    outputs: [valueInfo('y', null)],
    nodes: [
      call('Outer', 'image', 'm'),
      node('Cast', ['image'], ['half'], { to: DTYPE.float16 }),
      call('Mixed', 'image', 'n'),
      call('Mixed', 'half', 'h'),
      node('Cast', ['h'], ['o'], { to: DTYPE.float32 }),
      node('If', ['flag'], ['p'], { then_branch: { graph: branch('t') }, else_branch: { graph: branch('e') } }),
      node('Sum', ['m', 'n', 'o', 'p'], ['y']),
    ],
    functions: [
      own('Outer', [node('Relu', ['a'], ['r']), call('Inner', 'r', 'b')]),
      own('Inner', [mean('a', 'b')]),
      own('Mixed', [mean('a', 'b')]),
    ],
    opsets: [
      { domain: '', version: 17 },
      { domain: 'own', version: 1 },
    ],
  });
  const w = wiring(await modelFile(encodeModel(summed)));
  const feeds = new Map([
    ['image', fromNumbers(DTYPE.float32, [1, 3, 6, 6], weights(108), 'image')],
    ['flag', fromNumbers(DTYPE.bool, [], [1], 'flag')],
  ]);
  const results = [];
  for (const sumsInDouble of [false, true]) {
    const { bytes } = await cutStem(w, ['y'], { sumsInDouble });
    const decoded = decodeModel(bytes);
    const [outer, inner, mixed] = decoded.functions.map((f) => f.node?.map((n) => n.opType).join(' '));
    const inDouble = sumsInDouble ? 'Cast ReduceMean Cast' : 'GlobalAveragePool';
    assert.deepEqual([outer, inner, mixed], ['Relu Inner', inDouble, 'GlobalAveragePool']);
    const branches = decoded.graph?.node?.find((n) => n.opType === 'If')?.attribute ?? [];
    for (const { g } of branches) assert.equal(g?.node?.map((n) => n.opType).join(' '), inDouble);
    const session = await openSession(bytes);
    results.push((await session.run(feeds)).get('y') ?? assert.fail());
    await session.close();
  }
  const { maxAbs } = difference({ name: 'y', original: results[0], adapted: results[1] });
  assert.ok(maxAbs < 1e-6, String(maxAbs));
});

test('numbers of types the runtime does not take leave the proof open', async () => {
  const odd = encodeModel(
    model({
      inputs: [valueInfo('image', [1, 3, 6, 6], DTYPE.bfloat16)],
      outputs: [valueInfo('y', null, DTYPE.bfloat16)],
      initializers: [rawTensor('w', DTYPE.bfloat16, [2, 3, 1, 1], new Uint8Array(12).fill(64))],
      nodes: [node('Conv', ['image', 'w'], ['y'])],
    }),
  );
  const report = await verify({
    original: await modelFile(odd),
    adapted: await modelFile((await adaptBytes(odd, grayscale())).bytes),
  });
  assert.equal(report.verdict, 'unproved');
  assert.equal(report.folds[0]?.ok, true, report.folds[0]?.why ?? '');
});

test('differences: NaN, shape, a quiet lane, whole numbers', () => {
  const value = (
    values: readonly number[],
    dtype = 1,
    dims = [1, 2, values.length / 2],
  ): ReturnType<typeof fromNumbers> => fromNumbers(dtype, dims, values, 'x');
  type Tensor = ReturnType<typeof fromNumbers> | undefined;
  const compared = (before: Tensor, after: Tensor): TensorDifference =>
    difference({ name: 'x', original: before, adapted: after });
  const loud = value([1000, 1000, 1e-3, 1e-3]);
  assert.equal(compared(loud, value([1000, 1000, 1e-3, 1e-3])).ok, true);
  assert.equal(compared(loud, value([1000.0001, 1000, 1e-3, 1e-3])).ok, true, 'rounding');
  assert.equal(compared(loud, value([1000, 1000, 1e-3, 3e-3])).ok, false, 'the quiet lane is wrong by a factor');
  assert.equal(compared(value([NaN, 1]), value([NaN, 1])).ok, true);
  assert.equal(compared(value([0, 1]), value([NaN, 1])).ok, false);
  assert.equal(compared(value([Infinity, 1]), value([-Infinity, 1])).ok, false);
  assert.match(compared(value([0, 1]), value([0, 1, 2, 3])).why ?? '', /shape is/);
  assert.equal(compared(value([5, 7], 7), value([5, 7], 7)).ok, true);
  assert.equal(compared(value([5, 7], 7), value([5, 8], 7)).ok, false);
  assert.equal(compared(undefined, value([1, 2])).ok, false);
});
