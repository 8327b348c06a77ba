/**
 * Random access to the bytes of one file. Both reads give exactly what was asked for or throw; they never zero-fill.
 */
export interface ByteSource {
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
  /**
   * Fills `target` with the bytes at `offset`: for what streams through a buffer, where new memory for each step costs
   * more than the read.
   */
  readInto(target: Uint8Array, offset: number): Promise<void>;
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

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    target.set(await this.read(offset, target.length));
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
    this.count(length);
    return bytes;
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    await this.inner.readInto(target, offset);
    this.count(target.length);
  }

  private count(length: number): void {
    this.bytesRead += length;
    this.reads += 1;
  }
}

/** Throws a RangeError unless [offset, offset + length) lies inside a source of `size` bytes. */
export function checkRange(size: number, offset: number, length: number): void {
  if (
    !Number.isSafeInteger(offset) ||
    !Number.isSafeInteger(length) ||
    offset < 0 ||
    length < 0 ||
    offset + length > size
  ) {
    throw new RangeError(`read of ${length} bytes at ${offset} leaves the file (${size} bytes)`);
  }
}
