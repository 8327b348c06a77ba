import { promises as fs, type BigIntStats } from 'node:fs';
import type { Disk, FileStat } from '../diskPort.ts';
import { isMissing } from '../errorCode.ts';
import { openFile, versionOf } from './file.ts';

/** In a millisecond. */
const NANOSECONDS = 1e6;

/** The disk of the machine that this runs on; a browser has none. */
export const NODE_DISK: Disk | null = {
  open: openFile,
  stat: async (path) => statOf(await fs.stat(path, { bigint: true })),
  async exists(path) {
    try {
      await fs.lstat(path);
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  },
  realPath: (path) => fs.realpath(path),
  async list(folder) {
    const entries = await fs.readdir(folder, { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
  },
  removeFile: (path) => fs.unlink(path),
  removeFolder: (path) => fs.rmdir(path),
  makeFolder: async (path) => void (await fs.mkdir(path, { recursive: true })),
};

function statOf(stats: BigIntStats): FileStat {
  return {
    kind: kindOf(stats),
    size: Number(stats.size),
    identity: `${stats.dev}:${stats.ino}`,
    version: versionOf(stats),
    content: [stats.dev, stats.ino, stats.size, stats.mtimeNs].join(':'),
    changed: Number(stats.ctimeNs) / NANOSECONDS,
  };
}

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean }): FileStat['kind'] {
  if (entry.isFile()) return 'file';
  return entry.isDirectory() ? 'folder' : 'other';
}
