/** Random access to the bytes of one file. `read` gives exactly `length` bytes or throws; it never zero-fills. */
export interface ByteSource {
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** What was read so far: asserted in tests and reported by `inspect`. */
export interface ReadCounts {
  bytesRead: number;
  reads: number;
}

/** A source over bytes that are already in memory. */
export class MemorySource implements ByteSource {
  readonly size: number;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.size = bytes.length;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this.size, offset, length);
    return this.bytes.subarray(offset, offset + length);
  }
}

/** Wraps a source and counts what is asked of it. */
export class CountingSource implements ByteSource, ReadCounts {
  readonly size: number;
  bytesRead = 0;
  reads = 0;
  private readonly inner: ByteSource;

  constructor(inner: ByteSource) {
    this.inner = inner;
    this.size = inner.size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = await this.inner.read(offset, length);
    this.bytesRead += length;
    this.reads += 1;
    return bytes;
  }
}

/** Throws a RangeError unless [offset, offset + length) lies inside a source of `size` bytes. */
export function checkRange(size: number, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0 || offset + length > size) {
    throw new RangeError(`read of ${length} bytes at ${offset} leaves the file (${size} bytes)`);
  }
}
