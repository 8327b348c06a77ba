import { constants, promises as fs, type BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../errorCode.ts';
import { pathExists } from '../realPath.ts';
import { DirectFile } from './directFile.ts';

/**
 * Files from this size on may be written past the page cache; smaller ones are flushed in no time, and are read again
 * from the cache.
 */
const DIRECT_BYTES = 64 * 1024 * 1024;

/** What saving needs of a file system. Tests put one in that fails on purpose. */
export interface SaveFs {
  /** Creates a new file for writing, which will hold `size` bytes. Fails with EEXIST if the name is taken. */
  open(path: string, mode: number, size: number): Promise<SaveHandle>;
  exists(path: string): Promise<boolean>;
  /** Which file lies at `path`, a link counting as itself. Rejects where there is none. */
  identity(path: string): Promise<string>;
  link(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** The folder at `path`, also when it gets another name later. */
  folder(path: string): Promise<SaveFolder>;
}

export interface SaveFolder {
  /** Removes a file of the folder, wherever the folder is by now: only for a name that nobody else can have given. */
  remove(name: string): Promise<void>;
  /** Makes new names in the folder durable, where the system can do that. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface SaveHandle {
  write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  /** Writes past the page cache from now on, or no more; absent where that can't be had. */
  writeDirectly?: ((on: boolean) => void) | undefined;
  /** Which file this is, whatever its name is by now. */
  identity(): Promise<string>;
  /** Brings the data to the disk. */
  flush(): Promise<void>;
  /** Brings data and size to the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Folders can't be opened or synced on Windows, without the right to list them, and on some network file systems. */
const NO_FOLDERS = new Set(['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'EBADF', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

export const NODE_FS: SaveFs = {
  async open(path, mode, size) {
    const handle = await fs.open(path, 'wx', mode);
    const direct = size < DIRECT_BYTES ? null : await DirectFile.over(handle);
    let isDirect = false;
    return {
      write: async (bytes, offset, length, position) => {
        if (direct && isDirect) return direct.write(bytes, offset, length, position);
        return (await handle.write(bytes, offset, length, position)).bytesWritten;
      },
      writeDirectly: direct?.isPossible ? (on) => (isDirect = on) : undefined,
      identity: async () => identityOf(await handle.stat({ bigint: true })),
      flush: () => handle.datasync(),
      sync: () => handle.sync(),
      close: async () => {
        await direct?.giveUp().catch(() => undefined);
        await handle.close();
      },
    };
  },
  exists: pathExists,
  identity: async (path) => identityOf(await fs.lstat(path, { bigint: true })),
  link: (from, to) => fs.link(from, to),
  rename: (from, to) => fs.rename(from, to),
  unlink: (path) => fs.unlink(path),
  async folder(path) {
    const handle = await openFolder(path);
    return {
      async remove(name) {
        // Linux reaches what is in an open folder without its name.
        const reached =
          handle !== null &&
          (await fs.unlink(`/proc/self/fd/${handle.fd}/${name}`).then(
            () => true,
            () => false,
          ));
        if (!reached) await fs.unlink(join(path, name));
      },
      sync: () => whereItCan(async () => handle?.sync()),
      close: async () => handle?.close(),
    };
  },
};

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

async function openFolder(path: string): Promise<FileHandle | null> {
  return (await whereItCan(() => fs.open(path, constants.O_RDONLY | (constants.O_DIRECTORY ?? 0)))) ?? null;
}

async function whereItCan<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (!NO_FOLDERS.has(errorCode(error))) throw error;
    return undefined;
  }
}
