import { joined } from '../../../bytes/joined.ts';
import type { Splice } from '../../../bytes/splice.ts';
import { encodeDim, encodeEntry, encodeField, encodeVarint } from './encode.ts';
import { ChannelwiseError } from '../../../bytes/errors.ts';
import type { MessageRef, Model, ValueInfo } from '../model.ts';
import { LEN, type WireReader } from '../scan/wire.ts';
import { VALUE_INFO, TYPE, TENSOR_TYPE, SHAPE, DIMENSION, MODEL } from '../fields.ts';
import type { Field } from '../scan/wire.ts';
import { lastUpTo } from '../../../bytes/lists.ts';

/** Replaces whole fields in [start, end), directly inside `parent`'s body, with encoded fields. */
export interface Edit {
  readonly parent: MessageRef;
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

/**
 * Adds to the edits a splice for the length prefix of every message around them. Everything else stays as it was.
 * Inserts at the same place keep the order they have in `edits`; edits inside a message that goes are left out.
 */
export async function toSplices(wire: WireReader, all: readonly Edit[]): Promise<Splice[]> {
  const edits = outsideRemoved(all);
  const depths = new Map<MessageRef, number>();
  const growth = new Map<number, { ref: MessageRef; by: number }>();
  const grow = (ref: MessageRef, by: number): void => {
    const known = growth.get(ref.start);
    if (known) known.by += by;
    else growth.set(ref.start, { ref, by });
  };
  for (const edit of edits) {
    for (let ref: MessageRef | null = edit.parent; ref?.parent; ref = ref.parent) grow(ref, 0);
    if (edit.parent.parent) grow(edit.parent, edit.bytes.length - (edit.end - edit.start));
  }
  // Where a message ends, its container often ends too: what goes into the inner one must come first.
  const inner = [...edits].sort((a, b) => depth(b.parent, depths) - depth(a.parent, depths));
  const splices: Splice[] = inner.map(({ start, end, bytes }) => ({ start, end, bytes }));
  // A message grows by its edits and by the change of the length prefixes inside it, so inner ones go first.
  for (const { ref, by } of [...growth.values()].sort((a, b) => depth(b.ref, depths) - depth(a.ref, depths))) {
    const total = growth.get(ref.start)?.by ?? by;
    if (total === 0) continue;
    const header = await wire.bytes(ref.start, ref.bodyStart);
    const tagLength = header.findIndex((byte) => byte < 0x80) + 1;
    const prefix = encodeVarint(ref.end - ref.bodyStart + total);
    splices.push({ start: ref.start + tagLength, end: ref.bodyStart, bytes: prefix });
    if (ref.parent?.parent) grow(ref.parent, total + prefix.length - (header.length - tagLength));
  }
  return splices;
}

function outsideRemoved(edits: readonly Edit[]): readonly Edit[] {
  const removed: Edit[] = [];
  // Messages lie inside one another or apart, so what begins inside a removed one ends there too.
  for (const edit of edits
    .filter((e) => e.bytes.length === 0 && e.end > e.start)
    .sort((a, b) => a.start - b.start || b.end - a.end)) {
    if (edit.start >= (removed.at(-1)?.end ?? 0)) removed.push(edit);
  }
  return removed.length ? edits.filter(({ parent }) => !covers(removed, parent)) : edits;
}

/** Whether a message lies in one of the ranges, which are in order and don't overlap. */
function covers(ranges: readonly Edit[], message: MessageRef): boolean {
  const last = ranges[lastUpTo(message.start, ranges.length, (i) => ranges[i]?.start ?? 0)];
  return last !== undefined && message.end <= last.end;
}

/** A new field in front of an existing one, in the same message. */
export function insertBefore(ref: MessageRef, number: number, body: Uint8Array): Edit {
  return { parent: container(ref), start: ref.start, end: ref.start, bytes: encodeField(number, body) };
}

/** A new field behind an existing one, in the same message. */
export function insertAfter(ref: MessageRef, number: number, body: Uint8Array): Edit {
  return { parent: container(ref), start: ref.end, end: ref.end, bytes: encodeField(number, body) };
}

/** A new field at the end of a message. */
export function append(parent: MessageRef, number: number, body: Uint8Array): Edit {
  return { parent, start: parent.end, end: parent.end, bytes: encodeField(number, body) };
}

/** Puts another field in the place of an existing one. */
export function replaceField(ref: MessageRef, number: number, body: Uint8Array): Edit {
  return replaceFields(ref, encodeField(number, body));
}

/** Puts encoded fields in the place of an existing one. */
export function replaceFields(ref: MessageRef, fields: Uint8Array): Edit {
  return { parent: container(ref), start: ref.start, end: ref.end, bytes: fields };
}

/** Gives a message a new body; its tag stays. */
export function replaceBody(ref: MessageRef, body: Uint8Array): Edit {
  return { parent: ref, start: ref.bodyStart, end: ref.end, bytes: body };
}

/** Removes a whole field: a node, an initializer, a value_info, a metadata entry. */
export function removeMessage(ref: MessageRef): Edit {
  return { parent: container(ref), start: ref.start, end: ref.end, bytes: new Uint8Array(0) };
}

/**
 * Sets one dimension of a value's declared shape; a number, a symbol, or null for "any". Its denotation and unknown
 * fields stay. null if no shape with that axis is declared. Throws `unsupported` where the type is stored in pieces.
 */
export async function setValueDim(
  wire: WireReader,
  value: ValueInfo,
  axis: number,
  dim: number | string | null,
): Promise<Edit | null> {
  const type = await only(wire, value.ref, VALUE_INFO.type);
  const tensorType = type && (await only(wire, type, TYPE.tensor));
  const shape = tensorType && (await only(wire, tensorType, TENSOR_TYPE.shape));
  if (!shape) return null;
  const dims = await wire.fields(shape, (field) => field.number === SHAPE.dim && field.wireType === LEN);
  const found = dims[axis];
  if (!found) return null;
  const ref = { start: found.start, bodyStart: found.bodyStart, end: found.end, parent: shape };
  const kept = [encodeDim(dim)];
  const isOther = ({ number }: Field): boolean => number !== DIMENSION.size && number !== DIMENSION.symbol;
  for (const { start, end } of await wire.ranges(ref, isOther)) kept.push(await wire.bytes(start, end));
  return replaceBody(ref, joined(kept));
}

/** Appends metadata entries to the model. */
function appendMetadata(model: MessageRef, entries: readonly (readonly [string, string])[]): Edit {
  const bytes = joined(entries.map(([key, value]) => encodeField(MODEL.metadata, encodeEntry(key, value))));
  return { parent: model, start: model.end, end: model.end, bytes };
}

/** Sets a metadata entry: replaces the last one with this key, or appends one. */
export function setMetadata(model: Model, key: string, value: string): Edit {
  const old = model.metadata.findLast((entry) => entry.key === key);
  return old
    ? replaceField(old.ref, MODEL.metadata, encodeEntry(key, value))
    : appendMetadata(model.ref, [[key, value]]);
}

async function only(wire: WireReader, ref: MessageRef, number: number): Promise<MessageRef | null> {
  const found = await wire.fields(ref, (field) => field.number === number && field.wireType === LEN);
  if (found.length > 1) {
    throw new ChannelwiseError(
      'unsupported',
      'split-message',
      `A value's type is stored in two pieces (byte ${ref.start}); load and save the model with the onnx package ` +
        'first.',
      { offset: ref.start },
    );
  }
  return found[0] ? { start: found[0].start, bodyStart: found[0].bodyStart, end: found[0].end, parent: ref } : null;
}

function container(ref: MessageRef): MessageRef {
  if (!ref.parent) throw new RangeError('the model itself is no field');
  return ref.parent;
}

/** How many messages lie around this one; remembered, as all nodes of a graph ask for the same. */
function depth(ref: MessageRef, known: Map<MessageRef, number>): number {
  const chain: MessageRef[] = [];
  let at: MessageRef | null = ref;
  while (at && !known.has(at)) {
    chain.push(at);
    at = at.parent;
  }
  let n = at ? (known.get(at) ?? 0) : -1;
  for (const link of chain.reverse()) known.set(link, ++n);
  return n;
}
