import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MemorySource, type ByteSource } from '../../../src/bytes/byteSource.ts';
import { openFileSource } from '../../../src/files/fileSource.ts';
import { scanModel } from '../../../src/formats/onnx/scan/scan.ts';
import { WireReader } from '../../../src/formats/onnx/scan/wire.ts';
import { ByteComparer } from '../../../src/verify/sameBytes.ts';
import { SplicedSource } from '../../../src/bytes/splicedSource.ts';
import type { ModelFile } from '../../../src/verify/wiring.ts';
import { convModel, DTYPE, encodeModel, externalTensor, model, node } from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const root = temporaryFolder('same');

/** The steps of a comparison. */
const STEP = 512 * 1024;
const MODEL = await scanModel(new MemorySource(encodeModel(convModel())));
const over = (source: ByteSource): ModelFile => ({ model: MODEL, ctx: { wire: new WireReader(source) } });

async function same(
  a: ByteSource,
  b: ByteSource,
  [from, other]: readonly [number, number],
  length: number,
): Promise<[same: boolean, bytes: number]> {
  const bytes = new ByteComparer(over(a), over(b));
  const body = (start: number): { start: number; bodyStart: number; end: number; parent: null } => ({
    start,
    bodyStart: start,
    end: start + length,
    parent: null,
  });
  return [await bytes.sameMessage(body(from), body(other)), bytes.bytes];
}

test('parts of any length at any place are the same only if every bit is', async () => {
  const random = new Random(17);
  const bytes = Uint8Array.from({ length: 4 * STEP }, () => random.int(256));
  // The same bytes, but for the first ones, three bytes further on.
  const moved = new SplicedSource(new MemorySource(bytes), [{ start: 0, end: 1, bytes: Uint8Array.of(1, 2, 3, 4) }]);
  const path = join(root, 'bytes');
  writeFileSync(path, bytes);
  const file = await openFileSource(path);
  for (const length of [
    0,
    1,
    3,
    4,
    5,
    15,
    16,
    17,
    1023,
    1025,
    STEP - 1,
    STEP,
    STEP + 1,
    2 * STEP,
    2 * STEP + 7,
    3 * STEP + 18,
  ]) {
    assert.deepEqual(await same(new MemorySource(bytes), moved, [5, 8], length), [true, length], `${length}, moved`);
    assert.deepEqual(await same(file, new MemorySource(bytes), [1, 1], length), [true, length], `${length}, of a file`);
    if (!length) continue;
    const places = new Set([
      0,
      length - 1,
      length - Math.min(length, 5),
      random.int(length),
      random.int(length),
      Math.min(STEP, length) - 1,
      Math.min(STEP, length - 1),
    ]);
    for (const place of places) {
      const changed = bytes.slice();
      changed[64 + place]! ^= 1 << random.int(8);
      assert.deepEqual(
        await same(new MemorySource(bytes), new MemorySource(changed), [64, 64], length),
        [false, 0],
        `${length}, a bit of byte ${place}`,
      );
      assert.deepEqual(
        await same(file, new MemorySource(changed), [64, 64], length),
        [false, 0],
        `${length}, a bit of byte ${place}, of a file`,
      );
    }
  }
  await file.close();
});

test('a cancel leaves no failure behind that nobody waits for: it would end the thread', async () => {
  const unheard: unknown[] = [];
  const note = (error: unknown): void => void unheard.push(error);
  process.on('unhandledRejection', note);
  const bytes = new Uint8Array(4 * STEP);
  for (const length of [10, 2000, 4 * STEP]) {
    // The cancel comes before the first read, between two, and while one is under way that fails then.
    for (const after of [0, 1, 3]) {
      const controller = new AbortController();
      if (after === 0) controller.abort();
      let reads = 0;
      const memory = new MemorySource(bytes);
      const source: ByteSource = {
        size: bytes.length,
        read: (offset, count) => memory.read(offset, count),
        readInto: async (target, offset) => {
          if (++reads === after) controller.abort();
          if (reads > after) throw new Error('could not be read');
          await memory.readInto(target, offset);
        },
      };
      const file = (from: ByteSource): ModelFile => ({
        model: MODEL,
        ctx: { wire: new WireReader(from, controller.signal) },
      });
      const body = { start: 0, bodyStart: 0, end: length, parent: null };
      await new ByteComparer(file(source), file(memory)).sameMessage(body, body).catch(() => undefined);
    }
  }
  await new Promise((resolve) => {
    setTimeout(resolve, 10);
  });
  process.off('unhandledRejection', note);
  assert.deepEqual(unheard, []);
});

test('parts of different lengths are not the same', async () => {
  const source = new MemorySource(new Uint8Array(100));
  const bytes = new ByteComparer(over(source), over(source));
  assert.equal(
    await bytes.sameMessage(
      { start: 0, bodyStart: 0, end: 50, parent: null },
      { start: 0, bodyStart: 0, end: 51, parent: null },
    ),
    false,
  );
});

test('functions of the same bytes are the same only with the data beside the models', async () => {
  const weight = externalTensor('w', DTYPE.float32, [2], { location: 'data', offset: '0', length: '8' });
  const bytes = encodeModel(
    model({
      functions: [
        {
          name: 'Scale',
          domain: 'own',
          input: ['x'],
          output: ['y'],
          node: [node('Constant', [], ['w'], { value: { tensor: weight } }), node('Mul', ['x', 'w'], ['y'])],
          opsetImport: [{ domain: '', version: 17 }],
        },
      ],
    }),
  );
  const beside = async (data: Uint8Array): Promise<ModelFile> => {
    const source = new MemorySource(bytes);
    const external = {
      read: (_: string, offset: number, length: number) => Promise.resolve(data.slice(offset, offset + length)),
    };
    return { model: await scanModel(source), ctx: { wire: new WireReader(source), external } };
  };
  const original = await beside(new Uint8Array(8));
  for (const changed of [false, true]) {
    const other = await beside(Uint8Array.of(0, 0, 0, 0, 0, 0, Number(changed), 0));
    const comparer = new ByteComparer(original, other);
    assert.equal(await comparer.sameFunctions(original.model, other.model), !changed);
  }
});
