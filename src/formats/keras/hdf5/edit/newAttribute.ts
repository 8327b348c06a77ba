import { lookup3 } from '../checksum.ts';
import { MESSAGE, readHeader, type HeaderMessage } from '../objectHeader.ts';
import { littleEndian, type Hdf5Patch } from './patch.ts';
import type { Hdf5Tree } from '../trees/tree.ts';
import { textOf } from '../attributes.ts';

/** A message has 16 bits for its length. */
const MAX_MESSAGE = 65_000;
const SIGNATURE = 'OHDR';
const CONTINUED = [0x4f, 0x43, 0x48, 0x4b];
/** How many messages an old header has stands behind its version and a byte that is not used. */
const COUNT_AT = 2;
/** A text of fixed length in UTF-8, filled with zeros; a scalar. */
const TEXT_CLASS = [0x13, 0x11, 0, 0];
const SCALAR = { old: [1, 0, 0, 0, 0, 0, 0, 0], new: [2, 0, 0, 0] } as const;

/** What may stand in any block of a header, the first of these that there is. */
const MOVABLE: readonly number[] = [MESSAGE.attribute, MESSAGE.symbolTable, MESSAGE.link, MESSAGE.linkInfo];

/** How a header writes its messages: version 1 in multiples of eight bytes, version 2 with checksums. */
interface HeaderForm {
  readonly isNew: boolean;
  readonly start: number;
  /** Bytes in front of a message's body. */
  readonly head: number;
}

/**
 * Gives the root group a text of its own. Keras asks for its attributes by name and passes over others
 * (keras/src/legacy/saving/legacy_h5_format.py, load_model_from_hdf5), and an attribute is no object, so the lists of
 * layers and weights stay as they are. How it is written: one message of its header moves behind the end of the file,
 * the new attribute after it, and a continuation takes its place. False where the header has no room for that, or keeps
 * its attributes elsewhere; then nothing was changed.
 */
export async function putRootText(patch: Hdf5Patch, tree: Hdf5Tree, name: string, text: string): Promise<boolean> {
  const { file, superblock } = tree;
  const messages = await readHeader(file, superblock.root, file.base);
  const form = await formOf(tree, messages);
  const old = messages.find((message) => isAttribute(message, name));
  const needed = file.widths.offset + file.widths.length;
  const movable = messages.filter((one) => one !== old && !one.shared && one.body.bytes.length >= needed);
  const moved = MOVABLE.flatMap((type) => movable.filter((one) => one.type === type))[0];
  const message = attributeMessage(form, name, text);
  const isDense = messages.some(({ type, body }) => type === MESSAGE.attributeInfo && hasHeap(body.bytes));
  if (!form || !moved || isDense || message === null) return false;
  const body = moved.body.start;
  // The configuration may be the message that moves, and may have changed.
  const kept = await patch.changedBytes(moved.typeAt, body + moved.body.bytes.length - moved.typeAt);
  const block = continuedBlock(form, [kept, message]);
  const address = patch.append(block);
  const place = [...littleEndian(address, file.widths.offset), ...littleEndian(block.length, file.widths.length)];
  patch.putUint(moved.typeAt, MESSAGE.continuation, { width: moved.typeWidth, block: moved.block });
  patch.put(body, Uint8Array.from(place), moved.block);
  if (old) patch.putUint(old.typeAt, MESSAGE.nil, { width: old.typeWidth, block: old.block });
  if (!form.isNew) {
    const count = (await file.block(form.start + COUNT_AT, 2)).u16();
    patch.putUint(form.start + COUNT_AT, count + 2, { width: 2, block: null });
  }
  return true;
}

async function formOf(tree: Hdf5Tree, messages: readonly HeaderMessage[]): Promise<HeaderForm | null> {
  const { file, superblock } = tree;
  const start = file.place(superblock.root, file.base);
  const signature = new TextDecoder().decode((await file.block(start, SIGNATURE.length)).bytes);
  const [first] = messages;
  return first ? { isNew: signature === SIGNATURE, start, head: first.body.start - first.typeAt } : null;
}

/** Where attributes are kept in a heap, its address is known. */
function hasHeap(info: Uint8Array): boolean {
  const tracksOrder = (info[1] ?? 0) & 1;
  return info.subarray(2 + tracksOrder * 2, 6 + tracksOrder * 2).some((byte) => byte !== 0xff);
}

/** Name and version stand at the same places in all versions of the message. */
function isAttribute({ type, body }: HeaderMessage, name: string): boolean {
  if (type !== MESSAGE.attribute) return false;
  const [version = 0] = body.bytes;
  const start = version === 3 ? 9 : 8;
  const length = (body.bytes[2] ?? 0) + 256 * (body.bytes[3] ?? 0);
  return textOf(body.bytes.subarray(start, start + length)) === name;
}

/** The whole message with its head; null where the text is too long for one. */
function attributeMessage(form: HeaderForm | null, name: string, text: string): Uint8Array | null {
  if (!form) return null;
  const [nameBytes, value] = [[...new TextEncoder().encode(name), 0], [...new TextEncoder().encode(text)]];
  const type = [...TEXT_CLASS, ...littleEndian(value.length, 4)];
  const space = form.isNew ? SCALAR.new : SCALAR.old;
  const lengths = [nameBytes, type, space].flatMap((part) => [...littleEndian(part.length, 2)]);
  const padded = (part: readonly number[]): number[] => [
    ...part,
    ...new Array<number>((8 - (part.length % 8)) % 8).fill(0),
  ];
  const body = form.isNew
    ? [3, 0, ...lengths, 1, ...nameBytes, ...type, ...space, ...value]
    : padded([1, 0, ...lengths, ...padded(nameBytes), ...type, ...space, ...value]);
  if (body.length > MAX_MESSAGE) return null;
  const length = littleEndian(body.length, 2);
  const head = new Uint8Array(form.head);
  head.set(form.isNew ? [MESSAGE.attribute, ...length] : [MESSAGE.attribute, 0, ...length]);
  return Uint8Array.from([...head, ...body]);
}

/** Messages as a block of their own, which in version 2 has a signature and a checksum. */
function continuedBlock({ isNew }: HeaderForm, messages: readonly Uint8Array[]): Uint8Array {
  const bytes = messages.flatMap((message) => [...message]);
  if (!isNew) return Uint8Array.from(bytes);
  const signed = Uint8Array.from([...CONTINUED, ...bytes]);
  return Uint8Array.from([...signed, ...littleEndian(lookup3(signed), 4)]);
}
