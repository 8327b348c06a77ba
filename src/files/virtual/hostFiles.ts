import type { FileStat, FolderEntry } from '../disk.ts';

/**
 * What the editor can do with files that lie on no disk, named by URI: whole files, as `workspace.fs` has them. Errors
 * are ChannelwiseErrors with a code as Node gives it, such as ENOENT.
 */
export interface HostFiles {
  stat(uri: string): Promise<Omit<FileStat, 'identity' | 'version' | 'content'> & { readonly stamp: string }>;
  list(uri: string): Promise<FolderEntry[]>;
  /** The bytes are the caller's own. */
  read(uri: string): Promise<Uint8Array>;
  /** Creates a file or replaces it. The bytes are given away. */
  write(uri: string, bytes: Uint8Array): Promise<void>;
  makeFolder(uri: string): Promise<void>;
  /** Fails with EEXIST where `to` is taken and may not be replaced. */
  rename(from: string, to: string, replace: boolean): Promise<void>;
  /** Removes a file, or a folder with all in it. */
  remove(uri: string): Promise<void>;
}
