import type { FileStat, FolderEntry } from '../diskPort.ts';

/**
 * What the editor can do with files that lie on no disk, named by URI: whole files, as `workspace.fs` has them. Errors
 * are ChannelwiseErrors with a code as Node gives it, such as ENOENT.
 */
export interface WholeFiles {
  stat(uri: string): Promise<Omit<FileStat, 'identity' | 'version' | 'content'> & { readonly stamp: string }>;
  list(uri: string): Promise<FolderEntry[]>;
  /** The bytes may be the provider's own memory: they are neither changed nor given away. */
  read(uri: string): Promise<Uint8Array>;
  /** Creates a file or replaces it. The bytes are given away. */
  write(uri: string, bytes: Uint8Array): Promise<void>;
  makeFolder(uri: string): Promise<void>;
  /** Never replaces: fails with EEXIST where `to` is taken. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder with all in it. */
  remove(uri: string): Promise<void>;
}

/** A range of a file, in the version and size that it had when it was looked at. */
export interface FilePart {
  readonly version: string;
  readonly size: number;
  readonly offset: number;
  readonly length: number;
}

/** The same files for all threads, read in parts: one holder in the editor keeps the bytes, and nobody else does. */
export interface HostFiles extends WholeFiles {
  /** The bytes are the caller's own. */
  read(uri: string): Promise<Uint8Array>;
  /**
   * Fills the caller's memory from its start, as far as the part goes, and gives it back. Throws `source-changed` where
   * the file has another size by now.
   */
  readPart(uri: string, part: FilePart, memory: ArrayBuffer): Promise<Uint8Array>;
  /** Says that a version is not read for now, so that the holder lets go of it. */
  letGo(version: string): Promise<void>;
}
