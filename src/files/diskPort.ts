import type { ByteSource, ReadCounts } from '../bytes/byteSource.ts';

/** A file open for reading. `mode` holds its permission bits, so that a copy is no more public than the original. */
export interface FileSource extends ByteSource, Readonly<ReadCounts> {
  readonly path: string;
  readonly mode: number;
  /** The file takes less room on the disk than it has bytes: parts of it are holes. */
  readonly sparse: boolean;
  /** Which file this is, and in which state: another file, or the same one after a write, has another version. */
  readonly version: string;
  close(): Promise<void>;
  /** Says that it is not read for now, where its bytes are held in memory. */
  letGo?(): Promise<void>;
  /** False once the file under `path` has another version than when it was opened. */
  unchanged(): Promise<boolean>;
}

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
