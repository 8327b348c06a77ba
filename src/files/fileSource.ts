import { diskOf } from './disk.ts';
import type { FileSource } from './diskPort.ts';

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
