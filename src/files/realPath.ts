import { diskOf } from './disk.ts';
import { isAbsolute, relative, sep } from './node/paths.ts';
import { dirname, isUri } from './paths.ts';

/** The path with all links resolved; null where nothing is there or it may not be looked at. */
export async function realPath(path: string): Promise<string | null> {
  return diskOf(path)
    .realPath(path)
    .catch(() => null);
}

/** The folder a path lies in, links resolved; as written where it can't be resolved, and saving there will say why. */
export async function realFolder(path: string): Promise<string> {
  const folder = dirname(path);
  return (await realPath(folder)) ?? folder;
}

/** Whether two paths lead to the same file, through links too. False where one of them is missing. */
export async function sameFile(a: string, b: string): Promise<boolean> {
  try {
    const [x, y] = await Promise.all([diskOf(a).stat(a), diskOf(b).stat(b)]);
    return x.identity === y.identity;
  } catch {
    return false;
  }
}

/** Whether something lies at a path, if only a link that leads nowhere. Rejects where that can't be told. */
export async function pathExists(path: string): Promise<boolean> {
  return diskOf(path).exists(path);
}

/** Whether `path` lies inside the folder `root`; both as they are written. */
export function inside(root: string, path: string): boolean {
  if (isUri(root) || isUri(path)) return insideUri(root, path);
  const way = relative(root, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** A provider may take `..` for the folder above, so that a URI with one lies nowhere for sure. */
function insideUri(root: string, path: string): boolean {
  const folder = `${root.replace(/\/$/, '')}/`;
  return path.startsWith(folder) && path.length > folder.length && !/\/(?:\.|%2e){1,2}(?:\/|$)|%2f/i.test(path);
}
