import { closeSync, fchmodSync, fstatSync, fsyncSync, lstatSync, openSync, promises as fs, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { realPath } from '../realPath.ts';
import { removeLeftovers, tempName } from './tempFile.ts';
import { writeError } from './writeError.ts';

/**
 * Writes a file that the user named in a dialog, which asked before replacing one: to a temporary file beside it, which
 * gets the name when `fill` is done. A link stays a link to the file that is replaced, and a file that is replaced
 * keeps its permissions. After an error or a cancel nothing is left behind and an older file is as it was. Throws
 * ChannelwiseError `io`, and what `fill` throws.
 */
export async function writeFileWhole(
  path: string,
  fill: (write: (bytes: Uint8Array) => void) => Promise<void>,
): Promise<void> {
  const target = (await realPath(path)) ?? path;
  const folder = dirname(target);
  const temp = join(folder, tempName());
  await removeLeftovers(folder);
  try {
    const older = await fs.stat(target).catch(() => null);
    // Parts of a tensor come faster than they can be awaited one by one; in the worker a write may block.
    const file = openSync(temp, 'wx');
    try {
      await fill((bytes) => {
        for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
      });
      if (older) fchmodSync(file, older.mode & 0o777);
      fsyncSync(file);
      checkSame(file, temp);
      await fs.rename(temp, target);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    await fs.unlink(temp).catch(() => undefined);
    throw writeError(folder, error);
  }
}

/** Somebody else may have put another file, or a link, in the place of the temporary one. */
function checkSame(file: number, temp: string): void {
  const [written, named] = [fstatSync(file, { bigint: true }), lstatSync(temp, { bigint: true })];
  if (written.dev === named.dev && written.ino === named.ino) return;
  throw new ChannelwiseError(
    'io',
    'temporary-replaced',
    'Another program replaced the temporary file while it was written, so nothing was saved; try again.',
  );
}
