import { copyFile, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkCancelled } from '../../bytes/cancel.ts';
import type { Splice } from '../../bytes/splice.ts';
import type { FileSource } from '../diskPort.ts';
import { saveBeside } from './save.ts';
import { tempName } from './tempFile.ts';
import { writeFileWhole } from './wholeFile.ts';
import { existsError, writeError } from './writeError.ts';

/** A file of a new folder: another one's bytes with splices, a copy, or a text. */
export type FolderFile = { readonly name: string } & (
  | { readonly source: FileSource; readonly splices: readonly Splice[] }
  | { readonly copyOf: string }
  | { readonly text: string }
);

export interface SaveFolderRequest {
  /** Where the new folder goes. */
  readonly directory: string;
  /** Names to try, one after the other; null where there are no more. */
  readonly candidates: (i: number) => string | null;
  readonly files: readonly FolderFile[];
  readonly signal?: AbortSignal | undefined;
  /** Called with 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/**
 * Writes a new folder: into a temporary folder, which gets its name when all is written. An existing
 * folder is never touched; after an error or a cancel nothing is left behind. Returns its path. Throws ChannelwiseError
 * `io` or `cancelled`.
 */
export async function saveFolderBeside(request: SaveFolderRequest): Promise<string> {
  const { directory: parent } = request;
  const temp = join(parent, tempName());
  try {
    await mkdir(temp);
    for (const [i, file] of request.files.entries()) {
      await writeInto(temp, file, request.signal);
      request.onProgress?.((i + 1) / request.files.length);
    }
    return await publishFolder(temp, parent, request.candidates);
  } catch (error) {
    await rm(temp, { recursive: true, force: true }).catch(() => undefined);
    throw writeError(parent, error);
  }
}

async function writeInto(directory: string, file: FolderFile, signal: AbortSignal | undefined): Promise<void> {
  checkCancelled(signal);
  const target = join(directory, file.name);
  if ('copyOf' in file) await copyFile(file.copyOf, target);
  else if ('text' in file) await writeFileWhole(target, async (write) => write(new TextEncoder().encode(file.text)));
  else
    await saveBeside({
      source: file.source,
      splices: file.splices,
      directory,
      candidates: (i) => (i === 0 ? file.name : null),
      signal,
    });
}

async function publishFolder(
  temp: string,
  parent: string,
  candidates: SaveFolderRequest['candidates'],
): Promise<string> {
  for (let i = 0; ; i++) {
    const name = candidates(i);
    if (name === null) throw existsError(join(parent, candidates(i - 1) ?? ''));
    const target = join(parent, name);
    const isFree = await lstat(target).then(
      () => false,
      () => true,
    );
    if (!isFree) continue;
    await rename(temp, target);
    return target;
  }
}
