import { ChannelwiseError } from '../bytes/errors.ts';
import { diskOf, type FileStat } from './disk.ts';
import { openFileSource } from './fileSource.ts';
import { basename, dirname, extname, join } from './paths.ts';
import { sourceDigest } from './sourceDigest.ts';

/** What tells a file as we know it from one that somebody changed since, also where its times were put back. */
export interface Written {
  readonly path: string;
  readonly version: string;
  readonly digest: string;
}

/** A file's state now. Throws ChannelwiseError `io` where there is none. */
export async function markWritten(path: string): Promise<Written> {
  const source = await openFileSource(path);
  try {
    return { path, version: source.version, digest: await sourceDigest(source) };
  } finally {
    await source.close();
  }
}

/** False once the file is gone, changed or replaced. */
export async function sameAsWritten(written: Written): Promise<boolean> {
  const now = await markWritten(written.path).catch(() => null);
  return now !== null && now.version === written.version && now.digest === written.digest;
}

/** What stays of a file when it only gets another name; null where there is none. */
export async function contentMark(path: string): Promise<string | null> {
  return (await statOf(path))?.content ?? null;
}

/** Deletes a file we wrote. Throws `refused` when it was changed or replaced since. */
export async function removeWritten(written: Written): Promise<void> {
  if (!(await statOf(written.path))) throw new ChannelwiseError('refused', 'gone', 'It is not there any more.');
  if (!(await sameAsWritten(written)))
    throw new ChannelwiseError('refused', 'changed', 'It was changed since it was written, so it stays.');
  await diskOf(written.path).removeFile(written.path);
}

/** A model we wrote and the data files that were copied for it. */
export interface WrittenModel {
  readonly model: Written;
  readonly copies: readonly Written[];
  /** The folder that was made for them. */
  readonly madeFolder: string | null;
}

export async function markWrittenModel(
  path: string,
  copies: readonly string[],
  madeFolder: string | null = null,
): Promise<WrittenModel> {
  return { model: await markWritten(path), copies: await Promise.all(copies.map(markWritten)), madeFolder };
}

/**
 * Deletes a model we wrote, then the data files that were copied for it, and the folder that was made for them
 * where nothing else is in it. A data file stays where it was changed since, or where a model that came into the folder
 * after it may use it. Throws as `removeWritten` does for the model, and
 * `io` where the folders can't be read; then nothing is deleted.
 */
export async function removeWrittenModel({ model, copies, madeFolder }: WrittenModel): Promise<void> {
  const own = new Set([model, ...copies].map(({ path }) => basename(path)));
  const unused: Written[] = [];
  for (const copy of copies) if (!(await usedByOther(copy.path, model.path, own))) unused.push(copy);
  await removeWritten(model);
  for (const copy of unused) await removeWritten(copy).catch(() => undefined);
  if (madeFolder === null) return;
  await diskOf(madeFolder)
    .removeFolder(madeFolder)
    .catch(() => undefined);
}

/** Whether a model that is not our own came into the folder after the data did. */
async function usedByOther(data: string, model: string, own: ReadonlySet<string>): Promise<boolean> {
  const folder = dirname(model);
  const copied = await statOf(data);
  if (!copied) return false;
  for (const { name } of await diskOf(folder).list(folder)) {
    if (own.has(name) || extname(name) !== extname(model)) continue;
    const other = await statOf(join(folder, name));
    if (other && other.changed >= copied.changed) return true;
  }
  return false;
}

async function statOf(path: string): Promise<FileStat | null> {
  return diskOf(path)
    .stat(path)
    .catch(() => null);
}
