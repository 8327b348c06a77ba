import type { TensorContext } from './tensorContext.ts';

/**
 * A step of reading: between two steps a cancel is noticed and other work gets its turn. A multiple of all element
 * widths, and of the three bytes that four elements of six bits share.
 */
export const CHUNK_BYTES = 3 * 256 * 1024;

/** Hands bytes [start, end) to `visit` in steps, as `read` gives them. */
export async function streamParts(
  ctx: TensorContext,
  [start, end]: readonly [number, number],
  read: (at: number, length: number) => Promise<Uint8Array>,
  visit: (raw: Uint8Array) => void,
): Promise<void> {
  for (let at = start; at < end; at += CHUNK_BYTES) {
    await ctx.wire.breathe();
    visit(await read(at, Math.min(CHUNK_BYTES, end - at)));
  }
}
