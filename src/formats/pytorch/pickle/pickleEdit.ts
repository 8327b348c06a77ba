import { ChannelwiseError } from '../../../bytes/errors.ts';
import { sameNumbers } from '../../../bytes/sameNumbers.ts';
import { growth, movedBy, type Splice } from '../../../bytes/splice.ts';
import { SplicedSource } from '../../../bytes/splicedSource.ts';
import { MemorySource } from '../../../bytes/byteSource.ts';
import type { Pickle } from './pickleMachine.ts';
import { integerOf, itemsOf, type Slot } from './pickleValue.ts';

/** Whole numbers that take the place of others: one for a number's slot, as many as there are for a tuple's. */
export interface LiteralChange {
  readonly slot: Slot;
  readonly values: readonly number[];
}

/**
 * Splices of a pickle's bytes that change numbers where their literals stand, and the lengths of the frames around
 * them. Whoever took a changed tuple from the memo and isn't named gets the old one written out. Throws `refused`, code
 * `shared-literal`, where a number can't be changed alone.
 */
export async function pickleSplices(pickle: Pickle, changes: readonly LiteralChange[]): Promise<Splice[]> {
  const edits = new EditedBytes();
  const named = new Set(changes.map((change) => change.slot));
  for (const { slot, values } of changes) {
    const made = slot.from?.definition ?? slot;
    const literals = literalSlots(made);
    if (literals.length !== values.length) throw sharedLiteral(slot);
    const inside = literals.flatMap((literal, i) => literalEdit(literal, values[i] ?? 0));
    if (inside.length === 0) continue;
    if (slot.from) {
      edits.add(edit(slot, await expression(pickle, made, inside)));
      continue;
    }
    for (const splice of inside) edits.add(splice);
    for (const get of others(made, named)) edits.add(edit(get, await expression(pickle, made, [])));
  }
  return [...edits.splices(), ...frameSplices(pickle, edits.splices())];
}

/** Nothing for a number that stays: it keeps the form in which it stands. */
function literalEdit(slot: Slot, value: number): Splice[] {
  return integerOf(slot.value) === value ? [] : [edit(slot, integerBytes(value))];
}

function edit(slot: Slot, bytes: Uint8Array): Splice {
  return { start: slot.start, end: slot.end, bytes };
}

/** The instructions that make `slot`, with some of them replaced. */
async function expression(pickle: Pickle, slot: Slot, inside: readonly Splice[]): Promise<Uint8Array> {
  const made = new MemorySource(pickle.bytes.slice(slot.start, slot.end));
  const source = new SplicedSource(made, movedBy(-slot.start, inside));
  return source.read(0, source.size);
}

/** Places that take a value from the memo and are not changed themselves. */
function others({ value }: Slot, named: ReadonlySet<Slot>): Slot[] {
  const gets = 'memo' in value ? value.memo.flatMap((entry) => entry.gets) : [];
  return gets.filter((get) => !named.has(get));
}

/** The slots of the numbers themselves: a number alone, or those of a tuple. */
function literalSlots(slot: Slot): readonly Slot[] {
  const { value } = slot;
  const numbers = value.kind === 'int' ? [slot] : (itemsOf(value) ?? []);
  const alone = numbers.every((number) => number.value.kind === 'int' && number.from === null && unshared(number));
  if (!alone || ('duplicated' in value && value.duplicated)) throw sharedLiteral(slot);
  return numbers;
}

function sharedLiteral(slot: Slot): ChannelwiseError {
  return new ChannelwiseError(
    'refused',
    'shared-literal',
    'A size in this file is shared with other values in a way that torch does not write; load it and save it ' +
      'again with torch.',
    { offset: slot.start },
  );
}

function unshared({ value }: Slot): boolean {
  return value.kind === 'int' && value.memo.length === 0 && !value.duplicated;
}

/** A whole number as Python and torch write it: the shortest of BININT1, BININT2, BININT and LONG1. */
function integerBytes(value: number): Uint8Array {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number`);
  if (value >= 0 && value <= 0xff) return Uint8Array.of(0x4b, value);
  const bytes = new Uint8Array(11);
  const view = new DataView(bytes.buffer);
  if (value >= 0 && value <= 0xffff) {
    bytes[0] = 0x4d;
    view.setUint16(1, value, true);
    return bytes.subarray(0, 3);
  }
  if (value >= -0x80000000 && value <= 0x7fffffff) {
    bytes[0] = 0x4a;
    view.setInt32(1, value, true);
    return bytes.subarray(0, 5);
  }
  view.setBigInt64(2, BigInt(value), true);
  let length = 8;
  // The fewest bytes that keep the sign.
  while (length > 1 && BigInt.asIntN(8 * (length - 1), BigInt(value)) === BigInt(value)) length--;
  bytes[0] = 0x8a;
  bytes[1] = length;
  return bytes.subarray(0, 2 + length);
}

/** Splices by place; the same place may be named twice with the same bytes. */
class EditedBytes {
  private readonly byStart = new Map<number, Splice>();

  add(splice: Splice): void {
    const known = this.byStart.get(splice.start);
    if (known && !sameNumbers(known.bytes, splice.bytes)) throw new RangeError(`two edits of byte ${splice.start}`);
    this.byStart.set(splice.start, splice);
  }

  splices(): Splice[] {
    return [...this.byStart.values()];
  }
}

function frameSplices(pickle: Pickle, splices: readonly Splice[]): Splice[] {
  return pickle.frames.flatMap(({ lengthAt, start, end }) => {
    const inside = splices.filter((splice) => splice.start >= start && splice.end <= end);
    const longer = growth(inside);
    if (longer === 0) return [];
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(end - start + longer), true);
    return [{ start: lengthAt, end: start, bytes }];
  });
}
