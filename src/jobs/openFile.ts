import { basename, dirname, join } from 'node:path';
import { DataFiles } from '../files/dataFiles.ts';
import { openFileSource, type FileSource } from '../files/fileSource.ts';
import { HEAD_BYTES, type Format, type OpenedFile } from '../formats/format.ts';
import { formatOf } from '../formats/table.ts';

/** A file of any format, open for reading. */
export interface OpenFile {
  readonly path: string;
  readonly source: FileSource;
  readonly format: Format;
  readonly file: OpenedFile;
}

/** Opens a file by what its first bytes say, and closes it when `use` is done. */
export async function withOpenFile<T>(
  path: string,
  signal: AbortSignal | undefined,
  use: (open: OpenFile) => Promise<T>,
): Promise<T> {
  const opened: FileSource[] = [];
  const data = new DataFiles(path);
  const openSource = async (at: string): Promise<FileSource> => {
    const source = await openFileSource(at);
    opened.push(source);
    return source;
  };
  try {
    const source = await openSource(path);
    const format = formatOf(await source.read(0, Math.min(source.size, HEAD_BYTES)));
    const file = await format.open(source, {
      name: basename(path),
      signal,
      external: data,
      beside: (name) => openSource(join(dirname(path), basename(name))).catch(() => null),
    });
    return await use({ path, source, format, file });
  } finally {
    await data.close();
    for (const source of opened) await source.close();
  }
}

/** The format of a file, by its first bytes. */
export async function fileFormat(path: string): Promise<Format> {
  const source = await openFileSource(path);
  try {
    return formatOf(await source.read(0, Math.min(source.size, HEAD_BYTES)));
  } finally {
    await source.close();
  }
}

/** True where the file holds weights and no graph. */
export async function holdsWeightsAlone(path: string): Promise<boolean> {
  return (await fileFormat(path)).holds === 'weights';
}
