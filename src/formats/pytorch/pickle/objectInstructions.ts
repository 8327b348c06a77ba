import { sequence } from './containerInstructions.ts';
import type { Instruction } from './instruction.ts';
import { latin1 } from './literalInstructions.ts';
import type { PickleMachine } from './pickleMachine.ts';
import { pickleUnsupported } from './pickleReader.ts';
import { textOf, type Slot } from './pickleValue.ts';

/** Instructions of imports, calls, persistent ids, memo and framing. */
export const OBJECT_INSTRUCTIONS: Readonly<Record<number, Instruction>> = {
  0x63: (machine) => pushGlobal(machine), // GLOBAL
  0x93: (machine) => stackGlobal(machine), // STACK_GLOBAL
  0x69: (machine) => instance(machine), // INST
  0x6f: (machine) => markedObject(machine), // OBJ
  0x52: (machine) => call(machine, null), // REDUCE
  0x81: (machine) => call(machine, null), // NEWOBJ
  0x92: (machine) => call(machine, machine.pop()), // NEWOBJ_EX
  0x62: (machine) => build(machine), // BUILD
  0x50: (machine) => persistentLine(machine), // PERSID
  0x51: (machine) => machine.pushPersistent(machine.pop()), // BINPERSID
  0x67: (machine) => machine.get(lineIndex(machine)), // GET
  0x68: (machine) => machine.get(machine.reader.uint8()), // BINGET
  0x6a: (machine) => machine.get(machine.reader.uint32()), // LONG_BINGET
  0x70: (machine) => machine.put(lineIndex(machine)), // PUT
  0x71: (machine) => machine.put(machine.reader.uint8()), // BINPUT
  0x72: (machine) => machine.put(machine.reader.uint32()), // LONG_BINPUT
  0x94: (machine) => machine.putNext(), // MEMOIZE
  0x80: (machine) => protocol(machine), // PROTO
  0x95: (machine) => frame(machine), // FRAME
  0x82: (machine) => extension(machine), // EXT1
  0x83: (machine) => extension(machine), // EXT2
  0x84: (machine) => extension(machine), // EXT4
  0x97: (machine) => outOfBand(machine), // NEXT_BUFFER
  0x98: () => undefined, // READONLY_BUFFER
};

/** What PROTO may name: pickle has had these. */
const NEWEST_PROTOCOL = 5;

function pushGlobal(machine: PickleMachine): void {
  const module = latin1(machine.reader.line());
  machine.push(machine.global(module, latin1(machine.reader.line())));
}

function stackGlobal(machine: PickleMachine): void {
  const name = machine.pop();
  const module = machine.pop();
  const [moduleText, nameText] = [textOf(module.value), textOf(name.value)];
  if (moduleText === null || nameText === null) return machine.fail('the name of an import is no text');
  machine.push(machine.global(moduleText, nameText), module.start);
}

function instance(machine: PickleMachine): void {
  const module = latin1(machine.reader.line());
  const value = machine.global(module, latin1(machine.reader.line()));
  const { slots, start } = machine.popMark();
  const callee: Slot = { value, start: machine.start, end: machine.reader.at, from: null };
  pushCall(machine, { callee, args: tupleSlot(machine, slots), keywords: null, start });
}

function markedObject(machine: PickleMachine): void {
  const { slots, start } = machine.popMark();
  const [callee, ...rest] = slots;
  if (!callee) return machine.fail('a call names nothing');
  pushCall(machine, { callee, args: tupleSlot(machine, rest), keywords: null, start });
}

function tupleSlot(machine: PickleMachine, slots: Slot[]): Slot {
  return {
    value: sequence('tuple', slots),
    start: slots[0]?.start ?? machine.start,
    end: machine.reader.at,
    from: null,
  };
}

/** `keywords` were popped already where the instruction has some. */
function call(machine: PickleMachine, keywords: Slot | null): void {
  const args = machine.pop();
  const callee = machine.pop();
  pushCall(machine, { callee, args, keywords, start: callee.start });
}

interface Call {
  readonly callee: Slot;
  readonly args: Slot;
  readonly keywords: Slot | null;
  readonly start: number;
}

function pushCall(machine: PickleMachine, { callee, args, keywords, start }: Call): void {
  const rest = { state: null, items: [], entries: [], memo: [], duplicated: false };
  machine.push({ kind: 'call', callee, args, keywords, ...rest }, start);
}

function build(machine: PickleMachine): void {
  const state = machine.pop();
  const { value } = machine.top();
  // Python would set attributes of whatever this is; only what was called has a place for them here.
  if (value.kind === 'call') value.state = state;
}

function persistentLine(machine: PickleMachine): void {
  const text = latin1(machine.reader.line());
  const { start } = machine;
  const id: Slot = { value: { kind: 'text', value: text, whole: true }, start, end: machine.reader.at, from: null };
  machine.pushPersistent(id);
}

function lineIndex(machine: PickleMachine): number {
  const text = latin1(machine.reader.line());
  const index = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(index) ? index : machine.fail('a place in the memo is no number');
}

function protocol(machine: PickleMachine): void {
  machine.protocol = machine.reader.uint8();
  if (machine.protocol > NEWEST_PROTOCOL)
    throw pickleUnsupported(`its protocol is ${machine.protocol}`, machine.reader.place(machine.start));
}

function frame(machine: PickleMachine): void {
  const lengthAt = machine.reader.at;
  const length = machine.reader.length64();
  const start = machine.reader.at;
  machine.frames.push({ lengthAt, start, end: start + length });
}

function extension(machine: PickleMachine): never {
  throw pickleUnsupported(
    'it names classes by numbers that only its own program knows',
    machine.reader.place(machine.start),
  );
}

function outOfBand(machine: PickleMachine): never {
  throw pickleUnsupported('it has data outside of the file', machine.reader.place(machine.start));
}
