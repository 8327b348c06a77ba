import type { Cursor } from '../cursor.ts';
import { malformed } from '../errors.ts';
import type { Hdf5File } from '../file.ts';
import { MAX_TEXT_BYTES } from '../limits.ts';

/** Bytes [start, end) of the file. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const OBJECT_HEAD = 8;

/**
 * Where a text of variable length lies: a length, the address of a collection and the number of an object in it. null
 * for an empty text.
 */
export async function heapTextRange(file: Hdf5File, reference: Cursor): Promise<ByteRange | null> {
  const length = reference.u32();
  const address = reference.address();
  const index = reference.u32();
  if (length === 0 || address === null || address === 0) return null;
  if (length > MAX_TEXT_BYTES) throw malformed(`a text says it has ${length} bytes`, reference.start);
  const start = file.place(address, reference.start);
  const head = await file.block(start, OBJECT_HEAD + file.widths.length);
  head.signature('GCOL');
  head.version(1, 'a global heap');
  head.skip(3);
  const end = start + head.length();
  if (end > file.source.size) throw malformed('a global heap leaves the file', start);
  for (let at = start + head.bytes.length; at + OBJECT_HEAD + file.widths.length <= end;) {
    const object = await file.block(at, OBJECT_HEAD + file.widths.length);
    const number = object.u16();
    object.skip(6);
    const size = object.length();
    const body = at + object.bytes.length;
    // Object 0 is the free space at the end.
    if (number === 0) break;
    if (body + size > end) throw malformed('an object leaves its global heap', at);
    if (number !== index) {
      at = body + Math.ceil(size / 8) * 8;
      continue;
    }
    if (length > size) throw malformed('a text is longer than its object in the global heap', at);
    return { start: body, end: body + length };
  }
  throw malformed(`object ${index} of a global heap is missing`, start);
}
