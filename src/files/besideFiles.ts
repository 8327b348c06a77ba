import { diskOf } from './disk.ts';
import { openFileSource } from './fileSource.ts';

/** Configs and indices are texts of some kilobytes; an index of the largest networks has some megabytes. */
const MAX_SMALL_BYTES = 64 * 1024 * 1024;

/** Names of the files in a folder; hidden ones are no part of what a person keeps there. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await diskOf(folder)
    .list(folder)
    .catch(() => []);
  return entries.filter(({ kind, name }) => kind === 'file' && !name.startsWith('.')).map(({ name }) => name);
}

/** A small text file; null where there is none, it is too large, or it can't be read. */
export async function readSmallFile(path: string): Promise<string | null> {
  const source = await openFileSource(path).catch(() => null);
  if (!source) return null;
  try {
    if (source.size > MAX_SMALL_BYTES) return null;
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await source.read(0, source.size));
  } catch {
    return null;
  } finally {
    await source.close();
  }
}

/** The bytes of a file; 0 where there is none. */
export async function fileSize(path: string): Promise<number> {
  const stat = await diskOf(path)
    .stat(path)
    .catch(() => null);
  return stat?.size ?? 0;
}
