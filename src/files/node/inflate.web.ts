import { Unzlib } from 'fflate';
import { joined } from '../../bytes/joined.ts';

/** So much is unpacked at once, before it is looked whether it becomes too much. */
const STEP_BYTES = 64 * 1024;

/** Unpacks zlib's format. Throws where it is damaged, and where more comes of it than `most` bytes. */
export function unpackZlib(data: Uint8Array, most: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  const inflater = new Unzlib((part) => {
    length += part.length;
    if (length > most) throw new Error('it unpacks to more than it says');
    parts.push(part);
  });
  for (let at = 0; at < data.length; at += STEP_BYTES)
    inflater.push(data.subarray(at, at + STEP_BYTES), at + STEP_BYTES >= data.length);
  return joined(parts);
}
