import type { ByteSource } from '../../bytes/byteSource.ts';
import { sha256 } from './sha256.ts';

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
  const size = `${source.size}\n`;
  if (source.size <= WHOLE) return sha256([size, await source.read(0, source.size)]);
  const blocks: Uint8Array[] = [];
  for (let i = 0; i < BLOCKS; i++)
    blocks.push(await source.read(Math.floor((i * (source.size - BLOCK)) / (BLOCKS - 1)), BLOCK));
  return sha256([size, ...blocks]);
}
