/**
 * The bytes of the pickle that push something: from the first instruction to the end of the last one, without a memo
 * behind it.
 */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A value where it stands. Several slots hold the same value where the memo gave it again. */
export interface Slot extends Span {
  readonly value: PickleValue;
  /** The memo's entry that the value came from; null where it was made here. */
  readonly from: MemoEntry | null;
}

/** A memoised value: where it was made, and every place it was taken from the memo. */
export interface MemoEntry {
  readonly definition: Slot;
  readonly gets: Slot[];
}

export interface NoneValue {
  readonly kind: 'none';
}

export interface BoolValue {
  readonly kind: 'bool';
  readonly value: boolean;
}

export interface IntValue extends Shared {
  readonly kind: 'int';
  readonly value: number | bigint;
}

export interface FloatValue {
  readonly kind: 'float';
  readonly value: number;
}

export interface TextValue {
  readonly kind: 'text';
  /** Its beginning where it is longer than MAX_TEXT_BYTES. */
  readonly value: string;
  readonly whole: boolean;
}

export interface BytesValue {
  readonly kind: 'bytes';
  readonly bytes: Uint8Array;
}

export interface GlobalValue {
  readonly kind: 'global';
  readonly module: string;
  readonly name: string;
}

export interface SequenceValue extends Shared {
  readonly kind: 'tuple' | 'list' | 'set' | 'frozenset';
  readonly items: Slot[];
}

export interface DictValue {
  readonly kind: 'dict';
  readonly entries: [Slot, Slot][];
}

/** What calling something would make: a function, or a class whose instance is filled afterwards. */
export interface CallValue extends Shared {
  readonly kind: 'call';
  readonly callee: Slot;
  readonly args: Slot;
  readonly keywords: Slot | null;
  /** What BUILD sets, last one. */
  state: Slot | null;
  /** What APPEND and SETITEM put in. */
  readonly items: Slot[];
  readonly entries: [Slot, Slot][];
}

/** Something that lies outside of the pickle: torch's storages. */
export interface PersistentValue extends Shared {
  readonly kind: 'persistent';
  readonly id: Slot;
}

/** How often a value is used beside the place it was made at. */
interface Shared {
  memo: MemoEntry[];
  duplicated: boolean;
}

export type PickleValue =
  | NoneValue
  | BoolValue
  | IntValue
  | FloatValue
  | TextValue
  | BytesValue
  | GlobalValue
  | SequenceValue
  | DictValue
  | CallValue
  | PersistentValue;

/** `module.name` of a global; null for any other value. */
export function globalName(value: PickleValue | undefined): string | null {
  return value?.kind === 'global' ? `${value.module}.${value.name}` : null;
}

/** The items of a tuple or list; null for any other value. */
export function itemsOf(value: PickleValue | undefined): readonly Slot[] | null {
  return value?.kind === 'tuple' || value?.kind === 'list' ? value.items : null;
}

/** A whole number as far as it is exact; null for any other value. */
export function integerOf(value: PickleValue | undefined): number | null {
  return value?.kind === 'int' && typeof value.value === 'number' ? value.value : null;
}

/** A value that is a text; null where it is something else. */
export function textOf(value: PickleValue | undefined): string | null {
  return value?.kind === 'text' && value.whole ? value.value : null;
}
