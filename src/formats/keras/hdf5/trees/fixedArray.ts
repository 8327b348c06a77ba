import { Cursor } from '../cursor.ts';
import { malformed } from '../errors.ts';
import type { Hdf5File } from '../file.ts';
import { MAX_OBJECTS } from '../limits.ts';

/** An element of a fixed array and its number: https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html#FixedArray */
export interface ArrayEntry {
  readonly index: number;
  readonly element: Cursor;
}

interface ArrayHead {
  readonly start: number;
  readonly elementBytes: number;
  readonly count: number;
  readonly perPage: number;
}

/** The elements of a fixed array; pages that were never written are left out. */
export async function* fixedArrayEntries(file: Hdf5File, address: number, from: number): AsyncGenerator<ArrayEntry> {
  const start = file.place(address, from);
  const head = await file.checked(start, 8 + file.widths.length + file.widths.offset);
  head.signature('FAHD');
  head.version(0, 'a fixed array');
  head.skip(1);
  const elementBytes = head.u8();
  const pageBits = head.u8();
  const count = head.length();
  const data = head.address();
  if (data === null) return;
  if (elementBytes < file.widths.offset || pageBits > 30 || count > MAX_OBJECTS)
    throw malformed('a fixed array has odd sizes', start);
  yield* inDataBlock(file, file.place(data, start), { start, elementBytes, count, perPage: 2 ** pageBits });
}

async function* inDataBlock(file: Hdf5File, start: number, array: ArrayHead): AsyncGenerator<ArrayEntry> {
  const { elementBytes, count, perPage } = array;
  const isPaged = count > perPage;
  const pages = isPaged ? Math.ceil(count / perPage) : 0;
  const prefix = 6 + file.widths.offset + Math.ceil(pages / 8);
  const block = await file.checked(start, prefix + (isPaged ? 0 : count * elementBytes));
  block.signature('FADB');
  block.version(0, 'a fixed array');
  block.skip(1 + file.widths.offset);
  const written = block.take(Math.ceil(pages / 8));
  if (!isPaged) {
    yield* elements(block, 0, array);
    return;
  }
  for (let page = 0; page < pages; page++) {
    const isWritten = ((written[Math.floor(page / 8)] ?? 0) & (0x80 >> (page % 8))) !== 0;
    if (!isWritten) continue;
    const first = page * perPage;
    const bytes = Math.min(perPage, count - first) * elementBytes;
    const at = start + prefix + 4 + page * (perPage * elementBytes + 4);
    yield* elements(await file.checked(at, bytes), first, array);
  }
}

function* elements(cursor: Cursor, first: number, { elementBytes }: ArrayHead): Generator<ArrayEntry> {
  for (let index = first; cursor.left >= elementBytes; index++) {
    const at = cursor.place;
    yield { index, element: new Cursor(cursor.take(elementBytes), at, cursor.widths) };
  }
}
