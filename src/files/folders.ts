import { diskOf } from './disk.ts';
import { realPath } from './realPath.ts';

/**
 * Makes the folders below `root` that lead to `path`. Gives the first one that was not there; null where all were, or
 * where there is no `root`.
 */
export async function makeFolders(root: string, path: string): Promise<string | null> {
  if (path === root || (await realPath(root)) === null) return null;
  return diskOf(path).makeFolders(path);
}

/**
 * Removes files that were just written, then the folders that were made for them, as far as they are empty. What can't
 * be removed stays.
 */
export async function takeBack(files: readonly string[], folders: readonly string[]): Promise<void> {
  for (const file of files)
    await diskOf(file)
      .removeFile(file)
      .catch(() => undefined);
  for (const folder of folders)
    await diskOf(folder)
      .removeFolder(folder)
      .catch(() => undefined);
}
