import type { ByteSource } from '../../../bytes/byteSource.ts';
import { ChannelwiseError } from '../../../bytes/errors.ts';
import { Turns } from '../../../bytes/turns.ts';
import type { MessageRef } from '../model.ts';

/** A window after a jump over weights: a few fields follow, then the next weights. */
const MIN_WINDOW_BYTES = 1024;
/**
 * A window where everything is structure: one read for thousands of nodes, and still some milliseconds of work at most.
 */
const MAX_WINDOW_BYTES = 1024 * 1024;
/** How fast the window shrinks where the walk jumps; it doubles where the walk goes straight on. */
const SHRINK = 4;
/** A tag and a length, ten bytes each at most. */
export const HEADER_BYTES = 20;
/** Names, attribute lists and metadata are held in memory; longer ones than this are no graph any more. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;
/** https://protobuf.dev/programming-guides/proto3/#assigning */
const MAX_FIELD_NUMBER = 2 ** 29 - 1;
/** Protobuf's own readers stop at 100 nested groups and messages. */
const MAX_GROUP_DEPTH = 100;

export const VARINT = 0;
export const FIXED64 = 1;
export const LEN = 2;
export const GROUP = 3;
const END_GROUP = 4;
export const FIXED32 = 5;

/** One field of a message: `[start, end)` is the whole field, `[bodyStart, end)` its payload. */
export interface Field {
  readonly number: number;
  readonly wireType: number;
  readonly start: number;
  readonly bodyStart: number;
  end: number;
  /** The value of a varint field, as unsigned 64 bit. */
  readonly value: bigint;
}

/** Bytes [start, end) of the source. */
export interface Range {
  readonly start: number;
  end: number;
}

/**
 * An edit holds the fields of one message in memory; no writer makes a message of more fields that an edit asks for.
 */
const MAX_FIELDS = 2 ** 20;

function pushBounded<T>(list: T[], entry: T, ref: MessageRef): void {
  if (list.length === MAX_FIELDS)
    throw new ChannelwiseError(
      'unsupported',
      'too-large',
      `A message has more than ${MAX_FIELDS} fields (byte ${ref.start}), too many to be changed.`,
      { offset: ref.start },
    );
  list.push(entry);
}

/**
 * Walks protobuf fields through a small window over a source. Source of the format:
 * https://protobuf.dev/programming-guides/encoding/
 */
export class WireReader {
  private window: Uint8Array = new Uint8Array(0);
  private windowStart = 0;
  private reach = MIN_WINDOW_BYTES;
  /** Where the varint that was read last ends. */
  private next = 0;
  readonly source: ByteSource;
  private readonly turns: Turns;

  constructor(source: ByteSource, signal?: AbortSignal) {
    this.source = source;
    this.turns = new Turns(signal);
  }

  /**
   * The fields of a message that are asked for. Throws `malformed` with the offset where the bytes make no sense, and
   * `unsupported` beyond a million.
   */
  async fields(ref: MessageRef, isWanted: (field: Field) => boolean): Promise<Field[]> {
    const found: Field[] = [];
    await this.forEachField(ref, (field) => {
      if (isWanted(field)) pushBounded(found, field, ref);
    });
    return found;
  }

  /** The bytes of a message's fields that are kept, neighbours together, in file order. Throws as `fields` does. */
  async ranges(ref: MessageRef, isKept: (field: Field) => boolean): Promise<Range[]> {
    const found: Range[] = [];
    await this.forEachField(ref, (field) => {
      if (!isKept(field)) return;
      const last = found.at(-1);
      if (last?.end === field.start) last.end = field.end;
      else pushBounded(found, { start: field.start, end: field.end }, ref);
    });
    return found;
  }

  /** Calls `visit` for every field of a message body, and waits only where the window has to move. */
  private async forEachField(ref: MessageRef, visit: (field: Field) => void): Promise<void> {
    for (let at = ref.bodyStart; at < ref.end;) {
      while (!this.holdsHeader(at, ref.end)) await this.load(at, Math.min(HEADER_BYTES, ref.end - at));
      const field = this.header(at, ref.end);
      if (field.wireType === GROUP) field.end = await this.groupEnd(field, ref.end);
      at = field.end;
      visit(field);
    }
  }

  /** A copy of the bytes [start, end). */
  async bytes(start: number, end: number): Promise<Uint8Array> {
    if (this.passesWindow(start, end - start)) return this.source.read(start, end - start);
    while (!this.holds(start, end - start)) await this.load(start, end - start);
    return this.view(start, end).slice();
  }

  /** Fills `target` with the bytes at `start`. */
  async bytesInto(target: Uint8Array, start: number): Promise<void> {
    if (this.passesWindow(start, target.length)) await this.source.readInto(target, start);
    else target.set(await this.bytes(start, start + target.length));
  }

  /** Long parts that the window does not hold are read without it. */
  private passesWindow(start: number, length: number): boolean {
    this.turns.checkCancelled();
    return length > MIN_WINDOW_BYTES && !this.holds(start, length);
  }

  /** The text of a field, which is kept in memory; bad bytes in it become replacement characters. */
  async text(field: Field): Promise<string> {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await this.payload(field));
  }

  /** The payload of a length-delimited field that is kept in memory. */
  async payload(field: Field): Promise<Uint8Array> {
    this.checkText(field);
    return this.bytes(field.bodyStart, field.end);
  }

  /** Throws unless a field is length-delimited and short enough to be kept in memory. */
  checkText(field: Field): void {
    if (field.wireType !== LEN) throw malformed('a text or bytes field has the wrong wire type', field.start);
    if (field.end - field.bodyStart > MAX_TEXT_BYTES) {
      throw new ChannelwiseError(
        'unsupported',
        'text-too-long',
        `A text or list of ${field.end - field.bodyStart} bytes (byte ${field.start}) is longer than any model needs.`,
        { offset: field.start },
      );
    }
  }

  /** Reads a field's header; its payload stays where it is. A group is one field that ends behind its end tag. */
  async fieldAt(start: number, limit: number): Promise<Field> {
    const length = Math.min(HEADER_BYTES, limit - start);
    while (!this.holds(start, length)) await this.load(start, length);
    const field = this.header(start, limit);
    if (field.wireType === GROUP) field.end = await this.groupEnd(field, limit);
    return field;
  }

  /** True when the header of a field at `start` can be read without waiting. */
  holdsHeader(start: number, limit: number): boolean {
    return this.holds(start, Math.min(HEADER_BYTES, limit - start));
  }

  /** Whether the window holds these bytes. */
  holds(start: number, length: number): boolean {
    return start >= this.windowStart && start + length <= this.windowStart + this.window.length;
  }

  /** Bytes of the window itself, for use before the next wait. Throws a RangeError unless the range is held. */
  view(start: number, end: number): Uint8Array {
    if (!this.holds(start, end - start)) throw new RangeError(`bytes ${start} to ${end} are not in the window`);
    return this.window.subarray(start - this.windowStart, end - this.windowStart);
  }

  /**
   * Reads a field's header from the window, which must hold it. For a group, `end` is not known yet. Only inside a
   * group may a group end.
   */
  header(start: number, limit: number, inGroup = false): Field {
    const tag = this.varint(start, limit);
    const number = Math.floor(tag / 8);
    const wireType = tag % 8;
    let bodyStart = this.next;
    if (number < 1 || number > MAX_FIELD_NUMBER) throw malformed(`field number ${number} is not allowed`, start);
    let end = bodyStart;
    let value = 0n;
    if (wireType === LEN) {
      const length = this.varint(bodyStart, limit);
      bodyStart = this.next;
      if (length > limit - bodyStart)
        throw malformed(
          `a field says it has ${length} bytes, but only ${limit - bodyStart} remain, as in a file that was cut short`,
          start,
        );
      end = bodyStart + length;
    } else if (wireType === VARINT) {
      value = this.wideVarint(bodyStart, limit);
      end = this.next;
    } else if (wireType === FIXED64 || wireType === FIXED32) {
      end = bodyStart + (wireType === FIXED64 ? 8 : 4);
      if (end > limit) throw malformed('the file ends inside a number', start);
    } else if (wireType !== GROUP && wireType !== END_GROUP) {
      throw malformed(`there is no wire type ${wireType}`, start);
    }
    if (wireType === END_GROUP && !inGroup) throw malformed('a group ends that did not begin', start);
    return { number, wireType, start, bodyStart, end, value };
  }

  /** Where a group ends. Groups were dropped from protobuf long ago; inside a model they can only be unknown fields. */
  async groupEnd(group: Field, limit: number): Promise<number> {
    const open = [group.number];
    let at = group.bodyStart;
    while (open.length) {
      if (at >= limit) throw malformed('a group does not end', group.start);
      if (open.length > MAX_GROUP_DEPTH)
        throw malformed(`groups are nested more than ${MAX_GROUP_DEPTH} deep`, group.start);
      while (!this.holdsHeader(at, limit)) await this.load(at, Math.min(HEADER_BYTES, limit - at));
      const field = this.header(at, limit, true);
      at = field.end;
      if (field.wireType === GROUP) open.push(field.number);
      else if (field.wireType === END_GROUP && open.pop() !== field.number)
        throw malformed('a group ends under another number', field.start);
    }
    return at;
  }

  /**
   * Reads a window that holds [start, start + length), and more behind it where the walk goes straight on. Whoever
   * waited must ask `holds` again: another walk of the same reader may have moved the window meanwhile.
   */
  async load(start: number, length: number): Promise<void> {
    await this.breathe();
    const straight = start >= this.windowStart && start <= this.windowStart + this.window.length;
    this.reach = straight
      ? Math.min(MAX_WINDOW_BYTES, this.reach * 2)
      : Math.max(MIN_WINDOW_BYTES, Math.floor(this.reach / SHRINK));
    const size = Math.min(Math.max(length, this.reach), this.source.size - start);
    if (size < length) throw malformed('the file ends too early', start);
    this.window = await this.source.read(start, size);
    this.windowStart = start;
  }

  /** Throws when cancelled, and now and then lets other work have its turn. Called between steps of long work. */
  breathe(): Promise<void> {
    return this.turns.breathe();
  }

  /** A varint as a number; beyond 2^53 it is rounded, which no length or tag in a file can be. */
  private varint(start: number, limit: number): number {
    let value = 0;
    let scale = 1;
    let at = start;
    for (; at < start + 10; at++) {
      const byte = this.byte(at, start, limit);
      value += (byte % 128) * scale;
      if (byte < 0x80) {
        this.next = at + 1;
        return value;
      }
      scale *= 128;
    }
    throw malformed('a number is longer than ten bytes', start);
  }

  private wideVarint(start: number, limit: number): bigint {
    const rounded = this.varint(start, limit);
    if (this.next - start <= 7) return BigInt(rounded);
    let value = 0n;
    for (let at = this.next - 1; at >= start; at--) value = value * 128n + BigInt(this.byte(at, start, limit) % 128);
    return BigInt.asUintN(64, value);
  }

  private byte(at: number, start: number, limit: number): number {
    const byte = at < limit ? this.window[at - this.windowStart] : undefined;
    if (byte === undefined) throw malformed('the file ends inside a number', start);
    return byte;
  }
}

/** The file is damaged at a byte, or it is no ONNX model. */
export function malformed(what: string, offset: number): ChannelwiseError {
  return new ChannelwiseError(
    'malformed',
    'malformed',
    `This is not a readable ONNX model: ${what} (byte ${offset}).`,
    { offset },
  );
}
