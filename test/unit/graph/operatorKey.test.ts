import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySource } from '../../../src/bytes/byteSource.ts';
import { scanModel } from '../../../src/formats/onnx/scan/scan.ts';
import { attributeText, samePlainValue } from '../../../src/graph/attributeText.ts';
import { calledFunction, operatorKey } from '../../../src/graph/operatorKey.ts';
import type { Attribute, Model } from '../../../src/formats/onnx/model.ts';
import {
  encodeModel,
  floatTensor,
  graph,
  model,
  named,
  node,
  valueInfo,
  type AttributeValue,
} from '../../fixtures/modelBuilder.ts';

test('no two operators share a key, whatever a file calls them', () => {
  const operators = [
    { domain: '', opType: 'Conv' },
    { domain: 'com.microsoft', opType: 'Conv' },
    { domain: '', opType: 'com.microsoft:Conv' },
    { domain: 'a:b', opType: 'c' },
    { domain: 'a', opType: 'b:c' },
    { domain: '', opType: 'a:b:c' },
  ];
  assert.equal(new Set(operators.map(operatorKey)).size, operators.length);
  assert.deepEqual(operators.slice(0, 2).map(operatorKey), ['Conv', 'com.microsoft:Conv']);
});

async function scanned(parts: Parameters<typeof model>[0], more: object = {}): Promise<Model> {
  return scanModel(new MemorySource(encodeModel({ ...model(parts), ...more })));
}

test('a call finds its function by domain, name and overload; an operator of that name finds none', async () => {
  const called = (domain: string, overload: string, op: string): object => ({
    name: 'f',
    domain,
    overload,
    input: ['a'],
    output: ['b'],
    node: [node(op, ['a'], ['b'])],
    opsetImport: [{ domain: '', version: 17 }],
  });
  const { functions, graph: main } = await scanned(
    {
      inputs: [valueInfo('x', [1])],
      outputs: [valueInfo('y', null)],
      nodes: [
        named(node('f', ['x'], ['y']), { domain: 'own' }),
        node('f', ['x'], ['z']),
        named(node('g', ['x'], ['v']), { domain: 'own' }),
      ],
    },
    { functions: [called('other', '', 'Abs'), called('own', '', 'Relu'), called('own', '', 'Neg')] },
  );
  const found = main.nodes.map((n) => calledFunction(functions, n)?.nodes[0]?.opType ?? null);
  assert.deepEqual(found, ['Relu', null, null]);
});

async function attributeOf(value: AttributeValue): Promise<Attribute> {
  const { graph: main } = await scanned({
    inputs: [valueInfo('x', [1])],
    outputs: [valueInfo('y', null)],
    nodes: [node('Odd', ['x'], ['y'], { a: value })],
  });
  return main.nodes[0]?.attributes[0] as Attribute;
}

for (const [value, text] of [
  [3, '3'],
  [{ float: 0.5 }, '0.5'],
  [{ float: 1e-5 }, '0.00001'],
  [{ floats: [0.9, 1 / 3] }, '[0.9, 0.33333334]'],
  ['NOTSET', 'NOTSET'],
  [[1, 2], '[1, 2]'],
  [{ floats: [1.5] }, '[1.5]'],
  [['a', 'b'], '[a, b]'],
  [Array.from({ length: 70 }, (_, i) => i), `[${Array.from({ length: 64 }, (_, i) => i).join(', ')}, … 6 more]`],
  ['x'.repeat(5000), 'x'.repeat(1024)],
  [{ tensor: floatTensor('t', [2], [1, 2]) }, 'float32 [2]'],
  [{ graph: graph({ name: 'g', outputs: [], nodes: [node('Relu', ['x'], ['q'])] }) }, 'graph g with 1 node'],
] as [AttributeValue, string][])
  test(`an attribute as text: ${text.slice(0, 40)}`, async () => {
    assert.equal(attributeText(await attributeOf(value)), text);
  });

test('attributes are the same only where their values are', async () => {
  const values: AttributeValue[] = [
    1,
    2,
    { float: 1 },
    '1',
    [1],
    ['1'],
    ['1', '2'],
    ['1, 2'],
    { floats: [1] },
    { floats: [1, 2] },
  ];
  const all = await Promise.all(values.map(attributeOf));
  for (const [i, a] of all.entries())
    for (const [j, b] of all.entries())
      assert.equal(samePlainValue(a, b), i === j, `${attributeText(a)} and ${attributeText(b)}`);
  const tensor = await attributeOf({ tensor: floatTensor('t', [1], [1]) });
  assert.equal(samePlainValue(tensor, tensor), false);
});
