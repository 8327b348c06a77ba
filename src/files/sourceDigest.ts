import { createHash } from 'node:crypto';
import type { ByteSource } from '../bytes/byteSource.ts';

/** Files up to this size are read whole. */
const WHOLE = 4 * 1024 * 1024;
const BLOCK = 64 * 1024;
const BLOCKS = 32;

/**
 * A fingerprint to find the same file again: SHA-256 over the size and the whole file, or over 32 blocks of 64 KiB
 * spread evenly from the first byte to the last where it is large, so that gigabytes need not be read. It tells a file
 * from another version of it, not from a forgery.
 */
export async function sourceDigest(source: ByteSource): Promise<string> {
  const hash = createHash('sha256').update(`${source.size}\n`);
  if (source.size <= WHOLE) hash.update(await source.read(0, source.size));
  else
    for (let i = 0; i < BLOCKS; i++)
      hash.update(await source.read(Math.floor((i * (source.size - BLOCK)) / (BLOCKS - 1)), BLOCK));
  return hash.digest('hex');
}
