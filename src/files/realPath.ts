import { promises as fs } from 'node:fs';
import { errorCode } from './fileSource.ts';
import { dirname, isAbsolute, relative, sep } from 'node:path';

/** The path with all links resolved; null where nothing is there or it may not be looked at. */
export async function realPath(path: string): Promise<string | null> {
  return fs.realpath(path).catch(() => null);
}

/** The folder a path lies in, links resolved; as written where it can't be resolved, and saving there will say why. */
export async function realFolder(path: string): Promise<string> {
  const folder = dirname(path);
  return (await realPath(folder)) ?? folder;
}

/** Whether two paths lead to the same file, through links too. False where one of them is missing. */
export async function sameFile(a: string, b: string): Promise<boolean> {
  try {
    const [x, y] = await Promise.all([fs.stat(a, { bigint: true }), fs.stat(b, { bigint: true })]);
    return x.dev === y.dev && x.ino === y.ino;
  } catch {
    return false;
  }
}

/** Whether something lies at a path, if only a link that leads nowhere. Rejects where that can't be told. */
export async function pathExists(path: string): Promise<boolean> {
  try {
    await fs.lstat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Whether `path` lies inside the folder `root`; both as they are written. */
export function inside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
