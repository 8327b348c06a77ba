// Slow: graphs that unfold up to the bounds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeModel, graph, model, named, node, valueInfo } from '../../fixtures/modelBuilder.ts';
import { nestedLoops } from '../../fixtures/hostileParts.ts';
import { shapesOf } from '../../fixtures/runtimeShapes.ts';

const OWN = [
  { domain: '', version: 17 },
  { domain: 'own', version: 1 },
];
const opsetImport = [
  { domain: '', version: 17 },
  { domain: 'own', version: 1 },
];
const refers = { name: 'axis', type: 2, refAttrName: 'where' };

test('branches keep the sizes they agree on; others get a name with a reason; a known condition decides', async () => {
  const branch = (op: string, out: string): ReturnType<typeof graph> =>
    graph({
      name: out,
      outputs: [valueInfo(out, null)],
      nodes: [node(op, op === 'Concat' ? ['x', 'x'] : ['x'], [out], op === 'Concat' ? { axis: 0 } : {})],
    });
  const bytes = encodeModel(
    model({
      inputs: [valueInfo('x', ['n', 4]), valueInfo('c', [], 9)],
      outputs: [valueInfo('y', null)],
      nodes: [
        named(
          node('If', ['c'], ['y'], {
            then_branch: { graph: branch('Relu', 'a') },
            else_branch: { graph: branch('Concat', 'b') },
          }),
          { name: 'choice' },
        ),
      ],
    }),
  );
  const shapes = await shapesOf(bytes);
  assert.deepEqual(shapes.tensors.get('y')?.dims, ['if_1', 4]);
  assert.match(shapes.symbols.get('if_1') ?? '', /its branches differ \(n or 2·n\)/);
  const [inner] = [...shapes.inner.values()];
  assert.deepEqual(
    inner?.map((s) => [s.label, s.shapes.tensors.get(s.label === 'then_branch' ? 'a' : 'b')?.dims]),
    [
      ['then_branch', ['n', 4]],
      ['else_branch', ['2·n', 4]],
    ],
  );
});

test('what a loop carries keeps its shape, or gets a name for the size that grows', async () => {
  const body = graph({
    name: 'body',
    inputs: [valueInfo('i', [], 7), valueInfo('go', [], 9), valueInfo('kept', null), valueInfo('grows', null)],
    outputs: [valueInfo('on', [], 9), valueInfo('k', null), valueInfo('g', null), valueInfo('s', null)],
    nodes: [
      node('Identity', ['go'], ['on']),
      node('Relu', ['kept'], ['k']),
      node('Concat', ['grows', 'x'], ['g'], { axis: 0 }),
      node('Relu', ['kept'], ['s']),
    ],
  });
  const shapes = await shapesOf(
    encodeModel(
      model({
        inputs: [valueInfo('x', ['n', 4]), valueInfo('m', [], 7)],
        outputs: [valueInfo('y', null)],
        nodes: [node('Loop', ['m', '', 'x', 'x'], ['a', 'b', 'y'], { body: { graph: body } })],
      }),
    ),
  );
  assert.deepEqual(
    ['a', 'b', 'y'].map((t) => shapes.tensors.get(t)?.dims),
    [
      ['n', 4],
      ['loop_1', 4],
      ['loop_2', 'n', 4],
    ],
  );
});

test('a function is followed with the attributes and the sizes of each call; one that calls itself says so', async () => {
  const join = {
    name: 'Join',
    domain: 'own',
    input: ['a'],
    output: ['b'],
    attribute: ['where'],
    opsetImport,
    node: [{ ...node('Concat', ['a', 'a'], ['b']), attribute: [refers] }],
  };
  const circle = {
    name: 'Circle',
    domain: 'own',
    input: ['a'],
    output: ['b'],
    opsetImport,
    node: [named(node('Circle', ['a'], ['b']), { domain: 'own' })],
  };
  const shapes = await shapesOf(
    encodeModel(
      model({
        opsets: OWN,
        functions: [join, circle],
        inputs: [valueInfo('x', ['n', 4])],
        outputs: [valueInfo('z', null)],
        nodes: [
          named(node('Join', ['x'], ['y'], { where: 0 }), { domain: 'own' }),
          named(node('Join', ['x'], ['w'], { where: 1 }), { domain: 'own' }),
          named(node('Circle', ['y'], ['z']), { domain: 'own' }),
        ],
      }),
    ),
  );
  assert.deepEqual(
    [shapes.tensors.get('y')?.dims, shapes.tensors.get('w')?.dims],
    [
      ['2·n', 4],
      ['n', 8],
    ],
  );
  assert.match(shapes.tensors.get('z')?.reason ?? '', /calls itself/);
});

test('functions that unfold without end, or lie too deep, end with a reason', async () => {
  const chain = (calls: number, depth: number): ReturnType<typeof shapesOf> =>
    shapesOf(
      encodeModel(
        model({
          opsets: OWN,
          inputs: [valueInfo('x', ['n'])],
          outputs: [valueInfo('y', null)],
          nodes: [named(node('F0', ['x'], ['y']), { domain: 'own' })],
          functions: Array.from({ length: depth }, (_, k) => ({
            name: `F${k}`,
            domain: 'own',
            input: ['a'],
            output: [`t${calls}`],
            opsetImport,
            // NonZero gives every call sizes of its own, so that no call is like another.
            node: Array.from({ length: calls }, (__, c) =>
              k === depth - 1
                ? node('NonZero', [c ? `t${c}` : 'a'], [`t${c + 1}`])
                : named(node(`F${k + 1}`, [c ? `t${c}` : 'a'], [`t${c + 1}`]), { domain: 'own' }),
            ),
          })),
        }),
      ),
    );
  assert.match((await chain(1, 80)).tensors.get('y')?.reason ?? '', /more than 64 deep/);
  assert.match((await chain(4, 12)).tensors.get('y')?.reason ?? '', /unfold to more than/);
});

test('loops in loops that all change what they carry end at a bound, and say so', async () => {
  const few = await shapesOf(nestedLoops(3));
  assert.doesNotMatch(few.tensors.get('longer')?.reason ?? '', /unfold/);
  const many = await shapesOf(nestedLoops(28));
  const reasons = [...many.tensors.values()].map((t) => t.reason ?? '').concat(insideReasons(many));
  assert.ok(reasons.some((r) => /unfold to more than 100,000 nodes/.test(r)));
});

/** Reasons of everything inside, however deep. */
function insideReasons(shapes: Pick<Awaited<ReturnType<typeof shapesOf>>, 'inner'>): string[] {
  const found: string[] = [];
  const open = [shapes];
  for (const at of open) {
    for (const { shapes: inner } of [...at.inner.values()].flat()) {
      for (const { reason } of inner.tensors.values()) found.push(reason ?? '');
      open.push(inner);
    }
  }
  return found;
}
