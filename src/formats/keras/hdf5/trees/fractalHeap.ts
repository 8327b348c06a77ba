import type { ChecksumBlock } from '../checksum.ts';
import { bytesFor, Cursor } from '../cursor.ts';
import { malformed, unsupported } from '../errors.ts';
import type { Hdf5File } from '../file.ts';
import { MAX_DEPTH, MAX_TEXT_BYTES } from '../limits.ts';
import { records } from './treeV2.ts';

/**
 * Where groups with many links and objects with many or long attributes keep them:
 * https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html#FractalHeap
 */
export interface FractalHeap {
  readonly start: number;
  readonly idLength: number;
  readonly checksums: boolean;
  readonly hugeTree: number | null;
  readonly width: number;
  readonly firstBlock: number;
  readonly largestDirect: number;
  /** Bytes of an offset and of a length in a heap ID. */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly root: number | null;
  /** Rows of the root's indirect block; 0 where the root is a direct block. */
  readonly rootRows: number;
}

/** An object of a heap, and the block around it whose checksum covers it. */
export interface HeapObject {
  readonly cursor: Cursor;
  readonly block: ChecksumBlock | null;
}

const CHECKSUMS = 2;

/** Reads a heap's header, by which its objects are found. Throws `unsupported` for compressed ones. */
export async function openHeap(file: Hdf5File, address: number, from: number): Promise<FractalHeap> {
  const start = file.place(address, from);
  const { offset, length } = file.widths;
  const cursor = await file.checked(start, 22 + 12 * length + 3 * offset);
  cursor.signature('FRHP');
  cursor.version(0, 'a fractal heap');
  const idLength = cursor.u16();
  if (cursor.u16() !== 0) throw unsupported('A compressed fractal heap', start);
  const flags = cursor.u8();
  const largestManaged = cursor.u32();
  cursor.length();
  const hugeTree = cursor.address();
  cursor.length();
  cursor.address();
  cursor.skip(8 * length);
  const width = cursor.u16();
  const firstBlock = cursor.length();
  const largestDirect = cursor.length();
  const heapBits = cursor.u16();
  cursor.u16();
  const root = cursor.address();
  const rootRows = cursor.u16();
  const powers = [width, firstBlock, largestDirect].every((n) => n > 0 && Number.isInteger(Math.log2(n)));
  if (!powers || firstBlock > largestDirect || heapBits > 64) throw malformed('a fractal heap has odd sizes', start);
  return {
    start,
    idLength,
    checksums: (flags & CHECKSUMS) !== 0,
    hugeTree,
    width,
    firstBlock,
    largestDirect,
    offsetBytes: Math.ceil(heapBits / 8),
    lengthBytes: Math.min(Math.floor((Math.log2(largestDirect) + 7) / 8), bytesFor(largestManaged)),
    root,
    rootRows,
  };
}

const MANAGED = 0;
const HUGE = 1;
const TINY = 2;
/** IDs longer than this keep the length of a tiny object in two bytes. */
const SHORT_TINY_ID = 17;

/** The object behind a heap ID. `id` is what a tree's record holds. */
export async function heapObject(file: Hdf5File, heap: FractalHeap, id: Cursor): Promise<HeapObject> {
  const first = id.u8();
  const kind = (first >> 4) & 3;
  if (first >> 6 !== 0) throw malformed('a heap ID has another version', id.start);
  if (kind === MANAGED)
    return managed(file, heap, { offset: id.uint(heap.offsetBytes), length: id.uint(heap.lengthBytes) });
  if (kind === HUGE) return huge(file, heap, id);
  if (kind !== TINY) throw malformed('a heap ID has another kind', id.start);
  const length = heap.idLength <= SHORT_TINY_ID ? (first & 15) + 1 : (first & 15) * 256 + id.u8() + 1;
  const start = id.place;
  return { cursor: new Cursor(id.take(length), start, file.widths), block: null };
}

interface Wanted {
  readonly offset: number;
  readonly length: number;
}

/** Rows 0 and 1 have the first size; each further row doubles it. */
function rowSize(heap: FractalHeap, row: number): number {
  return heap.firstBlock * 2 ** Math.max(0, row - 1);
}

/** Where a row begins, from the beginning of its block. */
function rowStart(heap: FractalHeap, row: number): number {
  return row === 0 ? 0 : heap.width * heap.firstBlock * 2 ** (row - 1);
}

/** Goes down through indirect blocks to the direct block that holds the object. */
async function managed(file: Hdf5File, heap: FractalHeap, { offset, length }: Wanted): Promise<HeapObject> {
  let address = heap.root;
  let rows = heap.rootRows;
  let blockStart = 0;
  let size = heap.firstBlock;
  const directRows = Math.log2(heap.largestDirect / heap.firstBlock) + 2;
  for (let depth = 0; rows > 0; depth++) {
    if (depth > MAX_DEPTH) throw malformed('a fractal heap is too deep', heap.start);
    const within = offset - blockStart;
    const row = rowOf(heap, within);
    if (row >= rows) throw malformed('a heap ID leads beyond its heap', heap.start);
    size = rowSize(heap, row);
    const column = Math.floor((within - rowStart(heap, row)) / size);
    const children = { rows, directRows, index: row * heap.width + column };
    address = await childOf(file, heap, required(address, heap), children);
    blockStart += rowStart(heap, row) + column * size;
    rows = row < directRows ? 0 : Math.log2(size / (heap.firstBlock * heap.width)) + 1;
  }
  return fromDirect(file, heap, { address: required(address, heap), size, at: offset - blockStart, length });
}

function rowOf(heap: FractalHeap, within: number): number {
  const blocks = within / (heap.firstBlock * heap.width);
  return blocks < 1 ? 0 : Math.floor(Math.log2(blocks)) + 1;
}

interface Children {
  readonly rows: number;
  readonly directRows: number;
  readonly index: number;
}

async function childOf(file: Hdf5File, heap: FractalHeap, address: number, children: Children): Promise<number | null> {
  const start = file.place(address, heap.start);
  const { offset } = file.widths;
  const head = 5 + offset + heap.offsetBytes;
  const cursor = await file.checked(start, head + children.rows * heap.width * offset);
  cursor.signature('FHIB');
  cursor.version(0, 'a block of a fractal heap');
  cursor.skip(offset + heap.offsetBytes + children.index * offset);
  return cursor.address();
}

interface Direct {
  readonly address: number;
  readonly size: number;
  readonly at: number;
  readonly length: number;
}

async function fromDirect(
  file: Hdf5File,
  heap: FractalHeap,
  { address, size, at, length }: Direct,
): Promise<HeapObject> {
  const start = file.place(address, heap.start);
  if (at + length > size) throw malformed('an object leaves its block of a fractal heap', start);
  const cursor = await file.block(start, size);
  cursor.signature('FHDB');
  cursor.version(0, 'a block of a fractal heap');
  cursor.skip(file.widths.offset + heap.offsetBytes);
  const block = heap.checksums ? { start, end: start + size, at: cursor.place } : null;
  if (block) file.check(block, cursor.bytes);
  return { cursor: new Cursor(cursor.bytes.subarray(at, at + length), start + at, file.widths), block };
}

const HUGE_INDIRECT = 1;

/** An object too large for a block, such as a long attribute: its ID is looked up in a tree. */
async function huge(file: Hdf5File, heap: FractalHeap, id: Cursor): Promise<HeapObject> {
  const { offset, length } = file.widths;
  // Where the ID has room, it holds address and length itself.
  if (heap.idLength - 1 >= offset + length) return hugeAt(file, id.address(), id.length(), heap);
  const key = id.uint(Math.min(heap.idLength - 1, length));
  for await (const record of records(file, required(heap.hugeTree, heap), heap.start)) {
    if (record.type !== HUGE_INDIRECT) throw unsupported('A compressed attribute', heap.start);
    const [address, size, number] = [record.body.address(), record.body.length(), record.body.length()];
    if (number === key) return hugeAt(file, address, size, heap);
  }
  throw malformed('an object of a heap is missing', heap.start);
}

async function hugeAt(file: Hdf5File, address: number | null, length: number, heap: FractalHeap): Promise<HeapObject> {
  const start = file.place(required(address, heap), heap.start);
  if (length > MAX_TEXT_BYTES) throw malformed(`an attribute says it has ${length} bytes`, start);
  return { cursor: await file.block(start, length), block: null };
}

function required(address: number | null, heap: FractalHeap): number {
  if (address === null) throw malformed('a fractal heap lacks a block', heap.start);
  return address;
}
