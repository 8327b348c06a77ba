import { checkRange, type ByteSource } from './byteSource.ts';

/** A range of a source, as a source. */
export class PartSource implements ByteSource {
  readonly size: number;
  private readonly source: ByteSource;
  private readonly start: number;

  constructor(source: ByteSource, start: number, size: number) {
    this.source = source;
    this.start = start;
    this.size = size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this.size, offset, length);
    return this.source.read(this.start + offset, length);
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    checkRange(this.size, offset, target.length);
    return this.source.readInto(target, this.start + offset);
  }
}
