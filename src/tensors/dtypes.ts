/**
 * One row per TensorProto.DataType. `bits` is the width of an element in raw_data (null: not fixed, strings);
 * `field` the typed data field that holds it; `lanes` the numbers per element (2 for complex).
 */
export interface DtypeRow {
  readonly name: string;
  readonly bits: number | null;
  readonly field: number;
  readonly kind: 'float' | 'int' | 'uint' | 'bool' | 'string' | 'complex';
  readonly lanes: 1 | 2;
}

const FLOAT_DATA = 4;
const INT32_DATA = 5;
const STRING_DATA = 6;
const INT64_DATA = 7;
const DOUBLE_DATA = 10;
const UINT64_DATA = 11;

function row(name: string, kind: DtypeRow['kind'], bits: number | null, field: number): DtypeRow {
  return { name, bits, field, kind, lanes: kind === 'complex' ? 2 : 1 };
}

/** Numbers from onnx.proto (IR 14): https://onnx.ai/onnx/intro/concepts.html#element-type */
export const DTYPES: Readonly<Record<number, DtypeRow>> = {
  1: row('float32', 'float', 32, FLOAT_DATA),
  2: row('uint8', 'uint', 8, INT32_DATA),
  3: row('int8', 'int', 8, INT32_DATA),
  4: row('uint16', 'uint', 16, INT32_DATA),
  5: row('int16', 'int', 16, INT32_DATA),
  6: row('int32', 'int', 32, INT32_DATA),
  7: row('int64', 'int', 64, INT64_DATA),
  8: row('string', 'string', null, STRING_DATA),
  9: row('bool', 'bool', 8, INT32_DATA),
  10: row('float16', 'float', 16, INT32_DATA),
  11: row('float64', 'float', 64, DOUBLE_DATA),
  12: row('uint32', 'uint', 32, UINT64_DATA),
  13: row('uint64', 'uint', 64, UINT64_DATA),
  14: row('complex64', 'complex', 64, FLOAT_DATA),
  15: row('complex128', 'complex', 128, DOUBLE_DATA),
  16: row('bfloat16', 'float', 16, INT32_DATA),
  17: row('float8e4m3fn', 'float', 8, INT32_DATA),
  18: row('float8e4m3fnuz', 'float', 8, INT32_DATA),
  19: row('float8e5m2', 'float', 8, INT32_DATA),
  20: row('float8e5m2fnuz', 'float', 8, INT32_DATA),
  21: row('uint4', 'uint', 4, INT32_DATA),
  22: row('int4', 'int', 4, INT32_DATA),
  23: row('float4e2m1', 'float', 4, INT32_DATA),
  24: row('float8e8m0', 'float', 8, INT32_DATA),
  25: row('uint2', 'uint', 2, INT32_DATA),
  26: row('int2', 'int', 2, INT32_DATA),
  27: row('float6e2m3', 'float', 6, INT32_DATA),
  28: row('float6e3m2', 'float', 6, INT32_DATA),
};

export const FLOAT = 1;
export const UINT8 = 2;
export const INT8 = 3;
export const UINT16 = 4;
export const INT16 = 5;
export const INT32 = 6;
export const INT64 = 7;
export const STRING = 8;
export const BOOL = 9;
export const FLOAT16 = 10;
export const DOUBLE = 11;
export const UINT32 = 12;
export const UINT64 = 13;
export const BFLOAT16 = 16;
const FLOAT8E8M0 = 24;

/** Integers up to this width are the pixels and quantised weights of models; wider ones are sizes, indices and sums. */
const NARROW_BITS = 16;
/** Numbers of fewer bits have a scale for each block beside them. */
const SUMMED_BITS = 8;
/** Layers compute in floats of at least this width; narrower ones only store. */
const COMPUTED_BITS = 16;
/** Doubles hold every integer up to 2^53. */
const EXACT_BITS = 53;

/** A floating-point type of any width, float8, float6 and float4 too. Unknown types are none. */
export function isFloat(dtype: number): boolean {
  return DTYPES[dtype]?.kind === 'float';
}

/** A float type in which a sum of weights makes sense: of 8 bits or more, with a sign and a mantissa. */
export function isSummable(dtype: number): boolean {
  return isFloat(dtype) && bitsOf(dtype) >= SUMMED_BITS && dtype !== FLOAT8E8M0;
}

/** A floating-point type that layers compute in: float16, bfloat16, float32 and float64. */
export function isComputedFloat(dtype: number): boolean {
  return isFloat(dtype) && bitsOf(dtype) >= COMPUTED_BITS;
}

/** A float type that layers compute in, of fewer digits than float32: float16 and bfloat16. */
export function isHalf(dtype: number): boolean {
  return dtype === FLOAT16 || dtype === BFLOAT16;
}

/** A signed or unsigned integer type of any width, int4 and int2 too; bool is none. */
export function isInteger(dtype: number): boolean {
  const kind = DTYPES[dtype]?.kind;
  return kind === 'int' || kind === 'uint';
}

/** A type whose numbers are all whole: the integers and bool. */
export function isWhole(dtype: number): boolean {
  return isInteger(dtype) || dtype === BOOL;
}

/**
 * An integer type of at most 16 bits: each of its numbers is exact in float32, and weights are quantised to such types.
 */
export function isNarrowInteger(dtype: number): boolean {
  return isInteger(dtype) && bitsOf(dtype) <= NARROW_BITS;
}

/** int32, int64, uint32 and uint64: not every one of their numbers is exact in float32. */
export function isWideInteger(dtype: number): boolean {
  return isInteger(dtype) && !isNarrowInteger(dtype);
}

/** int64 and uint64: not every one of their numbers is exact in float64. */
export function isLongInteger(dtype: number): boolean {
  return isInteger(dtype) && bitsOf(dtype) > EXACT_BITS;
}

/**
 * A type that learned weights are stored in: floats, complex numbers and quantised integers. Sizes, indices, masks and
 * texts come in others.
 */
export function isWeightType(dtype: number): boolean {
  return isFloat(dtype) || isNarrowInteger(dtype) || DTYPES[dtype]?.kind === 'complex';
}

/** A type of one plain number per element: neither text nor complex, nor unknown. */
export function isNumber(dtype: number): boolean {
  return isFloat(dtype) || isWhole(dtype);
}

/** The lowest and highest number of an integer type, as far as doubles hold them exactly; null for other types. */
export function integerRange(dtype: number): readonly [number, number] | null {
  if (!isInteger(dtype)) return null;
  const bits = bitsOf(dtype);
  const largest = 2 ** EXACT_BITS - 1;
  if (DTYPES[dtype]?.kind === 'uint') return [0, Math.min(2 ** bits - 1, largest)];
  const high = Math.min(2 ** (bits - 1) - 1, largest);
  return [bits > EXACT_BITS ? -largest : -high - 1, high];
}

function bitsOf(dtype: number): number {
  return DTYPES[dtype]?.bits ?? 0;
}

/** The name of an element type, `dtype 99` for one we don't know. */
export function dtypeName(dtype: number): string {
  return DTYPES[dtype]?.name ?? `dtype ${dtype}`;
}

/** The bits of an element; null of a type we don't know, and where they are not fixed. */
export function elementBits(dtype: number): number | null {
  return DTYPES[dtype]?.bits ?? null;
}

const BY_NAME: ReadonlyMap<string, number> = new Map(
  Object.entries(DTYPES).map(([dtype, { name }]) => [name, Number(dtype)]),
);

/**
 * The number of an element type by its name in the table, such as `bfloat16`; null for a name that it does not have.
 */
export function dtypeByName(name: string): number | null {
  return BY_NAME.get(name) ?? null;
}

/**
 * Bytes that `count` elements take in raw_data. Elements below a byte share bytes: two (4 bit) or four (2 bit) in one,
 * four (6 bit) in three.
 */
export function rawBytes(row: DtypeRow, count: number): number {
  return row.bits === null ? 0 : Math.ceil((count * row.bits) / 8);
}
