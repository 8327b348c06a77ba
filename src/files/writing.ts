import { ChannelwiseError } from '../bytes/errors.ts';
import { NODE_WRITER } from './node/writer.ts';
import { isUri } from './paths.ts';
import type { SaveRequest } from './save/request.ts';
import type { SaveFolderRequest } from './save/saveFolder.ts';

/** How files are written, on a disk or where there is none. Errors are ChannelwiseError `io` or `cancelled`. */
export interface Writer {
  /**
   * Writes the source with splices applied as a new file in `directory`, under the first candidate name that is free,
   * and returns its path. An existing file is never overwritten. After an error or a cancel nothing is left behind.
   */
  saveBeside(request: SaveRequest): Promise<string>;
  /** Writes a new folder into `directory`, whole or not at all, and returns its path. */
  saveFolderBeside(request: SaveFolderRequest): Promise<string>;
  /** Writes a file that the user named in a dialog, which asked before replacing one: whole, or the older one stays. */
  writeFileWhole(path: string, fill: (write: (bytes: Uint8Array) => void) => Promise<void>): Promise<void>;
}

let virtualWriter: Writer | null = null;

/** Entry points call this where files are written that lie on no disk. */
export function useVirtualWriter(writer: Writer | null): void {
  virtualWriter = writer;
}

function writerOf(path: string): Writer {
  const writer = isUri(path) && virtualWriter ? virtualWriter : NODE_WRITER;
  if (writer) return writer;
  throw new ChannelwiseError('io', 'no-disk', `${path} can't be written to from here; save into the workspace.`);
}

export const saveBeside: Writer['saveBeside'] = async (request) => writerOf(request.directory).saveBeside(request);

export const saveFolderBeside: Writer['saveFolderBeside'] = async (request) =>
  writerOf(request.directory).saveFolderBeside(request);

export const writeFileWhole: Writer['writeFileWhole'] = async (path, fill) => writerOf(path).writeFileWhole(path, fill);
