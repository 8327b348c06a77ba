import type { Piece } from '../../bytes/splice.ts';
import { pageAligned } from './directFile.ts';
import { checkCancelled, type SaveRequest } from './request.ts';
import type { SaveHandle } from './saveFs.ts';

/** One step of the copy. Larger steps are no faster, and a cancel waits for the steps under way. */
const CHUNK_BYTES = 2 * 1024 * 1024;
/** Steps under way at once, each with a buffer of its own: one reads while the other writes. More are no faster, and Node's four threads serve others too. */
const LANES = 2;

export interface Copy {
  readonly handle: SaveHandle;
  readonly request: SaveRequest;
  readonly output: readonly Piece[];
  /** Bytes of the new file. */
  readonly total: number;
}

/**
 * Copies all pieces, in lanes that take the next step each when they are free. Steps begin at multiples of their size, as direct writes
 * need it. Tried and slower or no faster on ext4, 1.5 GB: one, three or four lanes, steps of 512 KiB, 1, 4 and 8 MiB, calls that block. Kernel-side
 * copies can't be had for a part of a file, and an edit moves all that lies behind it.
 */
export async function copyPieces(
  { handle, request, output, total }: Copy,
  onWritten: (length: number, written: number) => void,
): Promise<void> {
  const { source, signal } = request;
  const queue = steps(output);
  let written = 0;
  let failed = false;
  const lane = async (buffer: Uint8Array): Promise<void> => {
    try {
      for (let next = queue.next(); !next.done && !failed; next = queue.next()) {
        checkCancelled(signal);
        const { parts, to, length } = next.value;
        const bytes = buffer.subarray(0, length);
        await fill(bytes, parts, request);
        const hole = source.sparse && to + length < total && isZero(bytes);
        if (!hole) await writeAll(handle, bytes, to, signal);
        checkCancelled(signal);
        written += length;
        onWritten(length, written);
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
    checkCancelled(signal);
    const n = await handle.write(bytes, done, bytes.length - done, position + done);
    if (n === 0) throw Object.assign(new Error('nothing was written'), { code: 'EIO' });
    done += n;
  }
}
