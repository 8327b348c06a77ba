import { join } from 'node:path';
import { pieces, type Piece } from '../../bytes/splice.ts';
import { copyPieces, lengthOf } from './copy.ts';
import { Flusher } from './flusher.ts';
import { firstFree, publish } from './publish.ts';
import { checkSaveCancelled, checkUnchanged, unlessAborted, type SaveRequest } from './request.ts';
import { NODE_FS, type SaveFolder, type SaveFs, type SaveHandle } from './saveFs.ts';
import { removeLeftovers, tempName } from './tempFile.ts';
import { writeError } from './writeError.ts';

/** The last part of the progress is the final flush. */
const COPY_SHARE = 0.97;

/** One save under way. */
interface Save {
  readonly io: SaveFs;
  readonly request: SaveRequest;
  readonly folder: SaveFolder;
  readonly output: readonly Piece[];
}

/**
 * Writes the source with splices applied as a new file in `directory`, under the first candidate name that is free, and
 * returns its path. The data goes to a temporary file beside the target, is flushed, and gets its name only then; an
 * existing file is never overwritten. After an error or a cancel nothing is left behind. Throws ChannelwiseError `io`
 * or `cancelled`.
 */
export async function saveBeside(request: SaveRequest): Promise<string> {
  const io = request.fs ?? NODE_FS;
  const output = pieces(request.source.size, request.splices);
  await checkUnchanged(request);
  checkSaveCancelled(request.signal);
  let folder: SaveFolder | null = null;
  try {
    folder = await io.folder(request.directory);
    await removeLeftovers(request.directory);
    checkSaveCancelled(request.signal);
    return await saveInto({ io, request, folder, output });
  } catch (error) {
    throw writeError(request.directory, error);
  } finally {
    await folder?.close().catch(() => undefined);
  }
}

async function saveInto(save: Save): Promise<string> {
  const { io, request, folder } = save;
  const name = tempName();
  const temp = join(request.directory, name);
  let handle: SaveHandle | null = null;
  try {
    const first = await firstFree(io, request);
    checkSaveCancelled(request.signal);
    const total = lengthOf(save.output);
    handle = await io.open(temp, request.source.mode, total);
    await writeTemp(save, { path: temp, handle, total });
    const target = await publish(io, { request, temp, handle, first });
    await durably(save, name, target, handle);
    request.onProgress?.(1);
    return target;
  } catch (error) {
    await folder.remove(name).catch(() => undefined);
    throw error;
  }
}

interface TempFile {
  readonly path: string;
  readonly handle: SaveHandle;
  /** Bytes it will have. */
  readonly total: number;
}

/** Fills the temporary file and brings it to the disk. Closes it where that fails. */
async function writeTemp({ request, output }: Save, { path, handle, total }: TempFile): Promise<void> {
  const { signal } = request;
  const flusher = new Flusher(handle);
  const copying = copyPieces({ handle, request, output, total }, (length, written) => {
    flusher.wrote(length);
    request.onProgress?.((COPY_SHARE * written) / total);
  });
  try {
    await unlessAborted(copying, signal);
    request.onWritten?.(path);
    await unlessAborted(flusher.finish(), signal);
    await checkUnchanged(request);
    checkSaveCancelled(signal);
  } catch (error) {
    // A flush under way can take seconds, and so can a write that waits for it; the file is removed now, and closed
    // when they are done.
    void copying
      .catch(() => undefined)
      .then(() => flusher.idle())
      .then(() => handle.close())
      .catch(() => undefined);
    throw error;
  }
}

/** Takes the temporary name away and makes the new one durable; where that fails the target goes too. */
async function durably({ io, folder }: Save, temp: string, target: string, handle: SaveHandle): Promise<void> {
  try {
    await handle.close();
    // A second try covers a passing fault (a virus scanner holding the file).
    await folder.remove(temp).catch(() => folder.remove(temp).catch(() => undefined));
    await folder.sync();
  } catch (error) {
    await io.unlink(target).catch(() => undefined);
    throw error;
  }
}
