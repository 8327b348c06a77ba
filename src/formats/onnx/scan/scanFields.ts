import { ChannelwiseError } from '../../../bytes/errors.ts';
import type { Frame, Rule, Rules } from './messageWalk.ts';
import { FIXED32, LEN, VARINT, malformed, type Field } from './wire.ts';

/** A message as it is collected: its lists grow. */
export type Open<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

const EXACT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const LENIENT = new TextDecoder('utf-8', { ignoreBOM: true });

/** A text that nothing refers to: bad bytes in it harm nobody, and are shown as replacement characters. */
export function text<D>(set: (draft: D, value: string) => void): Rule<D> {
  return { kind: 'bytes', set: (draft, bytes, field) => set(draft, LENIENT.decode(lengthDelimited(bytes, field))) };
}

/**
 * A name that other parts of the model refer to. Two names that differ only in bad bytes would become one, so these are
 * refused.
 */
export function name<D>(set: (draft: D, value: string) => void): Rule<D> {
  return { kind: 'bytes', set: (draft, bytes, field) => set(draft, exactText(lengthDelimited(bytes, field), field)) };
}

/** Bytes as they stand, copied out of the window that is read through. */
export function bytes<D>(set: (draft: D, value: Uint8Array) => void): Rule<D> {
  return { kind: 'bytes', set: (draft, view, field) => set(draft, lengthDelimited(view, field).slice()) };
}

/** A number that is held as one; throws `malformed` where it is no safe integer. */
export function integer<D>(set: (draft: D, value: number) => void): Rule<D> {
  return { kind: 'value', set: (draft, field) => set(draft, int(field)) };
}

/** An int64 without loss. */
export function wide<D>(set: (draft: D, value: bigint) => void): Rule<D> {
  return {
    kind: 'value',
    set: (draft, field) => {
      if (field.wireType !== VARINT) throw malformed(`field ${field.number} should hold a number`, field.start);
      set(draft, BigInt.asIntN(64, field.value));
    },
  };
}

/** A message inside this one; `cost` says where it takes more memory than most. */
export function message<D>(enter: (draft: D, ref: Frame['ref'], depth: number) => Frame, cost?: number): Rule<D> {
  return { kind: 'message', enter, ...(cost !== undefined && { cost }) };
}

/**
 * A message that may stand only once. Protobuf merges repeated ones, and an edit could not keep that, so the file is
 * refused.
 */
export function single<D>(
  what: string,
  taken: (draft: D) => boolean,
  enter: (draft: D, ref: Frame['ref'], depth: number) => Frame,
): Rule<D> {
  return {
    kind: 'message',
    enter: (draft, ref, depth) => {
      if (taken(draft)) {
        throw new ChannelwiseError(
          'unsupported',
          'split-message',
          `${what} is stored in two pieces (the second at byte ${ref.start}); merge them first by loading and ` +
            'saving the model with the onnx package.',
          { offset: ref.start },
        );
      }
      return enter(draft, ref, depth);
    },
  };
}

/** What a number in a list costs: a double, or a bigint with the pointer to it. */
const FLOAT_COST = 8;
const BIGINT_COST = 40;

/** A single float32. */
export function float<D>(set: (draft: D, value: number) => void): Rule<D> {
  return {
    kind: 'list',
    take: (draft, part, field) => {
      if (field.wireType !== FIXED32) throw malformed('a float has the wrong wire type', field.start);
      set(draft, new DataView(part.buffer, part.byteOffset, 4).getFloat32(0, true));
      return 4;
    },
  };
}

/** Repeated float32, packed or not. */
export function floats<D>(list: (draft: D) => number[]): Rule<D> {
  return {
    kind: 'list',
    take: (draft, part, field, budget) => {
      if (field.wireType !== LEN && field.wireType !== FIXED32)
        throw malformed('a float has the wrong wire type', field.start);
      const count = Math.floor(part.length / 4);
      budget.charge(count * FLOAT_COST, field.start);
      const view = new DataView(part.buffer, part.byteOffset, part.length);
      const values = list(draft);
      for (let i = 0; i < count; i++) values.push(view.getFloat32(4 * i, true));
      return 4 * count;
    },
  };
}

/** Repeated int64, packed or not. `add` gets each value as it is. */
export function integers<D>(add: (draft: D, value: bigint, field: Field) => void): Rule<D> {
  return {
    kind: 'list',
    take: (draft, part, field, budget) => {
      if (field.wireType !== LEN && field.wireType !== VARINT)
        throw malformed('a list of numbers has the wrong wire type', field.start);
      let used = 0;
      let count = 0;
      for (let at = 0; at < part.length; at++) {
        if (at - used >= 10) throw malformed('a number is longer than ten bytes', field.start);
        if ((part[at] ?? 0) >= 0x80) continue;
        add(draft, signedVarint(part, used, at), field);
        used = at + 1;
        count++;
      }
      budget.charge(count * BIGINT_COST, field.start);
      return used;
    },
  };
}

/** The values of one byte, made once: lists of small numbers are the longest ones. */
const ONE_BYTE = Array.from({ length: 128 }, (_, value) => BigInt(value));

/** The int64 of the varint in bytes [from, last]; a negative one has ten. */
function signedVarint(part: Uint8Array, from: number, last: number): bigint {
  if (last === from) return ONE_BYTE[(part[from] ?? 0) % 128] ?? 0n;
  if (last - from < 7) {
    let small = 0;
    for (let at = last; at >= from; at--) small = small * 128 + ((part[at] ?? 0) % 128);
    return BigInt(small);
  }
  let value = 0n;
  for (let at = last; at >= from; at--) value = value * 128n + BigInt((part[at] ?? 0) % 128);
  return BigInt.asIntN(64, value);
}

/** A varint field as a safe integer. Throws `malformed` for another wire type or a larger number. */
export function int(field: Field): number {
  if (field.wireType !== VARINT) throw malformed(`field ${field.number} should hold a number`, field.start);
  const value = Number(BigInt.asIntN(64, field.value));
  if (!Number.isSafeInteger(value)) throw malformed(`the number ${field.value} is too large`, field.start);
  return value;
}

/** The standard domain has two names; in tables it is ''. */
export function standardDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

/** Entering a message: its rules are typed for its draft, the walk holds both untyped. */
export function frame<D>(place: Pick<Frame, 'ref' | 'depth'>, rules: Rules<D>, draft: D, finish?: () => void): Frame {
  return { ref: place.ref, rules: rules as Rules<unknown>, draft, depth: place.depth, finish };
}

function lengthDelimited(view: Uint8Array, field: Field): Uint8Array {
  if (field.wireType !== LEN) throw malformed('a text or bytes field has the wrong wire type', field.start);
  return view;
}

function exactText(view: Uint8Array, field: Field): string {
  try {
    return EXACT.decode(view);
  } catch {
    throw malformed('a name is no valid UTF-8 text', field.start);
  }
}
