import type { ReadCounts } from '../bytes/byteSource.ts';
import type { FileSource } from './diskPort.ts';

/**
 * A file behind what was read from it once: for each use it is opened again and lent here, and everything reads from
 * the one that is open. Only files of the same version may follow one another.
 */
export class LentSource implements FileSource {
  readonly size: number;
  readonly version: string;
  private current: FileSource;
  /** What reading cost in a use before this one, to know what is known. */
  private before: ReadCounts = { bytesRead: 0, reads: 0 };
  private known: ReadCounts = this.before;

  constructor(first: FileSource) {
    this.current = first;
    this.size = first.size;
    this.version = first.version;
  }

  /** What was read until now is known from now on: it counts for later uses too. */
  keepCost(): void {
    this.known = { bytesRead: this.bytesRead, reads: this.reads };
  }

  lend(source: FileSource): void {
    this.current = source;
    this.before = this.known;
  }

  get path(): string {
    return this.current.path;
  }

  get mode(): number {
    return this.current.mode;
  }

  get sparse(): boolean {
    return this.current.sparse;
  }

  get bytesRead(): number {
    return this.before.bytesRead + this.current.bytesRead;
  }

  get reads(): number {
    return this.before.reads + this.current.reads;
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return this.current.read(offset, length);
  }

  readInto(target: Uint8Array, offset: number): Promise<void> {
    return this.current.readInto(target, offset);
  }

  async letGo(): Promise<void> {
    await this.current.letGo?.();
  }

  unchanged(): Promise<boolean> {
    return this.current.unchanged();
  }

  close(): Promise<void> {
    return this.current.close();
  }
}
