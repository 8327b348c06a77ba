import type { ChecksumBlock } from './checksum.ts';
import { Cursor } from './cursor.ts';
import { countOf, readDataspace } from './dataset/dataspace.ts';
import { readDatatype, type Datatype } from './dataset/datatype.ts';
import { malformed, unsupported } from './errors.ts';
import type { Hdf5File } from './file.ts';
import { heapObject, openHeap } from './trees/fractalHeap.ts';
import { heapTextRange, type ByteRange } from './trees/globalHeap.ts';
import { MAX_OBJECTS, MAX_TEXT_BYTES } from './limits.ts';
import { MESSAGE, type HeaderMessage } from './objectHeader.ts';
import { records } from './trees/treeV2.ts';

export interface Attribute {
  readonly name: string;
  readonly datatype: Datatype;
  readonly dims: readonly number[];
  readonly count: number;
  /** The stored elements, or references to texts in global heaps. */
  readonly value: Cursor;
  /** The block around the value that has a checksum. */
  readonly block: ChecksumBlock | null;
}

/** Attributes by name, those in the header and those kept densely. */
export async function readAttributes(
  file: Hdf5File,
  messages: readonly HeaderMessage[],
): Promise<Map<string, Attribute>> {
  const found = new Map<string, Attribute>();
  for (const message of messages) {
    if (message.type === MESSAGE.attribute && !message.shared) {
      const attribute = readAttribute(message.body, message.block);
      found.set(attribute.name, attribute);
    }
    if (message.type === MESSAGE.attributeInfo)
      for (const attribute of await denseAttributes(file, message.body)) found.set(attribute.name, attribute);
  }
  return found;
}

const TRACKS_ORDER = 1;
const BY_NAME = 8;
const HEAP_ID_BYTES = 8;

async function denseAttributes(file: Hdf5File, body: Cursor): Promise<Attribute[]> {
  body.version(0, 'attribute info');
  if (body.u8() & TRACKS_ORDER) body.skip(2);
  const heapAddress = body.address();
  const tree = body.address();
  if (heapAddress === null || tree === null) return [];
  const heap = await openHeap(file, heapAddress, body.start);
  const found: Attribute[] = [];
  for await (const record of records(file, tree, body.start)) {
    if (record.type !== BY_NAME) throw malformed('the index of attributes is another tree', body.start);
    if (found.length >= MAX_OBJECTS) throw malformed('an object has too many attributes', body.start);
    const id = new Cursor(record.body.take(HEAP_ID_BYTES), record.body.start, file.widths);
    const { cursor, block } = await heapObject(file, heap, id);
    found.push(readAttribute(cursor, block));
  }
  return found;
}

/** An attribute message, versions 1 to 3. */
function readAttribute(cursor: Cursor, block: ChecksumBlock | null): Attribute {
  const start = cursor.place;
  const version = cursor.u8();
  if (version < 1 || version > 3) throw unsupported(`An attribute of version ${version}`, start);
  const flags = cursor.u8();
  if (version > 1 && flags !== 0) throw unsupported('An attribute with a shared type', start);
  const [nameBytes, typeBytes, spaceBytes] = [cursor.u16(), cursor.u16(), cursor.u16()];
  if (version === 3) cursor.skip(1);
  const part = (length: number): Cursor => {
    const at = cursor.place;
    const taken = new Cursor(cursor.take(length), at, cursor.widths);
    // Version 1 pads each part to a multiple of eight bytes.
    if (version === 1) cursor.skip((8 - (length % 8)) % 8);
    return taken;
  };
  const name = textOf(part(nameBytes).bytes);
  const datatype = readDatatype(part(typeBytes));
  const { dims, some } = readDataspace(part(spaceBytes));
  const count = some ? countOf(dims, start) : 0;
  const size = count * datatype.size;
  if (size > cursor.left) throw malformed(`the attribute ${name} is longer than its message`, start);
  const at = cursor.place;
  return { name, datatype, dims, count, value: new Cursor(cursor.take(size), at, cursor.widths), block };
}

/** Texts that are kept as bytes: up to the first zero. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/**
 * Where each text of an attribute lies; null for one that is empty and lies nowhere. Throws `unsupported` where it
 * holds no texts.
 */
export async function textRanges(file: Hdf5File, attribute: Attribute): Promise<(ByteRange | null)[]> {
  const { datatype, value, count } = attribute;
  if (datatype.kind !== 'text' && datatype.kind !== 'heapText')
    throw unsupported(`The attribute ${attribute.name}, which holds no text,`, value.start);
  const ranges: (ByteRange | null)[] = [];
  for (let i = 0; i < count; i++) {
    const start = value.start + i * datatype.size;
    if (datatype.kind === 'text') {
      ranges.push({ start, end: start + datatype.size });
      continue;
    }
    const reference = value.bytes.subarray(i * datatype.size, (i + 1) * datatype.size);
    ranges.push(await heapTextRange(file, new Cursor(reference, start, file.widths)));
  }
  return ranges;
}

/** The texts of an attribute, in order. */
export async function texts(file: Hdf5File, attribute: Attribute): Promise<string[]> {
  const found: string[] = [];
  let total = 0;
  for (const range of await textRanges(file, attribute)) {
    const length = range ? range.end - range.start : 0;
    total += length;
    if (total > MAX_TEXT_BYTES) throw malformed(`the attribute ${attribute.name} is too long`, attribute.value.start);
    found.push(range ? textOf((await file.block(range.start, length)).bytes) : '');
  }
  return found;
}
