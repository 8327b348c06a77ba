import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 as reference } from 'node:zlib';
import { crc32, crcAfterPatch } from '../../../src/bytes/crc32.ts';
import { Random } from '../../fixtures/random.ts';

function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.int(256));
}

test('the checksum is the one that Node has, whole and in parts', () => {
  const random = new Random(1);
  for (const length of [0, 1, 7, 8, 9, 63, 64, 1000, 4099]) {
    const bytes = randomBytes(random, length);
    const cut = random.int(length + 1);
    assert.equal(crc32(bytes), reference(bytes), `${length} bytes`);
    assert.equal(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut))), reference(bytes), `cut at ${cut}`);
  }
});

test('a patch that keeps the length changes the checksum as reading all of it would', () => {
  const random = new Random(2);
  for (let round = 0; round < 50; round++) {
    const bytes = randomBytes(random, 1 + random.int(5000));
    const start = random.int(bytes.length);
    const length = random.int(bytes.length - start + 1);
    const patched = Uint8Array.from(bytes);
    patched.set(randomBytes(random, length), start);
    const end = start + length;
    const behind = bytes.length - end;
    const patch = { old: bytes.subarray(start, end), new: patched.subarray(start, end), behind };
    assert.equal(crcAfterPatch(reference(bytes), patch), reference(patched));
    const wrong = crcAfterPatch(reference(bytes), { ...patch, behind: behind + 1 });
    if (reference(bytes) !== reference(patched)) assert.notEqual(wrong, reference(patched));
  }
});
