import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grayscale, swapRedBlue } from '../../../src/adapt/maps/channelMap.ts';
import { PROVENANCE_KEY } from '../../../src/adapt/report/provenance.ts';
import { compare, type Comparison } from '../../../src/verify/compare/compare.ts';
import { compareText } from '../../../src/verify/compare/compareText.ts';
import { align } from '../../../src/verify/compare/align.ts';
import { adaptBytes } from '../../fixtures/adaptBytes.ts';
import { mobileNetV2, resNet18 } from '../../fixtures/architectures.ts';
import {
  DTYPE,
  encodeModel,
  floatTensor,
  model,
  named,
  node,
  rawTensor,
  valueInfo,
} from '../../fixtures/modelBuilder.ts';
import { changeWeight, changed, modelFile } from '../../fixtures/modelFile.ts';
import { scanModel } from '../../../src/formats/onnx/scan/scan.ts';
import { MemorySource } from '../../../src/bytes/byteSource.ts';

const weights = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(i));
const base = encodeModel(
  model({
    inputs: [valueInfo('image', [1, 3, 8, 8]), valueInfo('scale', [1])],
    outputs: [valueInfo('y', [1, 4, 8, 8])],
    valueInfo: [valueInfo('c', [1, 4, 8, 8])],
    initializers: [floatTensor('w', [4, 3, 3, 3], weights(108)), floatTensor('b', [4], [1, 2, 3, 4])],
    nodes: [
      node('Conv', ['image', 'w', 'b'], ['c'], { pads: [1, 1, 1, 1] }),
      named(node('Relu', ['c'], ['r']), { name: '' }),
      node('Constant', [], ['k'], { value: { tensor: floatTensor('', [1], [2]) } }),
      named(node('Mul', ['r', 'k'], ['m']), { name: 'times' }),
      node('Mul', ['m', 'scale'], ['y']),
    ],
    metadata: { author: 'somebody' },
  }),
);

async function differ(a: Uint8Array, b: Uint8Array): Promise<Comparison> {
  return compare({ a: await modelFile(a), b: await modelFile(b) });
}

/** The names of the lists that hold something. */
function parts(c: Comparison): string[] {
  const { nodes, ...rest } = c;
  const lists = {
    header: rest.header,
    inputs: rest.inputs,
    outputs: rest.outputs,
    valueInfo: rest.valueInfo,
    added: nodes.added,
    removed: nodes.removed,
    changed: nodes.changed,
    renamed: nodes.renamed,
    tensors: rest.tensors,
    renamedTensors: rest.renamedTensors,
    metadata: rest.metadata,
  };
  return Object.entries(lists)
    .filter(([, list]) => list.length)
    .map(([name]) => name);
}

test('a model and itself', async () => {
  const c = await differ(base, base);
  assert.deepEqual([c.identical, c.sameFile], [true, true]);
  assert.deepEqual(parts(c), []);
  assert.deepEqual(c.alignment, [0, 1, 2, 3, 4]);
  assert.equal(c.nodes.same, 5);
});

test('a model and its gray variant: the fold, the input, the record, and nothing else', async () => {
  for (const original of [base, resNet18(8, 10, 64)]) {
    const c = await differ(original, (await adaptBytes(original, grayscale())).bytes);
    assert.deepEqual(parts(c), ['inputs', 'tensors', 'metadata']);
    assert.equal(c.inputs.length, 1);
    assert.equal(c.tensors.length, 1);
    assert.equal(c.tensors[0]?.change, 'dims');
    assert.equal(c.tensors[0]?.sumOverAxis, 1);
    assert.deepEqual(c.tensors[0]?.b?.dims.slice(1, 2), [1]);
    assert.deepEqual(
      c.metadata.map((m) => [m.what, m.a]),
      [[PROVENANCE_KEY, null]],
    );
    assert.equal(compareText(c)[0], '1 input, 1 weight, 1 metadata entry; nothing else differs.');
  }
  const scaled = changed((await adaptBytes(base, grayscale())).bytes, (_, g) =>
    changeWeight(g, 'w', (w) => {
      w[0] = (w[0] ?? 0) * 1.001;
    }),
  );
  assert.equal((await differ(base, scaled)).tensors[0]?.sumOverAxis, null, 'a wrong sum is not called one');
});

test('swapped channels are other values of the same shape', async () => {
  const c = await differ(base, (await adaptBytes(base, swapRedBlue())).bytes);
  assert.deepEqual(parts(c), ['tensors', 'metadata']);
  assert.deepEqual(
    c.tensors.map((t) => [t.change, t.values?.total]),
    [['values', 108]],
  );
  assert.ok((c.tensors[0]?.values?.count ?? 0) >= 70);
});

const PLANTED: readonly [string, (bytes: Uint8Array) => Uint8Array, string[], (c: Comparison) => void][] = [
  [
    'one value',
    (b) =>
      changed(b, (_, g) =>
        changeWeight(g, 'w', (w) => {
          w[7] = (w[7] ?? 0) + 0.5;
        }),
      ),
    ['tensors'],
    (c) => {
      const v = c.tensors[0]?.values;
      assert.deepEqual([c.tensors[0]?.name, v?.count, v?.first, v?.maxAbs.toFixed(6)], ['w', 1, 7, '0.500000']);
      assert.ok(Math.abs((v?.relL2 ?? 0) - 0.5 / Math.sqrt(weights(108).reduce((s, x) => s + x * x, 0))) < 1e-6);
    },
  ],
  [
    'one attribute',
    (b) =>
      changed(b, (_, g) => {
        const a = g.node[0]?.attribute?.[0];
        if (a) a.ints = [0, 0, 1, 1];
      }),
    ['changed'],
    (c) => {
      assert.deepEqual(c.nodes.changed[0]?.changes, [{ what: 'attribute pads', a: '[1, 1, 1, 1]', b: '[0, 0, 1, 1]' }]);
    },
  ],
  [
    'a node in between',
    (b) =>
      changed(b, (_, g) => {
        const mul = g.node[3];
        if (mul?.input) mul.input[0] = 'r2';
        g.node.splice(3, 0, node('Sigmoid', ['r'], ['r2']) as (typeof g.node)[number]);
      }),
    ['added', 'changed'],
    (c) => {
      assert.deepEqual(
        c.nodes.added.map((n) => [n.opType, n.index]),
        [['Sigmoid', 3]],
      );
      assert.deepEqual(
        c.nodes.changed.map((n) => [n.b.name, n.changes[0]?.what]),
        [['times', 'inputs']],
      );
      assert.deepEqual(c.alignment, [0, 1, 2, -1, 3, 4]);
    },
  ],
  [
    'a node gone',
    (b) =>
      changed(b, (_, g) => {
        g.node.splice(3, 1);
        const last = g.node[3];
        if (last?.input) last.input[0] = 'r';
      }),
    ['removed', 'changed'],
    (c) => {
      assert.deepEqual(
        c.nodes.removed.map((n) => n.name),
        ['times'],
      );
    },
  ],
  [
    'another operator',
    (b) =>
      changed(b, (_, g) => {
        const n = g.node[1];
        if (n) n.opType = 'Abs';
      }),
    ['changed'],
    (c) => {
      assert.deepEqual(c.nodes.changed[0]?.changes, [{ what: 'operator', a: 'Relu', b: 'Abs' }]);
    },
  ],
  [
    'a Constant',
    (b) =>
      changed(b, (_, g) => {
        const a = g.node[2]?.attribute?.[0];
        if (a) a.t = floatTensor('', [1], [3]);
      }),
    ['tensors'],
    (c) => {
      assert.deepEqual([c.tensors[0]?.name, c.tensors[0]?.values?.maxAbs], ['k (Constant value)', 1]);
    },
  ],
  [
    'a type',
    (b) =>
      changed(b, (_, g) => {
        const i = g.initializer.findIndex((t) => t.name === 'b');
        g.initializer[i] = rawTensor('b', DTYPE.float64, [4], new Uint8Array(32)) as (typeof g.initializer)[number];
      }),
    ['tensors'],
    (c) => assert.equal(c.tensors[0]?.change, 'dtype'),
  ],
  [
    'a form of storage',
    (b) =>
      changed(b, (_, g) => {
        const i = g.initializer.findIndex((t) => t.name === 'b');
        g.initializer[i] = {
          name: 'b',
          dataType: 1,
          dims: [4],
          floatData: [1, 2, 3, 4],
        } as unknown as (typeof g.initializer)[number];
      }),
    ['tensors'],
    (c) => assert.equal(c.tensors[0]?.change, 'storage'),
  ],
  [
    'weights added and removed',
    (b) =>
      changed(b, (_, g) => {
        const w = g.initializer.find((t) => t.name === 'b');
        if (w) w.name = 'bias';
      }),
    ['tensors'],
    (c) =>
      assert.deepEqual(
        c.tensors.map((t) => [t.name, t.change]),
        [
          ['b', 'removed'],
          ['bias', 'added'],
        ],
      ),
  ],
  [
    'metadata',
    (b) =>
      changed(b, (m) => {
        m.metadataProps = [{ key: 'author', value: 'nobody' }] as typeof m.metadataProps;
      }),
    ['metadata'],
    (c) => assert.deepEqual(c.metadata, [{ what: 'author', a: 'somebody', b: 'nobody' }]),
  ],
  [
    'operator set and producer',
    (b) =>
      changed(b, (m) => {
        m.producerName = 'x';
        m.opsetImport = [{ domain: '', version: 18 }] as typeof m.opsetImport;
      }),
    ['header'],
    (c) =>
      assert.deepEqual(
        c.header.map((h) => h.what),
        ['producer', 'opset ai.onnx'],
      ),
  ],
  [
    'a declared shape',
    (b) =>
      changed(b, (_, g) => {
        g.valueInfo = [];
      }),
    ['valueInfo'],
    (c) => assert.equal(c.valueInfo[0]?.b, null),
  ],
  [
    'an output',
    (b) =>
      changed(b, (_, g) => {
        g.output.push(valueInfo('r', null) as (typeof g.output)[number]);
      }),
    ['outputs'],
    (c) => assert.equal(c.outputs[0]?.a, null),
  ],
  [
    'the order of inputs',
    (b) =>
      changed(b, (_, g) => {
        g.input.reverse();
      }),
    ['header'],
    (c) => assert.equal(c.header[0]?.what, 'order of inputs'),
  ],
];
for (const [name, plant, expected, look] of PLANTED) {
  test(`finds exactly what was planted: ${name}`, async () => {
    const c = await differ(base, plant(base));
    assert.equal(c.identical, false);
    assert.deepEqual(parts(c), expected);
    look(c);
    assert.ok(
      compareText(c).every((line) => /^[-+~] |^… |nodes? (are|is) the same$|nothing else differs\.$/.test(line)),
      compareText(c).join('\n'),
    );
  });
}

test('a node that keeps its name is found though another node took its output', async () => {
  const nodes = async (
    list: Parameters<typeof model>[0]['nodes'],
  ): Promise<Awaited<ReturnType<typeof scanModel>>['graph']> =>
    (await scanModel(new MemorySource(encodeModel(model({ nodes: list ?? [] }))))).graph;
  const a = await nodes([
    named(node('Relu', ['x'], ['r']), { name: 'relu' }),
    named(node('Conv', ['r', 'w'], ['y']), { name: 'conv' }),
  ]);
  const b = await nodes([
    named(node('Relu', ['x'], ['r/base']), { name: 'relu' }),
    named(node('Concat', ['r/base'], ['r'], { axis: 1 }), { name: 'join' }),
    named(node('Conv', ['r', 'w'], ['y']), { name: 'conv' }),
  ]);
  assert.deepEqual(align(a, b).nodes, [0, -1, 1]);
});

const big = resNet18(8, 10, 64);
type Graph = Parameters<Parameters<typeof changed>[1]>[1];

/** Renames tensors and nodes; what `keeps` names stays. */
function renamed(
  bytes: Uint8Array,
  node: (i: number) => string,
  tensor: (name: string) => string,
  keeps: (g: Graph) => string[] = () => [],
): Uint8Array {
  return changed(bytes, (_, g) => {
    const fixed = new Set(keeps(g));
    const to = (name: string | null | undefined): string => (!name || fixed.has(name) ? (name ?? '') : tensor(name));
    g.node.forEach((n, i) => {
      n.name = node(i);
      n.input = (n.input ?? []).map(to);
      n.output = (n.output ?? []).map(to);
    });
    for (const v of [...g.input, ...g.output, ...g.valueInfo, ...g.initializer]) v.name = to(v.name);
  });
}

test('other names are told as other names, however many', async () => {
  const ends = (g: Graph): string[] => [...g.input, ...g.output].map((v) => v.name ?? '');
  const nodesOnly = await differ(
    big,
    renamed(
      big,
      (i) => `Conv_${i}`,
      (t) => t,
    ),
  );
  assert.deepEqual([parts(nodesOnly), nodesOnly.nodes.renamed.length], [['renamed'], 49]);
  const all = await differ(
    big,
    renamed(
      big,
      (i) => `n${i}`,
      (t) => `other/${t}`,
      ends,
    ),
  );
  assert.deepEqual(parts(all), ['renamed', 'renamedTensors']);
  assert.deepEqual(
    all.alignment,
    all.alignment.map((_, i) => i),
  );
  assert.equal(all.renamedTensors.length, 42);
  const numbers = (shift: number): Uint8Array => {
    const known = new Map<string, string>();
    const keeps = (g: Graph): string[] => [...ends(g), ...g.initializer.map((t) => t.name ?? '')];
    return renamed(
      big,
      () => '',
      (t) => known.get(t) ?? known.set(t, String(known.size + shift)).get(t) ?? '',
      keeps,
    );
  };
  const shifted = await differ(numbers(100), numbers(101));
  assert.deepEqual(parts(shifted), ['renamed'], 'each number stands for the tensor before it in the other model');
  assert.deepEqual(
    shifted.alignment,
    shifted.alignment.map((_, i) => i),
  );
  // A weight changed under another name is one weight changed, not one gone and one new.
  const retrained = await differ(
    big,
    changed(
      renamed(
        big,
        (i) => `n${i}`,
        (t) => `other/${t}`,
        ends,
      ),
      (_, g) =>
        changeWeight(g, 'other/conv1.weight', (w) => {
          w[3] = 9;
        }),
    ),
  );
  assert.deepEqual(
    retrained.tensors.map((t) => [t.was, t.name, t.change, t.values?.count]),
    [['conv1.weight', 'other/conv1.weight', 'values', 1]],
  );
});

test('numbered names that one node more has shifted', async () => {
  const chain = (extra: boolean): Uint8Array => {
    const ops = ['Relu', 'Sigmoid', 'Tanh', 'Relu', 'Sigmoid', 'Tanh', 'Relu'];
    if (extra) ops.splice(3, 0, 'Neg');
    const nodes = ops.map((op, i) =>
      named(node(op, [i ? String(i + 9) : 'image'], [i === ops.length - 1 ? 'y' : String(i + 10)]), {
        name: `${op}_${i}`,
      }),
    );
    return encodeModel(model({ nodes, inputs: [valueInfo('image', [1, 3])], outputs: [valueInfo('y', null)] }));
  };
  const c = await differ(chain(false), chain(true));
  assert.deepEqual(c.alignment, [0, 1, 2, -1, 3, 4, 5, 6]);
  assert.deepEqual(
    c.nodes.added.map((n) => n.opType),
    ['Neg'],
  );
  assert.deepEqual(
    c.nodes.changed.map((n) => [n.b.index, n.changes.map((x) => x.what)]),
    [[4, ['inputs']]],
    'only what reads the new node reads something else',
  );
});

test('retrained, in half precision, pruned, in another order, and nothing in common', async () => {
  const floats = (g: Graph): string[] => g.initializer.filter((t) => t.dataType === 1).map((t) => t.name ?? '');
  const retrained = await differ(
    big,
    changed(big, (_, g) => {
      for (const name of floats(g))
        changeWeight(g, name, (w) =>
          w.forEach((v, i) => {
            w[i] = v * 1.01 + 0.001;
          }),
        );
    }),
  );
  assert.deepEqual([parts(retrained), retrained.tensors.length, retrained.nodes.same], [['tensors'], 42, 49]);
  assert.ok(retrained.tensors.every(({ values }) => values != null && values.count === values.total));
  const half = await differ(
    big,
    changed(big, (_, g) => {
      for (const t of g.initializer)
        if (t.dataType === 1)
          [t.dataType, t.rawData] = [
            11,
            new Uint8Array(Float64Array.from(new Float32Array(Uint8Array.from(t.rawData as Uint8Array).buffer)).buffer),
          ];
    }),
  );
  assert.deepEqual([parts(half), half.tensors.length], [['tensors'], 42]);
  assert.ok(
    half.tensors.every((t) => t.change === 'dtype' && t.values?.count === 0),
    'as float64 the values are the same',
  );
  const pruned = await differ(
    big,
    changed(big, (_, g) => {
      const relu = g.node.findIndex((n, i) => i > 5 && n.opType === 'Relu');
      const [gone] = g.node.splice(relu, 1);
      for (const n of g.node)
        n.input = n.input?.map((name) => (name === gone?.output?.[0] ? (gone?.input?.[0] ?? '') : name));
    }),
  );
  assert.deepEqual(
    [parts(pruned), pruned.nodes.removed.length, pruned.nodes.changed.every((n) => n.changes[0]?.what === 'inputs')],
    [['removed', 'changed'], 1, true],
  );
  const reordered = await differ(
    base,
    changed(base, (_, g) => {
      const k = g.node.splice(2, 1);
      g.node.unshift(...k);
    }),
  );
  assert.deepEqual(
    [parts(reordered), reordered.header],
    [['header'], [{ what: 'order of nodes', a: 'as in the file', b: '2 nodes stand earlier' }]],
  );
  const strangers = await differ(
    big,
    encodeModel(
      model({ inputs: [valueInfo('x', [1])], outputs: [valueInfo('z', null)], nodes: [node('Sin', ['x'], ['z'])] }),
    ),
  );
  assert.match(compareText(strangers)[0] ?? '', /^No node is in both models: /);
  const other = await differ(big, mobileNetV2(0.25, 10, 64));
  assert.ok(other.nodes.removed.length > 30 && other.nodes.added.length > 80);
});

test('the same model stored in another way is said to be that', async () => {
  const c = await differ(
    base,
    changed(base, (_, g) => {
      g.initializer.reverse();
    }),
  );
  assert.deepEqual([c.identical, c.sameFile], [true, false]);
  assert.match(compareText(c)[0] ?? '', /only the order or the encoding/);
});
