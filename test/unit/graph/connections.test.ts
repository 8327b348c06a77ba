import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySource } from '../../../src/bytes/byteSource.ts';
import { scanModel } from '../../../src/formats/onnx/scan/scan.ts';
import { WireReader } from '../../../src/formats/onnx/scan/wire.ts';
import { connectionsOf } from '../../../src/graph/connections.ts';
import { modelCosts } from '../../../src/graph/cost/cost.ts';
import { inputLayers } from '../../../src/graph/inputLayers/inputLayers.ts';
import { inferShapes } from '../../../src/graph/shapes/shapes.ts';
import { steeringConstants } from '../../../src/graph/shapes/steering.ts';
import type { Node } from '../../../src/formats/onnx/model.ts';
import { mobileNetV2, resNet18 } from '../../fixtures/architectures.ts';
import {
  DTYPE,
  decodeModel,
  encodeModel,
  floatTensor,
  graph,
  int64Tensor,
  model,
  named,
  node,
  valueInfo,
} from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';

type Built = ReturnType<typeof node>;

async function nodesOf(...nodes: Built[]): Promise<readonly Node[]> {
  const bytes = encodeModel(model({ inputs: [valueInfo('x', [1])], outputs: [valueInfo('y', null)], nodes }));
  return (await scanModel(new MemorySource(bytes))).graph.nodes;
}

const orderOf = async (...nodes: Built[]): Promise<string> =>
  connectionsOf(await nodesOf(...nodes))
    .order.map((n) => n.outputs.join('+'))
    .join(' ');
const relu = (from: string, to: string): Built => node('Relu', [from], [to]);
const branching = (reads: string, to: string): Built =>
  node('If', ['x'], [to], {
    then_branch: { graph: graph({ outputs: [valueInfo('q', null)], nodes: [relu(reads, 'q')] }) },
  });

for (const { what, nodes, order } of [
  { what: 'nodes in order stay as they are', nodes: [relu('x', 'b'), relu('x', 'a'), relu('b', 'y')], order: 'b a y' },
  {
    what: 'a node that stands too late comes in front of its first reader',
    nodes: [relu('x', 'a'), relu('b', 'y'), relu('a', 'c'), relu('a', 'b')],
    order: 'a b y c',
  },
  {
    what: 'a chain written backwards is turned round',
    nodes: [relu('b', 'y'), relu('a', 'b'), relu('x', 'a')],
    order: 'a b y',
  },
  {
    what: 'what a subgraph reads comes in front of the node around it',
    nodes: [branching('a', 'y'), relu('x', 'a')],
    order: 'a y',
  },
  { what: 'each node of a cycle comes once', nodes: [relu('b', 'a'), relu('a', 'b'), relu('x', 'y')], order: 'b a y' },
  { what: 'a node that reads itself comes once', nodes: [relu('y', 'y')], order: 'y' },
])
  test(`order: ${what}`, async () => {
    assert.equal(await orderOf(...nodes), order);
  });

test('order: a hundred thousand nodes written backwards', async () => {
  const nodes = Array.from({ length: 100_000 }, (_, i) => relu(i === 99_999 ? 'x' : `t${i + 1}`, `t${i}`));
  const { order } = connectionsOf(await nodesOf(...nodes));
  assert.deepEqual([order[0]?.outputs[0], order.at(-1)?.outputs[0]], ['t99999', 't0']);
});

test('makers and readers: the first maker counts, a name made twice is told, and a node that reads twice is there twice', async () => {
  const nodes = await nodesOf(relu('x', 'a'), relu('x', 'a'), node('Add', ['a', 'a'], ['y']), branching('a', 'z'));
  const connections = connectionsOf(nodes);
  assert.deepEqual([connections.makers.get('a'), connections.makerIndex.get('a')], [nodes[0], 0]);
  assert.equal(connections.madeTwice, 'a');
  assert.deepEqual(connections.readers.get('a'), [nodes[2], nodes[2]]);
  assert.deepEqual([...(connections.captures.get('a') ?? [])], [nodes[3]]);
  assert.deepEqual(connections.capturedBy.get(nodes[3] as Node), ['a']);
  assert.equal(connectionsOf(nodes), connections);
});

/**
 * Sizes go through a float and back, a branch reads what stands behind it, and a function makes the sizes of a Resize.
 */
function steered(): Uint8Array {
  const half = { name: 'half', domain: 'own', input: ['s'], output: ['t'], opsetImport: [{ domain: '', version: 17 }] };
  return encodeModel({
    ...model({
      inputs: [valueInfo('x', [1, 3, 32, 48]), valueInfo('c', [], DTYPE.bool)],
      outputs: [valueInfo('y', null)],
      initializers: [
        floatTensor('two', [1], [2]),
        int64Tensor('from', [1], [2]),
        int64Tensor('to', [1], [4]),
        int64Tensor('front', [2], [1, 3]),
      ],
      nodes: [
        node('Shape', ['x'], ['all']),
        node('Slice', ['all', 'from', 'to'], ['image']),
        named(node('half', ['image'], ['small']), { domain: 'own' }),
        node('Concat', ['front', 'small'], ['sizes'], { axis: 0 }),
        node('Resize', ['x', '', '', 'sizes'], ['r']),
        node('If', ['c'], ['y'], {
          then_branch: {
            graph: graph({
              outputs: [valueInfo('q', null)],
              nodes: [node('Relu', ['r'], ['p']), node('Relu', ['p'], ['q'])],
            }),
          },
          else_branch: { graph: graph({ outputs: [valueInfo('w', null)], nodes: [node('Identity', ['r'], ['w'])] }) },
        }),
      ],
    }),
    opsetImport: [
      { domain: '', version: 17 },
      { domain: 'own', version: 1 },
    ],
    functions: [
      {
        ...half,
        node: [
          node('Cast', ['s'], ['f'], { to: DTYPE.float32 }),
          node('Constant', [], ['two'], { value_floats: { floats: [2] } }),
          node('Div', ['f', 'two'], ['h']),
          node('Cast', ['h'], ['t'], { to: DTYPE.int64 }),
        ],
      },
    ],
  });
}

/** All lists of nodes in another order: backwards, or shuffled. */
function reordered(bytes: Uint8Array, order: (nodes: Built[]) => Built[]): Uint8Array {
  const built = decodeModel(bytes);
  for (const list of [built.graph, ...built.functions]) {
    if (!list?.node) continue;
    for (const { attribute } of list.node)
      for (const { g } of attribute ?? []) if (g?.node) g.node = order(g.node as Built[]);
    list.node = order(list.node as Built[]);
  }
  return encodeModel(built);
}

async function described(bytes: Uint8Array): Promise<unknown> {
  const source = new MemorySource(bytes);
  const scanned = await scanModel(source);
  const shapes = inferShapes(scanned, {
    constants: await steeringConstants(scanned, { wire: new WireReader(source) }),
  });
  const { total } = modelCosts(scanned, shapes);
  return {
    tensors: new Map([...shapes.tensors].sort(([a], [b]) => (a < b ? -1 : 1))),
    inside: [...shapes.inner.values()].flatMap((scopes) => scopes.map((s) => new Map([...s.shapes.tensors].sort()))),
    contradictions: shapes.contradictions,
    symbols: [...shapes.symbols],
    cost: [total.params, total.macs, total.memory],
    first: inputLayers(scanned.graph).map((layer) => [layer.weightName, layer.node.outputs]),
  };
}

const random = new Random(8);
const shuffled = (nodes: Built[]): Built[] =>
  nodes
    .map((n) => ({ n, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ n }) => n);

for (const [what, bytes] of [
  ['ResNet-18', resNet18(8, 4, 32)],
  ['MobileNet-v2', mobileNetV2(0.5, 10, 32)],
  ['sizes computed in a function, and a branch', steered()],
] as const)
  test(`${what}: in whatever order the nodes stand, shapes, cost and input layers are the same`, async () => {
    const sorted = await described(bytes);
    assert.deepEqual(await described(reordered(bytes, (nodes) => [...nodes].reverse())), sorted);
    assert.deepEqual(await described(reordered(bytes, shuffled)), sorted);
  });

test('the sizes of the steered model are known at all', async () => {
  const { tensors } = (await described(steered())) as { tensors: Map<string, { dims: unknown }> };
  assert.deepEqual(tensors.get('y')?.dims, [1, 3, 16, 24]);
});
