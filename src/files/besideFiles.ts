import { hasCode } from '../bytes/errors.ts';
import { diskOf } from './disk.ts';
import { join } from './paths.ts';
import { readSmallFile } from './smallFile.ts';

/** Configs and indices are texts of some kilobytes; an index of the largest networks has some megabytes. */
const MAX_SMALL_BYTES = 64 * 1024 * 1024;

/** Names of the files in a folder; hidden ones are no part of what a person keeps there. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await diskOf(folder)
    .list(folder)
    .catch(() => []);
  return entries.filter(({ kind, name }) => kind === 'file' && !name.startsWith('.')).map(({ name }) => name);
}

/** A text file of a folder; null where there is none. Throws as `readSmallFile` does where it can't be read. */
export async function readBeside(folder: string, name: string, what: string): Promise<string | null> {
  try {
    const bytes = await readSmallFile(join(folder, name), { what, shown: name, limit: MAX_SMALL_BYTES });
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (hasCode(error, 'missing')) return null;
    throw error;
  }
}

/** The bytes of a file; 0 where there is none. */
export async function fileSize(path: string): Promise<number> {
  const stat = await diskOf(path)
    .stat(path)
    .catch(() => null);
  return stat?.size ?? 0;
}
