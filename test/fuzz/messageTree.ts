/**
 * A model as a tree of protobuf fields, read and written by code that shares nothing with src: what mutations work on,
 * and what results are checked against. Source of the format: https://protobuf.dev/programming-guides/encoding/, of the
 * messages: onnx.proto.
 */

export type MessageType = keyof typeof MESSAGES;

/** Which fields of a message are messages. What is not named is a leaf. */
export const MESSAGES = {
  model: { 7: 'graph', 8: 'opset', 14: 'entry', 20: 'training', 25: 'function' },
  graph: { 1: 'node', 5: 'tensor', 11: 'value', 12: 'value', 13: 'value', 14: 'annotation', 15: 'sparse', 16: 'entry' },
  node: { 5: 'attribute', 9: 'entry' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 14: 'type', 15: 'type', 22: 'sparse', 23: 'sparse' },
  tensor: { 3: 'segment', 13: 'entry', 16: 'entry' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  value: { 2: 'type', 4: 'entry' },
  type: { 1: 'tensorType', 4: 'sequenceType', 5: 'mapType', 8: 'tensorType', 9: 'sequenceType' },
  tensorType: { 2: 'shape' },
  sequenceType: { 1: 'type' },
  mapType: { 2: 'type' },
  shape: { 1: 'dimension' },
  function: { 7: 'node', 9: 'opset', 11: 'attribute', 12: 'value', 14: 'entry' },
  training: { 1: 'graph', 2: 'graph', 3: 'entry', 4: 'entry' },
  annotation: { 2: 'entry' },
  opset: {},
  entry: {},
  dimension: {},
  segment: {},
} as const satisfies Record<string, Record<number, string>>;

export interface TreeField {
  number: number;
  /** 0 varint, 1 fixed64, 2 length-delimited, 3 group, 5 fixed32. */
  wireType: number;
  /** Of a varint. */
  value: bigint;
  /** The payload of a leaf; of a group with its end tag. */
  bytes: Uint8Array;
  message: TreeMessage | null;
  /** More bytes than tag and length need. */
  padding: number;
  /** Added to the written length: a lie. */
  lie: number;
  readonly start: number;
  readonly tagEnd: number;
  readonly bodyStart: number;
  readonly end: number;
}

export interface TreeMessage {
  readonly type: MessageType;
  fields: TreeField[];
  readonly start: number;
  readonly end: number;
}

export function leaf(number: number, wireType: number, bytes: Uint8Array, value = 0n): TreeField {
  return {
    number,
    wireType,
    value,
    bytes,
    message: null,
    padding: 0,
    lie: 0,
    start: 0,
    tagEnd: 0,
    bodyStart: 0,
    end: 0,
  };
}

/** Reads a message. Returns null where the bytes are no fields. */
export function parse(
  bytes: Uint8Array,
  type: MessageType = 'model',
  start = 0,
  end = bytes.length,
): TreeMessage | null {
  const fields: TreeField[] = [];
  for (let at = start; at < end;) {
    const field = parseField(bytes, type, at, end);
    if (!field) return null;
    fields.push(field);
    at = field.end;
  }
  return { type, fields, start, end };
}

function parseField(bytes: Uint8Array, type: MessageType, start: number, limit: number): TreeField | null {
  const tag = readVarint(bytes, start, limit);
  if (!tag || tag.value >> 3n === 0n || tag.value >> 3n > 0x1fffffffn) return null;
  const number = Number(tag.value >> 3n);
  const wireType = Number(tag.value & 7n);
  const base = { ...leaf(number, wireType, EMPTY), start, tagEnd: tag.end, bodyStart: tag.end };
  if (wireType === 0) {
    const value = readVarint(bytes, tag.end, limit);
    return value && { ...base, value: value.value, end: value.end };
  }
  if (wireType === 1 || wireType === 5) {
    const end = tag.end + (wireType === 1 ? 8 : 4);
    return end > limit ? null : { ...base, bytes: bytes.subarray(tag.end, end), end };
  }
  if (wireType === 3) {
    const end = groupEnd(bytes, number, tag.end, limit);
    return end === null ? null : { ...base, bytes: bytes.subarray(tag.end, end), end };
  }
  if (wireType !== 2) return null;
  const length = readVarint(bytes, tag.end, limit);
  if (!length || length.value > BigInt(limit - length.end)) return null;
  const end = length.end + Number(length.value);
  const inner = (MESSAGES[type] as Record<number, MessageType | undefined>)[number];
  const message = inner ? parse(bytes, inner, length.end, end) : null;
  return { ...base, bytes: message ? EMPTY : bytes.subarray(length.end, end), message, bodyStart: length.end, end };
}

/** Where a group ends, behind its end tag; null where it doesn't. */
function groupEnd(bytes: Uint8Array, number: number, start: number, limit: number): number | null {
  for (let at = start; ;) {
    const next = readVarint(bytes, at, limit);
    if (!next) return null;
    if (Number(next.value & 7n) === 4) return Number(next.value >> 3n) === number ? next.end : null;
    const inner = parseField(bytes, 'entry', at, limit);
    if (!inner) return null;
    at = inner.end;
  }
}

const EMPTY = new Uint8Array(0);

function readVarint(bytes: Uint8Array, start: number, limit: number): { value: bigint; end: number } | null {
  let value = 0n;
  for (let at = start; at < Math.min(limit, start + 10); at++) {
    const byte = bytes[at] ?? 0;
    value |= BigInt(byte & 127) << BigInt(7 * (at - start));
    if (byte < 128) return { value: BigInt.asUintN(64, value), end: at + 1 };
  }
  return null;
}

/** The bytes of a message, lies and paddings included. */
export function write(message: TreeMessage): Uint8Array {
  return Buffer.concat(message.fields.flatMap(writeField));
}

function writeField(field: TreeField): Uint8Array[] {
  const tag = writeVarint(BigInt(field.number) * 8n + BigInt(field.wireType), field.padding);
  if (field.wireType === 0) return [tag, writeVarint(field.value, field.padding)];
  const body = field.message ? write(field.message) : field.bytes;
  if (field.wireType !== 2) return [tag, body];
  return [tag, writeVarint(BigInt(Math.max(0, body.length + field.lie)), field.padding), body];
}

export function writeVarint(value: bigint, padding = 0): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) + 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  for (let i = 0; i < padding; i++) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) + 128;
    bytes.push(0);
  }
  return Uint8Array.from(bytes);
}

/** All messages of a tree, outer ones first. */
export function messagesOf(root: TreeMessage): TreeMessage[] {
  const found = [root];
  for (let i = 0; i < found.length; i++)
    for (const { message } of found[i]?.fields ?? []) if (message) found.push(message);
  return found;
}

/** How many fields should hold a message, but hold something else. */
export function brokenMessages(root: TreeMessage): number {
  return messagesOf(root).reduce(
    (n, { type, fields }) => n + fields.filter((f) => f.number in MESSAGES[type] && !f.message).length,
    0,
  );
}
