import { malformed } from './errors.ts';

/** How wide this file writes addresses and lengths; the superblock says so. */
export interface Widths {
  readonly offset: number;
  readonly length: number;
}

/**
 * Reads little-endian numbers from a piece of the file, one after another. `start` is where the piece lies, for
 * messages and patches.
 */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly widths: Widths;
  at = 0;

  constructor(bytes: Uint8Array, start: number, widths: Widths) {
    this.bytes = bytes;
    this.start = start;
    this.widths = widths;
  }

  /** Where in the file the next byte lies. */
  get place(): number {
    return this.start + this.at;
  }

  /** How many bytes are left. */
  get left(): number {
    return this.bytes.length - this.at;
  }

  /** The next bytes, which are not copied. Throws `malformed` where fewer remain. */
  take(count: number): Uint8Array {
    if (count > this.left) throw malformed(`${count} bytes are needed where ${this.left} remain`, this.place);
    const taken = this.bytes.subarray(this.at, this.at + count);
    this.at += count;
    return taken;
  }

  /** Steps over bytes. Throws `malformed` where fewer remain. */
  skip(count: number): void {
    this.take(count);
  }

  /** An unsigned number of `width` bytes. Throws where it is larger than any file: 2^53 and above. */
  uint(width: number): number {
    const place = this.place;
    const taken = this.take(width);
    let value = 0;
    for (let i = width - 1; i >= 0; i--) value = value * 256 + (taken[i] ?? 0);
    if (!Number.isSafeInteger(value)) throw malformed('a size or address is larger than any file', place);
    return value;
  }

  u8(): number {
    return this.uint(1);
  }

  u16(): number {
    return this.uint(2);
  }

  u32(): number {
    return this.uint(4);
  }

  /** A length in bytes or elements. */
  length(): number {
    return this.uint(this.widths.length);
  }

  /** An address; null is the undefined one, all bits set. */
  address(): number | null {
    const { offset } = this.widths;
    const ahead = this.bytes.subarray(this.at, this.at + offset);
    if (ahead.length === offset && ahead.every((byte) => byte === 0xff)) {
      this.skip(offset);
      return null;
    }
    return this.uint(offset);
  }

  /** Throws unless the next four bytes are this Latin-1 text. */
  signature(text: string): void {
    const place = this.place;
    const found = String.fromCharCode(...this.take(text.length));
    if (found !== text) throw malformed(`no ${text} block where one should be`, place);
  }

  /** Throws unless the next byte is this version. */
  version(expected: number, what: string): void {
    const place = this.place;
    const found = this.u8();
    if (found !== expected) throw malformed(`${what} has version ${found}, not ${expected}`, place);
  }
}

/**
 * Bytes that hold every number up to `limit`, as heaps and trees write counts (H5VM_limit_enc_size in HDF5's sources).
 */
export function bytesFor(limit: number): number {
  return Math.floor(Math.log2(Math.max(1, limit)) / 8) + 1;
}
