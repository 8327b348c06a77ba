import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pieces, type Piece, type Splice } from '../bytes/splice.ts';
import { ChannelwiseError } from '../bytes/errors.ts';
import { pageAligned } from './directFile.ts';
import { errorCode, type FileSource } from './fileSource.ts';
import { NODE_FS, type SaveFolder, type SaveFs, type SaveHandle } from './saveFs.ts';

/** One step of the copy. Larger steps are no faster, and a cancel waits for the steps under way. */
const CHUNK_BYTES = 2 * 1024 * 1024;
/** Steps under way at once, each with a buffer of its own: one reads while the other writes. More are no faster, and Node's four threads serve others too. */
const LANES = 2;
/**
 * Written data is flushed each time this much has come together, so that the disk works while the copy goes on. A flush holds up the
 * writes beside it, so small portions cost time: 1.5 GB took 1.0 to 1.3 times as long in portions of 128 MiB.
 */
const FLUSH_BYTES = 512 * 1024 * 1024;
/** The last part of the progress is the final flush. */
const COPY_SHARE = 0.97;
/** Nobody has this many copies of one model in a folder; more is a loop. */
const MAX_CANDIDATES = 10_000;
/** What `link` answers on file systems without hard links (FAT, some network shares). */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'EMLINK', 'EACCES', 'EXDEV']);

/** What saving needs of the file it copies from. */
export type SaveSource = Pick<FileSource, 'path' | 'size' | 'mode' | 'sparse' | 'readInto' | 'unchanged'>;

export interface SaveRequest {
  readonly source: SaveSource;
  readonly splices: readonly Splice[];
  readonly directory: string;
  /** The i-th file name to try; null when there are no more. */
  readonly candidates: (i: number) => string | null;
  readonly signal?: AbortSignal | undefined;
  /** Called with 0 to 1 while the copy goes on. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
  /** Stands in for the file system in tests. */
  readonly fs?: SaveFs;
}

/**
 * Writes the source with splices applied as a new file in `directory`, under the first candidate name that is free, and returns its path.
 * The data goes to a temporary file beside the target, is flushed, and gets its name only then; an existing file is never overwritten.
 * After an error or a cancel nothing is left behind. Throws ChannelwiseError `io` or `cancelled`.
 */
export async function saveBeside(request: SaveRequest): Promise<string> {
  const io = request.fs ?? NODE_FS;
  const output = pieces(request.source.size, request.splices);
  await checkUnchanged(request.source);
  checkCancelled(request.signal);
  let folder: SaveFolder | null = null;
  try {
    folder = await io.folder(request.directory);
    checkCancelled(request.signal);
    return await saveInto(folder, io, request, output);
  } catch (error) {
    throw error instanceof ChannelwiseError ? error : writeError(request.directory, error);
  } finally {
    await folder?.close().catch(() => undefined);
  }
}

async function saveInto(
  folder: SaveFolder,
  io: SaveFs,
  request: SaveRequest,
  output: readonly Piece[],
): Promise<string> {
  const name = `.channelwise-${randomBytes(9).toString('hex')}.tmp`;
  const temp = join(request.directory, name);
  try {
    const first = await firstFree(io, request);
    checkCancelled(request.signal);
    await writeTemp(io, request, output, temp);
    await checkUnchanged(request.source);
    checkCancelled(request.signal);
    const target = await publish(io, request, temp, first);
    await removeTemp(folder, name);
    await syncFolder(folder, io, target);
    request.onProgress?.(1);
    return target;
  } catch (error) {
    await folder.remove(name).catch(() => undefined);
    throw error;
  }
}

async function writeTemp(io: SaveFs, request: SaveRequest, output: readonly Piece[], temp: string): Promise<void> {
  const total = output.reduce((n, piece) => n + pieceLength(piece), 0);
  const handle = await io.open(temp, request.source.mode, total);
  const flusher = new Flusher(handle);
  const copying = copyPieces(handle, flusher, request, output, total);
  try {
    await unlessAborted(copying, request.signal);
    await unlessAborted(flusher.finish(), request.signal);
  } catch (error) {
    // A flush under way can take seconds, and so can a write that waits for it; the file is removed now, and closed when they are done.
    void copying
      .catch(() => undefined)
      .then(() => flusher.idle())
      .then(() => handle.close())
      .catch(() => undefined);
    throw error;
  }
  await handle.close();
}

/**
 * Copies all pieces, in lanes that take the next step each when they are free. Steps begin at multiples of their size, as direct writes
 * need it. Tried and slower or no faster on ext4, 1.5 GB: one, three or four lanes, steps of 512 KiB, 1, 4 and 8 MiB, calls that block. Kernel-side
 * copies can't be had for a part of a file, and an edit moves all that lies behind it.
 */
async function copyPieces(
  handle: SaveHandle,
  flusher: Flusher,
  request: SaveRequest,
  output: readonly Piece[],
  total: number,
): Promise<void> {
  const queue = steps(output);
  let written = 0;
  let failed = false;
  const lane = async (buffer: Uint8Array): Promise<void> => {
    try {
      for (let next = queue.next(); !next.done && !failed; next = queue.next()) {
        checkCancelled(request.signal);
        const { parts, to, length } = next.value;
        const bytes = buffer.subarray(0, length);
        await fill(bytes, parts, request);
        if (!(request.source.sparse && to + length < total && isZero(bytes)))
          await writeAll(handle, bytes, to, request.signal);
        checkCancelled(request.signal);
        written += length;
        flusher.wrote(length);
        request.onProgress?.((COPY_SHARE * written) / total);
      }
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  const lanes = pageAligned(Math.min(LANES, Math.ceil(total / CHUNK_BYTES)), CHUNK_BYTES).map(lane);
  // No step may be under way any more when the file is closed.
  for (const result of await Promise.allSettled(lanes)) if (result.status === 'rejected') throw result.reason;
}

/** Fills `target` with the pieces, one after the other. */
async function fill(target: Uint8Array, parts: readonly Piece[], request: SaveRequest): Promise<void> {
  let at = 0;
  for (const part of parts) {
    const length = pieceLength(part);
    if ('bytes' in part) target.set(part.bytes, at);
    else await request.source.readInto(target.subarray(at, at + length), part.start);
    checkCancelled(request.signal);
    at += length;
  }
}

const ZEROS = new Uint8Array(CHUNK_BYTES);

/** Holes of a sparse source stay holes, so that a copy takes no more disk than the original. */
function isZero(bytes: Uint8Array): boolean {
  return Buffer.compare(bytes, ZEROS.subarray(0, bytes.length)) === 0;
}

/** Flushes behind the copy, one flush at a time. A failed flush is thrown by the next call. */
class Flusher {
  private readonly handle: SaveHandle;
  private waiting = 0;
  private failure: { error: unknown } | null = null;
  private running: Promise<void> | null = null;

  constructor(handle: SaveHandle) {
    this.handle = handle;
  }

  wrote(bytes: number): void {
    if (this.failure) throw this.failure.error;
    this.waiting += bytes;
    if (this.waiting < FLUSH_BYTES || this.running) return;
    this.waiting = 0;
    this.start(() => this.handle.flush());
  }

  /** Flushes what is left, with the file's size. */
  async finish(): Promise<void> {
    await this.idle();
    if (!this.failure) this.start(() => this.handle.sync());
    await this.idle();
    if (this.failure) throw (this.failure as { error: unknown }).error;
  }

  /** Settles when no flush is under way; never rejects. */
  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  private start(flush: () => Promise<void>): void {
    this.running = flush()
      .catch((error: unknown) => {
        this.failure ??= { error };
      })
      .finally(() => {
        this.running = null;
      });
  }
}

/** A part of the new file: what it is made of, from where on, and how long it is. */
interface Step {
  readonly parts: readonly Piece[];
  readonly to: number;
  readonly length: number;
}

/** Steps of CHUNK_BYTES each, but for the last one. */
function* steps(output: readonly Piece[]): Generator<Step, void> {
  let to = 0;
  let parts: Piece[] = [];
  let length = 0;
  for (const piece of output) {
    const whole = pieceLength(piece);
    for (let at = 0; at < whole;) {
      const n = Math.min(CHUNK_BYTES - length, whole - at);
      parts.push(
        'bytes' in piece
          ? { bytes: piece.bytes.subarray(at, at + n) }
          : { start: piece.start + at, end: piece.start + at + n },
      );
      at += n;
      length += n;
      if (length < CHUNK_BYTES) continue;
      yield { parts, to, length };
      to += length;
      parts = [];
      length = 0;
    }
  }
  if (length) yield { parts, to, length };
}

function pieceLength(piece: Piece): number {
  return 'bytes' in piece ? piece.bytes.length : piece.end - piece.start;
}

async function writeAll(
  handle: SaveHandle,
  bytes: Uint8Array,
  position: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    checkCancelled(signal);
    const n = await handle.write(bytes, done, bytes.length - done, position + done);
    if (n === 0) throw Object.assign(new Error('nothing was written'), { code: 'EIO' });
    done += n;
  }
}

/** The first candidate whose name is free now, so that a name that is taken is reported before anything is copied. */
async function firstFree(io: SaveFs, request: SaveRequest): Promise<number> {
  for (let i = 0; ; i++) {
    if (!(await io.exists(targetPath(request, i)))) return i;
  }
}

/** Gives the temporary file its name: a hard link, which fails where the name is taken. */
async function publish(io: SaveFs, request: SaveRequest, temp: string, first: number): Promise<string> {
  for (let i = first; ; i++) {
    const target = targetPath(request, i);
    try {
      await io.link(temp, target);
      return target;
    } catch (error) {
      const code = errorCode(error);
      if (code === 'EEXIST') continue;
      if (!NO_LINKS.has(code)) throw error;
    }
    if (await reserveAndRename(io, temp, target)) return target;
  }
}

/** Without hard links: takes the name with an empty file of ours, then renames over that one. False when the name is taken. */
async function reserveAndRename(io: SaveFs, temp: string, target: string): Promise<boolean> {
  let handle: SaveHandle;
  try {
    handle = await io.open(target, 0o600, 0);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    await handle.close();
    await io.rename(temp, target);
    return true;
  } catch (error) {
    await io.unlink(target).catch(() => undefined);
    throw error;
  }
}

function targetPath(request: SaveRequest, i: number): string {
  const name = i < MAX_CANDIDATES ? request.candidates(i) : null;
  if (name === null) {
    const last = i > 0 ? request.candidates(i - 1) : null;
    throw new ChannelwiseError(
      'io',
      'exists',
      `${last === null ? request.directory : join(request.directory, last)} already exists; existing files are never overwritten, so choose another name.`,
    );
  }
  return join(request.directory, name);
}

async function removeTemp(folder: SaveFolder, name: string): Promise<void> {
  // The target is complete by now. A second try covers a passing fault (a virus scanner holding the file).
  await folder
    .remove(name)
    .catch((error: unknown) => (errorCode(error) === 'ENOENT' ? undefined : folder.remove(name)))
    .catch(() => undefined);
}

async function syncFolder(folder: SaveFolder, io: SaveFs, target: string): Promise<void> {
  try {
    await folder.sync();
  } catch (error) {
    await io.unlink(target).catch(() => undefined);
    throw error;
  }
}

async function checkUnchanged(source: SaveSource): Promise<void> {
  if (!(await source.unchanged())) {
    throw new ChannelwiseError(
      'io',
      'source-changed',
      `${source.path} changed while it was open, so nothing was written; open it again and repeat.`,
    );
  }
}

function checkCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled();
}

async function unlessAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return work;
  checkCancelled(signal);
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(cancelled());
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
    work.catch(() => undefined);
  }
}

function cancelled(): ChannelwiseError {
  return new ChannelwiseError('cancelled', 'cancelled', 'Cancelled; nothing was written.');
}

/** An error of the file system while writing into a folder, in one sentence. */
export function writeError(directory: string, error: unknown): ChannelwiseError {
  const code = errorCode(error);
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new ChannelwiseError(
        'io',
        'disk-full',
        `There is not enough space in ${directory}; free some or choose another folder.`,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new ChannelwiseError('io', 'not-writable', `You may not write into ${directory}; choose another folder.`);
    case 'ENOENT':
    case 'ENOTDIR':
      return new ChannelwiseError(
        'io',
        'folder-missing',
        `The folder ${directory} does not exist; choose another one.`,
      );
    case 'EFBIG':
      return new ChannelwiseError(
        'io',
        'file-too-large',
        `The file system of ${directory} does not take files this large; choose another folder.`,
      );
    default:
      return new ChannelwiseError('io', 'write-failed', `The file could not be written into ${directory} (${code}).`);
  }
}
