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
