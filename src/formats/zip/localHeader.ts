import type { ByteSource } from '../../bytes/byteSource.ts';
import type { ZipEntry } from './centralDirectory.ts';
import { MAX32, parseExtra, uint64, viewOf, zip64Numbers, type ExtraFields } from './extraFields.ts';
import { zipMalformed, zipUnsupported } from './zipError.ts';
import { sameNumbers } from '../../bytes/sameNumbers.ts';
import { LOCAL_AT, LOCAL_BYTES } from './records.ts';

const LOCAL = 0x04034b50;
export const DESCRIPTOR = 0x08074b50;
const ENCRYPTED = 0x0001;
/** Checksum and sizes stand in a descriptor behind the data. */
const HAS_DESCRIPTOR = 0x0008;
/** Extra fields are read together with the header; torch's padding and a zip64 field fit. */
const EXTRA_GUESS = 128;

/** Checksum and sizes behind the data: with or without a signature, with sizes of 32 or 64 bits. */
export interface DataDescriptor {
  readonly start: number;
  readonly end: number;
  readonly signed: boolean;
  readonly wide: boolean;
}

/** An entry as its own header tells, checked against the directory. */
export interface LocalHeader {
  readonly fixed: Uint8Array;
  readonly extra: ExtraFields;
  readonly dataStart: number;
  readonly dataEnd: number;
  readonly descriptor: DataDescriptor | null;
}

/**
 * Reads the header in front of an entry's data and the descriptor behind it. Throws `malformed` where it differs from
 * the directory.
 */
export async function readLocalHeader(source: ByteSource, entry: ZipEntry): Promise<LocalHeader> {
  const start = entry.headerStart;
  const nameEnd = LOCAL_BYTES + entry.nameBytes.length;
  let head = await source.read(start, Math.min(nameEnd + EXTRA_GUESS, entry.limit - start));
  const view = viewOf(head);
  if (view.getUint32(0, true) !== LOCAL) throw zipMalformed('an entry is not where its directory says', start);
  const extraLength = view.getUint16(LOCAL_AT.extraLength, true);
  const dataStart = start + nameEnd + extraLength;
  const dataEnd = dataStart + entry.compressedSize;
  if (dataEnd > entry.limit) throw zipMalformed('two entries overlap', start);
  if (head.length < nameEnd + extraLength) head = await source.read(start, nameEnd + extraLength);
  const extra = parseExtra(head.slice(nameEnd, nameEnd + extraLength));
  checkHeader(entry, head, extra);
  const descriptor = entry.flags & HAS_DESCRIPTOR ? await readDescriptor(source, entry, dataEnd) : null;
  return { fixed: head.slice(0, LOCAL_BYTES), extra, dataStart, dataEnd, descriptor };
}

function checkHeader(entry: ZipEntry, head: Uint8Array, extra: ExtraFields): void {
  const view = viewOf(head);
  const start = entry.headerStart;
  const name = head.subarray(LOCAL_BYTES, LOCAL_BYTES + view.getUint16(LOCAL_AT.nameLength, true));
  const sameName = sameNumbers(name, entry.nameBytes);
  const sameFlags = view.getUint16(LOCAL_AT.flags, true) === entry.flags;
  const same = sameName && sameFlags && view.getUint16(LOCAL_AT.method, true) === entry.method;
  if (!same) throw zipMalformed('an entry differs from its directory', start);
  if (entry.flags & ENCRYPTED) throw zipUnsupported('it is encrypted', start);
  const crc = view.getUint32(LOCAL_AT.crc, true);
  const [compressedSize, size] = localSizes(view, extra);
  // With a descriptor the numbers here are zero, or already right.
  const zeroAllowed = (entry.flags & HAS_DESCRIPTOR) !== 0;
  const agrees = (here: number | undefined, there: number): boolean => here === there || (zeroAllowed && here === 0);
  if (!(agrees(crc, entry.crc) && agrees(compressedSize, entry.compressedSize) && agrees(size, entry.size)))
    throw zipMalformed('an entry has another size or checksum than its directory says', start);
}

function localSizes(view: DataView, extra: ExtraFields): [number | undefined, number | undefined] {
  const wide = zip64Numbers(extra);
  const smallSize = view.getUint32(LOCAL_AT.size, true);
  const smallCompressed = view.getUint32(LOCAL_AT.compressedSize, true);
  const size = smallSize === MAX32 ? wide.shift() : smallSize;
  const compressed = smallCompressed === MAX32 ? wide.shift() : smallCompressed;
  return [compressed, size];
}

const SHAPES = [
  { signed: true, wide: true },
  { signed: true, wide: false },
  { signed: false, wide: true },
  { signed: false, wide: false },
];

async function readDescriptor(source: ByteSource, entry: ZipEntry, start: number): Promise<DataDescriptor | null> {
  const longest = descriptorBytes({ signed: true, wide: true });
  const bytes = await source.read(start, Math.min(longest, entry.limit - start));
  const view = viewOf(bytes);
  const found = SHAPES.find((shape) => matches(view, shape, entry));
  if (found) return { start, end: start + descriptorBytes(found), ...found };
  // torch's empty entries have the flag in some versions, and nothing behind them.
  if (entry.size === 0 && entry.compressedSize === 0) return null;
  throw zipMalformed("an entry's checksum is missing behind its data", start);
}

type Shape = Pick<DataDescriptor, 'signed' | 'wide'>;

/** Bytes of a data descriptor of this shape (APPNOTE 4.3.9). */
export function descriptorBytes({ signed, wide }: Shape): number {
  return (signed ? 4 : 0) + 4 + (wide ? 16 : 8);
}

function matches(view: DataView, shape: Shape, entry: ZipEntry): boolean {
  if (view.byteLength < descriptorBytes(shape)) return false;
  if (shape.signed && view.getUint32(0, true) !== DESCRIPTOR) return false;
  const at = shape.signed ? 4 : 0;
  const size = (from: number): number => (shape.wide ? uint64(view, from) : view.getUint32(from, true));
  return (
    view.getUint32(at, true) === entry.crc &&
    size(at + 4) === entry.compressedSize &&
    size(at + (shape.wide ? 12 : 8)) === entry.size
  );
}
