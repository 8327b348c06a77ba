import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { ChannelwiseError } from '../../../../src/bytes/errors.ts';
import { scanModel } from '../../../../src/formats/onnx/scan/scan.ts';
import { encodeModel, model, node, valueInfo } from '../../../fixtures/modelBuilder.ts';

/** First bytes as each program writes them, Latin-1. */
const FOREIGN: readonly [string, string, RegExp][] = [
  ['PyTorch, ZIP', 'PK\x03\x04\x00\x00\x08\x08\x00\x00', /ZIP archive.*export/],
  ['PyTorch before 1.6', '\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.', /pickle.*export/],
  ['TensorFlow Lite', '\x1c\x00\x00\x00TFL3\x14\x00', /TensorFlow Lite/],
  ['ONNX Runtime', '\x1c\x00\x00\x00ORTM\x00\x00', /own format/],
  ['GGUF', 'GGUF\x03\x00\x00\x00', /GGUF/],
  ['gzip', '\x1f\x8b\x08\x00\x00\x00', /unpack/],
  ['JSON', '[1, 2, 3]', /a JSON file/],
  ['numpy', '\x93NUMPY\x01\x00v\x00{', /an array of numpy/],
  ['a tar archive', `sys_info${'\0'.repeat(56)}`, /before 0\.1\.10; unpack it, or load it with torch\.load/],
  ['Git LFS', 'version https://git-lfs.github.com/spec/v1\noid sha256:00', /git lfs pull/],
  ['a web page', '\n<!DOCTYPE html><html>', /web page/],
];

async function scan(bytes: Uint8Array): Promise<ChannelwiseError | null> {
  try {
    await scanModel(new MemorySource(bytes));
    return null;
  } catch (error) {
    assert.ok(error instanceof ChannelwiseError, String(error));
    return error;
  }
}

for (const [name, head, message] of FOREIGN) {
  test(`${name}: the error names the format and keeps the place`, async () => {
    const error = await scan(Buffer.from(head, 'latin1'));
    assert.equal(error?.kind, 'malformed');
    assert.match(error.message, /^This is not an ONNX model: it is .*\.$/);
    assert.match(error.message, message);
    assert.equal(typeof error.place.offset, 'number');
  });
}

test("bytes that begin like no known format keep the scanner's own reason", async () => {
  assert.match((await scan(Buffer.from('hello')))?.message ?? '', /^This is not a readable ONNX model: .*byte/);
});

test('a model that begins with such bytes is a model: unknown fields pass through', async () => {
  // Field 32 as a varint, 0x80 0x02 and its value, is how a pickle begins, too.
  const good = encodeModel(
    model({ inputs: [valueInfo('x', [1])], outputs: [valueInfo('y', [1])], nodes: [node('Relu', ['x'], ['y'])] }),
  );
  assert.equal(await scan(Buffer.concat([Buffer.from([0x80, 0x02, 0x01]), good])), null);
});
