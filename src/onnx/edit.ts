import protobuf from 'protobufjs/minimal.js';
import type { Splice } from '../bytes/splice.ts';
import type { MessageRef, Tensor, ValueInfo } from './model.ts';
import { ChannelwiseError } from './errors.ts';
import { LEN, type Field, type WireReader } from './wire.ts';

/** Replaces whole fields in [start, end), directly inside `parent`'s body, with encoded fields. */
export interface Edit {
  readonly parent: MessageRef;
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

/** Adds to the edits a splice for the length prefix of every message around them. Everything else stays as it was. */
export async function toSplices(wire: WireReader, edits: readonly Edit[]): Promise<Splice[]> {
  const growth = new Map<string, { ref: MessageRef; by: number }>();
  for (const edit of edits) {
    const by = edit.bytes.length - (edit.end - edit.start);
    for (let ref: MessageRef | null = edit.parent; ref?.parent; ref = ref.parent) growth.set(key(ref), { ref, by });
  }
  // A message grows by its edits and by the change of the length prefixes inside it, so inner ones go first.
  const touched = [...growth.values()].map((g) => g.ref).sort((a, b) => depth(b) - depth(a));
  const total = new Map<string, number>();
  const add = (ref: MessageRef | null, by: number): void => {
    if (ref?.parent) total.set(key(ref), (total.get(key(ref)) ?? 0) + by);
  };
  for (const edit of edits) add(edit.parent, edit.bytes.length - (edit.end - edit.start));
  const splices: Splice[] = edits.map(({ start, end, bytes }) => ({ start, end, bytes }));
  for (const ref of touched) {
    const by = total.get(key(ref)) ?? 0;
    const header = await wire.bytes(ref.start, ref.bodyStart);
    const tagLength = header.findIndex((byte) => byte < 0x80) + 1;
    const prefix = protobuf.Writer.create().uint64(ref.end - ref.bodyStart + by).finish();
    if (by !== 0) splices.push({ start: ref.start + tagLength, end: ref.bodyStart, bytes: prefix });
    add(ref.parent, by + (by !== 0 ? prefix.length - (header.length - tagLength) : 0));
  }
  return splices;
}

/** Gives a float tensor new dims and values. The storage form stays; external data moves inline as raw_data. */
export async function replaceFloatTensor(wire: WireReader, tensor: Tensor, dims: readonly number[], values: Float32Array): Promise<Edit> {
  const writer = protobuf.Writer.create();
  writer.uint32(1 << 3 | LEN).fork();
  for (const dim of dims) writer.int64(dim);
  writer.ldelim();
  const view = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, i) => view.setFloat32(4 * i, value, true));
  writer.uint32((tensor.storage.kind === 'typed' ? 4 : 9) << 3 | LEN).bytes(new Uint8Array(view.buffer));
  const dropped = new Set([1, 4, 9, 13, 14]);
  const kept: Uint8Array[] = [];
  for (const f of await wire.fields(tensor.ref)) if (!dropped.has(f.number)) kept.push(await wire.bytes(f.start, f.end));
  return { parent: tensor.ref, start: tensor.ref.bodyStart, end: tensor.ref.end, bytes: concat([...kept, writer.finish()]) };
}

/** Sets one dimension of a value's declared shape to a number; null if the shape isn't declared. Its denotation stays. */
export async function setValueDim(wire: WireReader, value: ValueInfo, axis: number, size: number): Promise<Edit | null> {
  const type = await only(wire, value.ref, 2);
  const tensorType = type && await only(wire, type, 1);
  const shape = tensorType && await only(wire, tensorType, 2);
  if (!shape) return null;
  const dim = (await wire.fields(shape)).filter((f) => f.number === 1)[axis];
  if (!dim) return null;
  const dimRef = asRef(dim, shape);
  const kept: Uint8Array[] = [];
  for (const f of await wire.fields(dimRef)) if (f.number !== 1 && f.number !== 2) kept.push(await wire.bytes(f.start, f.end));
  const bytes = concat([protobuf.Writer.create().uint32(1 << 3).int64(size).finish(), ...kept]);
  return { parent: dimRef, start: dimRef.bodyStart, end: dimRef.end, bytes };
}

/** Appends metadata entries to the model. */
export function appendMetadata(model: MessageRef, entries: readonly (readonly [string, string])[]): Edit {
  const writer = protobuf.Writer.create();
  for (const [key, value] of entries) writer.uint32(14 << 3 | LEN).fork().uint32(1 << 3 | LEN).string(key).uint32(2 << 3 | LEN).string(value).ldelim();
  return { parent: model, start: model.end, end: model.end, bytes: writer.finish() };
}

/** Removes a whole field, such as one metadata entry. */
export function removeMessage(ref: MessageRef): Edit {
  if (!ref.parent) throw new RangeError('the model itself cannot be removed');
  return { parent: ref.parent, start: ref.start, end: ref.end, bytes: new Uint8Array(0) };
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

async function only(wire: WireReader, ref: MessageRef, number: number): Promise<MessageRef | null> {
  const found = (await wire.fields(ref)).filter((f) => f.number === number && f.wireType === LEN);
  if (found.length > 1) {
    throw new ChannelwiseError('unsupported', 'split-message', `A value's type is stored in two pieces (byte ${ref.start}); load and save the model with the onnx package first.`, { offset: ref.start });
  }
  return found[0] ? asRef(found[0], ref) : null;
}

function asRef(f: Field, parent: MessageRef): MessageRef {
  return { start: f.start, bodyStart: f.bodyStart, end: f.end, parent };
}

function key(ref: MessageRef): string {
  return `${ref.start}`;
}

function depth(ref: MessageRef): number {
  let n = 0;
  for (let at = ref.parent; at; at = at.parent) n++;
  return n;
}
