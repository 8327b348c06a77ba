import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ByteSource } from '../../../../src/bytes/byteSource.ts';
import { WireReader } from '../../../../src/formats/onnx/scan/wire.ts';

/** A source whose reads end in another order than they began. */
class Uneven implements ByteSource {
  readonly size: number;
  private readonly bytes: Uint8Array;
  private asked = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.size = bytes.length;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    for (let turns = (this.asked++ * 7) % 5; turns > 0; turns--) await Promise.resolve();
    return this.bytes.slice(offset, offset + length);
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    target.set(await this.read(offset, target.length));
  }
}

test('many at once read through one reader, and each gets its own bytes', async () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * i) >> 3);
  const wire = new WireReader(new Uneven(bytes));
  const starts = Array.from({ length: 200 }, (_, k) => (k * 7919) % 99_000);
  const found = await Promise.all(starts.map((start) => wire.bytes(start, start + 900)));
  found.forEach((got, k) => assert.deepEqual(got, bytes.slice(starts[k]!, starts[k]! + 900)));
  // Into buffers of the caller's, some short enough for the window and some not.
  const filled = await Promise.all(
    starts.map(async (start, k) => {
      const target = new Uint8Array(k % 3 ? 900 : 990 + 1000 * (k % 2)).subarray(0, 99_999 - start);
      await wire.bytesInto(target, start);
      return target;
    }),
  );
  filled.forEach((got, k) => assert.deepEqual(got, bytes.slice(starts[k]!, starts[k]! + got.length)));
});

test('walks of one reader at the same time see the fields that each sees alone', async () => {
  const field = (n: number): number[] => [n * 8 + 2, 200, 1, ...Array<number>(200).fill(n)];
  const bytes = Uint8Array.from(Array.from({ length: 120 }, (_, i) => field(1 + (i % 15))).flat());
  const part = bytes.length / 4;
  const refs = [0, 1, 2, 3].map((i) => ({ start: i * part, bodyStart: i * part, end: (i + 1) * part, parent: null }));
  const alone = await Promise.all(refs.map((ref) => new WireReader(new Uneven(bytes)).fields(ref, () => true)));
  const wire = new WireReader(new Uneven(bytes));
  assert.deepEqual(await Promise.all(refs.map((ref) => wire.fields(ref, () => true))), alone);
  assert.equal(alone[3]?.length, 30);
});

test('a view of bytes that are not in the window is an error, never other bytes', async () => {
  const wire = new WireReader(new Uneven(new Uint8Array(10_000)));
  await wire.load(5000, 10);
  assert.throws(() => wire.view(0, 10), RangeError);
});
