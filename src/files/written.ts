import { ChannelwiseError } from '../bytes/errors.ts';
import { sourceDigest } from './digest/sourceDigest.ts';
import { diskOf } from './disk.ts';
import type { FileStat } from './diskPort.ts';
import { errorCode } from './errorCode.ts';
import { openFileSource } from './fileSource.ts';
import { removeEmpty } from './folders.ts';
import { basename, dirname, extname, join } from './paths.ts';

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

/** A model we wrote, the files that were copied for it, and the folders that were made for them, innermost first. */
export interface WrittenModel {
  readonly model: Written;
  readonly copies: readonly Written[];
  readonly madeFolders: readonly string[];
}

/** Notes what was just written, so that it can be taken back while it is as it is now. */
export async function markWrittenModel(
  path: string,
  copies: readonly string[],
  madeFolders: readonly string[] = [],
): Promise<WrittenModel> {
  return { model: await markWritten(path), copies: await Promise.all(copies.map(markWritten)), madeFolders };
}

/** Why a copied file stays where its model is deleted. */
export type StayReason = 'changed since' | 'may be used by another model' | 'could not be deleted';

/** What became of the files that were copied for a model. Those that were gone already are in neither. */
export interface RemovedCopies {
  readonly removed: readonly string[];
  readonly stayed: readonly { readonly path: string; readonly why: StayReason }[];
}

/**
 * Deletes a model we wrote, then the files that were copied for it, and the folders that were made for them where
 * nothing else is in them. A copy stays where it was changed since, or where a model that came into the folder after it
 * may use it. Throws as `removeWritten` does for the model, and `io` where the folder can't be read; then nothing is
 * deleted.
 */
export async function removeWrittenModel({ model, copies, madeFolders }: WrittenModel): Promise<RemovedCopies> {
  const own = new Set([model, ...copies].map(({ path }) => basename(path)));
  const used = new Set<Written>();
  for (const copy of copies) if (await usedByOther(copy.path, model.path, own)) used.add(copy);
  await removeWritten(model);
  const removed: string[] = [];
  const stayed: RemovedCopies['stayed'][number][] = [];
  for (const copy of copies) {
    const why = used.has(copy) ? 'may be used by another model' : await removeCopy(copy);
    if (why === null) removed.push(copy.path);
    else if (why !== 'gone') stayed.push({ path: copy.path, why });
  }
  await removeEmpty(madeFolders);
  return { removed, stayed };
}

/** null where it was deleted. */
async function removeCopy(copy: Written): Promise<StayReason | 'gone' | null> {
  try {
    await removeWritten(copy);
    return null;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'gone') return 'gone';
    return code === 'changed' ? 'changed since' : 'could not be deleted';
  }
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
