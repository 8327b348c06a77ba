import { Inflate } from 'fflate';
import type { ByteSource } from '../../bytes/byteSource.ts';
import { crc32 } from '../../bytes/crc32.ts';
import { zipMalformed, zipUnsupported } from './zipError.ts';

/** Deflated entries are held whole: what torch and Keras deflate is code and small models. */
const MAX_INFLATED = 512 * 1024 * 1024;
/** Deflate makes 258 bytes of 2 bits at best; a size beyond that is a lie. */
const MAX_RATIO = 1032;
/** So much is handed to the inflater at once: at most 66 MB come of it. */
const STEP_BYTES = 64 * 1024;

/** What is to be inflated: where it lies, and what its entry says of it. */
export interface Deflated {
  readonly start: number;
  readonly end: number;
  readonly size: number;
  readonly crc: number;
}

/**
 * Inflates an entry into memory, no further than the size it declares. Throws `malformed` where size, checksum or data
 * are wrong, `unsupported` beyond MAX_INFLATED.
 */
export async function inflateEntry(source: ByteSource, { start, end, size, crc }: Deflated): Promise<Uint8Array> {
  if (size > (end - start) * MAX_RATIO) throw zipMalformed('an entry says it is larger than it can be', start);
  if (size > MAX_INFLATED) throw zipUnsupported(`an entry unpacks to more than ${MAX_INFLATED} bytes`, start);
  const out = new Uint8Array(size);
  let filled = 0;
  const inflater = new Inflate((part) => {
    if (filled + part.length > size) throw zipMalformed('an entry unpacks to more than it says', start);
    out.set(part, filled);
    filled += part.length;
  });
  for (let at = start; at < end; at += STEP_BYTES) {
    const length = Math.min(STEP_BYTES, end - at);
    const bytes = await source.read(at, length);
    pushInto(inflater, bytes, at + length === end, at);
  }
  if (filled !== size || crc32(out) !== crc) throw zipMalformed('an entry is damaged', start);
  return out;
}

function pushInto(inflater: Inflate, bytes: Uint8Array, last: boolean, at: number): void {
  try {
    inflater.push(bytes, last);
  } catch (error) {
    // The library's own errors carry a number as their code.
    if (typeof (error as { code?: unknown }).code === 'number') throw zipMalformed('an entry is damaged', at);
    throw error;
  }
}
