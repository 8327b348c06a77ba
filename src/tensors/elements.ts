import { DTYPES, dtypeName, rawBytes, type DtypeRow } from './dtypes.ts';
import { ChannelwiseError } from '../bytes/errors.ts';
import { partAt, putPart } from './parts.ts';
import { roundHalfEven, smallFloatPattern, smallFloatValues } from './smallFloat.ts';

/**
 * Fills `out` with the numbers of little-endian elements: one per element, two for complex types. 64-bit integers
 * beyond 2^53 are rounded.
 */
export function decodeRaw(dtype: number, bytes: Uint8Array, out: Float64Array): void {
  const row = knownRow(dtype);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const width = (row.bits ?? 0) / row.lanes;
  if (width < 8) {
    decodeParts(dtype, row, bytes, out);
    return;
  }
  const get = getter(dtype, row, width, view);
  const step = width / 8;
  for (let i = 0; i < out.length; i++) out[i] = get(i * step);
}

function getter(dtype: number, row: DtypeRow, width: number, view: DataView): (at: number) => number {
  const table = smallFloatValues(dtype);
  if (table && width === 8) return (at) => table[view.getUint8(at)] ?? NaN;
  if (table) return (at) => table[view.getUint16(at, true)] ?? NaN;
  if (row.kind === 'float' || row.kind === 'complex')
    return width === 32 ? (at) => view.getFloat32(at, true) : (at) => view.getFloat64(at, true);
  if (row.kind === 'bool') return (at) => (view.getUint8(at) === 0 ? 0 : 1);
  const signed = row.kind === 'int';
  switch (width) {
    case 8:
      return signed ? (at) => view.getInt8(at) : (at) => view.getUint8(at);
    case 16:
      return signed ? (at) => view.getInt16(at, true) : (at) => view.getUint16(at, true);
    case 32:
      return signed ? (at) => view.getInt32(at, true) : (at) => view.getUint32(at, true);
    default:
      return (at) =>
        joinHalves(signed ? view.getInt32(at + 4, true) : view.getUint32(at + 4, true), view.getUint32(at, true));
  }
}

/** One 64-bit integer from its halves, rounded once. */
function joinHalves(high: number, low: number): number {
  return high * 2 ** 32 + low;
}

function decodeParts(dtype: number, row: DtypeRow, bytes: Uint8Array, out: Float64Array): void {
  const bits = row.bits ?? 8;
  const values = partValues(dtype, row);
  for (let i = 0; i < out.length; i++) out[i] = values[partAt(bytes, i, bits)] ?? NaN;
}

function partValues(dtype: number, row: DtypeRow): ArrayLike<number> {
  const table = smallFloatValues(dtype);
  if (table) return table;
  const size = 2 ** (row.bits ?? 8);
  return Array.from({ length: size }, (_, i) => (row.kind === 'int' && i >= size / 2 ? i - size : i));
}

/**
 * Numbers to little-endian elements, rounded once to nearest, ties to even. Throws `refused` with code `overflow` where
 * a value doesn't fit the type, and `weight-type` for strings and unknown types.
 */
export function encodeRaw(dtype: number, values: ArrayLike<number>, label: string): Uint8Array {
  const row = knownRow(dtype);
  if (row.bits === null)
    throw new ChannelwiseError('refused', 'weight-type', `${label} holds texts, not numbers.`, { tensor: label });
  const width = row.bits / row.lanes;
  const bytes = new Uint8Array(rawBytes(row, values.length / row.lanes));
  const view = new DataView(bytes.buffer);
  const fits = patternOf(dtype, row, width);
  const put: Put = width < 8 ? (index, part) => putPart(bytes, index, width, part) : putter(view, row, width);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN;
    const pattern = fits(value);
    if (pattern === null) {
      throw new ChannelwiseError(
        'refused',
        'overflow',
        `${label} would need the value ${value}, which ${dtypeName(dtype)} can't hold.`,
        { tensor: label },
      );
    }
    put(i, pattern);
  }
  return bytes;
}

/**
 * Checks and rounds a value: floats of 32 and 64 bits stay numbers, small floats become bit patterns, integers are
 * wrapped to unsigned below a byte.
 */
function patternOf(dtype: number, row: DtypeRow, width: number): (value: number) => number | null {
  if (smallFloatValues(dtype)) return (value) => smallFloatPattern(dtype, value);
  if (row.kind === 'float' || row.kind === 'complex') return width === 64 ? (value) => value : fittingFloat32;
  if (row.kind === 'bool') return (value) => (value === 0 || value === 1 ? value : null);
  // A double holds integers exactly up to 2^53 only; a wider sum would be silently wrong.
  const limit = Math.min(2 ** (row.kind === 'int' ? width - 1 : width), 2 ** 53);
  const low = row.kind === 'int' ? -limit : 0;
  return (value) => {
    const rounded = roundHalfEven(value);
    if (!(rounded >= low && rounded < limit)) return null;
    return width < 8 && rounded < 0 ? rounded + 2 ** width : rounded;
  };
}

function fittingFloat32(value: number): number | null {
  return Number.isFinite(value) && !Number.isFinite(Math.fround(value)) ? null : value;
}

/** Writes the element at a place. */
type Put = (index: number, pattern: number) => void;

function putter(view: DataView, { kind }: DtypeRow, width: number): Put {
  const isFloat = kind === 'float' || kind === 'complex';
  switch (width) {
    case 8:
      return (index, value) => view.setUint8(index, value);
    case 16:
      return (index, value) => view.setUint16(2 * index, value, true);
    case 32:
      return isFloat
        ? (index, value) => view.setFloat32(4 * index, value, true)
        : (index, value) => view.setUint32(4 * index, value, true);
    default:
      return isFloat
        ? (index, value) => view.setFloat64(8 * index, value, true)
        : (index, value) => view.setBigInt64(8 * index, BigInt(value), true);
  }
}

/** The row of a known type. Throws `unsupported` for one we don't know. */
export function knownRow(dtype: number, label = 'A tensor'): DtypeRow {
  const row = DTYPES[dtype];
  if (!row)
    throw new ChannelwiseError(
      'unsupported',
      'dtype',
      `${label} has the element type ${dtype}, which this version doesn't know.`,
      { tensor: label },
    );
  return row;
}
