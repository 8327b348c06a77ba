import { promises as fs } from 'node:fs';
import { DirectFile } from './directFile.ts';
import { errorCode } from './fileSource.ts';

/** Files from this size on are written past the page cache; smaller ones are flushed in no time, and are read again from the cache. */
const DIRECT_BYTES = 64 * 1024 * 1024;

/** What saving needs of a file system. Tests put one in that fails on purpose. */
export interface SaveFs {
  /** Creates a new file for writing, which will hold `size` bytes. Fails with EEXIST if the name is taken. */
  open(path: string, mode: number, size: number): Promise<SaveHandle>;
  exists(path: string): Promise<boolean>;
  link(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Makes new names in the folder durable, where the system can do that. */
  syncDirectory(path: string): Promise<void>;
}

export interface SaveHandle {
  write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  /** Brings the data to the disk. */
  flush(): Promise<void>;
  /** Brings data and size to the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Folders can't be opened or synced on Windows and on some network file systems. */
const NO_DIRECTORY_SYNC = new Set(['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'EBADF', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

export const NODE_FS: SaveFs = {
  async open(path, mode, size) {
    const handle = await fs.open(path, 'wx', mode);
    const direct = size < DIRECT_BYTES ? null : await DirectFile.over(handle);
    return {
      write: async (bytes, offset, length, position) => direct ? direct.write(bytes, offset, length, position) : (await handle.write(bytes, offset, length, position)).bytesWritten,
      flush: () => handle.datasync(),
      sync: () => handle.sync(),
      close: async () => {
        await direct?.giveUp().catch(() => undefined);
        await handle.close();
      },
    };
  },
  async exists(path) {
    try {
      await fs.lstat(path);
      return true;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return false;
      throw error;
    }
  },
  link: (from, to) => fs.link(from, to),
  rename: (from, to) => fs.rename(from, to),
  unlink: (path) => fs.unlink(path),
  async syncDirectory(path) {
    try {
      const handle = await fs.open(path, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (!NO_DIRECTORY_SYNC.has(errorCode(error))) throw error;
    }
  },
};
