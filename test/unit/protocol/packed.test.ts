import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serialize } from 'node:v8';
import { packModel } from '../../../src/protocol/pack.ts';
import type { PackedModel } from '../../../src/protocol/packed.ts';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import { unpackModel } from '../../../src/protocol/unpack.ts';
import { densePage, hostilePage, resnet50Page, transformerPage } from '../../fixtures/pageModels.ts';

/** Absent and undefined are the same on the way. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const sent = (model: PageModel): unknown => plain(unpackModel(structuredClone(packModel(model))));

test('a packed model comes out as it went in', () => {
  for (const page of [resnet50Page(), transformerPage(200, true), densePage(60), hostilePage()])
    assert.deepEqual(sent(page), plain(page));
});

test('scopes, costs, missing shapes and inner graphs too', () => {
  const page = resnet50Page();
  page.nodes[0]!.scope = ['a', 'b'];
  page.nodes[1]!.cost = { params: 0, macs: null, memory: null };
  page.nodes[2]!.cost = { params: 5, macs: 7e12, memory: 12 };
  page.nodes[3]!.outputs[0]!.dims = null;
  page.nodes[3]!.outputs[0]!.dtype = 'int64';
  page.nodes[3]!.inputs.push({ name: '', weight: null, dims: [] });
  page.edges[0]!.dims = null;
  page.inner = {
    graphs: [{ owner: 4, title: 'body', inputs: [{ name: 'x', dtype: '', dims: null }], nodes: 1 }],
    nodes: [{ ...page.nodes[5]!, id: 122 }],
    edges: [{ from: -2, to: 122, tensor: 'x', dims: null }],
    left: 3,
  };
  assert.deepEqual(sent(page), plain(page));
});

test('texts that would run together stay apart', () => {
  const page = resnet50Page();
  page.nodes[0]!.attributes = [{ name: 'a', type: 'string', value: '1:b' }];
  page.nodes[1]!.attributes = [{ name: 'a', type: 'string1:', value: 'b' }];
  page.nodes[2]!.outputs[0]!.dims = ['1:1', '2'];
  page.nodes[3]!.outputs[0]!.dims = ['1', '1:2'];
  assert.deepEqual(sent(page), plain(page));
});

test('a packed model is a fraction of the plain one', () => {
  const page = transformerPage(2000);
  assert.ok(serialize(packModel(page)).length < 0.45 * JSON.stringify(page).length);
});

test('a model whose numbers came as text is refused, and not shown without its layers', () => {
  const packed = JSON.parse(JSON.stringify(packModel(resnet50Page()))) as PackedModel;
  assert.throws(() => unpackModel(packed), /passed the model on damaged/);
});
