import type { ZipEntry } from '../../zip/centralDirectory.ts';
import type { ZipArchive } from '../../zip/zipArchive.ts';
import { changedChecksum, type EntryChange } from '../../zip/zipEdit.ts';

/**
 * torch 2.1 and later end an archive with this entry: two decimal numbers of 20 digits, a hash of the names and one of
 * the checksums.
 */
const NAME = '.data/serialization_id';
const DIGITS = 20;
const WORD = 64;

/**
 * The change of `.data/serialization_id` that follows from other changes, null where the file has none or its number is
 * not the one that torch computes (torch may be told to leave checksums out). The second number combines the CRC-32 of
 * every entry in front of it (`ostream_write_func` in inline_container.cc, `hash_combine` in c10/util/hash.h).
 */
export async function serializationIdChange(
  archive: ZipArchive,
  root: string,
  changes: readonly EntryChange[],
): Promise<EntryChange | null> {
  const entry = archive.entry(`${root}${NAME}`);
  if (entry?.size !== 2 * DIGITS) return null;
  const data = await archive.data(entry);
  const text = new TextDecoder().decode(await data.read(0, data.size));
  const before = archive.entries.filter((zipEntry) => zipEntry.headerStart < entry.headerStart && zipEntry.size > 0);
  const old = new Map<ZipEntry, number>(before.map((zipEntry) => [zipEntry, zipEntry.crc]));
  if (text.slice(DIGITS) !== combined(old)) return null;
  const changed = new Map(old);
  for (const change of changes) {
    const crc = await changedChecksum(await archive.data(change.entry), change.entry.crc, change.splices);
    if (changed.has(change.entry)) changed.set(change.entry, crc);
  }
  const bytes = new TextEncoder().encode(combined(changed));
  return { entry, splices: [{ start: DIGITS, end: 2 * DIGITS, bytes }] };
}

/** seed ← seed xor (crc + 0x9e3779b9 + (seed << 6) + (seed >> 2)) over all entries in the order of the file. */
function combined(checksums: ReadonlyMap<ZipEntry, number>): string {
  const inFile = [...checksums].sort(([a], [b]) => a.headerStart - b.headerStart);
  const wrap = (value: bigint): bigint => BigInt.asUintN(WORD, value);
  let seed = 0n;
  for (const [, crc] of inFile) seed ^= wrap(BigInt(crc) + 0x9e3779b9n + wrap(seed << 6n) + (seed >> 2n));
  return seed.toString().padStart(DIGITS, '0');
}
