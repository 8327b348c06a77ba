import type { ByteSource } from '../../../bytes/byteSource.ts';
import type { ChecksumBlock } from './checksum.ts';
import { Cursor, type Widths } from './cursor.ts';
import { malformed, unsupported } from './errors.ts';
import { Hdf5File } from './file.ts';

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
/**
 * A file may begin with bytes of its user: the superblock stands at 0, 512, 1024, and so on. Larger user blocks than
 * this are not seen.
 */
const FIRST_USER_BLOCK = 512;
const MAX_USER_BLOCK = 1024 * 1024;
/** The longest superblock: version 1 with addresses of 8 bytes. */
const MAX_SUPERBLOCK_BYTES = 100;

/**
 * What the superblock says. `endOfFile` is where the end of the file is written; unlike addresses, that end counts from
 * the first byte.
 */
export interface Superblock {
  readonly file: Hdf5File;
  readonly version: number;
  /** Address of the root group's object header. */
  readonly root: number;
  readonly end: number;
  readonly endAt: number;
  /** Only versions 2 and 3 have a checksum. */
  readonly checksum: ChecksumBlock | null;
}

/** True when these are the first bytes of an HDF5 file without a user block. */
export function isHdf5(head: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => head[i] === byte);
}

/**
 * Opens an HDF5 file: superblock versions 0 to 3. Throws `malformed` where there is none, or where the file was cut
 * short.
 */
export async function openHdf5(source: ByteSource, signal?: AbortSignal): Promise<Superblock> {
  const start = await findSignature(source);
  const bytes = await source.read(start, Math.min(MAX_SUPERBLOCK_BYTES, source.size - start));
  const version = bytes[8] ?? 255;
  if (version > 3) throw unsupported(`A superblock of version ${version}`, start);
  const superblock = version < 2 ? readOld(source, start, bytes, signal) : readNew(source, start, bytes, signal);
  if (superblock.end > source.size)
    throw malformed(
      `it should have ${superblock.end} bytes and has ${source.size}, as in a file that was cut short`,
      source.size,
    );
  return superblock;
}

async function findSignature(source: ByteSource): Promise<number> {
  for (
    let at = 0;
    at + SIGNATURE.length <= source.size && at <= MAX_USER_BLOCK;
    at = Math.max(FIRST_USER_BLOCK, at * 2)
  )
    if (isHdf5(await source.read(at, SIGNATURE.length))) return at;
  throw malformed('it has no superblock', 0);
}

function widths(bytes: Uint8Array, at: number, start: number): Widths {
  const [offset = 0, length = 0] = bytes.subarray(at, at + 2);
  for (const width of [offset, length])
    if (![2, 4, 8].includes(width)) throw unsupported(`An address of ${width} bytes`, start + at);
  return { offset, length };
}

/**
 * Versions 0 and 1: the root group is given as a symbol table entry.
 * https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html#Superblock
 */
function readOld(source: ByteSource, start: number, bytes: Uint8Array, signal?: AbortSignal): Superblock {
  const version = bytes[8] ?? 0;
  const cursor = new Cursor(bytes, start, widths(bytes, 13, start));
  // Signature, versions, widths, ranks of trees, flags; since version 1 the rank of chunk trees too.
  cursor.skip(version === 0 ? 24 : 28);
  const base = cursor.address() ?? start;
  // Free space.
  cursor.address();
  const endAt = cursor.place;
  const end = required(cursor.address(), endAt);
  // The driver's block, and where the root's name stands: it has none.
  cursor.address();
  cursor.address();
  const root = required(cursor.address(), cursor.place);
  const file = new Hdf5File(source, base, cursor.widths, signal);
  return { file, version, root, end, endAt, checksum: null };
}

/** Versions 2 and 3, which end with a checksum. */
function readNew(source: ByteSource, start: number, bytes: Uint8Array, signal?: AbortSignal): Superblock {
  const cursor = new Cursor(bytes, start, widths(bytes, 9, start));
  // Signature, version, widths, flags.
  cursor.skip(12);
  const base = cursor.address() ?? start;
  // The superblock's extension.
  cursor.address();
  const endAt = cursor.place;
  const end = required(cursor.address(), endAt);
  const root = required(cursor.address(), cursor.place);
  const checksum = { start, end: cursor.place, at: cursor.place };
  const file = new Hdf5File(source, base, cursor.widths, signal);
  file.check(checksum, bytes);
  return { file, version: bytes[8] ?? 2, root, end, endAt, checksum };
}

function required(address: number | null, at: number): number {
  if (address === null) throw malformed('the superblock lacks an address', at);
  return address;
}
