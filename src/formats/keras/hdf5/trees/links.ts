import { textOf } from '../attributes.ts';
import { Cursor } from '../cursor.ts';
import { malformed } from '../errors.ts';
import type { Hdf5File } from '../file.ts';
import { heapObject, openHeap } from './fractalHeap.ts';
import { MAX_OBJECTS } from '../limits.ts';
import { MESSAGE, type HeaderMessage } from '../objectHeader.ts';
import { groupEntries } from './treeV1.ts';
import { records } from './treeV2.ts';

/**
 * A name in a group. A hard link leads to an object, a soft one to a path; external links lead out of the file and are
 * not followed.
 */
export type Link =
  | { readonly kind: 'hard'; readonly name: string; readonly address: number }
  | { readonly kind: 'soft'; readonly name: string; readonly path: string }
  | { readonly kind: 'external'; readonly name: string };

/**
 * The links of a group, whatever its form: symbol table, link messages, dense links. null when the object is no group.
 */
export async function readLinks(file: Hdf5File, messages: readonly HeaderMessage[]): Promise<Link[] | null> {
  const links: Link[] = [];
  let isGroup = false;
  for (const { type, body } of messages) {
    if (type !== MESSAGE.symbolTable && type !== MESSAGE.linkInfo && type !== MESSAGE.link) continue;
    isGroup = true;
    if (type === MESSAGE.link) links.push(readLink(body));
    const found = type === MESSAGE.link ? [] : await linksBehind(file, type, body);
    for (const link of found) links.push(link);
    if (links.length > MAX_OBJECTS) throw malformed('a group has too many links', body.start);
  }
  return isGroup ? links : null;
}

function linksBehind(file: Hdf5File, type: number, body: Cursor): Promise<Link[]> {
  return type === MESSAGE.symbolTable ? symbolTable(file, body) : denseLinks(file, body);
}

const CACHED_SOFT_LINK = 2;

/** A group as HDF5 before 1.8 writes it: a B-tree of symbol nodes, names in a local heap. */
async function symbolTable(file: Hdf5File, body: Cursor): Promise<Link[]> {
  const tree = body.address();
  const heapAddress = body.address();
  if (tree === null || heapAddress === null) throw malformed('a group lacks its symbol table', body.start);
  const names = await localHeap(file, file.place(heapAddress, body.start));
  const links: Link[] = [];
  for await (const { child } of groupEntries(file, tree, body.start)) {
    const start = file.place(child, body.start);
    const head = await file.block(start, 8);
    head.signature('SNOD');
    head.version(1, 'a symbol node');
    head.skip(1);
    const count = head.u16();
    const entryBytes = 2 * file.widths.offset + 24;
    const cursor = await file.block(start + 8, count * entryBytes);
    for (let i = 0; i < count; i++) links.push(symbol(new Cursor(cursor.take(entryBytes), start, file.widths), names));
    if (links.length > MAX_OBJECTS) throw malformed('a group has too many links', start);
  }
  return links;
}

function symbol(entry: Cursor, names: Cursor): Link {
  const name = nameIn(names, entry.uint(entry.widths.offset));
  const address = entry.address();
  const cached = entry.u32();
  entry.skip(4);
  if (cached === CACHED_SOFT_LINK) return { kind: 'soft', name, path: nameIn(names, entry.u32()) };
  if (address === null) throw malformed(`the link ${name} leads nowhere`, entry.start);
  return { kind: 'hard', name, address };
}

/** The segment of a local heap that holds names. */
async function localHeap(file: Hdf5File, start: number): Promise<Cursor> {
  const head = await file.block(start, 8 + 2 * file.widths.length + file.widths.offset);
  head.signature('HEAP');
  head.version(0, 'a local heap');
  head.skip(3);
  const size = head.length();
  head.length();
  const address = head.address();
  if (address === null) throw malformed('a local heap lacks its data', start);
  return file.block(file.place(address, start), size);
}

function nameIn(names: Cursor, offset: number): string {
  if (offset >= names.bytes.length) throw malformed('a name lies outside its heap', names.start);
  const end = names.bytes.indexOf(0, offset);
  if (end < 0) throw malformed('a name does not end', names.start + offset);
  return textOf(names.bytes.subarray(offset, end));
}

const TRACKS_ORDER = 1;
const BY_NAME = 5;
const HASH_BYTES = 4;
const HEAP_ID_BYTES = 7;

async function denseLinks(file: Hdf5File, body: Cursor): Promise<Link[]> {
  body.version(0, 'link info');
  if (body.u8() & TRACKS_ORDER) body.skip(8);
  const heapAddress = body.address();
  const tree = body.address();
  if (heapAddress === null || tree === null) return [];
  const heap = await openHeap(file, heapAddress, body.start);
  const links: Link[] = [];
  for await (const record of records(file, tree, body.start)) {
    if (record.type !== BY_NAME) throw malformed('the index of links is another tree', body.start);
    if (links.length >= MAX_OBJECTS) throw malformed('a group has too many links', body.start);
    record.body.skip(HASH_BYTES);
    const id = new Cursor(record.body.take(HEAP_ID_BYTES), record.body.start, file.widths);
    links.push(readLink((await heapObject(file, heap, id)).cursor));
  }
  return links;
}

const SIZE_OF_LENGTH = 3;
const HAS_ORDER = 4;
const HAS_TYPE = 8;
const HAS_CHARSET = 16;
const HARD = 0;
const SOFT = 1;

function readLink(cursor: Cursor): Link {
  cursor.version(1, 'a link');
  const flags = cursor.u8();
  const type = flags & HAS_TYPE ? cursor.u8() : HARD;
  if (flags & HAS_ORDER) cursor.skip(8);
  if (flags & HAS_CHARSET) cursor.skip(1);
  const name = textOf(cursor.take(cursor.uint(2 ** (flags & SIZE_OF_LENGTH))));
  if (type === SOFT) return { kind: 'soft', name, path: textOf(cursor.take(cursor.u16())) };
  if (type !== HARD) return { kind: 'external', name };
  const address = cursor.address();
  if (address === null) throw malformed(`the link ${name} leads nowhere`, cursor.start);
  return { kind: 'hard', name, address };
}
