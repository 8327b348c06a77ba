import type { ByteSource, ReadCounts } from '../bytes/byteSource.ts';
import { diskOf } from './disk.ts';

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

/**
 * Opens a file for random access. Throws ChannelwiseError `io` when it is missing, a folder, not a regular file, or not
 * readable.
 */
export async function openFileSource(path: string): Promise<FileSource> {
  return diskOf(path).open(path);
}

/** The version of the file at `path`; null where none can be looked at. */
export async function fileVersion(path: string): Promise<string | null> {
  try {
    return (await diskOf(path).stat(path)).version;
  } catch {
    return null;
  }
}
