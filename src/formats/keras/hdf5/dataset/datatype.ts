import type { Cursor } from '../cursor.ts';
import { malformed, unsupported } from '../errors.ts';

/**
 * An element type as far as networks use it. `other` is a type that we don't read, by its name in HDF5.
 * Source: https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html#DatatypeMessage
 */
export type Datatype =
  | { readonly kind: 'int'; readonly size: number; readonly signed: boolean; readonly bigEndian: boolean }
  | { readonly kind: 'float'; readonly size: number; readonly format: FloatFormat; readonly bigEndian: boolean }
  | { readonly kind: 'bool'; readonly size: number }
  | { readonly kind: 'text'; readonly size: number }
  /** A text of any length, kept in a global heap; `size` is that of the reference. */
  | { readonly kind: 'heapText'; readonly size: number }
  | { readonly kind: 'opaque'; readonly size: number }
  | { readonly kind: 'other'; readonly size: number; readonly what: string };

export type FloatFormat = 'float16' | 'bfloat16' | 'float32' | 'float64';

const CLASSES = [
  'fixed-point',
  'floating-point',
  'time',
  'string',
  'bit field',
  'opaque',
  'compound',
  'reference',
  'enumeration',
  'variable-length',
  'array',
];
const FIXED = 0;
const FLOAT = 1;
const TEXT = 3;
const OPAQUE = 5;
const ENUM = 8;
const VARIABLE = 9;
const VARIABLE_TEXT = 1;
const LAST_VERSION = 4;

/** A datatype message. What stands behind the part that is read is not looked at. */
export function readDatatype(cursor: Cursor): Datatype {
  const start = cursor.place;
  const head = cursor.u8();
  const [number, version] = [head & 15, head >> 4];
  const bits = cursor.uint(3);
  const size = cursor.u32();
  if (version === 0 || version > LAST_VERSION) throw unsupported(`A datatype of version ${version}`, start);
  if (size === 0) throw malformed('an element has no bytes', start);
  switch (number) {
    case FIXED:
      return readInt(cursor, bits, size);
    case FLOAT:
      return readFloat(cursor, bits, size);
    case TEXT:
      return { kind: 'text', size };
    case OPAQUE:
      return { kind: 'opaque', size };
    case ENUM:
      return readEnum(cursor, bits, { size, version });
    case VARIABLE:
      return (bits & 15) === VARIABLE_TEXT
        ? { kind: 'heapText', size }
        : { kind: 'other', size, what: 'variable-length list' };
    default:
      return { kind: 'other', size, what: CLASSES[number] ?? `class ${number}` };
  }
}

/** Integers that fill their bytes. */
function readInt(cursor: Cursor, bits: number, size: number): Datatype {
  const [offset, precision] = [cursor.u16(), cursor.u16()];
  if (offset !== 0 || precision !== size * 8 || ![1, 2, 4, 8].includes(size))
    return { kind: 'other', size, what: `integer of ${precision} bits` };
  return { kind: 'int', size, signed: (bits & 8) !== 0, bigEndian: (bits & 1) !== 0 };
}

/** Bits, where the exponent begins, how many bits it has, how many the mantissa, and the bias. */
const FLOATS: readonly (readonly [FloatFormat, readonly number[]])[] = [
  ['float16', [16, 10, 5, 10, 15]],
  ['bfloat16', [16, 7, 8, 7, 127]],
  ['float32', [32, 23, 8, 23, 127]],
  ['float64', [64, 52, 11, 52, 1023]],
];

function readFloat(cursor: Cursor, bits: number, size: number): Datatype {
  const [offset, precision] = [cursor.u16(), cursor.u16()];
  const [exponentAt, exponentBits, mantissaAt, mantissaBits] = [cursor.u8(), cursor.u8(), cursor.u8(), cursor.u8()];
  const shape = [precision, exponentAt, exponentBits, mantissaBits, cursor.u32()];
  const found = FLOATS.find(([, row]) => row.every((n, i) => n === shape[i]));
  const plain = offset === 0 && mantissaAt === 0 && precision === size * 8;
  // Bit 6 beside bit 0 is the order of the VAX.
  if (!found || !plain || (bits & 0x40) !== 0) return { kind: 'other', size, what: `float of ${precision} bits` };
  return { kind: 'float', size, format: found[0], bigEndian: (bits & 1) !== 0 };
}

/** Python's bool: FALSE 0 and TRUE 1 in one byte. Other enumerations are not networks'. */
function readEnum(cursor: Cursor, members: number, { size, version }: { size: number; version: number }): Datatype {
  const other: Datatype = { kind: 'other', size, what: 'enumeration' };
  const base = readDatatype(cursor);
  if (base.kind !== 'int' || size !== 1 || (members & 0xffff) !== 2) return other;
  const names = [0, 1].map(() => readName(cursor, version));
  const values = [cursor.u8(), cursor.u8()];
  return names.join() === 'FALSE,TRUE' && values.join() === '0,1' ? { kind: 'bool', size } : other;
}

/** A name that ends with zero; before version 3 it is padded to a multiple of eight bytes. */
function readName(cursor: Cursor, version: number): string {
  const begin = cursor.at;
  const name: number[] = [];
  for (let byte = cursor.u8(); byte !== 0; byte = cursor.u8()) name.push(byte);
  const length = cursor.at - begin;
  if (version < 3) cursor.skip((8 - (length % 8)) % 8);
  return String.fromCharCode(...name);
}
