import { stat, unlink } from 'node:fs/promises';
import { ChannelwiseError } from '../bytes/errors.ts';

/** What tells a file as we know it from one that somebody changed since. */
export interface Written {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ino: number;
}

export async function markWritten(path: string): Promise<Written> {
  const { size, mtimeMs, ino } = await stat(path);
  return { path, size, mtimeMs, ino };
}

/** False once the file is gone, changed or replaced. */
export async function sameAsWritten(written: Written): Promise<boolean> {
  const now = await markWritten(written.path).catch(() => null);
  return now !== null && now.size === written.size && now.mtimeMs === written.mtimeMs && now.ino === written.ino;
}

/** Deletes a file we wrote. Throws `refused` when it was changed or replaced since. */
export async function removeWritten(written: Written): Promise<void> {
  if (!(await markWritten(written.path).catch(() => null)))
    throw new ChannelwiseError('refused', 'gone', 'It is not there any more.');
  if (!(await sameAsWritten(written)))
    throw new ChannelwiseError('refused', 'changed', 'It was changed since it was written, so it stays.');
  await unlink(written.path);
}
