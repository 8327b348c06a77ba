import type { ReadCounts } from '../../bytes/byteSource.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { DataFiles } from '../../files/data/dataFiles.ts';
import type { FileSource } from '../../files/diskPort.ts';
import { openFileSource } from '../../files/fileSource.ts';
import { LentSource } from '../../files/lentSource.ts';
import { basename, dirname, join } from '../../files/paths.ts';
import { canWrite, HEAD_BYTES, type Format, type OpenedFile } from '../../formats/format.ts';
import { formatOf } from '../../formats/table.ts';
import { keep, takeKept, type KeptFile, type OpenBeside } from './keptFiles.ts';
import { misnamed } from './misnamed.ts';

/** A file of any format, open for reading. */
export interface OpenFile {
  readonly path: string;
  readonly source: FileSource;
  readonly format: Format;
  readonly file: OpenedFile;
  /** The files that hold its tensors, by name, where it is an index of several. */
  readonly shards: ReadonlyMap<string, FileSource>;
}

/**
 * Opens a file by what its first bytes say, unless that was done and the file is the same, and closes it when `use` is
 * done.
 */
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
  const openBeside = (name: string): Promise<FileSource | null> =>
    openSource(join(dirname(path), basename(name))).catch(() => null);
  try {
    const source = await openSource(path);
    const known = await takeKept(source, openBeside);
    const open = known ?? (await readFile(source, { name: basename(path), signal, external: data, openBeside }));
    const follow = followed(signal, open.ending);
    try {
      return await use({ path, ...open });
    } finally {
      follow.end();
      if (isWhole(open)) keep(open);
    }
  } finally {
    await data.close();
    for (const source of opened) await source.close();
  }
}

interface Reading {
  readonly name: string;
  readonly signal: AbortSignal | undefined;
  readonly external: DataFiles;
  readonly openBeside: OpenBeside;
}

async function readFile(opened: FileSource, { name, signal, external, openBeside }: Reading): Promise<KeptFile> {
  const source = new LentSource(opened);
  const shards = new Map<string, LentSource>();
  const ending = new AbortController();
  const follow = followed(signal, ending);
  const beside = async (shard: string): Promise<LentSource | null> => {
    const found = await openBeside(shard);
    if (!found) return null;
    const lent = new LentSource(found);
    shards.set(shard, lent);
    return lent;
  };
  try {
    const format = formatOf(await source.read(0, Math.min(source.size, HEAD_BYTES)));
    const opening = format.open(source, { name, signal: ending.signal, external, beside });
    const file = await opening.catch((error: unknown) => {
      throw format.id === 'onnx' ? misnamed(error, name) : error;
    });
    for (const one of [source, ...shards.values()]) one.keepCost();
    return { format, file, source, shards, ending };
  } finally {
    follow.end();
  }
}

/** A controller aborts where a signal does, until the end. */
function followed(signal: AbortSignal | undefined, ending: AbortController): { end(): void } {
  const abort = (): void => ending.abort();
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort);
  return { end: () => signal?.removeEventListener('abort', abort) };
}

/** Weights alone that can be written: of an index a file may be missing, which may be there the next time. */
function isWhole({ file }: KeptFile): boolean {
  return file.graph === null && canWrite(file.writer);
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

/** `holdsWeightsAlone` of two files that belong together. Throws `refused` where it is true of one of them. */
export async function holdWeightsAlone(first: string, second: string): Promise<boolean> {
  const [one, two] = [await holdsWeightsAlone(first), await holdsWeightsAlone(second)];
  if (one === two) return one;
  const [weights, model] = one ? [first, second] : [second, first];
  throw new ChannelwiseError(
    'refused',
    'not-weights',
    `${basename(weights)} holds weights without a graph and ${basename(model)} has one; name two of a kind.`,
  );
}

/** Throws `refused` where layers are named of a model with a graph. */
export function refuseLayers(layers: readonly string[] | undefined): void {
  if (layers?.length)
    throw new ChannelwiseError(
      'refused',
      'layers',
      'Layers are named for files of weights alone; this model has a graph, which tells where the image goes.',
    );
}

/** Throws `refused` for files of weights alone, for what needs a graph. */
export async function refuseWeightsAlone(path: string): Promise<void> {
  if (await holdsWeightsAlone(path))
    throw new ChannelwiseError(
      'refused',
      'no-graph',
      `${basename(path)} holds weights without a graph; \`inspect\` lists its tensors.`,
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
