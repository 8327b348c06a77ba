import { checkRange } from '../../bytes/byteSource.ts';
import type { FileSource, FileStat } from '../diskPort.ts';
import type { HostFiles } from './hostFiles.ts';

/** A copy of what has no permissions gets the usual ones. */
const USUAL_MODE = 0o666;

/** Large reads go in steps through memory that travels to and fro: new memory for each would pile up. */
const STEP_BYTES = 1024 * 1024;
/** Small reads come from blocks of this size, as each question to the editor's thread takes a moment. */
const BLOCK_BYTES = 64 * 1024;
/** Readers go to and fro between few places: a file's head, its structure and a weight. */
const KEPT_BLOCKS = 16;

type Reading = Pick<HostFiles, 'readPart' | 'letGo'>;

interface Block {
  readonly start: number;
  readonly bytes: Promise<Uint8Array>;
}

/** A file that lies on no disk, open for reading: the editor's thread holds its bytes and gives the parts asked for. */
export class VirtualFile implements FileSource {
  readonly path: string;
  readonly size: number;
  readonly mode = USUAL_MODE;
  readonly sparse = false;
  readonly version: string;
  bytesRead = 0;
  reads = 0;
  private readonly host: Reading;
  private readonly versionNow: () => Promise<string | null>;
  /** The newest first. */
  private blocks: Block[] = [];
  /** The memory of the last step, for the next one. */
  private spare: ArrayBuffer | null = null;

  constructor(path: string, stat: FileStat, parts: { host: Reading; versionNow: () => Promise<string | null> }) {
    this.path = path;
    this.size = stat.size;
    this.version = stat.version;
    this.host = parts.host;
    this.versionNow = parts.versionNow;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this.size, offset, length);
    const target = new Uint8Array(length);
    await this.readInto(target, offset);
    return target;
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    checkRange(this.size, offset, target.length);
    this.count(target.length);
    if (target.length < BLOCK_BYTES) await this.fillFromBlocks(target, offset);
    else await this.fillInSteps(target, offset);
  }

  async unchanged(): Promise<boolean> {
    return (await this.versionNow()) === this.version;
  }

  async close(): Promise<void> {
    this.blocks = [];
    this.spare = null;
  }

  letGo(): Promise<void> {
    return this.host.letGo(this.version);
  }

  /** Fills less than a block's length, from the one or two blocks that it lies in. */
  private async fillFromBlocks(target: Uint8Array, offset: number): Promise<void> {
    const end = offset + target.length;
    for (let start = offset - (offset % BLOCK_BYTES); start < end; start += BLOCK_BYTES) {
      const bytes = await this.block(start);
      const from = Math.max(offset, start);
      target.set(bytes.subarray(from - start, end - start), from - offset);
    }
  }

  private async fillInSteps(target: Uint8Array, offset: number): Promise<void> {
    for (let at = 0; at < target.length; at += STEP_BYTES) {
      const length = Math.min(STEP_BYTES, target.length - at);
      const memory = this.spare ?? new ArrayBuffer(STEP_BYTES);
      this.spare = null;
      const filled = await this.fetch(offset + at, length, memory);
      target.set(filled.subarray(0, length), at);
      this.spare = filled.buffer as ArrayBuffer;
    }
  }

  private async block(start: number): Promise<Uint8Array> {
    const known = this.blocks.find((block) => block.start === start);
    const block = known ?? { start, bytes: this.newBlock(start) };
    this.blocks = [block, ...this.blocks.filter((other) => other !== block)].slice(0, KEPT_BLOCKS);
    // What failed may be asked for again.
    block.bytes.catch(() => {
      this.blocks = this.blocks.filter((other) => other !== block);
    });
    return block.bytes;
  }

  private newBlock(start: number): Promise<Uint8Array> {
    const length = Math.min(BLOCK_BYTES, this.size - start);
    return this.fetch(start, length, new ArrayBuffer(length));
  }

  private fetch(offset: number, length: number, memory: ArrayBuffer): Promise<Uint8Array> {
    return this.host.readPart(this.path, { version: this.version, size: this.size, offset, length }, memory);
  }

  private count(length: number): void {
    this.bytesRead += length;
    this.reads += 1;
  }
}
