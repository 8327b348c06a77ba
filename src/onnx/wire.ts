import type { ByteSource } from '../bytes/byteSource.ts';
import { ChannelwiseError } from './errors.ts';
import type { MessageRef } from './model.ts';

/** One read serves many small fields; larger windows read weights nobody asked for. */
const WINDOW_BYTES = 16 * 1024;
/** A tag and a length, ten bytes each at most. */
const HEADER_BYTES = 20;
/** Names, attribute lists and metadata are held in memory; longer ones than this are no graph any more. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;

export const VARINT = 0;
export const FIXED64 = 1;
export const LEN = 2;
export const FIXED32 = 5;

/** One field of a message: `[start, end)` is the whole field, `[bodyStart, end)` its payload. */
export interface Field {
  number: number;
  wireType: number;
  start: number;
  bodyStart: number;
  end: number;
  /** The value of a varint field, as unsigned 64 bit. */
  value: bigint;
}

/** Walks protobuf fields through a small window over a source. Source of the format: https://protobuf.dev/programming-guides/encoding/ */
export class WireReader {
  private window: Uint8Array = new Uint8Array(0);
  private windowStart = 0;
  readonly source: ByteSource;
  private readonly signal: AbortSignal | undefined;

  constructor(source: ByteSource, signal?: AbortSignal) {
    this.source = source;
    this.signal = signal;
  }

  /** Calls `visit` for every field of a message body. Throws `malformed` with the offset where the bytes make no sense. */
  async forEachField(ref: MessageRef, visit: (field: Field) => Promise<void> | void): Promise<void> {
    let at = ref.bodyStart;
    while (at < ref.end) {
      const field = await this.fieldAt(at, ref.end);
      at = field.end;
      const pending = visit(field);
      if (pending) await pending;
    }
  }

  async fields(ref: MessageRef): Promise<Field[]> {
    const found: Field[] = [];
    await this.forEachField(ref, (field) => void found.push(field));
    return found;
  }

  async bytes(start: number, end: number): Promise<Uint8Array> {
    if (end - start > WINDOW_BYTES) {
      this.checkCancelled();
      return this.source.read(start, end - start);
    }
    await this.load(start, end - start);
    return this.window.slice(start - this.windowStart, end - this.windowStart);
  }

  async text(field: Field): Promise<string> {
    return new TextDecoder().decode(await this.payload(field));
  }

  /** The payload of a length-delimited field that is kept in memory. */
  async payload(field: Field): Promise<Uint8Array> {
    if (field.wireType !== LEN) throw malformed('a text or bytes field has the wrong wire type', field.start);
    if (field.end - field.bodyStart > MAX_TEXT_BYTES) {
      throw new ChannelwiseError('unsupported', 'text-too-long', `a text field of ${field.end - field.bodyStart} bytes is longer than any model needs`, { offset: field.start });
    }
    return this.bytes(field.bodyStart, field.end);
  }

  /** Reads a field's header; its payload stays where it is. Groups (wire types 3 and 4) are refused. */
  async fieldAt(start: number, limit: number): Promise<Field> {
    await this.load(start, Math.min(HEADER_BYTES, limit - start));
    const tag = this.varint(start, limit);
    const number = Number(tag.value >> 3n);
    const wireType = Number(tag.value & 7n);
    if (number < 1 || number > 0x1fffffff) throw malformed(`field number ${number} is not allowed`, start);
    let bodyStart = tag.next;
    let end = bodyStart;
    let value = 0n;
    if (wireType === VARINT) {
      const varint = this.varint(bodyStart, limit);
      value = varint.value;
      end = varint.next;
    } else if (wireType === LEN) {
      const length = this.varint(bodyStart, limit);
      bodyStart = length.next;
      if (length.value > BigInt(limit - bodyStart)) {
        throw malformed(`a field says it has ${length.value} bytes, but only ${limit - bodyStart} remain`, start);
      }
      end = bodyStart + Number(length.value);
    } else if (wireType === FIXED64 || wireType === FIXED32) {
      end = bodyStart + (wireType === FIXED64 ? 8 : 4);
      if (end > limit) throw malformed('the file ends inside a number', start);
    } else {
      throw malformed(`wire type ${wireType} is not used by ONNX`, start);
    }
    return { number, wireType, start, bodyStart, end, value };
  }

  private varint(start: number, limit: number): { value: bigint; next: number } {
    let value = 0n;
    let shift = 0n;
    let at = start;
    for (; at < start + 10; at++) {
      if (at >= limit) throw malformed('the file ends inside a number', start);
      const byte = this.window[at - this.windowStart];
      if (byte === undefined) throw malformed('the file ends inside a number', start);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return { value: BigInt.asUintN(64, value), next: at + 1 };
      shift += 7n;
    }
    throw malformed('a number is longer than ten bytes', start);
  }

  private async load(start: number, length: number): Promise<void> {
    if (start >= this.windowStart && start + length <= this.windowStart + this.window.length) return;
    this.checkCancelled();
    const size = Math.min(Math.max(length, WINDOW_BYTES), this.source.size - start);
    if (size < length) throw malformed('the file ends too early', start);
    this.window = await this.source.read(start, size);
    this.windowStart = start;
  }

  private checkCancelled(): void {
    if (this.signal?.aborted) throw new ChannelwiseError('cancelled', 'cancelled', 'Cancelled.');
  }
}

export function malformed(what: string, offset: number): ChannelwiseError {
  return new ChannelwiseError('malformed', 'malformed', `This is not a readable ONNX model: ${what} (byte ${offset}).`, { offset });
}
