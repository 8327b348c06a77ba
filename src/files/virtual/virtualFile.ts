import { checkRange } from '../../bytes/byteSource.ts';
import type { FileStat } from '../disk.ts';
import type { FileSource } from '../fileSource.ts';
import type { HeldFiles } from './heldFiles.ts';

/** A copy of what has no permissions gets the usual ones. */
const USUAL_MODE = 0o666;

/** Reads below this size are copies. */
const COPIED_BYTES = 1024 * 1024;

/** A file that lies on no disk, open for reading: its bytes are fetched whole when the first of them is asked for. */
export class VirtualFile implements FileSource {
  readonly path: string;
  readonly size: number;
  readonly mode = USUAL_MODE;
  readonly sparse = false;
  readonly version: string;
  bytesRead = 0;
  reads = 0;
  private readonly held: HeldFiles;
  private readonly versionNow: () => Promise<string | null>;

  constructor(path: string, stat: FileStat, parts: { held: HeldFiles; versionNow: () => Promise<string | null> }) {
    this.path = path;
    this.size = stat.size;
    this.version = stat.version;
    this.held = parts.held;
    this.versionNow = parts.versionNow;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this.size, offset, length);
    const source = await this.held.get(this.path, this.version, this.size);
    this.count(length);
    const bytes = await source.read(offset, length);
    // What is kept is small; a part of the file's own memory would keep all of it alive.
    return length < COPIED_BYTES ? bytes.slice() : bytes;
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    checkRange(this.size, offset, target.length);
    const source = await this.held.get(this.path, this.version, this.size);
    await source.readInto(target, offset);
    this.count(target.length);
  }

  async unchanged(): Promise<boolean> {
    return (await this.versionNow()) === this.version;
  }

  async close(): Promise<void> {
    // Nothing is open; HeldFiles lets the bytes go.
  }

  private count(length: number): void {
    this.bytesRead += length;
    this.reads += 1;
  }
}
