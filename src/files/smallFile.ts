import { ChannelwiseError } from '../bytes/errors.ts';
import { openFileSource } from './fileSource.ts';

export interface SmallFile {
  /** What a sentence calls it, such as `labels file`. */
  readonly what: string;
  /** The name that a sentence shows; the path when absent. */
  readonly shown?: string | undefined;
  /** Bytes; a longer file is refused before anything of it is read. */
  readonly limit: number;
}

/**
 * A whole file that a person names: a regular file (a pipe would wait for ever, a device never ends) of bounded size.
 * Throws ChannelwiseError `io`, with code `missing` where there is none.
 */
export async function readSmallFile(path: string, { what, shown = path, limit }: SmallFile): Promise<Uint8Array> {
  const fault = (code: string, text: string): ChannelwiseError =>
    new ChannelwiseError('io', code, `The ${what} ${shown} ${text}`);
  try {
    const source = await openFileSource(path);
    try {
      if (source.size > limit) throw fault('too-long', `has ${source.size} bytes; ${limit} are the most.`);
      return await source.read(0, source.size);
    } finally {
      await source.close();
    }
  } catch (error) {
    if (!(error instanceof ChannelwiseError) || error.code === 'too-long') throw error;
    throw fault(error.code, REASONS[error.code] ?? 'could not be read.');
  }
}

/** By the codes of `openFileSource`. */
const REASONS: Readonly<Record<string, string>> = {
  missing: 'does not exist.',
  directory: 'is a folder.',
  'not-a-file': 'is no regular file.',
  'no-permission': 'may not be read; change its permissions and try again.',
  'source-changed': 'became shorter while it was read; try again when nothing writes to it.',
};
