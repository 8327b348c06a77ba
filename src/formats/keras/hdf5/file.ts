import type { ByteSource } from '../../../bytes/byteSource.ts';
import { checkCancelled } from '../../../bytes/cancel.ts';
import { blockChecksum, type ChecksumBlock } from './checksum.ts';
import { Cursor, type Widths } from './cursor.ts';
import { malformed } from './errors.ts';
import { MAX_BLOCK_BYTES, MAX_PAGES, PAGE_BYTES } from './limits.ts';

/**
 * An HDF5 file that is open for reading. Addresses in it count from `base`, everything else here from the first byte.
 */
export class Hdf5File {
  readonly source: ByteSource;
  readonly base: number;
  readonly widths: Widths;
  private readonly signal: AbortSignal | undefined;
  private readonly pages = new Map<number, Uint8Array>();

  constructor(source: ByteSource, base: number, widths: Widths, signal?: AbortSignal) {
    this.source = source;
    this.base = base;
    this.widths = widths;
    this.signal = signal;
  }

  /** Where in the file an address leads. Throws where it leaves the file. */
  place(address: number, from: number): number {
    const place = this.base + address;
    if (place >= this.source.size) throw malformed(`address ${address} lies beyond the end of the file`, from);
    return place;
  }

  /**
   * Structure at [start, start + length), through the pages. Throws where it leaves the file or is larger than any
   * block.
   */
  async block(start: number, length: number): Promise<Cursor> {
    if (length > MAX_BLOCK_BYTES) throw malformed(`a block says it has ${length} bytes`, start);
    if (start + length > this.source.size) throw malformed('the file ends inside a block', start);
    this.checkCancelled();
    if (length > PAGE_BYTES) return new Cursor(await this.source.read(start, length), start, this.widths);
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const at = start + done;
      const page = Math.floor(at / PAGE_BYTES);
      const held = await this.page(page);
      const from = at - page * PAGE_BYTES;
      const part = held.subarray(from, Math.min(held.length, from + length - done));
      bytes.set(part, done);
      done += part.length;
    }
    return new Cursor(bytes, start, this.widths);
  }

  /** A block of `length` bytes that is followed by its checksum. */
  async checked(start: number, length: number): Promise<Cursor> {
    const whole = await this.block(start, length + 4);
    this.check({ start, end: start + length, at: start + length }, whole.bytes);
    return new Cursor(whole.bytes.subarray(0, length), start, this.widths);
  }

  /** Throws unless the checksum of a block is right; `bytes` begin where the block does. */
  check(block: ChecksumBlock, bytes: Uint8Array): void {
    const stored = new Cursor(bytes.subarray(block.at - block.start), block.at, this.widths).u32();
    const right = blockChecksum(block, bytes.subarray(0, block.end - block.start));
    if (stored !== right) throw malformed('the checksum of a block is wrong, so the file is damaged', block.start);
  }

  /** Data at [start, start + length), past the pages. */
  async data(start: number, length: number): Promise<Uint8Array> {
    if (start + length > this.source.size) throw malformed('the file ends inside the data of a dataset', start);
    this.checkCancelled();
    return this.source.read(start, length);
  }

  private async page(index: number): Promise<Uint8Array> {
    const known = this.pages.get(index);
    if (known) return known;
    const start = index * PAGE_BYTES;
    const page = await this.source.read(start, Math.min(PAGE_BYTES, this.source.size - start));
    if (this.pages.size >= MAX_PAGES) this.pages.clear();
    this.pages.set(index, page);
    return page;
  }

  private checkCancelled(): void {
    checkCancelled(this.signal);
  }
}
