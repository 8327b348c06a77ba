import type { Instruction } from './instruction.ts';
import { MAX_INTEGER_BYTES, MAX_TEXT_BYTES } from './pickleLimits.ts';
import type { PickleMachine } from './pickleMachine.ts';
import type { PickleValue } from './pickleValue.ts';

const DECIMAL = /^[+-]?\d{1,64}$/;
/** Python's escapes in the texts of protocol 0, as far as names need them. */
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"' };

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const NONE: PickleValue = { kind: 'none' };
const TRUE: PickleValue = { kind: 'bool', value: true };
const FALSE: PickleValue = { kind: 'bool', value: false };

/** Instructions that push one value which stands in the pickle itself. */
export const LITERAL_INSTRUCTIONS: Readonly<Record<number, Instruction>> = {
  0x4e: (machine) => void machine.push(NONE), // NONE
  0x88: (machine) => void machine.push(TRUE), // NEWTRUE
  0x89: (machine) => void machine.push(FALSE), // NEWFALSE
  0x4b: (machine) => pushInt(machine, machine.reader.uint8()), // BININT1
  0x4d: (machine) => pushInt(machine, machine.reader.uint16()), // BININT2
  0x4a: (machine) => pushInt(machine, machine.reader.int32()), // BININT
  0x8a: (machine) => pushLong(machine, machine.reader.take(machine.reader.uint8())), // LONG1
  0x8b: (machine) => pushLong(machine, machine.reader.take(machine.reader.length32())), // LONG4
  0x49: (machine) => pushDecimal(machine, latin1(machine.reader.line())), // INT
  0x4c: (machine) => pushDecimal(machine, latin1(machine.reader.line()).replace(/L$/, '')), // LONG
  0x47: (machine) => void machine.push({ kind: 'float', value: machine.reader.float64BigEndian() }), // BINFLOAT
  0x46: (machine) => pushFloat(machine, latin1(machine.reader.line())), // FLOAT
  0x58: (machine) => pushText(machine, machine.reader.take(machine.reader.length32())), // BINUNICODE
  0x8c: (machine) => pushText(machine, machine.reader.take(machine.reader.uint8())), // SHORT_BINUNICODE
  0x8d: (machine) => pushText(machine, machine.reader.take(machine.reader.length64())), // BINUNICODE8
  0x56: (machine) => pushEscaped(machine, latin1(machine.reader.line())), // UNICODE
  0x54: (machine) => pushText(machine, machine.reader.take(machine.reader.length32())), // BINSTRING
  0x55: (machine) => pushText(machine, machine.reader.take(machine.reader.uint8())), // SHORT_BINSTRING
  0x53: (machine) => pushQuoted(machine, latin1(machine.reader.line())), // STRING
  0x42: (machine) => pushBytes(machine, machine.reader.take(machine.reader.length32())), // BINBYTES
  0x43: (machine) => pushBytes(machine, machine.reader.take(machine.reader.uint8())), // SHORT_BINBYTES
  0x8e: (machine) => pushBytes(machine, machine.reader.take(machine.reader.length64())), // BINBYTES8
  0x96: (machine) => pushBytes(machine, machine.reader.take(machine.reader.length64())), // BYTEARRAY8
};

function pushInt(machine: PickleMachine, value: number | bigint): void {
  machine.push({ kind: 'int', value, memo: [], duplicated: false });
}

/** Little-endian two's complement. */
function pushLong(machine: PickleMachine, bytes: Uint8Array): void {
  if (bytes.length > MAX_INTEGER_BYTES) {
    pushBytes(machine, bytes);
    return;
  }
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = value * 256n + BigInt(bytes[i] ?? 0);
  const negative = ((bytes.at(-1) ?? 0) & 0x80) !== 0;
  pushExact(machine, negative ? value - 256n ** BigInt(bytes.length) : value);
}

function pushDecimal(machine: PickleMachine, text: string): void {
  // Protocol 1 writes booleans like this.
  if (text === '00' || text === '01') machine.push(text === '01' ? TRUE : FALSE);
  else if (DECIMAL.test(text)) pushExact(machine, BigInt(text.replace(/^\+/, '')));
  else machine.fail('a whole number is none');
}

function pushExact(machine: PickleMachine, value: bigint): void {
  const number = Number(value);
  pushInt(machine, Number.isSafeInteger(number) ? number : value);
}

function pushFloat(machine: PickleMachine, text: string): void {
  const value = Number(text.replace(/^([+-]?)inf$/, '$1Infinity'));
  if (Number.isNaN(value) && text !== 'nan') machine.fail('a number is none');
  machine.push({ kind: 'float', value });
}

function pushText(machine: PickleMachine, bytes: Uint8Array): void {
  const whole = bytes.length <= MAX_TEXT_BYTES;
  machine.push({ kind: 'text', value: utf8.decode(bytes.subarray(0, MAX_TEXT_BYTES)), whole });
}

/** Protocol 0 writes texts in Latin-1, and other characters as \uXXXX or \UXXXXXXXX. */
function pushEscaped(machine: PickleMachine, line: string): void {
  const value = line.replace(/\\u([0-9a-f]{4})|\\U(00(?:0\d|10)[0-9a-f]{4})/gi, (_, short?: string, long?: string) =>
    String.fromCodePoint(parseInt(short ?? long ?? '', 16)),
  );
  machine.push({ kind: 'text', value, whole: true });
}

function pushQuoted(machine: PickleMachine, line: string): void {
  const quoted = /^(['"])(.*)\1$/.exec(line.trim());
  if (!quoted) machine.fail('a text has no quotes');
  const value = (quoted?.[2] ?? '').replace(/\\(.)/g, (all, escaped: string) => ESCAPES[escaped] ?? all);
  machine.push({ kind: 'text', value, whole: true });
}

function pushBytes(machine: PickleMachine, bytes: Uint8Array): void {
  machine.push({ kind: 'bytes', bytes });
}

/** Bytes as characters of the same number. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
