import { constants, promises as fs } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { errorCode } from '../errorCode.ts';

/** What memory, position and length of a direct write must be multiples of, on every file system we know. */
const ALIGNMENT = 4096;
/** WebAssembly counts its memory in these. */
const WASM_PAGE_BYTES = 65536;
/** What systems answer to a direct write that they don't take: a larger alignment, or none at all. */
const NOT_TAKEN = new Set(['EINVAL', 'EOPNOTSUPP', 'ENOTSUP']);

/** Node's types don't name it; undefined in a Node that runs without a compiler. */
declare const WebAssembly: {
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => {
    readonly buffer: ArrayBuffer;
  };
};

/**
 * `count` buffers of `length` bytes each that begin at a page of memory, as direct writes need them. Node's own buffers
 * begin anywhere; WebAssembly's memory begins at a page. Where there is none, the buffers are plain, and direct writes
 * give way to usual ones.
 */
export function pageAligned(count: number, length: number): Uint8Array[] {
  const each = Math.ceil(length / WASM_PAGE_BYTES);
  let memory: ArrayBuffer;
  try {
    memory = new WebAssembly.Memory({ initial: each * count, maximum: each * count }).buffer;
  } catch {
    memory = new ArrayBuffer(each * count * WASM_PAGE_BYTES);
  }
  return Array.from({ length: count }, (_, i) => new Uint8Array(memory, i * each * WASM_PAGE_BYTES, length));
}

/**
 * Writes to a file that is open for writing, past the page cache where the system lets us (Linux). What is written is
 * on the disk at once: a large file needs no long flush at its end, and writes never wait until the system has tidied
 * its cache.
 */
export class DirectFile {
  private readonly usual: FileHandle;
  private direct: FileHandle | null;

  private constructor(usual: FileHandle, direct: FileHandle | null) {
    this.usual = usual;
    this.direct = direct;
  }

  static async over(usual: FileHandle): Promise<DirectFile> {
    return new DirectFile(usual, await reopen(usual));
  }

  /** Whether the system gave a way past its cache; a write may still show that the disk takes none. */
  get isPossible(): boolean {
    return this.direct !== null;
  }

  /**
   * Bytes written, which can be fewer than `length`. What is not aligned, or not taken, is written in the usual way.
   */
  async write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    if (this.direct && [bytes.byteOffset + offset, length, position].every((n) => n % ALIGNMENT === 0)) {
      try {
        return (await this.direct.write(bytes, offset, length, position)).bytesWritten;
      } catch (error) {
        if (!NOT_TAKEN.has(errorCode(error))) throw error;
        await this.giveUp();
      }
    }
    return (await this.usual.write(bytes, offset, length, position)).bytesWritten;
  }

  /** Leaves the other handle open. */
  async giveUp(): Promise<void> {
    const { direct } = this;
    this.direct = null;
    await direct?.close();
  }
}

/** The same file, whatever its name is by now, open for direct writes; null where that can't be had. */
async function reopen(usual: FileHandle): Promise<FileHandle | null> {
  const flag: number | undefined = constants.O_DIRECT;
  if (flag === undefined) return null;
  return fs.open(`/proc/self/fd/${usual.fd}`, constants.O_WRONLY | flag).catch(() => null);
}
