import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChannelwiseError } from '../../../../src/bytes/errors.ts';
import { changedIndex, readShardIndex, recordOfIndex } from '../../../../src/formats/sharded/shardIndex.ts';
import { formatOf } from '../../../../src/formats/table.ts';
import { utf8 } from '../../../fixtures/modelBuilder.ts';

const INDEX =
  '{\n  "metadata": {\n    "total_size": 100\n  },\n  "weight_map": {"b": "2.bin", "a": "1.bin", "c": "2.bin"}\n}\n';

test('an index tells which file holds a tensor, and is told from other JSON by its first key', () => {
  const index = readShardIndex('model.bin.index.json', INDEX);
  assert.deepEqual(index.shards, ['1.bin', '2.bin']);
  assert.equal(index.weightMap.get('c'), '2.bin');
  assert.equal(recordOfIndex(index), null);
  const rows: readonly [text: string, format: string][] = [
    [INDEX, 'sharded'],
    ['{"weight_map": {}}', 'sharded'],
    ['{"graph": {}}', 'onnx'],
    ['{"architectures": []}', 'onnx'],
  ];
  for (const [text, format] of rows) assert.equal(formatOf(utf8(text).subarray(0, 64)).id, format, text);
});

test('a changed index has the new size and the record; all else stays as it was written', () => {
  const change = { grown: -36, record: 'what was "done"' };
  const changed = changedIndex(readShardIndex('i', INDEX), change);
  assert.equal(
    changed,
    INDEX.replace('100', '64').replace(
      '{\n    "total',
      '{"channelwise.adaptation": "what was \\"done\\"", \n    "total',
    ),
  );
  const again = readShardIndex('i', changed);
  assert.equal(recordOfIndex(again), change.record);
  assert.equal(changedIndex(again, { grown: 0, record: 'x' }), changed.replace('what was \\"done\\"', 'x'));
  assert.equal(changedIndex(again, { grown: 0, record: null }), changed);
  const bare = changedIndex(readShardIndex('i', '{"weight_map": {"a": "1"}}'), { grown: 5, record: 'r' });
  assert.equal(bare, '{"metadata": {"channelwise.adaptation": "r"}, "weight_map": {"a": "1"}}');
});

test('what is no index, or names files elsewhere, is refused with the reason', () => {
  const rows: readonly [text: string, code: string][] = [
    ['{"weight_map": {}}', 'no-index'],
    ['[1]', 'no-index'],
    ['{"weight_map": {"a": 1}}', 'shard-name'],
    ...['', '.', '..', '../a.bin', '/a', 'C:a', 'x\\\\a', 'a\\u0000'].map((name): [string, string] => [
      `{"weight_map": {"a": "${name}"}}`,
      'shard-name',
    ]),
  ];
  for (const [text, code] of rows)
    assert.throws(
      () => readShardIndex('i', text),
      (error) => error instanceof ChannelwiseError && error.code === code,
      text,
    );
  assert.throws(() => readShardIndex('i', '{"weight_map": '), ChannelwiseError);
});
