import { readSmallFile, type SmallFile } from './smallFile.ts';

/**
 * The text of a file that a person wrote: UTF-8, or UTF-16 where a byte order mark says so, as Windows PowerShell
 * writes it. The mark is taken off.
 */
function fileText(bytes: Uint8Array): string {
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}

function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return 'utf-8';
}

/** A whole text file. Throws as `readSmallFile` does. */
export async function readTextFile(path: string, file: SmallFile): Promise<string> {
  return fileText(await readSmallFile(path, file));
}
