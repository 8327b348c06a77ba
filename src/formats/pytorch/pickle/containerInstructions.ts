import type { Instruction } from './instruction.ts';
import type { PickleMachine } from './pickleMachine.ts';
import type { SequenceValue, Slot } from './pickleValue.ts';

/** Instructions that build tuples, lists, sets and dicts, and move values on the stack. */
export const CONTAINER_INSTRUCTIONS: Readonly<Record<number, Instruction>> = {
  0x28: (machine) => machine.mark(), // MARK
  0x30: (machine) => machine.popAny(), // POP
  0x31: (machine) => void machine.popMark(), // POP_MARK
  0x32: (machine) => machine.duplicate(), // DUP
  0x29: (machine) => void machine.push(sequence('tuple', [])), // EMPTY_TUPLE
  0x85: (machine) => shortTuple(machine, 1), // TUPLE1
  0x86: (machine) => shortTuple(machine, 2), // TUPLE2
  0x87: (machine) => shortTuple(machine, 3), // TUPLE3
  0x74: (machine) => pushMarked(machine, 'tuple'), // TUPLE
  0x5d: (machine) => void machine.push(sequence('list', [])), // EMPTY_LIST
  0x6c: (machine) => pushMarked(machine, 'list'), // LIST
  0x8f: (machine) => void machine.push(sequence('set', [])), // EMPTY_SET
  0x91: (machine) => pushMarked(machine, 'frozenset'), // FROZENSET
  0x7d: (machine) => void machine.push({ kind: 'dict', entries: [] }), // EMPTY_DICT
  0x64: (machine) => pushDict(machine), // DICT
  0x61: (machine) => addItems(machine, [machine.pop()]), // APPEND
  0x65: (machine) => addItems(machine, machine.popMark().slots), // APPENDS
  0x90: (machine) => addItems(machine, machine.popMark().slots), // ADDITEMS
  0x73: (machine) => addEntry(machine), // SETITEM
  0x75: (machine) => addEntries(machine, machine.popMark().slots), // SETITEMS
};

/** A new list, tuple or set of these values, which nothing keeps yet. */
export function sequence(kind: SequenceValue['kind'], items: Slot[]): SequenceValue {
  return { kind, items, memo: [], duplicated: false };
}

function shortTuple(machine: PickleMachine, count: number): void {
  const items: Slot[] = [];
  for (let i = 0; i < count; i++) items.unshift(machine.pop());
  machine.push(sequence('tuple', items), items[0]?.start);
}

function pushMarked(machine: PickleMachine, kind: SequenceValue['kind']): void {
  const { slots, start } = machine.popMark();
  machine.push(sequence(kind, slots), start);
}

function pushDict(machine: PickleMachine): void {
  const { slots, start } = machine.popMark();
  machine.push({ kind: 'dict', entries: pairs(machine, slots) }, start);
}

function pairs(machine: PickleMachine, slots: readonly Slot[]): [Slot, Slot][] {
  if (slots.length % 2 === 1) machine.fail('a key has no value');
  const out: [Slot, Slot][] = [];
  for (let i = 0; i + 1 < slots.length; i += 2) {
    const [key, value] = [slots[i], slots[i + 1]];
    if (key && value) out.push([key, value]);
  }
  return out;
}

/** Lists and sets, and what a call makes of their like. */
function addItems(machine: PickleMachine, slots: readonly Slot[]): void {
  const { value } = machine.top();
  if (!('items' in value)) machine.fail('it adds items to something that has none');
  if ('items' in value) for (const slot of slots) value.items.push(slot);
}

function addEntry(machine: PickleMachine): void {
  const value = machine.pop();
  addEntries(machine, [machine.pop(), value]);
}

function addEntries(machine: PickleMachine, slots: readonly Slot[]): void {
  const { value } = machine.top();
  if (!('entries' in value)) machine.fail('it sets entries of something that has none');
  if ('entries' in value) for (const pair of pairs(machine, slots)) value.entries.push(pair);
}
