/**
 * Bytes [start, end) of the file with their checksum at `at`, in front of which a checksum inside the range counts as
 * zero.
 */
export interface ChecksumBlock {
  readonly start: number;
  readonly end: number;
  readonly at: number;
}

/** Bob Jenkins' lookup3 hash (hashlittle), which HDF5 uses for metadata: https://burtleburtle.net/bob/c/lookup3.c */
export function lookup3(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let left = bytes.length;
  let at = 0;
  let a = (0xdeadbeef + left) | 0;
  let b = a;
  let c = a;
  while (left > 12) {
    a = (a + view.getInt32(at, true)) | 0;
    b = (b + view.getInt32(at + 4, true)) | 0;
    c = (c + view.getInt32(at + 8, true)) | 0;
    a = (a - c) ^ rotate(c, 4);
    c = (c + b) | 0;
    b = (b - a) ^ rotate(a, 6);
    a = (a + c) | 0;
    c = (c - b) ^ rotate(b, 8);
    b = (b + a) | 0;
    a = (a - c) ^ rotate(c, 16);
    c = (c + b) | 0;
    b = (b - a) ^ rotate(a, 19);
    a = (a + c) | 0;
    c = (c - b) ^ rotate(b, 4);
    b = (b + a) | 0;
    at += 12;
    left -= 12;
  }
  if (left === 0) return c >>> 0;
  const tail = new Uint8Array(12);
  tail.set(bytes.subarray(at));
  const last = new DataView(tail.buffer);
  a = (a + last.getInt32(0, true)) | 0;
  b = (b + last.getInt32(4, true)) | 0;
  c = (c + last.getInt32(8, true)) | 0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return c >>> 0;
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

/** The checksum of a block whose bytes are `bytes`. */
export function blockChecksum(block: ChecksumBlock, bytes: Uint8Array): number {
  if (block.at >= block.end) return lookup3(bytes);
  const copy = bytes.slice();
  copy.fill(0, block.at - block.start, block.at - block.start + 4);
  return lookup3(copy);
}

/** Fletcher's checksum over 16-bit big-endian words, as HDF5's filter of that name has it (H5_checksum_fletcher32). */
export function fletcher32(bytes: Uint8Array): number {
  let [sum1, sum2] = [0, 0];
  const fold = (sum: number): number => (sum & 0xffff) + (sum >>> 16);
  const even = bytes.length - (bytes.length % 2);
  for (let at = 0; at < even;) {
    // 360 words are the most that can be added before 32 bits overflow.
    const stop = Math.min(even, at + 720);
    for (; at < stop; at += 2) {
      sum1 += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
      sum2 += sum1;
    }
    sum1 = fold(sum1);
    sum2 = fold(sum2);
  }
  if (bytes.length % 2) {
    sum1 += (bytes[bytes.length - 1] ?? 0) << 8;
    sum2 += sum1;
    sum1 = fold(sum1);
    sum2 = fold(sum2);
  }
  return ((fold(sum2) << 16) | fold(sum1)) >>> 0;
}
