import { cancelled } from '../../bytes/cancel.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import type { Splice } from '../../bytes/splice.ts';
import type { FileSource } from '../diskPort.ts';
import type { SaveFs } from './saveFs.ts';

/** What saving needs of the file it copies from. */
export type SaveSource = Pick<FileSource, 'path' | 'size' | 'mode' | 'sparse' | 'readInto' | 'unchanged' | 'letGo'>;

/** Other files that the new one is made from. */
export interface Watched {
  /** The path of the first one that was changed since it was read; null while all are as they were. */
  changed(): Promise<string | null>;
}

export interface SaveRequest {
  readonly source: SaveSource;
  readonly splices: readonly Splice[];
  readonly directory: string;
  /** The i-th file name to try; null when there are no more. */
  readonly candidates: (i: number) => string | null;
  readonly watched?: Watched | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with 0 to 1 while the copy goes on. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
  /**
   * Called when all bytes are written and the disk still flushes them: until the file gets its name it can be read
   * under this one. It may come to nothing yet. Not called where nothing is flushed: on virtual file systems.
   */
  readonly onWritten?: ((temporaryPath: string) => void) | undefined;
  /** Stands in for the file system in tests. */
  readonly fs?: SaveFs;
}

/** Throws `source-changed` where a file that the new one is made from is not what was read. */
export async function checkUnchanged({ source, watched }: SaveRequest): Promise<void> {
  const changed = (await source.unchanged()) ? await watched?.changed() : source.path;
  if (typeof changed !== 'string') return;
  throw new ChannelwiseError(
    'io',
    'source-changed',
    `${changed} changed while it was open, so nothing was written; open it again and repeat.`,
  );
}

/** Throws `cancelled` where the user has stopped the save. */
export function checkSaveCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw stopped();
}

/** Waits for the work, but rejects with `cancelled` as soon as the signal says so. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  checkSaveCancelled(signal);
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(stopped());
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
    work.catch(() => undefined);
  }
}

function stopped(): ChannelwiseError {
  return cancelled('Cancelled; nothing was written.');
}
