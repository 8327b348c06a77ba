import type { ByteSource } from '../../bytes/byteSource.ts';
import { sameNumbers } from '../../bytes/sameNumbers.ts';
import { openFileSource } from '../fileSource.ts';

const STEP_BYTES = 1024 * 1024;

/** Whether the file at `path` has the same bytes as the source; false where it can't be read. */
export async function sameContent(source: ByteSource, path: string): Promise<boolean> {
  const other = await openFileSource(path).catch(() => null);
  if (!other) return false;
  try {
    if (other.size !== source.size) return false;
    for (let at = 0; at < source.size; at += STEP_BYTES) {
      const length = Math.min(STEP_BYTES, source.size - at);
      const [mine, theirs] = await Promise.all([source.read(at, length), other.read(at, length)]);
      if (!sameNumbers(mine, theirs)) return false;
    }
    return true;
  } finally {
    await other.close();
  }
}
