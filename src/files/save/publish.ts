import { join } from 'node:path';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { errorCode } from '../errorCode.ts';
import type { SaveRequest } from './request.ts';
import type { SaveFs, SaveHandle } from './saveFs.ts';
import { existsError } from './writeError.ts';

/** Nobody has this many copies of one model in a folder; more is a loop. */
const MAX_CANDIDATES = 10_000;
/** What `link` answers on file systems without hard links (FAT, some network shares). */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'EMLINK', 'EACCES', 'EXDEV']);

/** The first candidate whose name is free now, so that a name that is taken is reported before anything is copied. */
export async function firstFree(io: SaveFs, request: SaveRequest): Promise<number> {
  for (let i = 0; ; i++) {
    if (!(await io.exists(targetPath(request, i)))) return i;
  }
}

export interface Publication {
  readonly request: SaveRequest;
  readonly temp: string;
  /** The temporary file, open. */
  readonly handle: SaveHandle;
  /** The candidate to begin with. */
  readonly first: number;
}

/**
 * Gives the temporary file its name: a hard link, which fails where the name is taken. Under the new name must lie what
 * was written: somebody else may have put another file, or a link, in the place of the temporary one. Such a target is
 * removed again.
 */
export async function publish(io: SaveFs, publication: Publication): Promise<string> {
  try {
    const target = await linkOrRename(io, publication);
    await checkSame(io, publication, target);
    return target;
  } catch (error) {
    await publication.handle.close().catch(() => undefined);
    throw error;
  }
}

async function linkOrRename(io: SaveFs, { request, temp, first }: Publication): Promise<string> {
  for (let i = first; ; i++) {
    const target = targetPath(request, i);
    try {
      await io.link(temp, target);
      return target;
    } catch (error) {
      const code = errorCode(error);
      if (code === 'EEXIST') continue;
      if (!NO_LINKS.has(code)) throw error;
    }
    if (await reserveAndRename(io, temp, target)) return target;
  }
}

async function checkSame(io: SaveFs, { handle }: Publication, target: string): Promise<void> {
  try {
    if ((await handle.identity()) === (await io.identity(target))) return;
    throw new ChannelwiseError(
      'io',
      'temporary-replaced',
      `Another program replaced the temporary file while it was written, so there is no ${target}; try again.`,
    );
  } catch (error) {
    await io.unlink(target).catch(() => undefined);
    throw error;
  }
}

/**
 * Without hard links: takes the name with an empty file of ours, then renames over that one. False when the name is
 * taken.
 */
async function reserveAndRename(io: SaveFs, temp: string, target: string): Promise<boolean> {
  let handle: SaveHandle;
  try {
    handle = await io.open(target, 0o600, 0);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    await handle.close();
    await io.rename(temp, target);
    return true;
  } catch (error) {
    await io.unlink(target).catch(() => undefined);
    throw error;
  }
}

function targetPath(request: SaveRequest, i: number): string {
  const name = i < MAX_CANDIDATES ? request.candidates(i) : null;
  if (name === null) {
    const last = i > 0 ? request.candidates(i - 1) : null;
    throw existsError(last === null ? request.directory : join(request.directory, last));
  }
  return join(request.directory, name);
}
