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

/** Numbers from onnx.proto (IR 13): https://onnx.ai/onnx/intro/concepts.html#element-type */
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
};

export const FLOAT = 1;
export const UINT8 = 2;
export const INT8 = 3;
export const INT32 = 6;
export const INT64 = 7;
export const STRING = 8;
export const BOOL = 9;
export const DOUBLE = 11;
export const UINT32 = 12;

/** The name of an element type, `dtype 99` for one we don't know. */
export function dtypeName(dtype: number): string {
  return DTYPES[dtype]?.name ?? `dtype ${dtype}`;
}

/** Bytes that `count` elements take in raw_data. Elements below a byte share bytes: two (4 bit) or four (2 bit) in one. */
export function rawBytes(row: DtypeRow, count: number): number {
  return row.bits === null ? 0 : Math.ceil((count * row.bits) / 8);
}
