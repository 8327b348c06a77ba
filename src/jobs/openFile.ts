import { DataFiles } from '../files/dataFiles.ts';
import type { ReadCounts } from '../bytes/byteSource.ts';
import { openFileSource, type FileSource } from '../files/fileSource.ts';
import { basename, dirname, join } from '../files/paths.ts';
import { HEAD_BYTES, type Format, type OpenedFile } from '../formats/format.ts';
import { formatOf } from '../formats/table.ts';

/** A file of any format, open for reading. */
export interface OpenFile {
  readonly path: string;
  readonly source: FileSource;
  readonly format: Format;
  readonly file: OpenedFile;
  /** The files that hold its tensors, by name, where it is an index of several. */
  readonly shards: ReadonlyMap<string, FileSource>;
}

/** Opens a file by what its first bytes say, and closes it when `use` is done. */
export async function withOpenFile<T>(
  path: string,
  signal: AbortSignal | undefined,
  use: (open: OpenFile) => Promise<T>,
): Promise<T> {
  const opened: FileSource[] = [];
  const shards = new Map<string, FileSource>();
  const data = new DataFiles(path);
  const openSource = async (at: string): Promise<FileSource> => {
    const source = await openFileSource(at);
    opened.push(source);
    return source;
  };
  const openBeside = async (name: string): Promise<FileSource | null> => {
    const source = await openSource(join(dirname(path), basename(name))).catch(() => null);
    if (source) shards.set(name, source);
    return source;
  };
  try {
    const source = await openSource(path);
    const format = formatOf(await source.read(0, Math.min(source.size, HEAD_BYTES)));
    const file = await format.open(source, {
      name: basename(path),
      signal,
      external: data,
      beside: openBeside,
    });
    return await use({ path, source, format, file, shards });
  } finally {
    await data.close();
    for (const source of opened) await source.close();
  }
}

/** What opening and reading a model has cost so far, and its size: of its file and of those that it lies in. */
export function readCost({ source, shards }: OpenFile): ReadCounts & { readonly fileSize: number } {
  const all = [source, ...shards.values()];
  const sum = (count: (one: FileSource) => number): number => all.reduce((total, one) => total + count(one), 0);
  return {
    bytesRead: sum(({ bytesRead }) => bytesRead),
    reads: sum(({ reads }) => reads),
    fileSize: sum(({ size }) => size),
  };
}

/** The format of a file, by its first bytes. */
export async function fileFormat(path: string): Promise<Format> {
  return withFormat(path, (format) => Promise.resolve(format));
}

/** True where the file holds weights and no graph. */
export async function holdsWeightsAlone(path: string): Promise<boolean> {
  return withFormat(path, async ({ holds, holdsGraph }, source) =>
    holdsGraph ? !(await holdsGraph(source)) : holds === 'weights',
  );
}

async function withFormat<T>(path: string, use: (format: Format, source: FileSource) => Promise<T>): Promise<T> {
  const source = await openFileSource(path);
  try {
    return await use(formatOf(await source.read(0, Math.min(source.size, HEAD_BYTES))), source);
  } finally {
    await source.close();
  }
}
