import { ChannelwiseError } from '../bytes/errors.ts';
import type { FileSource } from './fileSource.ts';
import { NODE_DISK } from './node/disk.ts';
import { isUri } from './paths.ts';

/** What there is to know of a file without reading it. Links are followed. */
export interface FileStat {
  readonly kind: 'file' | 'folder' | 'other';
  readonly size: number;
  /** Two paths that lead to one file give the same. */
  readonly identity: string;
  /** Another file, or the same one after a write, has another version. */
  readonly version: string;
  /** Stays the same where the file only gets another name. */
  readonly content: string;
  /** When it was changed, in milliseconds. */
  readonly changed: number;
}

export interface FolderEntry {
  readonly name: string;
  readonly kind: FileStat['kind'];
}

/**
 * The port for files: what the product asks of a place that keeps them. Its errors carry a code as Node gives it, such
 * as ENOENT; `open` throws ChannelwiseError `io`.
 */
export interface Disk {
  /** Opens a file for random access. */
  open(path: string): Promise<FileSource>;
  stat(path: string): Promise<FileStat>;
  /** Whether something lies there, if only a link that leads nowhere. */
  exists(path: string): Promise<boolean>;
  /** The path with all links resolved. */
  realPath(path: string): Promise<string>;
  list(folder: string): Promise<FolderEntry[]>;
  removeFile(path: string): Promise<void>;
  /** Removes an empty folder. */
  removeFolder(path: string): Promise<void>;
  /** Makes one folder, in one that is there. */
  makeFolder(path: string): Promise<void>;
}

let virtualDisk: Disk | null = null;

/** Entry points call this where files are read that lie on no disk. */
export function useVirtualDisk(disk: Disk | null): void {
  virtualDisk = disk;
}

/** Who keeps the file with this name: for a URI the virtual disk, where there is one, and for all else the real one. */
export function diskOf(path: string): Disk {
  const disk = isUri(path) && virtualDisk ? virtualDisk : NODE_DISK;
  if (disk) return disk;
  throw new ChannelwiseError('io', 'no-disk', `${path} can't be reached from here; open it from the workspace.`);
}
