import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CountingSource, MemorySource } from '../../../../src/bytes/byteSource.ts';
import { pieces, type Splice } from '../../../../src/bytes/splice.ts';
import { setMetadata, toSplices } from '../../../../src/formats/onnx/edit/edit.ts';
import { ChannelwiseError } from '../../../../src/bytes/errors.ts';
import { scanModel } from '../../../../src/formats/onnx/scan/scan.ts';
import { WireReader } from '../../../../src/formats/onnx/scan/wire.ts';
import { resNet18 } from '../../../fixtures/architectures.ts';
import { convModel, decodeModel, encodeModel, joinBytes, rawField, utf8 } from '../../../fixtures/modelBuilder.ts';
import { Random } from '../../../fixtures/random.ts';

const FOLDER = '/usr/share/libonnx-testdata';
const FILES = existsSync(FOLDER)
  ? readdirSync(FOLDER, { recursive: true })
      .map(String)
      .filter((f) => f.endsWith('.onnx'))
      .sort()
  : [];

function written(bytes: Uint8Array, splices: readonly Splice[]): Uint8Array {
  return Uint8Array.from(
    Buffer.concat(pieces(bytes.length, splices).map((p) => ('bytes' in p ? p.bytes : bytes.subarray(p.start, p.end)))),
  );
}

async function withMetadata(bytes: Uint8Array): Promise<Uint8Array> {
  const source = new MemorySource(bytes);
  const model = await scanModel(source);
  return written(bytes, await toSplices(new WireReader(source), [setMetadata(model, 'added', 'here')]));
}

test(
  'no edit gives the same bytes, an edit leaves all others as they were: every model of libonnx-testdata',
  { skip: FILES.length ? false : 'libonnx-testdata is not installed' },
  async () => {
    for (const file of FILES) {
      const bytes = new Uint8Array(readFileSync(join(FOLDER, file)));
      assert.deepEqual(Buffer.from(written(bytes, [])), Buffer.from(bytes), file);
      const edited = await withMetadata(bytes);
      assert.ok(Buffer.from(edited).subarray(0, bytes.length).equals(Buffer.from(bytes)), file);
      assert.equal(decodeModel(edited).metadataProps?.at(-1)?.key, 'added', file);
    }
    assert.ok(FILES.length > 1000);
  },
);

test('unknown fields, groups and over-long varints come through byte for byte', async () => {
  const group = joinBytes(Uint8Array.of(0x9b, 0x06), rawField(1, 0, Uint8Array.of(7)), Uint8Array.of(0x9c, 0x06));
  const odd = joinBytes(rawField(999, 2, utf8('kept'), 3), group, encodeModel(convModel()));
  const edited = await withMetadata(odd);
  assert.ok(Buffer.from(edited).subarray(0, odd.length).equals(Buffer.from(odd)));
});

test('opening reads a small part of a model, whatever its weights', async () => {
  const bytes = resNet18(64);
  const source = new CountingSource(new MemorySource(bytes));
  await scanModel(source);
  assert.ok(source.bytesRead < 0.05 * bytes.length, `${source.bytesRead} of ${bytes.length}`);
});

test('truncated and mutated models give a typed error with its place, or a model; never another error', async () => {
  const good = encodeModel(convModel());
  const random = new Random(Number(process.env.CHANNELWISE_SEED ?? 1));
  let errors = 0;
  for (let i = 0; i < 3000; i++) {
    const bytes = i < good.length ? good.slice(0, i) : good.slice();
    if (i >= good.length) for (let k = 0; k <= random.int(4); k++) bytes[random.int(bytes.length)] = random.int(256);
    try {
      await scanModel(new MemorySource(bytes));
    } catch (error) {
      assert.ok(error instanceof ChannelwiseError, String(error));
      assert.equal(typeof error.place.offset, 'number', error.message);
      errors++;
    }
  }
  assert.ok(errors > 100, String(errors));
});
