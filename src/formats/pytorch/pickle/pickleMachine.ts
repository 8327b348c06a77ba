import { type PickleReader, pickleMalformed } from './pickleReader.ts';
import type { GlobalValue, MemoEntry, PersistentValue, PickleValue, Slot } from './pickleValue.ts';

/** A frame of protocol 4: eight bytes of length, then the instructions in it. */
export interface Frame {
  readonly lengthAt: number;
  readonly start: number;
  readonly end: number;
}

/** What a pickle says, nothing of it executed. Places count from the pickle's first byte. */
export interface Pickle {
  readonly bytes: Uint8Array;
  readonly root: Slot;
  readonly protocol: number;
  readonly frames: readonly Frame[];
  /** Everything that loading would import, once each, in order. */
  readonly imports: readonly GlobalValue[];
  /** Everything that it takes from outside, in order. */
  readonly persistent: readonly PersistentValue[];
}

/** The stack, the marks on it and the memo of a pickle that is being read. */
export class PickleMachine {
  readonly reader: PickleReader;
  readonly frames: Frame[] = [];
  protocol = 0;
  /** Where the instruction under way begins. */
  start = 0;
  private readonly stack: Slot[] = [];
  /** Heights of the stack at each mark, and where the mark stands. */
  private readonly marks: { readonly height: number; readonly at: number }[] = [];
  private readonly memo = new Map<number, MemoEntry>();
  private readonly imports = new Map<string, GlobalValue>();
  private readonly persistent: PersistentValue[] = [];

  constructor(reader: PickleReader) {
    this.reader = reader;
  }

  /** Pushes a value that the instructions from `start` on made. */
  push(value: PickleValue, start = this.start, from: MemoEntry | null = null): Slot {
    const slot = { value, start, end: this.reader.at, from };
    this.stack.push(slot);
    return slot;
  }

  /** Takes the topmost value above the last mark; throws `malformed` where there is none. */
  pop(): Slot {
    const slot = this.stack.length > this.floor() ? this.stack.pop() : undefined;
    return slot ?? this.fail('it takes more than there is');
  }

  /** The same without taking it. */
  top(): Slot {
    const slot = this.stack.length > this.floor() ? this.stack.at(-1) : undefined;
    return slot ?? this.fail('it takes more than there is');
  }

  /** Puts a mark on the stack: the start of a list of arguments. */
  mark(): void {
    this.marks.push({ height: this.stack.length, at: this.start });
  }

  /** All that was pushed since the last mark, and where the mark stands. */
  popMark(): { slots: Slot[]; start: number } {
    const mark = this.marks.pop() ?? this.fail('a mark is missing');
    return { slots: this.stack.splice(mark.height), start: mark.at };
  }

  /** POP takes a mark where one is on top. */
  popAny(): void {
    if (this.marks.at(-1)?.height === this.stack.length) this.marks.pop();
    else this.pop();
  }

  /** Keeps the topmost value in the memo, under a number. */
  put(index: number): void {
    const definition = this.top();
    const entry = { definition, gets: [] };
    if ('memo' in definition.value) definition.value.memo.push(entry);
    this.memo.set(index, entry);
  }

  /** The same under the next number, as MEMOIZE does. */
  putNext(): void {
    this.put(this.memo.size);
  }

  /** Pushes what the memo keeps; throws `malformed` where that is nothing. */
  get(index: number): void {
    const entry = this.memo.get(index) ?? this.fail(`nothing is kept under ${index}`);
    entry.gets.push(this.push(entry.definition.value, this.start, entry));
  }

  /** Pushes the topmost value once more: an edit of it would change both. */
  duplicate(): void {
    const { value } = this.top();
    if ('duplicated' in value) value.duplicated = true;
    this.push(value);
  }

  /** A name that loading would import, the same value each time. */
  global(module: string, name: string): GlobalValue {
    const key = `${module}\n${name}`;
    const known = this.imports.get(key);
    if (known) return known;
    const value: GlobalValue = { kind: 'global', module, name };
    this.imports.set(key, value);
    return value;
  }

  /** Pushes what lies outside of the pickle under `id`. */
  pushPersistent(id: Slot): void {
    const value: PersistentValue = { kind: 'persistent', id, memo: [], duplicated: false };
    this.persistent.push(value);
    this.push(value, id.start);
  }

  /** Throws `malformed`, at the instruction under way. */
  fail(what: string): never {
    throw pickleMalformed(what, this.reader.place(this.start));
  }

  /** What the pickle says, at its end. */
  finish(): Pickle {
    const root = this.pop();
    const { reader, protocol, frames, persistent } = this;
    const bytes = reader.bytes.subarray(0, reader.at);
    return { bytes, root, protocol, frames, persistent, imports: [...this.imports.values()] };
  }

  private floor(): number {
    return this.marks.at(-1)?.height ?? 0;
  }
}
