import { ChannelwiseError } from '../../bytes/errors.ts';
import type { ExternalReader } from '../../formats/onnx/externalData.ts';
import type { FileSource } from '../diskPort.ts';
import { fileVersion, openFileSource } from '../fileSource.ts';
import { dirname, resolve } from '../paths.ts';
import { dataFilePath, tooShort } from './external.ts';

/**
 * So many data files of one model stay open while it is read; a model that names more of them waits a little longer for
 * the others.
 */
const MAX_OPEN = 64;

/** A model that names more data files has these and those that are read watched: looking at each takes a moment. */
const MAX_WATCHED = 1000;

/**
 * The external data files of the model at `modelPath`, each as it was when it was first looked at: one that is written
 * to meanwhile is not read on, since its weights would come from two states of it.
 */
export class DataFiles implements ExternalReader {
  private readonly modelPath: string;
  private readonly open = new Map<string, Promise<FileSource>>();
  /** What was seen first, by the path of the file. */
  private readonly versions = new Map<string, string>();

  constructor(modelPath: string) {
    this.modelPath = modelPath;
  }

  async read(location: string, offset: number, length: number | null): Promise<Uint8Array> {
    const kept = this.open.get(location);
    if (kept) return readFrom(await kept, location, offset, length);
    const opening = this.openFile(location);
    if (this.open.size < MAX_OPEN) {
      this.open.set(location, opening);
      opening.catch(() => this.open.delete(location));
      return readFrom(await opening, location, offset, length);
    }
    const source = await opening;
    try {
      return await readFrom(source, location, offset, length);
    } finally {
      await source.close();
    }
  }

  /**
   * Notes the state of data files that may be read later, or that a new model will point to. What can't be looked at is
   * left to `read`.
   */
  async watch(locations: Iterable<string>): Promise<void> {
    for (const location of [...locations].slice(0, MAX_WATCHED)) {
      const path = resolve(dirname(resolve(this.modelPath)), location);
      const version = await fileVersion(path);
      if (version !== null && !this.versions.has(path)) this.versions.set(path, version);
    }
  }

  /** The first of the files seen that is another one by now, or was written to; null while all are as they were. */
  async changed(): Promise<string | null> {
    for (const [path, version] of this.versions) if ((await fileVersion(path)) !== version) return path;
    return null;
  }

  async close(): Promise<void> {
    const opened = [...this.open.values()];
    this.open.clear();
    for (const result of await Promise.allSettled(opened))
      if (result.status === 'fulfilled') await result.value.close();
  }

  private async openFile(location: string): Promise<FileSource> {
    const path = await dataFilePath(this.modelPath, location);
    const source = await openFileSource(path);
    const written = resolve(dirname(resolve(this.modelPath)), location);
    const first = this.versions.get(written) ?? source.version;
    this.versions.set(written, first);
    if (source.version === first) return source;
    await source.close();
    throw new ChannelwiseError(
      'io',
      'source-changed',
      `The data file ${location} was written to while it was read; try again when nothing writes to it.`,
    );
  }
}

async function readFrom(
  source: FileSource,
  location: string,
  offset: number,
  length: number | null,
): Promise<Uint8Array> {
  const wanted = length ?? source.size - offset;
  if (wanted < 0 || offset + wanted > source.size) throw tooShort(location, source.size, offset + Math.max(wanted, 0));
  return source.read(offset, wanted);
}
