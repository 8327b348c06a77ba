import { ChannelwiseError } from '../bytes/errors.ts';
import type { Splice } from '../bytes/splice.ts';
import { SplicedSource } from '../bytes/splicedSource.ts';
import { dataFilePath } from '../files/data/external.ts';
import { sameContent } from '../files/digest/sameContent.ts';
import type { FileSource } from '../files/diskPort.ts';
import { openFileSource } from '../files/fileSource.ts';
import { makeFolders, takeBack } from '../files/folders.ts';
import { basename, dirname, join } from '../files/paths.ts';
import { inside, pathExists, realFolder, sameFile } from '../files/realPath.ts';
import { saveBeside } from '../files/writing.ts';
import { externalFiles } from '../formats/onnx/allTensors.ts';
import { scanModel } from '../formats/onnx/scan/scan.ts';
import type { OpenModel } from './open/openModel.ts';

/** A data file that a model in another folder needs beside it. */
export interface DataCopy {
  /** As the model names it. */
  readonly location: string;
  readonly from: string;
  readonly path: string;
  readonly size: number;
  /** The very same bytes lie there already. */
  readonly present: boolean;
}

/**
 * The data files that the adapted model still points to, and where copies of them go when it is written as `out`; none
 * where it stays in the model's folder. Throws `exists` where another file lies in the place of one.
 */
export async function dataCopies(open: OpenModel, splices: readonly Splice[], out: string): Promise<DataCopy[]> {
  if (externalFiles(open.model).size === 0) return [];
  if ((await realFolder(out)) === (await realFolder(open.path))) return [];
  const adapted = await scanModel(new SplicedSource(open.source, splices));
  // Two locations can name one file: `w.bin` and `./w.bin`.
  const copies = new Map<string, DataCopy>();
  for (const location of externalFiles(adapted).keys()) {
    const path = join(dirname(out), location);
    const source = await openFileSource(await dataFilePath(open.path, location));
    try {
      const present = await isPresent(source, path);
      copies.set(path, { location, from: source.path, path, size: source.size, present });
    } finally {
      await source.close();
    }
  }
  return [...copies.values()];
}

async function isPresent(source: FileSource, path: string): Promise<boolean> {
  if (!(await pathExists(path))) return false;
  if ((await sameFile(source.path, path)) || (await sameContent(source, path))) return true;
  throw new ChannelwiseError(
    'io',
    'exists',
    `The adapted model needs a copy of its data as ${path}, but another file lies there; existing files are never ` +
      'overwritten, so choose another folder.',
  );
}

export interface CopyOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes copied so far. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** A file that was written, and the folders that were made for its data files, the innermost first. */
export interface WrittenWithCopies {
  readonly outPath: string;
  readonly madeFolders: readonly string[];
}

/**
 * Copies what is not there yet into the folder of `out`, then runs `write`, which gives the path of what it wrote.
 * Where either fails, nothing stays behind of the copies. Throws as `saveBeside` and `write` do.
 */
export async function withDataCopies(
  copies: readonly DataCopy[],
  out: string,
  options: CopyOptions,
  write: () => Promise<string>,
): Promise<WrittenWithCopies> {
  const files: string[] = [];
  const folders: string[] = [];
  let done = 0;
  try {
    for (const copy of copies.filter(({ present }) => !present)) {
      folders.unshift(...(await makeFolders(dirname(out), dirname(copy.path))));
      await checkInside(copy, out);
      files.push(await copyFile(copy, { ...options, onProgress: (bytes) => options.onProgress?.(done + bytes) }));
      done += copy.size;
    }
    return { outPath: await write(), madeFolders: folders };
  } catch (error) {
    await takeBack(files, folders);
    throw error;
  }
}

async function copyFile({ from, path, size }: DataCopy, { signal, onProgress }: CopyOptions): Promise<string> {
  const source = await openFileSource(from);
  try {
    return await saveBeside({
      source,
      splices: [],
      directory: dirname(path),
      candidates: (i) => (i === 0 ? basename(path) : null),
      signal,
      onProgress: (fraction) => onProgress?.(fraction * size),
    });
  } finally {
    await source.close();
  }
}

/** A folder that is a link elsewhere would take a copy that the model may not be read with. */
async function checkInside({ location, path }: DataCopy, out: string): Promise<void> {
  const folder = await realFolder(out);
  const place = await realFolder(path);
  if (place === folder || inside(folder, place)) return;
  throw new ChannelwiseError(
    'refused',
    'external-location',
    `The copy of ${location} would leave the folder of the adapted model through a link; choose another folder.`,
  );
}
