import { inflateSync } from 'node:zlib';

/** Unpacks zlib's format. Throws where it is damaged, and where more comes of it than `most` bytes. */
export function unpackZlib(data: Uint8Array, most: number): Uint8Array {
  return inflateSync(data, { maxOutputLength: most });
}
