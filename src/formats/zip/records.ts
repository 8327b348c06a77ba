/**
 * Where the numbers of a ZIP archive's records stand, in bytes from the record's begin. Sections are those of PKWARE's
 * APPNOTE 6.3: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */

/** A local header (4.3.7). */
export const LOCAL_AT = {
  flags: 6,
  method: 8,
  crc: 14,
  compressedSize: 18,
  size: 22,
  nameLength: 26,
  extraLength: 28,
} as const;

/** The fixed part of a local header: no entry is shorter. */
export const LOCAL_BYTES = 30;

/** A record of the central directory (4.3.12). */
export const CENTRAL_AT = {
  flags: 8,
  method: 10,
  crc: 16,
  compressedSize: 20,
  size: 24,
  nameLength: 28,
  extraLength: 30,
  commentLength: 32,
  headerStart: 42,
} as const;

/** The zip64 end record (4.3.14). */
export const END64_AT = { disk: 16, centralDisk: 20, entries: 32, centralSize: 40, centralStart: 48 } as const;

/** The locator of the zip64 end record (4.3.15). */
export const LOCATOR_AT = { recordStart: 8 } as const;

/** The end record (4.3.16). */
export const END_AT = {
  disk: 4,
  centralDisk: 6,
  entries: 10,
  centralSize: 12,
  centralStart: 16,
  commentLength: 20,
} as const;
