import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { allTensors, externalFiles } from '../../../../src/formats/onnx/allTensors.ts';
import { decodeConstant } from '../../../../src/formats/onnx/constant.ts';
import type { Node } from '../../../../src/formats/onnx/model.ts';
import { scanModel } from '../../../../src/formats/onnx/scan/scan.ts';
import { WireReader } from '../../../../src/formats/onnx/scan/wire.ts';
import {
  encodeModel,
  externalTensor,
  floatTensor,
  graph,
  int64Tensor,
  model,
  node,
  valueInfo,
  type AttributeValue,
} from '../../../fixtures/modelBuilder.ts';

const sparse = (dims: number[], indices: number[], shape: number[]) => ({
  dims,
  values: floatTensor('', [2], [5, 6]),
  indices: int64Tensor('', shape, indices),
});

/**
 * Every attribute a Constant may have, and its value; null for texts. Source:
 * https://onnx.ai/onnx/operators/onnx__Constant.html
 */
const FORMS: readonly [name: string, value: AttributeValue, dtype: number, dims: number[], values: number[] | null][] =
  [
    ['value', { tensor: floatTensor('', [2, 1], [1, 2]) }, 1, [2, 1], [1, 2]],
    ['value_float', { float: 2.5 }, 1, [], [2.5]],
    ['value_floats', { floats: [1, 2, 3] }, 1, [3], [1, 2, 3]],
    ['value_int', -7, 7, [], [-7]],
    ['value_ints', { ints: [4, -5] }, 7, [2], [4, -5]],
    ['sparse_value', { sparse: sparse([2, 2], [0, 3], [2]) }, 1, [2, 2], [5, 0, 0, 6]],
    ['sparse_value', { sparse: sparse([2, 2], [0, 1, 1, 0], [2, 2]) }, 1, [2, 2], [0, 5, 6, 0]],
    ['value_string', 'text', 8, [], null],
  ];

test('Constant in all its attribute forms; two values at once, or none, are refused', async () => {
  for (const [name, value, dtype, dims, values] of FORMS) {
    const source = new MemorySource(encodeModel(model({ nodes: [node('Constant', [], ['c'], { [name]: value })] })));
    const ctx = { wire: new WireReader(source) };
    const decoded = await decodeConstant(ctx, (await scanModel(source)).graph.nodes[0] as Node, 'c');
    assert.deepEqual(
      decoded && [decoded.dtype, decoded.dims, [...decoded.values]],
      values && [dtype, dims, values],
      name,
    );
  }
  const wrong: readonly Readonly<Record<string, AttributeValue>>[] = [{}, { value_int: 1, value_float: { float: 1 } }];
  for (const attributes of wrong) {
    const source = new MemorySource(encodeModel(model({ nodes: [node('Constant', [], ['c'], attributes)] })));
    const [constant] = (await scanModel(source)).graph.nodes;
    await assert.rejects(decodeConstant({ wire: new WireReader(source) }, constant as Node, 'c'), {
      kind: 'malformed',
      code: 'constant',
    });
  }
});

test('tensors are found wherever they stand: subgraphs of subgraphs, attributes, functions, sparse ones', async () => {
  const held = (name: string) => node('Constant', [], [name], { value: { tensor: floatTensor(name, [1], [1]) } });
  const inner = graph({
    name: 'inner',
    nodes: [held('inner.constant')],
    initializers: [floatTensor('inner.initializer', [1], [1])],
  });
  const outer = graph({
    name: 'outer',
    nodes: [node('If', ['b'], [], { then_branch: { graph: inner } })],
    initializers: [floatTensor('outer.initializer', [1], [1])],
  });
  const parts = {
    inputs: [valueInfo('listed', [1])],
    initializers: [floatTensor('listed', [1], [1])],
    sparseInitializers: [{ ...sparse([4], [0, 3], [2]), values: floatTensor('sparse', [2], [1, 2]) }],
    nodes: [held('constant'), node('If', ['b'], ['y'], { then_branch: { graph: outer } })],
    functions: [{ name: 'f', domain: 'own', node: [held('in.function')] }],
  };
  const scanned = await scanModel(new MemorySource(encodeModel(model(parts))));
  const names = allTensors(scanned).map((t) => ('indices' in t ? t.values.name : t.name));
  assert.deepEqual(names.sort(), [
    'constant',
    'in.function',
    'inner.constant',
    'inner.initializer',
    'listed',
    'outer.initializer',
    'sparse',
  ]);
  assert.equal(externalFiles(scanned).size, 0);
  const step = graph({ name: 'step', initializers: [externalTensor('rate', 1, [1], { location: 'x.bin' })] });
  for (const training of [{ algorithm: step }, { initialization: step }]) {
    const trained = await scanModel(new MemorySource(encodeModel({ ...model(parts), trainingInfo: [training] })));
    assert.deepEqual([...externalFiles(trained)], [['x.bin', 0]], Object.keys(training).join());
  }
  const beside = await scanModel(
    new MemorySource(
      encodeModel(
        model({
          ...parts,
          initializers: [
            externalTensor('listed', 1, [1], { location: 'x.bin', offset: '64', length: '4' }),
            externalTensor('other', 1, [1], { location: 'x.bin', offset: '8', length: '4' }),
          ],
        }),
      ),
    ),
  );
  assert.deepEqual([...externalFiles(beside)], [['x.bin', 68]]);
});
