import type { Piece } from '../../bytes/splice.ts';
import { pageAligned } from './directFile.ts';
import { checkSaveCancelled, type SaveRequest } from './request.ts';
import type { SaveHandle } from './saveFs.ts';

/** One step of the copy. Larger steps are no faster, and a cancel waits for the steps under way. */
const CHUNK_BYTES = 2 * 1024 * 1024;
/**
 * Steps under way at once, each with a buffer of its own: one reads while the other writes. More are no faster, and
 * Node's four threads serve others too.
 */
const LANES = 2;

export interface Copy {
  readonly handle: SaveHandle;
  readonly request: SaveRequest;
  readonly output: readonly Piece[];
  /** Bytes of the new file. */
  readonly total: number;
}

/** Bytes of each of the two trials: some thirty milliseconds on a fast disk. */
const TRIAL_BYTES = 32 * 1024 * 1024;
/**
 * After so many bytes through the system's cache their speed is looked at again: when the cache fills up, writes are
 * held up for seconds.
 */
const PORTION_BYTES = 128 * 1024 * 1024;
/** So many times slower than the direct trial, and the rest is written directly. */
const TOO_SLOW = 1.5;

/**
 * Copies all pieces. Disks differ in what suits them: through the system's cache with flushes behind, or past it. Where
 * both can be had the beginning of the file is written half in one way and half in the other, and the rest in the way
 * that was faster.
 */
export async function copyPieces(copy: Copy, onWritten: (length: number, written: number) => void): Promise<void> {
  const { handle, request, total } = copy;
  const queue = new StepQueue(copy.output);
  let written = 0;
  const buffers = pageAligned(Math.min(LANES, Math.ceil(total / CHUNK_BYTES)), CHUNK_BYTES);
  const copyUntil = (end: number): Promise<void> =>
    inLanes({ copy, buffers, queue, end }, (length) => {
      written += length;
      onWritten(length, written);
    });
  if (!handle.writeDirectly || total <= 2 * TRIAL_BYTES || request.source.sparse) return copyUntil(total);
  const usual = await milliseconds(() => copyUntil(TRIAL_BYTES).then(() => handle.flush()));
  handle.writeDirectly(true);
  const direct = await milliseconds(() => copyUntil(2 * TRIAL_BYTES));
  if (direct < usual) return copyUntil(total);
  handle.writeDirectly(false);
  const longest = TOO_SLOW * direct * (PORTION_BYTES / TRIAL_BYTES);
  for (let end = written + PORTION_BYTES; written < total; end += PORTION_BYTES) {
    const taken = await milliseconds(() => copyUntil(end));
    if (taken <= longest) continue;
    handle.writeDirectly(true);
    await copyUntil(total);
  }
}

async function milliseconds(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

interface Lanes {
  readonly copy: Copy;
  readonly buffers: readonly Uint8Array[];
  readonly queue: StepQueue;
  /** Steps that begin here or later are left. */
  readonly end: number;
}

/**
 * Takes steps up to `end`, each lane the next one when it is free. Steps begin at multiples of their size, as direct
 * writes need it.
 */
async function inLanes({ copy, buffers, queue, end }: Lanes, onStep: (length: number) => void): Promise<void> {
  const { handle, request, total } = copy;
  const { source, signal } = request;
  let failed = false;
  const lane = async (buffer: Uint8Array): Promise<void> => {
    try {
      for (let step = queue.next(end); step && !failed; step = queue.next(end)) {
        checkSaveCancelled(signal);
        const { parts, to, length } = step;
        const bytes = buffer.subarray(0, length);
        await fill(bytes, parts, request);
        const hole = source.sparse && to + length < total && isZero(bytes);
        if (!hole) await writeAll(handle, bytes, to, signal);
        checkSaveCancelled(signal);
        onStep(length);
      }
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  // No step may be under way any more when the file is closed.
  for (const result of await Promise.allSettled(buffers.map(lane)))
    if (result.status === 'rejected') throw result.reason;
}

/** Fills `target` with the pieces, one after the other. */
async function fill(target: Uint8Array, parts: readonly Piece[], request: SaveRequest): Promise<void> {
  let at = 0;
  for (const part of parts) {
    const length = pieceLength(part);
    if ('bytes' in part) target.set(part.bytes, at);
    else await request.source.readInto(target.subarray(at, at + length), part.start);
    checkSaveCancelled(request.signal);
    at += length;
  }
}

const ZEROS = new Uint8Array(CHUNK_BYTES);

/** Holes of a sparse source stay holes, so that a copy takes no more disk than the original. */
function isZero(bytes: Uint8Array): boolean {
  return Buffer.compare(bytes, ZEROS.subarray(0, bytes.length)) === 0;
}

/** A part of the new file: what it is made of, from where on, and how long it is. */
interface Step {
  readonly parts: readonly Piece[];
  readonly to: number;
  readonly length: number;
}

/** The steps of a copy, in order; several lanes take from it. */
class StepQueue {
  private readonly steps: Generator<Step, void>;
  private waiting: Step | null = null;

  constructor(output: readonly Piece[]) {
    this.steps = steps(output);
  }

  /** The next step that begins before `end`; null where there is none. */
  next(end: number): Step | null {
    this.waiting ??= this.steps.next().value ?? null;
    const step = this.waiting;
    if (step === null || step.to >= end) return null;
    this.waiting = null;
    return step;
  }
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

/** Bytes of a file made of these pieces. */
export function lengthOf(output: readonly Piece[]): number {
  return output.reduce((sum, piece) => sum + pieceLength(piece), 0);
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
    checkSaveCancelled(signal);
    const n = await handle.write(bytes, done, bytes.length - done, position + done);
    if (n === 0) throw Object.assign(new Error('nothing was written'), { code: 'EIO' });
    done += n;
  }
}
