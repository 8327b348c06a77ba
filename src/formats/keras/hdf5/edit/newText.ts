import type { ChecksumBlock } from '../checksum.ts';
import type { Widths } from '../cursor.ts';
import { littleEndian, type Hdf5Patch } from './patch.ts';

/** What points to a text in a global heap: its length, the heap's address, the number of the object. */
export interface TextReference {
  /** Where it lies in the file. */
  readonly at: number;
  readonly block: ChecksumBlock | null;
}

const SIGNATURE = [0x47, 0x43, 0x4f, 0x4c];
const VERSION = 1;
/** The library makes no smaller collection (H5HG_MINSIZE). */
const LEAST_BYTES = 4096;
const ALIGNMENT = 8;
const INDEX = 1;
const REFERENCES = 1;

/** Puts a text into a global heap of its own behind the end of the file, and lets the reference point to it. */
export function appendText(patch: Hdf5Patch, widths: Widths, text: Uint8Array, { at, block }: TextReference): void {
  const address = patch.append(globalHeap(text, widths));
  const reference = [littleEndian(text.length, 4), littleEndian(address, widths.offset), littleEndian(INDEX, 4)];
  patch.put(at, Uint8Array.from(reference.flatMap((part) => [...part])), block);
}

/**
 * A collection with one object and free space behind it, which has the number 0 and counts its own head:
 * https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html, III.E
 */
function globalHeap(text: Uint8Array, { length: width }: Widths): Uint8Array {
  const head = ALIGNMENT + width;
  const padded = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const used = head + head + padded;
  const size = Math.max(LEAST_BYTES, used + head);
  const bytes = new Uint8Array(size);
  bytes.set(SIGNATURE);
  bytes[SIGNATURE.length] = VERSION;
  bytes.set(littleEndian(size, width), ALIGNMENT);
  bytes.set([INDEX, 0, REFERENCES, 0], head);
  bytes.set(littleEndian(text.length, width), head + ALIGNMENT);
  bytes.set(text, head + head);
  bytes.set(littleEndian(size - used, width), used + ALIGNMENT);
  return bytes;
}
