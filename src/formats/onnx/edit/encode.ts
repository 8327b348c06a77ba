import protobuf from 'protobufjs/minimal.js';
import { encodeRaw, knownRow } from '../../../tensors/elements.ts';
import { ChannelwiseError } from '../../../bytes/errors.ts';
import type { Dim } from '../model.ts';
import { FIXED32, LEN, VARINT } from '../scan/wire.ts';
import { product } from '../../../tensors/dims.ts';
import {
  NODE,
  ATTRIBUTE,
  ATTRIBUTE_TYPE,
  TENSOR,
  DIMENSION,
  TENSOR_TYPE,
  SHAPE,
  TYPE,
  VALUE_INFO,
  ENTRY,
  MODEL,
  OPSET,
} from '../fields.ts';

export interface NewNode {
  readonly name: string;
  readonly opType: string;
  /** Left out for the standard domain. */
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: readonly NewAttribute[];
}

/** An attribute holds exactly one kind of value; its type field follows from it. */
export type NewAttribute = { readonly name: string } & (
  | { readonly float: number }
  | { readonly int: number | bigint }
  | { readonly string: string }
  | { readonly tensor: NewTensor }
  | { readonly floats: readonly number[] }
  | { readonly ints: readonly (number | bigint)[] }
  | { readonly strings: readonly string[] }
);

/** `values` holds one number per element, two for complex types; integers of 64 bits beyond 2^53 come as such. */
export interface NewTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dtype: number;
  readonly values: ArrayLike<number> | BigInt64Array;
}

/** A NodeProto body. Attributes are encoded with their type. */
export function encodeNode(node: NewNode): Uint8Array {
  const writer = protobuf.Writer.create();
  for (const input of node.inputs) text(writer, NODE.input, input);
  for (const output of node.outputs) text(writer, NODE.output, output);
  if (node.name) text(writer, NODE.name, node.name);
  text(writer, NODE.opType, node.opType);
  for (const attribute of node.attributes ?? []) message(writer, NODE.attribute, encodeAttribute(attribute));
  if (node.domain) text(writer, NODE.domain, node.domain);
  return writer.finish();
}

/** An AttributeProto body. */
export function encodeAttribute(attribute: NewAttribute): Uint8Array {
  const writer = protobuf.Writer.create();
  text(writer, ATTRIBUTE.name, attribute.name);
  const type = writeValue(writer, attribute);
  return writer.uint32(tag(ATTRIBUTE.type, VARINT)).uint32(type).finish();
}

/** Writes the value under its own field, and says of which type it is. */
function writeValue(writer: protobuf.Writer, attribute: NewAttribute): number {
  if ('float' in attribute) {
    writer.uint32(tag(ATTRIBUTE.float, FIXED32)).float(attribute.float);
    return ATTRIBUTE_TYPE.float;
  }
  if ('int' in attribute) {
    int64(writer.uint32(tag(ATTRIBUTE.int, VARINT)), attribute.int);
    return ATTRIBUTE_TYPE.int;
  }
  if ('string' in attribute) {
    text(writer, ATTRIBUTE.string, attribute.string);
    return ATTRIBUTE_TYPE.string;
  }
  if ('tensor' in attribute) {
    message(writer, ATTRIBUTE.tensor, encodeTensorMessage(attribute.tensor));
    return ATTRIBUTE_TYPE.tensor;
  }
  if ('floats' in attribute) {
    for (const value of attribute.floats) writer.uint32(tag(ATTRIBUTE.floats, FIXED32)).float(value);
    return ATTRIBUTE_TYPE.floats;
  }
  if ('ints' in attribute) {
    for (const value of attribute.ints) int64(writer.uint32(tag(ATTRIBUTE.ints, VARINT)), value);
    return ATTRIBUTE_TYPE.ints;
  }
  for (const value of attribute.strings) text(writer, ATTRIBUTE.strings, value);
  return ATTRIBUTE_TYPE.strings;
}

/**
 * A TensorProto body with raw_data. Throws `refused` (overflow) where a value doesn't fit, RangeError where dims and
 * values don't match.
 */
export function encodeTensorMessage(tensor: NewTensor): Uint8Array {
  checkCount(tensor.dtype, tensor.dims, tensor.values.length, tensor.name);
  const writer = protobuf.Writer.create();
  for (const dim of tensor.dims) int64(writer.uint32(tag(TENSOR.dims, VARINT)), dim);
  writer.uint32(tag(TENSOR.dtype, VARINT)).uint32(tensor.dtype);
  if (tensor.name) text(writer, TENSOR.name, tensor.name);
  return writer.uint32(tag(TENSOR.rawData, LEN)).bytes(rawData(tensor)).finish();
}

function rawData({ dtype, values, name }: NewTensor): Uint8Array {
  if (!(values instanceof BigInt64Array)) return encodeRaw(dtype, values, name);
  const view = new DataView(new ArrayBuffer(values.length * 8));
  values.forEach((value, i) => view.setBigInt64(i * 8, value, true));
  return new Uint8Array(view.buffer);
}

/** A TensorShapeProto.Dimension body: a size, a symbol, or nothing. */
export function encodeDim(dim: Dim): Uint8Array {
  const writer = protobuf.Writer.create();
  if (typeof dim === 'number') int64(writer.uint32(tag(DIMENSION.size, VARINT)), dim);
  if (typeof dim === 'string') text(writer, DIMENSION.symbol, dim);
  return writer.finish();
}

/**
 * A ValueInfoProto body of a tensor; `dims` null leaves its rank open.
 */
export function encodeTensorInfo(name: string, dtype: number, dims: readonly Dim[] | null): Uint8Array {
  const tensor = protobuf.Writer.create().uint32(tag(TENSOR_TYPE.element, VARINT)).uint32(dtype);
  if (dims) {
    const shape = protobuf.Writer.create();
    for (const dim of dims) message(shape, SHAPE.dim, encodeDim(dim));
    message(tensor, TENSOR_TYPE.shape, shape.finish());
  }
  const type = message(protobuf.Writer.create(), TYPE.tensor, tensor.finish()).finish();
  return message(text(protobuf.Writer.create(), VALUE_INFO.name, name), VALUE_INFO.type, type).finish();
}

/** A StringStringEntryProto body, as metadata and external_data use it. */
export function encodeEntry(key: string, value: string): Uint8Array {
  return text(text(protobuf.Writer.create(), ENTRY.key, key), ENTRY.value, value).finish();
}

/** A whole field: tag, length and body. */
export function encodeField(number: number, body: Uint8Array): Uint8Array {
  return message(protobuf.Writer.create(), number, body).finish();
}

/** The head of a length-delimited field whose body of `length` bytes follows. */
export function encodeFieldHead(number: number, length: number): Uint8Array {
  return protobuf.Writer.create().uint32(tag(number, LEN)).uint32(length).finish();
}

/** A whole string field. */
export function encodeText(number: number, value: string): Uint8Array {
  return text(protobuf.Writer.create(), number, value).finish();
}

/** A whole field of a whole number. */
export function encodeNumber(number: number, value: number | bigint): Uint8Array {
  return int64(protobuf.Writer.create().uint32(tag(number, VARINT)), value).finish();
}

/** The version of a domain's operators that a model uses, as a whole field of it; '' is the standard's domain. */
export function encodeOpset(domain: string, version: number): Uint8Array {
  const body = text(protobuf.Writer.create(), OPSET.domain, domain).uint32(tag(OPSET.version, VARINT));
  return encodeField(MODEL.opsetImport, int64(body, version).finish());
}

/** A length or a 64-bit value as a varint, as short as possible. */
export function encodeVarint(value: number | bigint): Uint8Array {
  return int64(protobuf.Writer.create(), value).finish();
}

/** A field's key: https://protobuf.dev/programming-guides/encoding/#structure */
export function tag(number: number, wireType: number): number {
  return number * 8 + wireType;
}

/** Throws a RangeError unless dims name as many elements as there are values. */
export function checkCount(dtype: number, dims: readonly number[], values: number, label: string): void {
  const count = product(dims);
  if (count * knownRow(dtype, label).lanes !== values)
    throw new RangeError(`${label}: ${values} values for dims [${dims.join(', ')}]`);
}

function text(writer: protobuf.Writer, number: number, value: string): protobuf.Writer {
  return writer.uint32(tag(number, LEN)).string(value);
}

function message(writer: protobuf.Writer, number: number, body: Uint8Array): protobuf.Writer {
  return writer.uint32(tag(number, LEN)).bytes(body);
}

function int64(writer: protobuf.Writer, value: number | bigint): protobuf.Writer {
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw new ChannelwiseError('refused', 'overflow', `${value} is no integer that a model can hold.`);
  const wide = BigInt(value);
  return writer.int64({
    low: Number(BigInt.asIntN(32, wide)),
    high: Number(BigInt.asIntN(32, wide >> 32n)),
    unsigned: false,
  } as unknown as number);
}
