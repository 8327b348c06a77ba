import { constants, promises as fs, readSync, type BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { checkRange } from '../../bytes/byteSource.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import type { FileSource } from '../diskPort.ts';
import { errorCode } from '../errorCode.ts';

/**
 * Reads up to this size are done at once: a trip through Node's thread pool takes longer than they do. A scan that
 * jumps from weight to weight makes 30,000 of them (0.95 s against 0.4 s). Only the worker and the command line read
 * files.
 */
const AT_ONCE_BYTES = 64 * 1024;

/** What stat counts a file's room in, on every system. */
const BLOCK_BYTES = 512n;

/**
 * Opens a file for random access. Throws ChannelwiseError `io` when it is missing, a folder, not a regular file, or not
 * readable.
 */
export async function openFile(path: string): Promise<FileSource> {
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK, opening a named pipe waits for a writer for ever.
    handle = await fs.open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw openError(path, error);
  }
  try {
    const stats = await handle.stat({ bigint: true });
    if (stats.isDirectory()) throw new ChannelwiseError('io', 'directory', `${path} is a folder; give a model file.`);
    if (!stats.isFile())
      throw new ChannelwiseError('io', 'not-a-file', `${path} is not a regular file; give a model file.`);
    if (stats.size > BigInt(Number.MAX_SAFE_INTEGER))
      throw new ChannelwiseError('io', 'file-too-large', `${path} is larger than any file can be.`);
    return new OpenFile(path, handle, stats);
  } catch (error) {
    await handle.close();
    throw error instanceof ChannelwiseError ? error : openError(path, error);
  }
}

class OpenFile implements FileSource {
  readonly path: string;
  readonly size: number;
  readonly mode: number;
  readonly sparse: boolean;
  readonly version: string;
  bytesRead = 0;
  reads = 0;
  private readonly handle: FileHandle;

  constructor(path: string, handle: FileHandle, opened: BigIntStats) {
    this.path = path;
    this.handle = handle;
    this.version = versionOf(opened);
    this.size = Number(opened.size);
    this.mode = Number(opened.mode) & 0o777;
    this.sparse = opened.blocks * BLOCK_BYTES < opened.size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this.size, offset, length);
    const buffer = Buffer.allocUnsafeSlow(length);
    // A plain array: what slices a Buffer shares its memory.
    const bytes = new Uint8Array(buffer.buffer, buffer.byteOffset, length);
    await this.readInto(bytes, offset);
    return bytes;
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    checkRange(this.size, offset, target.length);
    for (let got = 0; got < target.length;) {
      const bytesRead = await this.attempt(() => this.some(target, got, offset + got));
      if (bytesRead === 0) {
        throw new ChannelwiseError(
          'io',
          'source-changed',
          `${this.path} became shorter while it was read; try again when nothing writes to it.`,
          { offset: offset + got },
        );
      }
      got += bytesRead;
    }
    this.bytesRead += target.length;
    this.reads += 1;
  }

  private async some(target: Uint8Array, got: number, position: number): Promise<number> {
    const length = target.length - got;
    if (length <= AT_ONCE_BYTES) return readSync(this.handle.fd, target, got, length, position);
    return (await this.handle.read(target, got, length, position)).bytesRead;
  }

  async unchanged(): Promise<boolean> {
    return fs.stat(this.path, { bigint: true }).then(
      (now) => versionOf(now) === this.version,
      () => false,
    );
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private async attempt<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw new ChannelwiseError('io', 'read-failed', `${this.path} could not be read (${errorCode(error)}).`);
    }
  }
}

/** A write changes both times. The second one can't be put back by the writer. */
export function versionOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}

function openError(path: string, error: unknown): ChannelwiseError {
  const code = errorCode(error);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new ChannelwiseError('io', 'missing', `${path} does not exist.`);
    case 'EACCES':
    case 'EPERM':
      return new ChannelwiseError(
        'io',
        'no-permission',
        `You may not read ${path}; change its permissions and try again.`,
      );
    case 'EISDIR':
      return new ChannelwiseError('io', 'directory', `${path} is a folder; give a model file.`);
    case 'ENXIO':
      return new ChannelwiseError('io', 'not-a-file', `${path} is not a regular file; give a model file.`);
    default:
      return new ChannelwiseError('io', 'open-failed', `${path} could not be opened (${code}).`);
  }
}
