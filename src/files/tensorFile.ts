import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, promises as fs, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ChannelwiseError } from '../bytes/errors.ts';
import { writeError } from './save.ts';

/**
 * Writes a file that the user named in a dialog, which asked before replacing one: to a temporary file beside it, which gets the name when
 * `fill` is done. After an error or a cancel nothing is left behind and an older file is as it was. Throws ChannelwiseError `io`, and what `fill` throws.
 */
export async function writeFileWhole(
  path: string,
  fill: (write: (bytes: Uint8Array) => void) => Promise<void>,
): Promise<void> {
  const folder = dirname(path);
  const temp = join(folder, `.channelwise-${randomBytes(9).toString('hex')}.tmp`);
  try {
    // Parts of a tensor come faster than they can be awaited one by one; in the worker a write may block.
    const file = openSync(temp, 'wx');
    try {
      await fill((bytes) => {
        for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
      });
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    await fs.rename(temp, path);
  } catch (error) {
    await fs.unlink(temp).catch(() => undefined);
    throw error instanceof ChannelwiseError ? error : writeError(folder, error);
  }
}
