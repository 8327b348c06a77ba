import { joined } from '../../../bytes/joined.ts';
import protobuf from 'protobufjs/minimal.js';
import { replaceBody, type Edit } from './edit.ts';
import { checkCount, encodeField, encodeVarint, tag, encodeNumber } from './encode.ts';
import { encodeRaw, knownRow } from '../../../tensors/elements.ts';
import { partAt } from '../../../tensors/parts.ts';
import { ChannelwiseError } from '../../../bytes/errors.ts';
import type { MessageRef, Tensor } from '../model.ts';
import type { TensorContext } from '../tensors/tensorContext.ts';
import { FIXED_WIDTH, areApart } from '../tensors/typedData.ts';
import { FIXED32, FIXED64, LEN, VARINT, type WireReader } from '../scan/wire.ts';
import { TENSOR } from '../fields.ts';

/** All that says where the old data lies. */
const DATA_FIELDS: ReadonlySet<number> = new Set([
  TENSOR.segment,
  TENSOR.floatData,
  TENSOR.int32Data,
  TENSOR.stringData,
  TENSOR.int64Data,
  TENSOR.rawData,
  TENSOR.doubleData,
  TENSOR.uint64Data,
  TENSOR.externalData,
  TENSOR.dataLocation,
]);

/**
 * Gives a tensor new dims and values; its type, name, doc_string, metadata and unknown fields stay, and so does the
 * storage form: raw_data stays raw_data, a typed field stays that field. External data moves inline as raw_data. Throws
 * `refused` with code `overflow` where a value doesn't fit the type.
 */
export async function replaceTensor(
  ctx: TensorContext,
  tensor: Tensor,
  dims: readonly number[],
  values: ArrayLike<number>,
): Promise<Edit> {
  const label = tensor.name || 'A tensor';
  checkCount(tensor.dtype, dims, values.length, label);
  const { storage } = tensor;
  if (storage.kind === 'unclear')
    throw new ChannelwiseError('unsupported', 'unclear-storage', `${label} can't be changed: ${storage.why}.`, {
      tensor: label,
    });
  const raw = encodeRaw(tensor.dtype, values, label);
  const data =
    storage.kind === 'typed'
      ? encodeTyped(
          { dtype: tensor.dtype, raw, count: values.length },
          storage.field,
          storage.pieces.some((piece) => piece.packed),
        )
      : encodeField(TENSOR.rawData, raw);
  return replaceBody(tensor.ref, await rebuild(ctx.wire, tensor.ref, dims, data));
}

/** Puts dims and data where the old ones first stood; a tensor that had none gets them at the end. */
async function rebuild(
  wire: WireReader,
  ref: MessageRef,
  dims: readonly number[],
  data: Uint8Array,
): Promise<Uint8Array> {
  let dimsAt = Infinity;
  let dataAt = Infinity;
  let packed = false;
  const kept = await wire.ranges(ref, (field) => {
    if (field.number === TENSOR.dims) {
      dimsAt = Math.min(dimsAt, field.start);
      packed ||= field.wireType === LEN;
      return false;
    }
    if (!DATA_FIELDS.has(field.number)) return true;
    dataAt = Math.min(dataAt, field.start);
    return false;
  });
  const parts = [
    { at: dimsAt, bytes: encodeDims(dims, packed) },
    { at: dataAt, bytes: data },
  ];
  for (const { start, end } of kept) parts.push({ at: start, bytes: await wire.bytes(start, end) });
  // No kept range reaches over a place where dims or data stood.
  return joined(parts.sort((a, b) => a.at - b.at).map((part) => part.bytes));
}

function encodeDims(dims: readonly number[], packed: boolean): Uint8Array {
  if (packed) return encodeField(TENSOR.dims, joined(dims.map(encodeVarint)));
  return joined(dims.map((dim) => encodeNumber(TENSOR.dims, dim)));
}

/** Numbers as raw_data holds them. */
interface RawNumbers {
  readonly dtype: number;
  readonly raw: Uint8Array;
  readonly count: number;
}

function encodeTyped(numbers: RawNumbers, field: number, packed: boolean): Uint8Array {
  const { raw } = numbers;
  const writer = protobuf.Writer.create();
  const width = FIXED_WIDTH[field];
  if (width !== undefined && packed) return encodeField(field, raw);
  if (width !== undefined) {
    const fixedTag = encodeVarint(tag(field, width === 4 ? FIXED32 : FIXED64));
    const size = fixedTag.length + width;
    const out = new Uint8Array((raw.length / width) * size);
    for (let from = 0, to = 0; from < raw.length; from += width, to += size) {
      out.set(fixedTag, to);
      out.set(raw.subarray(from, from + width), to + fixedTag.length);
    }
    return out;
  }
  if (packed) writer.uint32(tag(field, LEN)).fork();
  for (const entry of entries(numbers)) {
    if (!packed) writer.uint32(tag(field, VARINT));
    writer.int64(entry as unknown as number);
  }
  return packed ? writer.ldelim().finish() : writer.finish();
}

/**
 * The varint entries of int32_data, int64_data and uint64_data: integers by value, small floats by pattern, elements
 * below a byte by the byte, but those of six bits, which lie across bytes, one by one.
 */
function* entries({ dtype, raw, count }: RawNumbers): Generator<{ low: number; high: number; unsigned: boolean }> {
  const row = knownRow(dtype);
  const { bits, kind } = row;
  if (areApart(row)) {
    for (let i = 0; i < count; i++) yield { low: partAt(raw, i, bits ?? 8), high: 0, unsigned: false };
    return;
  }
  const width = Math.max((bits ?? 8) / 8, 1);
  const signed = kind === 'int' && (bits ?? 8) >= 8;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  for (let at = 0; at < raw.length; at += width) {
    if (width === 8) {
      yield { low: view.getInt32(at, true), high: view.getInt32(at + 4, true), unsigned: false };
      continue;
    }
    const low = narrowEntry(view, at, width, signed);
    yield { low: low | 0, high: low < 0 ? -1 : 0, unsigned: false };
  }
}

/** An element of one, two or four bytes. */
function narrowEntry(view: DataView, at: number, width: number, signed: boolean): number {
  switch (width) {
    case 1:
      return signed ? view.getInt8(at) : view.getUint8(at);
    case 2:
      return signed ? view.getInt16(at, true) : view.getUint16(at, true);
    default:
      return signed ? view.getInt32(at, true) : view.getUint32(at, true);
  }
}
