import type { FileSource } from '../../files/diskPort.ts';
import { LentSource } from '../../files/lentSource.ts';
import type { Format, OpenedFile } from '../../formats/format.ts';

/** Opens a file beside the first one; null where there is none. */
export type OpenBeside = (name: string) => Promise<FileSource | null>;

/** A file of weights as its format has read it, and the files that this was read from. */
export interface KeptFile {
  readonly format: Format;
  readonly file: OpenedFile;
  readonly source: LentSource;
  /** The files that it is an index of, by name. */
  readonly shards: ReadonlyMap<string, LentSource>;
  /** Its signal is the one that the file was opened with: aborting it ends the file for good. */
  readonly ending: AbortController;
}

/** A page asks for one weight after another of the same file, or of it and its original. */
const KEPT = 2;
/** The files read last, the newest first. One that is in use is not among them. */
let kept: KeptFile[] = [];

/**
 * What was read of this file before, on the files that are open now; null where nothing was, or where one of its files
 * is another one by now.
 */
export async function takeKept(source: FileSource, openBeside: OpenBeside): Promise<KeptFile | null> {
  const found = kept.find((one) => one.source.version === source.version);
  if (!found) return null;
  kept = kept.filter((one) => one !== found);
  const names = [...found.shards.keys()];
  const opened = await Promise.all(names.map(openBeside));
  for (const [i, name] of names.entries()) {
    const [shard, now] = [found.shards.get(name), opened[i]];
    if (!shard || now?.version !== shard.version) return null;
    shard.lend(now);
  }
  found.source.lend(source);
  return found;
}

/** Keeps what was read for the next question. */
export function keep(file: KeptFile): void {
  if (file.ending.signal.aborted) return;
  const others = kept.filter((one) => one.source.version !== file.source.version);
  kept = [file, ...others].slice(0, KEPT);
}
