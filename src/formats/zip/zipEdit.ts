import { joined } from '../../bytes/joined.ts';
import { deflateSync } from 'fflate';
import type { ByteSource } from '../../bytes/byteSource.ts';
import { SplicedSource } from '../../bytes/splicedSource.ts';
import { growth, movedBy, type Splice } from '../../bytes/splice.ts';
import { centralRecord, type ZipEntry } from './centralDirectory.ts';
import { headerSplices } from './changedHeader.ts';
import { crc32, crcAfterPatch } from '../../bytes/crc32.ts';
import type { EndRecord } from './endRecord.ts';
import { MAX32, viewOf } from './extraFields.ts';
import { DEFLATED, type ZipArchive } from './zipArchive.ts';
import { zipUnsupported } from './zipError.ts';
import { END_AT, END64_AT, LOCATOR_AT } from './records.ts';

/** What becomes of one entry: splices of its data, as it is unpacked. */
export interface EntryChange {
  readonly entry: ZipEntry;
  readonly splices: readonly Splice[];
}

/** torch's alignment where the file doesn't say another. */
export const TORCH_ALIGNMENT = 64;
/** A step of reading while a checksum is made. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * Splices of the archive that change entries and let all others follow: checksums and sizes in header, descriptor and
 * directory, offsets, zip64 records, and torch's padding, by which data begins at multiples of `alignment` wherever the
 * entry was padded so before. What isn't named stays byte for byte, and no gap is left. Throws `malformed` where a
 * header differs from the directory, `unsupported` where the result would need a 64-bit field that the archive doesn't
 * have.
 */
export async function zipSplices(
  archive: ZipArchive,
  changes: readonly EntryChange[],
  alignment = TORCH_ALIGNMENT,
): Promise<Splice[]> {
  const byEntry = new Map(changes.map((change) => [change.entry, change]));
  const inFile = [...archive.entries].sort((a, b) => a.headerStart - b.headerStart);
  const records = new Map<ZipEntry, Uint8Array>();
  const out: Splice[] = [];
  let shift = 0;
  for (const entry of inFile) {
    const change = byEntry.get(entry);
    if (!change && shift === 0) continue;
    const header = await archive.header(entry);
    const data = change ? await changedData(archive, change) : { ...entry, splices: [] };
    const next = { ...data, headerStart: entry.headerStart + shift };
    const splices = [...headerSplices({ entry, header, next, alignment }), ...data.splices];
    records.set(entry, centralRecord(entry, next));
    shift += growth(splices);
    out.push(...splices);
  }
  if (records.size === 0) return [];
  const central = joined(archive.entries.map((entry) => records.get(entry) ?? entry.record));
  const { centralStart, centralSize } = archive.end;
  out.push({ start: centralStart, end: centralStart + centralSize, bytes: central });
  out.push(...endSplices(archive.end, centralStart + shift, central.length));
  return out;
}

/** An entry's data after the edit: splices of the archive, and what its headers will say. */
interface ChangedData {
  readonly splices: readonly Splice[];
  readonly crc: number;
  readonly size: number;
  readonly compressedSize: number;
}

async function changedData(archive: ZipArchive, { entry, splices }: EntryChange): Promise<ChangedData> {
  const { dataStart, dataEnd } = await archive.header(entry);
  const data = await archive.data(entry);
  const size = entry.size + growth(splices);
  const crc = await changedChecksum(data, entry.crc, splices);
  if (entry.method === DEFLATED) {
    const bytes = deflateSync(await new SplicedSource(data, splices).read(0, size));
    return { crc, size, compressedSize: bytes.length, splices: [{ start: dataStart, end: dataEnd, bytes }] };
  }
  return { crc, size, compressedSize: size, splices: movedBy(dataStart, splices) };
}

/**
 * The checksum of an entry's data after splices. Where each keeps its length, only the bytes that give way are read;
 * else all of the entry.
 */
export async function changedChecksum(data: ByteSource, before: number, splices: readonly Splice[]): Promise<number> {
  let crc = before;
  if (splices.every((splice) => growth([splice]) === 0)) {
    for (const { start, end, bytes } of splices)
      crc = crcAfterPatch(crc, { old: await data.read(start, end - start), new: bytes, behind: data.size - end });
    return crc;
  }
  const spliced = new SplicedSource(data, splices);
  crc = 0;
  for (let at = 0; at < spliced.size; at += CHUNK_BYTES)
    crc = crc32(await spliced.read(at, Math.min(CHUNK_BYTES, spliced.size - at)), crc);
  return crc;
}

/** The end records with the directory's new place and size. */
function endSplices(end: EndRecord, centralStart: number, centralSize: number): Splice[] {
  const small = end.bytes.slice();
  const view = viewOf(small);
  const set = (field: number, old: number, value: number): void => {
    const stoodWide = view.getUint32(field, true) === MAX32 && old < MAX32;
    if (value >= MAX32 && !end.zip64) throw zipUnsupported('it would grow beyond 4 GiB', end.start);
    view.setUint32(field, stoodWide ? MAX32 : Math.min(value, MAX32), true);
  };
  set(END_AT.centralSize, end.centralSize, centralSize);
  set(END_AT.centralStart, end.centralStart, centralStart);
  const out = [{ start: end.start, end: end.start + small.length, bytes: small }];
  if (!end.zip64) return out;
  const wide = end.zip64.bytes.slice();
  const wideView = viewOf(wide);
  wideView.setBigUint64(END64_AT.centralSize, BigInt(centralSize), true);
  wideView.setBigUint64(END64_AT.centralStart, BigInt(centralStart), true);
  out.push({ start: end.zip64.start, end: end.zip64.start + wide.length, bytes: wide });
  const moved = centralStart + centralSize - (end.centralStart + end.centralSize);
  const place = new Uint8Array(8);
  viewOf(place).setBigUint64(0, BigInt(end.zip64.start + moved), true);
  const start = end.zip64.locator + LOCATOR_AT.recordStart;
  out.push({ start, end: start + place.length, bytes: place });
  return out;
}
