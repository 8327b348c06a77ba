import { MemorySource, type ByteSource } from '../../bytes/byteSource.ts';
import { PartSource } from '../../bytes/partSource.ts';
import { parseCentral, type ZipEntry } from './centralDirectory.ts';
import { readEndRecord, type EndRecord } from './endRecord.ts';
import { inflateEntry } from './inflateEntry.ts';
import { readLocalHeader, type LocalHeader } from './localHeader.ts';
import { zipUnsupported } from './zipError.ts';

/** A million entries with long names. The directory is held whole. */
const MAX_CENTRAL_BYTES = 128 * 1024 * 1024;
export const STORED = 0;
export const DEFLATED = 8;

/** A ZIP archive, read lazily: its directory at once, headers and data when someone asks. */
export class ZipArchive {
  readonly source: ByteSource;
  readonly end: EndRecord;
  /** In the order of the directory. */
  readonly entries: readonly ZipEntry[];
  private readonly byName: ReadonlyMap<string, ZipEntry>;
  private readonly headers = new Map<ZipEntry, Promise<LocalHeader>>();

  constructor(source: ByteSource, end: EndRecord, entries: readonly ZipEntry[]) {
    this.source = source;
    this.end = end;
    this.entries = entries;
    this.byName = new Map(entries.map((entry) => [entry.name, entry]));
  }

  entry(name: string): ZipEntry | undefined {
    return this.byName.get(name);
  }

  /** The entry's own header, read once. Throws `malformed` where it differs from the directory. */
  header(entry: ZipEntry): Promise<LocalHeader> {
    const known = this.headers.get(entry);
    if (known) return known;
    const read = readLocalHeader(this.source, entry);
    this.headers.set(entry, read);
    return read;
  }

  /**
   * An entry's data as a source of its own: stored ones are read in place, deflated ones are inflated into memory.
   * Throws `malformed` and `unsupported`, code `zip`.
   */
  async data(entry: ZipEntry): Promise<ByteSource> {
    const { dataStart, dataEnd } = await this.header(entry);
    if (entry.method === DEFLATED) {
      const { size, crc } = entry;
      return new MemorySource(await inflateEntry(this.source, { start: dataStart, end: dataEnd, size, crc }));
    }
    if (entry.method !== STORED || entry.size !== entry.compressedSize)
      throw zipUnsupported(`an entry is packed in a way that isn't read here (method ${entry.method})`, dataStart);
    return new PartSource(this.source, dataStart, entry.size);
  }
}

/** Reads the directory of an archive. Throws `malformed` and `unsupported`, code `zip`, with the offset. */
export async function openZip(source: ByteSource): Promise<ZipArchive> {
  const end = await readEndRecord(source);
  if (end.centralSize > MAX_CENTRAL_BYTES)
    throw zipUnsupported(`its directory has more than ${MAX_CENTRAL_BYTES} bytes`, end.centralStart);
  const central = await source.read(end.centralStart, end.centralSize);
  return new ZipArchive(source, end, parseCentral(central, end));
}
