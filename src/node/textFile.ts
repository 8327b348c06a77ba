/** The text of a file that a person wrote: UTF-8, or UTF-16 where a byte order mark says so, as Windows PowerShell writes it. The mark is taken off. */
export function fileText(bytes: Uint8Array): string {
  const mark =
    bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(mark).decode(bytes);
}
