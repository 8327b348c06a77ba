import { joined } from '../../bytes/joined.ts';
import type { Splice } from '../../bytes/splice.ts';
import { SplicedSource } from '../../bytes/splicedSource.ts';
import { errorCode, isMissing } from '../errorCode.ts';
import { openFileSource } from '../fileSource.ts';
import { dirname, join } from '../paths.ts';
import { checkSaveCancelled, checkUnchanged, type SaveRequest, type SaveSource } from '../save/request.ts';
import type { FolderFile, SaveFolderRequest } from '../save/saveFolder.ts';
import { existsError, writeError } from '../save/writeError.ts';
import type { Writer } from '../writerPort.ts';
import { checkWholeFile } from './heldFiles.ts';
import type { HostFiles } from './hostFiles.ts';

/** Nobody has this many copies of one model in a folder; more is a loop. */
const MAX_CANDIDATES = 10_000;
/** Making the bytes takes a moment; the rest of the progress is the editor's. */
const MADE_SHARE = 0.3;
/** So much is copied before it is looked whether that was cancelled. */
const STEP_BYTES = 16 * 1024 * 1024;

/**
 * Writes where there is no disk: the whole file is made in memory, written under a temporary name beside the target,
 * and renamed without replacing anything. What was written is removed again where a later step fails.
 */
export function virtualWriter(host: HostFiles): Writer {
  return {
    async saveBeside(request) {
      const { directory, signal, onProgress } = request;
      await checkUnchanged(request);
      checkSaveCancelled(signal);
      const bytes = await splicedBytes(request);
      // The new file is made, and what is done with it next needs the memory.
      await request.source.letGo?.();
      onProgress?.(MADE_SHARE);
      return guarded(directory, async () => {
        const first = await firstFree(host, directory, request.candidates);
        const temp = join(directory, tempName());
        return removedUnlessDone(host, temp, async () => {
          await host.write(temp, bytes);
          await checkUnchanged(request);
          checkSaveCancelled(signal);
          const target = await publish(host, temp, { directory, candidates: request.candidates, first });
          onProgress?.(1);
          return target;
        });
      });
    },

    async saveFolderBeside({ directory, candidates, files, signal, onProgress }) {
      return guarded(directory, async () => {
        const temp = join(directory, tempName());
        return removedUnlessDone(host, temp, async () => {
          await host.makeFolder(temp);
          for (const [i, file] of files.entries()) {
            await host.write(join(temp, file.name), await folderFileBytes(file, signal));
            checkSaveCancelled(signal);
            onProgress?.((i + 1) / files.length);
          }
          return publish(host, temp, { directory, candidates, first: 0 });
        });
      });
    },

    async writeFileWhole(path, fill) {
      const parts: Uint8Array[] = [];
      await fill((bytes) => {
        // What fills the file may use its memory again.
        parts.push(bytes.slice());
      });
      const directory = dirname(path);
      const temp = join(directory, tempName());
      await guarded(directory, () =>
        removedUnlessDone(host, temp, async () => {
          await host.write(temp, joined(parts));
          await replace(host, temp, path);
        }),
      );
    },
  };
}

async function splicedBytes({
  source,
  splices,
  signal,
}: {
  readonly source: SaveSource;
  readonly splices: readonly Splice[];
  readonly signal?: AbortSignal | undefined;
}): Promise<Uint8Array> {
  const spliced = new SplicedSource(withRead(source), splices);
  checkWholeFile(source.path, spliced.size);
  const bytes = new Uint8Array(spliced.size);
  for (let at = 0; at < bytes.length; at += STEP_BYTES) {
    await spliced.readInto(bytes.subarray(at, at + STEP_BYTES), at);
    checkSaveCancelled(signal);
  }
  return bytes;
}

/** What saving is given can fill memory alone. */
function withRead(source: SaveSource): ConstructorParameters<typeof SplicedSource>[0] {
  return {
    size: source.size,
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      await source.readInto(bytes, offset);
      return bytes;
    },
    readInto: (target, offset) => source.readInto(target, offset),
  };
}

async function folderFileBytes(file: FolderFile, signal: AbortSignal | undefined): Promise<Uint8Array> {
  if ('text' in file) return new TextEncoder().encode(file.text);
  if ('splices' in file) return splicedBytes({ ...file, signal });
  const source = await openFileSource(file.copyOf);
  try {
    return await source.read(0, source.size);
  } finally {
    await source.close();
  }
}

interface Place {
  readonly directory: string;
  readonly candidates: SaveFolderRequest['candidates'];
  readonly first: number;
}

/** Gives what was written the first name that is free. */
async function publish(host: HostFiles, temp: string, { directory, candidates, first }: Place): Promise<string> {
  for (let i = first; ; i++) {
    const target = targetPath(directory, candidates, i);
    if (await exists(host, target)) continue;
    try {
      await rename(host, temp, target);
      return target;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
}

/** The first candidate whose name is free now, so that a name that is taken is reported before anything is written. */
async function firstFree(host: HostFiles, directory: string, candidates: SaveRequest['candidates']): Promise<number> {
  for (let i = 0; ; i++) if (!(await exists(host, targetPath(directory, candidates, i)))) return i;
}

function targetPath(directory: string, candidates: SaveFolderRequest['candidates'], i: number): string {
  const name = i < MAX_CANDIDATES ? candidates(i) : null;
  if (name !== null) return join(directory, name);
  throw existsError(join(directory, (i > 0 && candidates(i - 1)) || ''));
}

/**
 * Gives a file or folder its name, where that is free. VS Code looks at it afterwards and fails where that look fails;
 * the temporary name, which nobody else has, is gone then, so the new one is in place.
 */
async function rename(host: HostFiles, temp: string, target: string): Promise<void> {
  try {
    await host.rename(temp, target);
  } catch (error) {
    const isGone = !(await exists(host, temp).catch(() => true));
    if (!isGone || !(await exists(host, target).catch(() => false))) throw error;
  }
}

/**
 * Puts a file in the place of another. VS Code deletes what lies there before it renames, so the older file waits under
 * another name until the new one is in place.
 */
async function replace(host: HostFiles, temp: string, target: string): Promise<void> {
  if (!(await exists(host, target))) return rename(host, temp, target);
  const older = join(dirname(target), tempName());
  await rename(host, target, older);
  try {
    await rename(host, temp, target);
  } catch (error) {
    await rename(host, older, target).catch(() => rename(host, older, target));
    throw error;
  }
  await removed(host, older);
}

async function exists(host: HostFiles, path: string): Promise<boolean> {
  try {
    await host.stat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Runs what writes under a temporary name; where it fails, what lies there is removed. */
async function removedUnlessDone<T>(host: HostFiles, temp: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await removed(host, temp);
    throw error;
  }
}

/** A second try covers a passing fault. Where nothing was written there is nothing to remove. */
async function removed(host: HostFiles, temp: string): Promise<void> {
  await host.remove(temp).catch(() => host.remove(temp).catch(() => undefined));
}

/** What fails is told in a sentence. */
async function guarded<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw writeError(directory, error);
  }
}

/** A name for a temporary file that nobody else can have given. */
function tempName(): string {
  const digits = Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(16).padStart(2, '0'));
  return `.channelwise-${digits.join('')}.tmp`;
}
