import { diskOf } from './disk.ts';
import { dirname } from './paths.ts';
import { pathExists, realPath } from './realPath.ts';
import { writeError } from './save/writeError.ts';

/**
 * Makes the folders below `root` that lead to `path`. Gives those that were not there, the innermost first; none where
 * there is no `root`. Throws ChannelwiseError `io` where one can't be made; then none of them stays.
 */
export async function makeFolders(root: string, path: string): Promise<string[]> {
  if (path === root || (await realPath(root)) === null) return [];
  const made: string[] = [];
  try {
    for (const folder of await missingFolders(root, path)) {
      await diskOf(folder).makeFolder(folder);
      made.unshift(folder);
    }
    return made;
  } catch (error) {
    await removeEmpty(made);
    throw writeError(path, error);
  }
}

/** The outermost first. */
async function missingFolders(root: string, path: string): Promise<string[]> {
  const missing: string[] = [];
  for (let folder = path; folder !== root && !(await pathExists(folder)); folder = dirname(folder)) {
    missing.unshift(folder);
    if (dirname(folder) === folder) break;
  }
  return missing;
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
  await removeEmpty(folders);
}

/** Removes folders in this order; those that hold something stay, and so does what can't be removed. */
export async function removeEmpty(folders: readonly string[]): Promise<void> {
  for (const folder of folders)
    await diskOf(folder)
      .removeFolder(folder)
      .catch(() => undefined);
}
