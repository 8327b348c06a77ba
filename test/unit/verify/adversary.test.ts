// Slow: many proofs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bands, grayscale } from '../../../src/adapt/maps/channelMap.ts';
import { verify } from '../../../src/verify/proof/verify.ts';
import type { VerifyReport } from '../../../src/verify/proof/report.ts';
import { adaptBytes } from '../../fixtures/adaptBytes.ts';
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
import { changed, modelFile } from '../../fixtures/modelFile.ts';
import { Random } from '../../fixtures/random.ts';

const random = new Random(11);

/** Two branches behind the input layer, a function, a subgraph, a Constant and weights of three kinds. */
const original = encodeModel({
  ...model({
    inputs: [valueInfo('image', ['n', 3, 'h', 'w']), valueInfo('flag', [], DTYPE.bool)],
    outputs: [valueInfo('y', null)],
    initializers: [
      floatTensor('w1', [4, 3, 3, 3], random.floats(108)),
      floatTensor('b1', [4], random.floats(4)),
      floatTensor('w2', [4, 4, 3, 3], random.floats(144)),
      floatTensor('w3', [4, 4, 1, 1], random.floats(16)),
      int64Tensor('axes', [2], [2, 3]),
      rawTensor('zero', DTYPE.uint8, [], Uint8Array.of(7)),
    ],
    nodes: [
      node('Conv', ['image', 'w1', 'b1'], ['c1'], { pads: [1, 1, 1, 1] }),
      node('Conv', ['c1', 'w2'], ['left'], { pads: [1, 1, 1, 1] }),
      node('Conv', ['c1', 'w3'], ['right']),
      node('Add', ['left', 'right'], ['sum']),
      node('LeakyRelu', ['sum'], ['leaky'], { alpha: { float: 0.1 } }),
      node('Constant', [], ['k'], { value: { tensor: floatTensor('', [1], [1.5]) } }),
      node('Mul', ['leaky', 'k'], ['scaled']),
      node('If', ['flag'], ['chosen'], {
        then_branch: {
          graph: graph({
            name: 'then',
            nodes: [named(node('Twice', ['scaled'], ['t']), { domain: 'own' })],
            outputs: [valueInfo('t', null)],
          }),
        },
        else_branch: {
          graph: graph({ name: 'else', nodes: [node('Neg', ['scaled'], ['e'])], outputs: [valueInfo('e', null)] }),
        },
      }),
      node('ReduceSum', ['chosen', 'axes'], ['y'], { keepdims: 0 }),
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
const adapted = (await adaptBytes(original, grayscale())).bytes;

async function check(bytes: Uint8Array): Promise<VerifyReport> {
  return verify({ original: await modelFile(original), adapted: await modelFile(bytes) });
}

const ONE_BRANCH = 'one branch of a subgraph';

type Graph = Parameters<Parameters<typeof changed>[1]>[1];
type Built = Parameters<Parameters<typeof changed>[1]>[0];

const tensor = (g: Graph, name: string): Graph['initializer'][number] =>
  g.initializer.find((t) => t.name === name) ?? assert.fail(name);
const maker = (g: Graph, output: string): Graph['node'][number] =>
  g.node.find((n) => n.output?.includes(output)) ?? assert.fail(output);
/** Flips one bit of a stored number. */
function flip(g: Graph, name: string, byte: number, bit: number): void {
  const t = tensor(g, name);
  t.rawData = Uint8Array.from(t.rawData as Uint8Array);
  t.rawData[byte] = (t.rawData[byte] ?? 0) ^ (1 << bit);
}

/** Moves a stored float32 by some steps of its last bit. */
function step(g: Graph, name: string, at: number, steps: number): void {
  const t = tensor(g, name);
  t.rawData = Uint8Array.from(t.rawData as Uint8Array);
  const view = new DataView(t.rawData.buffer);
  view.setInt32(4 * at, view.getInt32(4 * at, true) + steps, true);
}

/** Each is not the same function, however small the change. */
const WRONG: readonly [string, (m: Built, g: Graph) => void][] = [
  ['the highest mantissa bit of one weight behind the seam', (_, g) => flip(g, 'w2', 4 * 77 + 2, 6)],
  ['the sign of one weight behind the seam', (_, g) => flip(g, 'w3', 4 * 5 + 3, 7)],
  [
    'an attribute behind the seam, by a hundredth',
    (_, g) => {
      for (const a of maker(g, 'leaky').attribute ?? []) a.f = 0.101;
    },
  ],
  [
    'the value of a Constant',
    (_, g) => {
      for (const a of maker(g, 'k').attribute ?? []) a.t = floatTensor('', [1], [1.501]);
    },
  ],
  [
    'an axis',
    (_, g) => {
      tensor(g, 'axes').rawData = new Uint8Array(BigInt64Array.from([1n, 2n]).buffer);
    },
  ],
  [
    'a bias added behind the seam',
    (_, g) => {
      maker(g, 'left').input = ['c1', 'w2', 'b1'];
    },
  ],
  [
    'an input taken from elsewhere',
    (_, g) => {
      maker(g, 'sum').input = ['left', 'left'];
    },
  ],
  [
    'a function body',
    (m) => {
      for (const n of m.functions[0]?.node ?? []) n.opType = 'Mul';
    },
  ],
  [
    ONE_BRANCH,
    (_, g) => {
      for (const a of maker(g, 'chosen').attribute ?? [])
        for (const n of a.g?.node ?? []) if (n.opType === 'Neg') n.opType = 'Abs';
    },
  ],
  [
    'an extra output',
    (_, g) => {
      g.output.push(valueInfo('sum', null) as Graph['output'][number]);
    },
  ],
  [
    'the output cast to another type',
    (_, g) => {
      maker(g, 'y').output = ['y32'];
      g.node.push(node('Cast', ['y32'], ['y'], { to: DTYPE.float64 }) as Graph['node'][number]);
    },
  ],
  [
    'a folded weight in another type',
    (_, g) => {
      const [w, c] = [tensor(g, 'w1'), maker(g, 'c1')];
      Object.assign(w, {
        name: 'w64',
        dataType: DTYPE.float64,
        rawData: new Uint8Array(
          Float64Array.from(new Float32Array(Uint8Array.from(w.rawData as Uint8Array).buffer)).buffer,
        ),
      });
      c.input = ['image', 'w64', 'b1'];
    },
  ],
  [
    'channels averaged instead of summed',
    (_, g) => {
      const w = tensor(g, 'w1');
      w.rawData = new Uint8Array(
        new Float32Array(Uint8Array.from(w.rawData as Uint8Array).buffer).map((v) => v / 3).buffer,
      );
    },
  ],
  ['one tap of one filter turned over', (_, g) => flip(g, 'w1', 4 * 3 + 3, 7)],
  [
    'a folded weight off by fifty steps, less than a run shows',
    (_, g) => {
      step(g, 'w1', 17, 50);
    },
  ],
  [
    'an output listed twice',
    (_, g) => {
      g.output.push(g.output[0] as Graph['output'][number]);
    },
  ],
  [
    'the type of an input that is not adapted',
    (_, g) => {
      const type = g.input.find((i) => i.name === 'flag')?.type?.tensorType;
      if (type) type.elemType = DTYPE.uint8;
    },
  ],
  [
    'a second weight of the same name in front',
    (_, g) => {
      g.initializer.unshift({ ...tensor(g, 'w2'), rawData: new Uint8Array(4 * 144) } as Graph['initializer'][number]);
    },
  ],
  [
    'the bias of the input layer left out',
    (_, g) => {
      maker(g, 'c1').input = ['image', 'w1'];
    },
  ],
];
for (const [name, spoil] of WRONG) {
  test(`never proved: ${name}`, async () => {
    const report = await check(changed(adapted, spoil));
    if (name !== ONE_BRANCH) return assert.equal(report.verdict, 'failed', report.statement);
    // A branch of an If runs only when the flag says so; the draws of a flag may miss one, which must then be said.
    const said = report.warnings.some((w) => /only the branches these inputs take/.test(w));
    assert.ok(report.verdict !== 'proved' || said, report.statement);
  });
}

/** Each leaves the function as it is. */
const HARMLESS: readonly [string, (m: Built, g: Graph) => void][] = [
  [
    'nodes in another legal order',
    (_, g) => {
      const [a, b, c, ...rest] = g.node;
      if (a && b && c) g.node = [a, c, b, ...rest];
    },
  ],
  [
    'an initializer twice, under a second name that nothing reads',
    (_, g) => {
      g.initializer.push({ ...tensor(g, 'w2'), name: 'copy' } as Graph['initializer'][number]);
    },
  ],
  [
    'other metadata',
    (m) => {
      m.producerName = 'somebody';
      m.docString = 'x';
      m.metadataProps.push({ key: 'a', value: 'b' } as (typeof m.metadataProps)[number]);
    },
  ],
  [
    'weights stored in another form',
    (_, g) => {
      const w = tensor(g, 'w2');
      const values = [...new Float32Array(Uint8Array.from(w.rawData as Uint8Array).buffer)];
      Object.assign(w, { rawData: new Uint8Array(0), floatData: values });
      delete (w as { rawData?: unknown }).rawData;
    },
  ],
  [
    'a node that only has another name',
    (_, g) => {
      maker(g, 'sum').name = 'other';
    },
  ],
];
for (const [name, change] of HARMLESS) {
  test(`still proved: ${name}`, async () => {
    const report = await check(changed(adapted, change));
    assert.equal(report.verdict, 'proved', report.statement);
  });
}

test('bits too small to matter are measured, not believed: the last bit of a weight is no other function', async () => {
  const report = await check(changed(adapted, (_, g) => flip(g, 'w2', 4 * 10, 0)));
  assert.equal(report.verdict, 'proved', report.statement);
  assert.ok(
    (report.maxAbs ?? 0) > 0 && report.seam?.tensors.includes('left'),
    'the tensor behind the changed weight was measured',
  );
});

test('a map that is not recorded can be given; without it, or with another one, nothing is proved', async () => {
  const map = bands(5);
  const bare = changed((await adaptBytes(original, map)).bytes, (m) => {
    m.metadataProps = [];
  });
  const files = { original: await modelFile(original), adapted: await modelFile(bare) };
  await assert.rejects(verify(files), /no record says how they belong together/);
  const report = await verify({ ...files, map });
  assert.equal(report.verdict, 'proved', report.statement);
  assert.match(report.maps.assumption ?? '', /the map that was given/i);
  const other = { ...map, matrix: map.matrix.map((row) => [...row].reverse()) };
  assert.equal((await verify({ ...files, map: other })).verdict, 'failed');
  await assert.rejects(verify({ ...files, map: bands(4) }), /no input/i);
});
