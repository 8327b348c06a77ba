import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySource } from '../../../src/bytes/byteSource.ts';
import { nodeScope } from '../../../src/graph/exporterScopes.ts';
import { scanModel } from '../../../src/formats/onnx/scan/scan.ts';
import { graph, joinBytes, model, node, onnx, rawField, utf8, valueInfo } from '../../fixtures/modelBuilder.ts';

/** Node metadata is newer than the published schema, so its bytes are written by hand. */
async function scopeWith(metadata: Readonly<Record<string, string>>): Promise<string[] | null> {
  const entries = Object.entries(metadata).map(([key, value]) =>
    rawField(9, 2, joinBytes(rawField(1, 2, utf8(key)), rawField(2, 2, utf8(value)))),
  );
  const bytes = joinBytes(onnx.NodeProto.encode(node('Relu', ['x'], ['y'])).finish(), ...entries);
  const body = onnx.GraphProto.encode(
    graph({ inputs: [valueInfo('x', [1])], outputs: [valueInfo('y', [1])] }),
  ).finish();
  const scanned = await scanModel(
    new MemorySource(
      joinBytes(
        onnx.ModelProto.encode({ ...model({}), graph: null }).finish(),
        rawField(7, 2, joinBytes(rawField(1, 2, bytes), body)),
      ),
    ),
  );
  assert.equal(scanned.graph.nodes[0]?.metadata?.length ?? 0, entries.length);
  return nodeScope(scanned.graph.nodes[0]!);
}

test('scopes from what exporters note', async () => {
  const cases: [Record<string, string>, string[] | null][] = [
    [{}, null],
    [
      { 'pkg.torch.onnx.name_scopes': "['', 'layer1', 'layer1.0', 'layer1.0.conv1', 'conv2d']" },
      ['layer1', 'layer1.0', 'layer1.0.conv1'],
    ],
    [{ 'pkg.torch.onnx.name_scopes': '["", "it\'s", \'a\\\'b\', "n"]' }, ["it's", "a'b"]],
    [
      {
        namespace:
          ': torchvision.models.ResNet/layer1: torch.nn.Sequential/layer1.0.conv1: torch.nn.Conv2d/conv2d: aten.conv2d.default',
      },
      ['layer1', 'layer1.0.conv1'],
    ],
    [{ namespace: 'encoder/block_1' }, ['encoder', 'block_1']],
    [{ namespace: 'a: A/x: X', 'pkg.torch.onnx.name_scopes': "['', 'b', 'x']" }, ['b']],
    [{ 'pkg.torch.onnx.name_scopes': 'not a list', namespace: 'a: A/x: X' }, ['a']],
    [{ namespace: '' }, null],
    [{ namespace: '////' }, null],
    [{ other: 'a/b' }, null],
  ];
  for (const [metadata, expected] of cases)
    assert.deepEqual(await scopeWith(metadata), expected, JSON.stringify(metadata));
});

test('deep and long notes are cut', async () => {
  assert.equal((await scopeWith({ namespace: 'a/'.repeat(1000) }))?.length, 24);
  assert.ok((await scopeWith({ namespace: 'x'.repeat(1_000_000) }))![0]!.length <= 4096);
});
