import type { ByteSource } from '../../bytes/byteSource.ts';
import { MAX32, uint64, viewOf } from './extraFields.ts';
import { zipMalformed, zipUnsupported } from './zipError.ts';
import { END_AT, END64_AT, LOCATOR_AT } from './records.ts';

const END = 0x06054b50;
const END_BYTES = 22;
const END64 = 0x06064b50;
const END64_BYTES = 56;
const LOCATOR = 0x07064b50;
const LOCATOR_BYTES = 20;
/** What the largest number of 16 bits says: that the number stands in the zip64 record. */
const MAX16 = 0xffff;
/** The end record's length of comment has 16 bits. */
const MAX_COMMENT = MAX16;
/** No writer that was seen leaves a comment, so the end is looked for in this much first. */
const FIRST_LOOK = 1024;

/** Where the central directory lies, and the records behind it. */
export interface EndRecord {
  readonly entries: number;
  readonly centralStart: number;
  readonly centralSize: number;
  /** Where the end record stands, and its bytes without the comment. */
  readonly start: number;
  readonly bytes: Uint8Array;
  readonly zip64: { readonly start: number; readonly bytes: Uint8Array; readonly locator: number } | null;
}

/** Finds the end record and, where there is one, the zip64 record. Throws `malformed` or `unsupported`, code `zip`. */
export async function readEndRecord(source: ByteSource): Promise<EndRecord> {
  const { start, bytes } = await findEnd(source);
  const view = viewOf(bytes);
  const zip64 = await readZip64(source, start);
  const record = {
    entries: view.getUint16(END_AT.entries, true),
    centralSize: view.getUint32(END_AT.centralSize, true),
    centralStart: view.getUint32(END_AT.centralStart, true),
    start,
    bytes,
    zip64,
  };
  const disks = [view.getUint16(END_AT.disk, true), view.getUint16(END_AT.centralDisk, true)];
  if (disks.some((disk) => disk !== 0 && disk !== MAX16)) throw zipUnsupported('it is spread over several', start);
  return checkEnd(zip64 ? widened(record, viewOf(zip64.bytes)) : record);
}

/** The end record with the numbers of the zip64 record, which must agree where the small one has room for them. */
function widened(record: EndRecord, view: DataView): EndRecord {
  const wide = {
    entries: uint64(view, END64_AT.entries),
    centralSize: uint64(view, END64_AT.centralSize),
    centralStart: uint64(view, END64_AT.centralStart),
  };
  const agrees = (key: keyof typeof wide, noRoom: number): boolean =>
    record[key] === noRoom || record[key] === wide[key];
  if (!agrees('entries', MAX16) || !agrees('centralSize', MAX32) || !agrees('centralStart', MAX32))
    throw zipMalformed('its two end records differ', record.start);
  return { ...record, ...wide };
}

function checkEnd(record: EndRecord): EndRecord {
  const before = record.zip64?.start ?? record.start;
  const { centralStart, centralSize } = record;
  if (!(centralStart + centralSize <= before)) throw zipMalformed('its directory leaves the file', record.start);
  return record;
}

async function findEnd(source: ByteSource): Promise<{ start: number; bytes: Uint8Array }> {
  for (const reach of [FIRST_LOOK, END_BYTES + MAX_COMMENT]) {
    const length = Math.min(source.size, reach);
    const from = source.size - length;
    const tail = await source.read(from, length);
    const view = viewOf(tail);
    for (let at = length - END_BYTES; at >= 0; at--) {
      if (view.getUint32(at, true) !== END) continue;
      if (at + END_BYTES + view.getUint16(at + END_AT.commentLength, true) !== length) continue;
      return { start: from + at, bytes: tail.slice(at, at + END_BYTES) };
    }
  }
  throw zipMalformed('its end is missing, so it was cut short', source.size);
}

async function readZip64(source: ByteSource, end: number): Promise<EndRecord['zip64']> {
  const locator = end - LOCATOR_BYTES;
  if (locator < 0) return null;
  const found = viewOf(await source.read(locator, LOCATOR_BYTES));
  if (found.getUint32(0, true) !== LOCATOR) return null;
  const start = uint64(found, LOCATOR_AT.recordStart);
  if (!(start + END64_BYTES <= locator)) throw zipMalformed('its zip64 record leaves the file', locator);
  const bytes = await source.read(start, END64_BYTES);
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== END64) throw zipMalformed('its zip64 record is missing', start);
  if (view.getUint32(END64_AT.disk, true) !== 0 || view.getUint32(END64_AT.centralDisk, true) !== 0)
    throw zipUnsupported('it is spread over several', start);
  return { start, bytes: bytes.slice(), locator };
}
