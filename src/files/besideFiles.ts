import { readFile, readdir, stat } from 'node:fs/promises';

/** Configs and indices are texts of some kilobytes; an index of the largest networks has some megabytes. */
const MAX_SMALL_BYTES = 64 * 1024 * 1024;

/** Names of the files in a folder; hidden ones are no part of what a person keeps there. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name);
}

/** A small text file; null where there is none, it is too large, or it can't be read. */
export async function readSmallFile(path: string): Promise<string | null> {
  const stats = await stat(path).catch(() => null);
  if (!stats?.isFile() || stats.size > MAX_SMALL_BYTES) return null;
  return readFile(path, 'utf8').catch(() => null);
}

/** The bytes of a file; 0 where there is none. */
export async function fileSize(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}
