import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareText } from '../../../src/verify/compare/compareText.ts';
import { mobileNetV2, resNet18 } from '../../fixtures/architectures.ts';
import { encodeModel, model, named, node, valueInfo } from '../../fixtures/modelBuilder.ts';
import { changeWeight, changed } from '../../fixtures/modelFile.ts';
import { base, differ, differingParts } from './comparedFiles.ts';

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
  assert.deepEqual([differingParts(nodesOnly), nodesOnly.nodes.renamed.length], [['renamed'], 49]);
  const all = await differ(
    big,
    renamed(
      big,
      (i) => `n${i}`,
      (t) => `other/${t}`,
      ends,
    ),
  );
  assert.deepEqual(differingParts(all), ['renamed', 'renamedTensors']);
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
  assert.deepEqual(
    differingParts(shifted),
    ['renamed'],
    'each number stands for the tensor before it in the other model',
  );
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
  assert.deepEqual([differingParts(retrained), retrained.tensors.length, retrained.nodes.same], [['tensors'], 42, 49]);
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
  assert.deepEqual([differingParts(half), half.tensors.length], [['tensors'], 42]);
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
    [
      differingParts(pruned),
      pruned.nodes.removed.length,
      pruned.nodes.changed.every((n) => n.changes[0]?.what === 'inputs'),
    ],
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
    [differingParts(reordered), reordered.header],
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
