import type { DtypeRow } from '../../../tensors/dtypes.ts';
import type { TypedPiece } from '../model.ts';
import { malformed } from '../scan/wire.ts';
import type { TensorContext } from './tensorContext.ts';
import { CHUNK_BYTES, streamParts } from './tensorParts.ts';
import { ENTRY_BYTES, entriesToRaw, takeFixed, takeVarints } from './typedData.ts';

/** The entries [from, to) of a typed field that has `all` of them. */
export interface Wanted {
  readonly from: number;
  readonly to: number;
  readonly all: number;
}

/** A typed field: its pieces, and which of its entries are wanted. */
interface TypedField {
  readonly pieces: readonly TypedPiece[];
  readonly wanted: Wanted;
}

/**
 * Reads float_data or double_data; returns how many entries were seen. Packed pieces before the range are stepped over.
 */
export async function streamFixed(
  ctx: TensorContext,
  { pieces, width, wanted }: TypedField & { readonly width: number },
  visit: (raw: Uint8Array) => void,
): Promise<number> {
  let found = 0;
  const pass = (raw: Uint8Array, count: number): void => {
    const first = Math.max(0, wanted.from - found);
    const last = Math.min(count, wanted.to - found);
    if (last > first) visit(raw.subarray(first * width, last * width));
    found += count;
  };
  for (const piece of pieces) {
    if (enough(found, wanted)) break;
    if (!piece.packed) {
      await forEachChunk(ctx, piece, wanted, (chunk, offset) => {
        const { bytes, packed } = takeFixed(chunk, width, offset);
        pass(packed, packed.length / width);
        return enough(found, wanted) ? null : bytes;
      });
      continue;
    }
    const count = (piece.end - piece.start) / width;
    if (!Number.isInteger(count)) throw malformed('a list of numbers is cut short', piece.start);
    const first = Math.min(count, Math.max(0, wanted.from - found));
    const last = Math.max(first, Math.min(count, wanted.to - found));
    await streamParts(
      ctx,
      [piece.start + first * width, piece.start + last * width],
      (at, length) => ctx.wire.bytes(at, at + length),
      visit,
    );
    found += count;
  }
  return found;
}

/** Reads int32_data, int64_data or uint64_data; returns how many entries were seen. */
export async function streamVarints(
  ctx: TensorContext,
  { pieces, row, wanted }: TypedField & { readonly row: DtypeRow },
  visit: (raw: Uint8Array) => void,
): Promise<number> {
  const room = Math.min(CHUNK_BYTES, wanted.to + 1);
  const halves = { low: new Uint32Array(room), high: new Uint32Array(room) };
  let found = 0;
  for (const piece of pieces) {
    if (enough(found, wanted)) break;
    await forEachChunk(ctx, piece, wanted, (chunk, offset) => {
      const taken = takeVarints(chunk, piece.packed, halves, offset);
      const first = Math.max(0, wanted.from - found);
      const last = Math.min(taken.entries, wanted.to - found);
      if (last > first) visit(entriesToRaw(row, halves, { first, last }));
      found += taken.entries;
      return enough(found, wanted) ? null : taken.bytes;
    });
  }
  return found;
}

/**
 * True when nothing more need be read: the range is done, and it is not the last one, whose end shows whether there are
 * too many.
 */
function enough(found: number, wanted: Wanted): boolean {
  return wanted.to < wanted.all ? found >= wanted.to : found > wanted.all;
}

/**
 * Walks a piece in chunks. `take` says how many bytes it used, and the rest comes again at the head of the next chunk;
 * null stops.
 */
async function forEachChunk(
  ctx: TensorContext,
  piece: TypedPiece,
  wanted: Wanted,
  take: (chunk: Uint8Array, offset: number) => number | null,
): Promise<void> {
  const size = Math.min(CHUNK_BYTES, ENTRY_BYTES * Math.max(1, wanted.to));
  for (let at = piece.start; at < piece.end;) {
    await ctx.wire.breathe();
    const used = take(await ctx.wire.bytes(at, Math.min(piece.end, at + size)), at);
    if (used === null) return;
    if (used === 0) throw malformed('a list of numbers is cut short', at);
    at += used;
  }
}
