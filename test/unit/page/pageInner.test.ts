import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySource } from '../../../src/bytes/byteSource.ts';
import { inferShapes } from '../../../src/graph/shapes/shapes.ts';
import { pageModel } from '../../../src/page/model/pageModel.ts';
import { scanModel } from '../../../src/formats/onnx/scan/scan.ts';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import { GraphModel } from '../../../webview-ui/graph/graphModel.ts';
import { layoutNested } from '../../../webview-ui/layout/nested.ts';
import {
  encodeModel,
  floatTensor,
  graph,
  model,
  named,
  node,
  valueInfo,
  type ModelParts,
} from '../../fixtures/modelBuilder.ts';

async function page(parts: ModelParts): Promise<PageModel> {
  const bytes = encodeModel(model(parts));
  const scanned = await scanModel(new MemorySource(bytes));
  return pageModel(scanned, { fileName: 'm.onnx', fileSize: bytes.length, inferred: inferShapes(scanned) });
}

const loopBody = graph({
  inputs: [valueInfo('i', []), valueInfo('go', []), valueInfo('v', [4])],
  outputs: [valueInfo('go', []), valueInfo('w', [4])],
  nodes: [node('Mul', ['v', 'outer'], ['s']), node('Add', ['s', 'k'], ['w'])],
  initializers: [floatTensor('k', [4], [1, 2, 3, 4])],
});
const withLoop: ModelParts = {
  inputs: [valueInfo('x', [4]), valueInfo('n', []), valueInfo('c', [])],
  outputs: [valueInfo('y', [4])],
  nodes: [node('Relu', ['x'], ['outer']), node('Loop', ['n', 'c', 'x'], ['y'], { body: { graph: loopBody } })],
};

test('a loop: its nodes go on in number, its body reads outside and inside, its result goes to the loop', async () => {
  const { inner, nodes } = await page(withLoop);
  assert.deepEqual(
    inner!.graphs.map((g) => [g.owner, g.title, g.inputs.map((v) => v.name), g.nodes]),
    [[1, 'body', ['i', 'go', 'v'], 2]],
  );
  assert.deepEqual(
    inner!.nodes.map((n) => [n.id, n.opType]),
    [
      [2, 'Mul'],
      [3, 'Add'],
    ],
  );
  const edges = inner!.edges.map((e) => [e.from, e.to, e.tensor]);
  // Main inputs are -1 to -3, the body's -4 to -6. `go` comes in from c, `v` from x; `outer` is seen from inside.
  assert.deepEqual(edges, [
    [-3, -5, 'c'],
    [-1, -6, 'x'],
    [-6, 2, 'v'],
    [0, 2, 'outer'],
    [2, 3, 's'],
    [-5, 1, 'go'],
    [3, 1, 'w'],
  ]);
  assert.deepEqual(inner!.nodes[1]!.inputs[1]!.weight?.dims, [4]);
  assert.equal(nodes.length, 2);
});

test('on the page the body is a group of its owner, and the owner reads what comes out', async () => {
  const graphModel = new GraphModel(await page(withLoop));
  const { groups } = graphModel.hierarchy;
  assert.deepEqual(
    groups.map((g) => [g.title, g.count]),
    [
      ['', 4],
      ['Loop Loop_y', 3],
    ],
  );
  const loop = graphModel.itemOf('n1')!;
  const into = graphModel.flat.links.filter((l) => l.to === loop).map((l) => l.tensor);
  assert.deepEqual(into.sort(), ['go', 'n', 'w']);
  assert.equal(graphModel.valueOf('i5')!.name, 'v');
  assert.equal(graphModel.keyOf(graphModel.itemOf('i5')!), 'i5');
  assert.deepEqual(graphModel.valueOf('i5')!.dims, ['4']);
  for (const open of [0, 1])
    assert.ok(layoutNested(graphModel.input, new Uint8Array(groups.length).fill(open)).x.every(Number.isFinite));
});

test('both branches of an If are groups of one group', async () => {
  const branch = (op: string): ReturnType<typeof graph> =>
    graph({ nodes: [node(op, ['x'], ['b'])], outputs: [valueInfo('b', [4])] });
  const { groups } = new GraphModel(
    await page({
      inputs: [valueInfo('x', [4]), valueInfo('c', [])],
      outputs: [valueInfo('y', [4])],
      nodes: [
        node('If', ['c'], ['y'], { then_branch: { graph: branch('Relu') }, else_branch: { graph: branch('Neg') } }),
      ],
    }),
  ).hierarchy;
  assert.deepEqual(
    groups.map((g) => g.title),
    ['', 'If If_y', 'then_branch', 'else_branch'],
  );
});

test('a function is drawn at every call; one that calls itself ends', async () => {
  const call = (x: string, y: string): ReturnType<typeof node> => named(node('Twice', [x], [y]), { domain: 'own' });
  const twice = {
    name: 'Twice',
    domain: 'own',
    input: ['a'],
    output: ['b'],
    node: [node('Add', ['a', 'a'], ['b'])],
    opsetImport: [{ domain: '', version: 17 }],
  };
  const parts: ModelParts = {
    opsets: [
      { domain: '', version: 17 },
      { domain: 'own', version: 1 },
    ],
    inputs: [valueInfo('x', [4])],
    outputs: [valueInfo('z', [4])],
    nodes: [call('x', 'y'), call('y', 'z')],
    functions: [twice],
  };
  const { inner } = await page(parts);
  assert.deepEqual(
    inner!.graphs.map((g) => [g.owner, g.title, g.nodes]),
    [
      [0, 'Twice', 1],
      [1, 'Twice', 1],
    ],
  );
  assert.deepEqual(
    inner!.edges.filter((e) => e.to < 0).map((e) => [e.from, e.to]),
    [
      [-1, -2],
      [0, -3],
    ],
  );
  const own = { ...twice, node: [call('a', 't'), call('t', 'b')] };
  const endless = await page({ ...parts, functions: [own] });
  assert.ok(endless.inner!.nodes.length <= 20_000 && endless.inner!.left > 0);
});

test("a node called Constant is the standard's only in its domain; elsewhere it is drawn with its edges", async () => {
  const value = { value: { tensor: floatTensor('', [4], [1, 2, 3, 4]) } };
  const shown = async (domain: string) => {
    const { nodes, edges } = await page({
      inputs: [valueInfo('x', [4])],
      outputs: [valueInfo('y', [4])],
      nodes: [named(node('Constant', [], ['c'], value), { domain }), node('Add', ['x', 'c'], ['y'])],
      opsets: ['', 'com.example'].map((of) => ({ domain: of, version: 17 })),
    });
    return { kind: nodes[0]?.kind, edges: edges.map(({ from, to }) => [from, to]) };
  };
  assert.deepEqual(await shown(''), { kind: 'constant', edges: [[-1, 1]] });
  assert.deepEqual(await shown('com.example'), {
    kind: 'plain',
    edges: [
      [-1, 1],
      [0, 1],
    ],
  });
});

test('a weight behind Identity nodes is shown where it is read; what the graph gives out stays a node', async () => {
  const { nodes, edges, outputEdges, ...read } = await page({
    inputs: [valueInfo('x', [1, 4])],
    outputs: [valueInfo('y', [1, 4]), valueInfo('given', [4, 4])],
    // Out of order, as some tools write them; a circle holds nothing.
    nodes: [
      node('MatMul', ['x', 'twice'], ['y']),
      node('Identity', ['once'], ['twice']),
      node('Identity', ['w'], ['once']),
      node('Identity', ['w'], ['given']),
      node('Identity', ['x'], ['data']),
      node('Identity', ['b'], ['a']),
      node('Identity', ['a'], ['b']),
    ],
    initializers: [floatTensor('w', [4, 4], new Array<number>(16).fill(1))],
  });
  assert.deepEqual(
    nodes.map(({ kind }) => kind),
    ['layer', 'constant', 'constant', 'shape', 'shape', 'shape', 'shape'],
  );
  assert.deepEqual([nodes[0]!.inputs[1]!.weight?.name, nodes[0]!.detail], ['w', '4×4']);
  assert.deepEqual(
    edges.filter(({ to }) => to < 4).map(({ from, to }) => [from, to]),
    [[-1, 0]],
  );
  assert.deepEqual(
    outputEdges.map(({ from, output }) => [from, output]),
    [
      [0, 0],
      [3, 1],
    ],
  );
  const { flat } = new GraphModel({ ...read, nodes, edges, outputEdges });
  assert.deepEqual(
    flat.items.map(({ title }) => title),
    ['x', 'MatMul', 'Identity', 'Identity', 'Identity', 'Identity', 'y', 'given'],
  );
});

test('a model without inner graphs says nothing of them', async () => {
  assert.equal(
    (await page({ inputs: [valueInfo('x', [4])], outputs: [valueInfo('y', [4])], nodes: [node('Relu', ['x'], ['y'])] }))
      .inner,
    undefined,
  );
});
