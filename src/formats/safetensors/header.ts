import type { ByteSource } from '../../bytes/byteSource.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { elementBits } from '../../tensors/dtypes.ts';
import { entries, member, numbers, parseJson, text, type Json } from '../../bytes/json/json.ts';
import { dtypeNumber } from './safetensorsTypes.ts';
import { product } from '../../tensors/dims.ts';

/** The header's length stands in front of it. */
export const LENGTH_BYTES = 8;
/** The format's own limit: https://github.com/huggingface/safetensors#format */
const MAX_HEADER_BYTES = 100_000_000;
/** The one name in the header that is no tensor. */
export const METADATA = '__metadata__';

/**
 * One tensor of the header. `start` and `end` are places in the file; `shape` and `offsets` the texts that say so in
 * the header.
 */
export interface HeaderTensor {
  readonly name: string;
  /** As the header names it. */
  readonly type: string;
  readonly dtype: number;
  readonly dims: readonly number[];
  readonly start: number;
  readonly end: number;
  readonly shape: Json;
  readonly offsets: Json;
}

export interface SafetensorsHeader {
  /** The JSON as text, with the spaces behind it. */
  readonly text: string;
  readonly json: Json;
  /** In the order of their data. */
  readonly tensors: readonly HeaderTensor[];
  readonly metadata: ReadonlyMap<string, string>;
  /** Where the data begins. */
  readonly dataStart: number;
}

/**
 * Reads the header and checks all of it: every tensor as long as its shape says, no overlap, no hole, and nothing
 * behind the last one. Throws `malformed` with the offset.
 */
export async function readHeader(source: ByteSource): Promise<SafetensorsHeader> {
  const dataStart = LENGTH_BYTES + (await headerLength(source));
  const bytes = await source.read(LENGTH_BYTES, dataStart - LENGTH_BYTES);
  const json = headerJson(bytes);
  const tensors: HeaderTensor[] = [];
  for (const [name, entry] of entries(json.json))
    if (name !== METADATA) tensors.push(headerTensor(name, entry, dataStart));
  tensors.sort((a, b) => a.start - b.start || a.end - b.end);
  checkCover(tensors, dataStart, source.size);
  return { ...json, tensors, metadata: metadataOf(json.json), dataStart };
}

async function headerLength(source: ByteSource): Promise<number> {
  if (source.size < LENGTH_BYTES) throw malformed('it ends inside the length of its header', 0);
  const bytes = await source.read(0, LENGTH_BYTES);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES)
    throw malformed(`its header says it has ${length} bytes, and ${MAX_HEADER_BYTES} are the most`, 0);
  const rest = source.size - LENGTH_BYTES;
  if (length > rest)
    throw malformed(`its header says it has ${length} bytes, but only ${rest} remain, as in a file cut short`, 0);
  return length;
}

function headerJson(bytes: Uint8Array): { text: string; json: Json } {
  let header: string;
  try {
    header = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed('its header is not UTF-8', LENGTH_BYTES);
  }
  const json = parseJson(header, 'The header of this safetensors file', { uniqueNames: true });
  if (!(json.value instanceof Map)) throw malformed('its header is no list of tensors', LENGTH_BYTES);
  return { text: header, json };
}

function metadataOf(json: Json): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, entry] of entries(member(json, METADATA))) {
    const value = text(entry);
    if (value === undefined) throw malformed(`its metadata ${key} is no text`, LENGTH_BYTES);
    found.set(key, value);
  }
  return found;
}

function headerTensor(name: string, entry: Json, dataStart: number): HeaderTensor {
  const type = text(member(entry, 'dtype'));
  const shape = member(entry, 'shape');
  const offsets = member(entry, 'data_offsets');
  const dims = numbers(shape);
  const [from, to, ...more] = numbers(offsets) ?? [];
  const isWhole = type !== undefined && shape && offsets && dims?.every(isCount) && more.length === 0;
  if (!isWhole || !isCount(from) || !isCount(to) || from > to)
    throw malformed(`tensor ${name} has no type, shape and two offsets`, LENGTH_BYTES, name);
  const tensor = { name, type, dtype: dtypeNumber(type), dims, start: dataStart + from, end: dataStart + to };
  checkLength(tensor);
  return { ...tensor, shape, offsets };
}

function isCount(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** A tensor of a type we know takes as many bytes as its shape says. */
function checkLength({ name, dtype, dims, start, end }: Omit<HeaderTensor, 'shape' | 'offsets'>): void {
  const bits = elementBits(dtype);
  if (bits === null) return;
  const count = dims.includes(0) ? 0 : product(dims);
  const wanted = (count * bits) / 8;
  if (end - start === wanted) return;
  if (!Number.isInteger(wanted))
    throw malformed(`tensor ${name} has ${count} elements of ${bits} bits, which end inside a byte`, start, name);
  throw malformed(`tensor ${name} should take ${wanted} bytes for its shape, but has ${end - start}`, start, name);
}

function checkCover(tensors: readonly HeaderTensor[], dataStart: number, size: number): void {
  let at = dataStart;
  for (const { name, start, end } of tensors) {
    if (start < at) throw malformed(`tensor ${name} lies over the one before it`, start, name);
    if (start > at) throw malformed(`bytes in front of tensor ${name} belong to no tensor`, at, name);
    if (end > size) throw malformed(`tensor ${name} leaves the file, which was cut short`, start, name);
    at = end;
  }
  if (at !== size) throw malformed(`${size - at} bytes at its end belong to no tensor`, at);
}

function malformed(why: string, offset: number, tensor?: string): ChannelwiseError {
  const place = tensor === undefined ? { offset } : { offset, tensor };
  return new ChannelwiseError(
    'malformed',
    'safetensors',
    `This safetensors file can't be read: ${why} (byte ${offset}).`,
    place,
  );
}
