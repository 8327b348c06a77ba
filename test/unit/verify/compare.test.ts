import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grayscale, swapRedBlue } from '../../../src/adapt/maps/channelMap.ts';
import { PROVENANCE_KEY } from '../../../src/adapt/report/provenance.ts';
import { compareText } from '../../../src/verify/compare/compareText.ts';
import { align } from '../../../src/verify/compare/align.ts';
import { adaptBytes } from '../../fixtures/adaptBytes.ts';
import { resNet18 } from '../../fixtures/architectures.ts';
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
import { changeWeight, changed } from '../../fixtures/modelFile.ts';
import { scanModel } from '../../../src/formats/onnx/scan/scan.ts';
import { MemorySource } from '../../../src/bytes/byteSource.ts';
import { base, differ, differingParts, weights } from './comparedFiles.ts';
import type { Comparison } from '../../../src/verify/compare/comparison.ts';

test('a model and itself', async () => {
  const c = await differ(base, base);
  assert.deepEqual([c.identical, c.sameFile], [true, true]);
  assert.deepEqual(differingParts(c), []);
  assert.deepEqual(c.alignment, [0, 1, 2, 3, 4]);
  assert.equal(c.nodes.same, 5);
});

test('a model and its gray variant: the fold, the input, the record, and nothing else', async () => {
  for (const original of [base, resNet18(8, 10, 64)]) {
    const c = await differ(original, (await adaptBytes(original, grayscale())).bytes);
    assert.deepEqual(differingParts(c), ['inputs', 'tensors', 'metadata']);
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
  assert.deepEqual(differingParts(c), ['tensors', 'metadata']);
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
    assert.deepEqual(differingParts(c), expected);
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
