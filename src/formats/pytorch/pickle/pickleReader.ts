import { ChannelwiseError } from '../../../bytes/errors.ts';
import { MAX_LINE_BYTES } from './pickleLimits.ts';

const NEWLINE = 10;

/** A pickle that breaks the rules of its format. */
export function pickleMalformed(what: string, offset: number): ChannelwiseError {
  return new ChannelwiseError('malformed', 'pickle', `The pickle in this file is damaged: ${what} (byte ${offset}).`, {
    offset,
  });
}

/** A sound pickle beyond what is read here. */
export function pickleUnsupported(what: string, offset: number): ChannelwiseError {
  return new ChannelwiseError(
    'unsupported',
    'pickle',
    `The pickle in this file can't be read: ${what} (byte ${offset}).`,
    {
      offset,
    },
  );
}

/** The bytes end in the middle of the pickle: there may be more in the file. */
export class PickleCut extends Error {}

/**
 * Steps through a pickle's bytes. Every read is checked against what remains; throws PickleCut where more is needed.
 */
export class PickleReader {
  readonly bytes: Uint8Array;
  at = 0;
  /** Where these bytes stand in their file or entry, for messages. */
  private readonly base: number;
  private readonly limit: number;
  private readonly view: DataView;

  /** `limit` is how many bytes the pickle can have at most, with those that are not here yet. */
  constructor(bytes: Uint8Array, base: number, limit: number) {
    this.bytes = bytes;
    this.base = base;
    this.limit = limit;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** The place of the next byte, as messages name it. */
  place(at = this.at): number {
    return this.base + at;
  }

  /** The next bytes, which are not copied. */
  take(length: number): Uint8Array {
    const from = this.step(length);
    return this.bytes.subarray(from, from + length);
  }

  uint8(): number {
    return this.view.getUint8(this.step(1));
  }

  uint16(): number {
    return this.view.getUint16(this.step(2), true);
  }

  uint32(): number {
    return this.view.getUint32(this.step(4), true);
  }

  int32(): number {
    return this.view.getInt32(this.step(4), true);
  }

  /** BINFLOAT's argument: the one number of a pickle that stands with its highest byte first. */
  float64BigEndian(): number {
    return this.view.getFloat64(this.step(8), false);
  }

  /** A length of 64 bits. Throws `malformed` where it is longer than what is left of the file. */
  length64(): number {
    const at = this.step(8);
    return this.checked(Number(this.view.getBigUint64(at, true)), at);
  }

  /** A length of 32 bits, checked likewise. */
  length32(): number {
    const at = this.at;
    return this.checked(this.uint32(), at);
  }

  /** The bytes up to the next line break, which is stepped over. */
  line(): Uint8Array {
    const end = this.bytes.indexOf(NEWLINE, this.at);
    const length = (end < 0 ? this.bytes.length : end) - this.at;
    if (length > MAX_LINE_BYTES) throw pickleMalformed('a line has no end', this.place());
    if (end < 0) {
      this.step(length + 1);
      throw pickleMalformed('a line has no end', this.place());
    }
    const line = this.take(length);
    this.at++;
    return line;
  }

  private checked(length: number, at: number): number {
    if (length > this.limit - this.at) throw pickleMalformed(`a length of ${length} leaves the file`, this.place(at));
    return length;
  }

  /** Steps over `length` bytes and returns where they begin. */
  private step(length: number): number {
    const from = this.at;
    if (from + length > this.limit) throw pickleMalformed('it is cut short', this.place());
    if (from + length > this.bytes.length) throw new PickleCut();
    this.at = from + length;
    return from;
  }
}
