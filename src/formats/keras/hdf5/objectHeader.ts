import type { ChecksumBlock } from './checksum.ts';
import { Cursor } from './cursor.ts';
import { malformed } from './errors.ts';
import type { Hdf5File } from './file.ts';

/** Message types: https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html#ObjectHeaderMessages */
export const MESSAGE = {
  nil: 0x00,
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  oldFill: 0x04,
  fill: 0x05,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

const SHARED = 0x02;
const TIMES = 0x20;
const PHASE_CHANGE = 0x10;
const CREATION_ORDER = 0x04;
/** New headers begin with OHDR, old ones with their version, which is 1. */
const FIRST_OF_SIGNATURE = 'O'.charCodeAt(0);
/** Blocks of one header: a header with so many messages would have been made dense long before. */
const MAX_BLOCKS = 4096;

export interface HeaderMessage {
  readonly type: number;
  /** True when the message is kept elsewhere and `body` only says where. */
  readonly shared: boolean;
  readonly body: Cursor;
  /** Where the type is written, and in how many bytes. */
  readonly typeAt: number;
  readonly typeWidth: number;
  /** The block of the header that it lies in, where headers have checksums. */
  readonly block: ChecksumBlock | null;
}

interface Block {
  readonly cursor: Cursor;
  readonly checksum: ChecksumBlock | null;
}

/**
 * All messages of an object, in order, continuation blocks included. Checksums are verified; blocks that lead in a
 * circle are `malformed`.
 */
export async function readHeader(file: Hdf5File, address: number, from: number): Promise<HeaderMessage[]> {
  const start = file.place(address, from);
  const head = await file.block(start, Math.min(16, file.source.size - start));
  const isNew = head.bytes[0] === FIRST_OF_SIGNATURE;
  const first = isNew ? await newFirstBlock(file, start) : await oldFirstBlock(file, start);
  const messages: HeaderMessage[] = [];
  const seen = new Set<number>([start]);
  const open = [first.block];
  for (let block = open.shift(); block; block = open.shift()) {
    for (const message of readMessages(block, first)) {
      if (message.type !== MESSAGE.continuation) {
        messages.push(message);
        continue;
      }
      const next = continuation(file, message);
      if (seen.has(next.start) || seen.size > MAX_BLOCKS)
        throw malformed('the blocks of an object header lead in a circle', next.start);
      seen.add(next.start);
      open.push(
        isNew ? await newBlock(file, next) : { cursor: await file.block(next.start, next.length), checksum: null },
      );
    }
  }
  return messages;
}

interface FirstBlock {
  readonly block: Block;
  readonly version: 1 | 2;
  readonly ordered: boolean;
}

async function oldFirstBlock(file: Hdf5File, start: number): Promise<FirstBlock> {
  const prefix = await file.block(start, 16);
  prefix.version(1, 'an object header');
  // How many messages there are, and how many links to the object.
  prefix.skip(7);
  const size = prefix.u32();
  return { block: { cursor: await file.block(start + 16, size), checksum: null }, version: 1, ordered: false };
}

async function newFirstBlock(file: Hdf5File, start: number): Promise<FirstBlock> {
  const prefix = await file.block(start, Math.min(40, file.source.size - start));
  prefix.signature('OHDR');
  prefix.version(2, 'an object header');
  const flags = prefix.u8();
  if (flags & TIMES) prefix.skip(16);
  if (flags & PHASE_CHANGE) prefix.skip(4);
  const size = prefix.uint(2 ** (flags & 3));
  const length = prefix.at + size;
  const whole = await file.checked(start, length);
  whole.skip(prefix.at);
  const checksum = { start, end: start + length, at: start + length };
  return { block: { cursor: whole, checksum }, version: 2, ordered: (flags & CREATION_ORDER) !== 0 };
}

interface Range {
  readonly start: number;
  readonly length: number;
}

function continuation(file: Hdf5File, { body }: HeaderMessage): Range {
  const address = body.address();
  if (address === null) throw malformed('an object header goes on nowhere', body.start);
  return { start: file.place(address, body.start), length: body.length() };
}

async function newBlock(file: Hdf5File, { start, length }: Range): Promise<Block> {
  if (length < 8) throw malformed('a block of an object header is too short', start);
  const cursor = await file.checked(start, length - 4);
  cursor.signature('OCHK');
  return { cursor, checksum: { start, end: start + length - 4, at: start + length - 4 } };
}

function* readMessages({ cursor, checksum }: Block, { version, ordered }: FirstBlock): Generator<HeaderMessage> {
  const header = version === 1 ? 8 : 4 + (ordered ? 2 : 0);
  // What is left may be a gap too short for a message.
  while (cursor.left >= header) {
    const typeAt = cursor.place;
    const typeWidth = version === 1 ? 2 : 1;
    const type = cursor.uint(typeWidth);
    const size = cursor.u16();
    const flags = cursor.u8();
    cursor.skip(header - typeWidth - 3);
    const body = new Cursor(cursor.take(size), cursor.place - size, cursor.widths);
    yield { type, shared: (flags & SHARED) !== 0, body, typeAt, typeWidth, block: checksum };
  }
}
