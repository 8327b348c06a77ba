import { joined } from '../../bytes/joined.ts';
import { extraBytes, MAX32, parseExtra, viewOf, withZip64, zip64Numbers } from './extraFields.ts';
import type { EndRecord } from './endRecord.ts';
import { zipMalformed } from './zipError.ts';
import { CENTRAL_AT, LOCAL_BYTES } from './records.ts';

const CENTRAL = 0x02014b50;
const CENTRAL_BYTES = 46;
const UTF8_NAME = 0x0800;

/** A file in the archive, as its directory tells. */
export interface ZipEntry {
  readonly name: string;
  readonly nameBytes: Uint8Array;
  readonly flags: number;
  /** 0: stored, 8: deflated. */
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  /** Where its local header stands. */
  readonly headerStart: number;
  /** Where the next entry or the directory begins: nothing of it lies behind. */
  readonly limit: number;
  /** Its record in the central directory, whole. */
  readonly record: Uint8Array;
}

/**
 * Entries in the order of the directory. Throws `malformed`, code `zip`, for names that lead out, twice the same name,
 * and entries that overlap.
 */
export function parseCentral(bytes: Uint8Array, end: EndRecord): ZipEntry[] {
  const view = viewOf(bytes);
  const entries: ZipEntry[] = [];
  let at = 0;
  while (entries.length < end.entries) {
    const offset = end.centralStart + at;
    if (at + CENTRAL_BYTES > bytes.length) throw zipMalformed('its directory is cut short', offset);
    if (view.getUint32(at, true) !== CENTRAL) throw zipMalformed('its directory has a false record', offset);
    const { nameLength, extraLength, commentLength } = CENTRAL_AT;
    const lengths = [nameLength, extraLength, commentLength].map((field) => view.getUint16(at + field, true));
    const length = CENTRAL_BYTES + lengths.reduce((sum, n) => sum + n, 0);
    if (at + length > bytes.length) throw zipMalformed('its directory is cut short', offset);
    entries.push(parseRecord(bytes.slice(at, at + length), end.centralStart, offset));
    at += length;
  }
  if (at !== bytes.length) throw zipMalformed('its directory is longer than its entries', end.centralStart + at);
  return withLimits(entries, end.centralStart);
}

function parseRecord(record: Uint8Array, centralStart: number, offset: number): ZipEntry {
  const view = viewOf(record);
  const nameEnd = CENTRAL_BYTES + view.getUint16(CENTRAL_AT.nameLength, true);
  const nameBytes = record.subarray(CENTRAL_BYTES, nameEnd);
  const flags = view.getUint16(CENTRAL_AT.flags, true);
  const wide = zip64Numbers(
    parseExtra(record.subarray(nameEnd, nameEnd + view.getUint16(CENTRAL_AT.extraLength, true))),
  );
  const number = (field: number): number => {
    const small = view.getUint32(field, true);
    return small === MAX32 ? (wide.shift() ?? NaN) : small;
  };
  // The zip64 field has its numbers in this order, each where the 32-bit one is all ones.
  const size = number(CENTRAL_AT.size);
  const compressedSize = number(CENTRAL_AT.compressedSize);
  const headerStart = number(CENTRAL_AT.headerStart);
  const least = headerStart + LOCAL_BYTES + nameBytes.length + compressedSize;
  if (!(least <= centralStart && Number.isSafeInteger(size))) throw zipMalformed('an entry leaves the file', offset);
  const name = decodeName(nameBytes, flags, offset);
  checkName(name, offset);
  return {
    name,
    nameBytes,
    flags,
    method: view.getUint16(CENTRAL_AT.method, true),
    crc: view.getUint32(CENTRAL_AT.crc, true),
    compressedSize,
    size,
    headerStart,
    limit: centralStart,
    record,
  };
}

function decodeName(bytes: Uint8Array, flags: number, offset: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Without the flag the name is in some older set of characters; it serves as a key only.
    if (flags & UTF8_NAME) throw zipMalformed('an entry has a name that is no UTF-8', offset);
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  }
}

/** Nothing is unpacked to a disk, but whoever hands out names like these means harm. */
function checkName(name: string, offset: number): void {
  const steps = name.split(/[/\\]/);
  if (name === '' || steps[0] === '' || steps.includes('..') || name.includes('\0'))
    throw zipMalformed('an entry has a name that leads out of the archive', offset);
}

function withLimits(entries: readonly ZipEntry[], centralStart: number): ZipEntry[] {
  const names = new Set<string>();
  for (const entry of entries) {
    if (names.has(entry.name)) throw zipMalformed('two entries have the same name', entry.headerStart);
    names.add(entry.name);
  }
  const inFile = [...entries].sort((a, b) => a.headerStart - b.headerStart);
  const limits = new Map<ZipEntry, number>();
  inFile.forEach((entry, i) => {
    const limit = inFile[i + 1]?.headerStart ?? centralStart;
    if (entry.headerStart + LOCAL_BYTES + entry.nameBytes.length + entry.compressedSize > limit)
      throw zipMalformed('two entries overlap', entry.headerStart);
    limits.set(entry, limit);
  });
  return entries.map((entry) => ({ ...entry, limit: limits.get(entry) ?? centralStart }));
}

/** What an edit may change in an entry's record. */
export interface EntryNumbers {
  readonly crc: number;
  readonly size: number;
  readonly compressedSize: number;
  readonly headerStart: number;
}

/**
 * The entry's record with other numbers. A number goes to the zip64 field where it needs 64 bits, or where it stood
 * there although it did not.
 */
export function centralRecord(entry: ZipEntry, next: EntryNumbers): Uint8Array {
  const head = entry.record.slice(0, CENTRAL_BYTES);
  const view = viewOf(head);
  const nameEnd = CENTRAL_BYTES + view.getUint16(CENTRAL_AT.nameLength, true);
  const extraEnd = nameEnd + view.getUint16(CENTRAL_AT.extraLength, true);
  const wide: number[] = [];
  const set = (field: number, old: number, value: number): void => {
    const stoodWide = view.getUint32(field, true) === MAX32 && old < MAX32;
    const goesWide = stoodWide || value >= MAX32;
    if (goesWide) wide.push(value);
    view.setUint32(field, goesWide ? MAX32 : value, true);
  };
  set(CENTRAL_AT.size, entry.size, next.size);
  set(CENTRAL_AT.compressedSize, entry.compressedSize, next.compressedSize);
  set(CENTRAL_AT.headerStart, entry.headerStart, next.headerStart);
  view.setUint32(CENTRAL_AT.crc, next.crc, true);
  const extra = extraBytes(withZip64(parseExtra(entry.record.subarray(nameEnd, extraEnd)), wide));
  view.setUint16(CENTRAL_AT.extraLength, extra.length, true);
  return joined([head, entry.nameBytes, extra, entry.record.subarray(extraEnd)]);
}
