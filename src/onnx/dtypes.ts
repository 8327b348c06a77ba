/** One row per TensorProto.DataType. `bits` is the width in raw_data (null: not fixed, strings); `field` the typed data field that holds it. */
export interface DtypeRow {
  readonly name: string;
  readonly bits: number | null;
  readonly field: number;
}

const FLOAT_DATA = 4;
const INT32_DATA = 5;
const STRING_DATA = 6;
const INT64_DATA = 7;
const DOUBLE_DATA = 10;
const UINT64_DATA = 11;

/** Numbers from onnx.proto (IR 13): https://onnx.ai/onnx/intro/concepts.html#element-type */
export const DTYPES: Readonly<Record<number, DtypeRow>> = {
  1: { name: 'float32', bits: 32, field: FLOAT_DATA },
  2: { name: 'uint8', bits: 8, field: INT32_DATA },
  3: { name: 'int8', bits: 8, field: INT32_DATA },
  4: { name: 'uint16', bits: 16, field: INT32_DATA },
  5: { name: 'int16', bits: 16, field: INT32_DATA },
  6: { name: 'int32', bits: 32, field: INT32_DATA },
  7: { name: 'int64', bits: 64, field: INT64_DATA },
  8: { name: 'string', bits: null, field: STRING_DATA },
  9: { name: 'bool', bits: 8, field: INT32_DATA },
  10: { name: 'float16', bits: 16, field: INT32_DATA },
  11: { name: 'float64', bits: 64, field: DOUBLE_DATA },
  12: { name: 'uint32', bits: 32, field: UINT64_DATA },
  13: { name: 'uint64', bits: 64, field: UINT64_DATA },
  14: { name: 'complex64', bits: 64, field: FLOAT_DATA },
  15: { name: 'complex128', bits: 128, field: DOUBLE_DATA },
  16: { name: 'bfloat16', bits: 16, field: INT32_DATA },
  17: { name: 'float8e4m3fn', bits: 8, field: INT32_DATA },
  18: { name: 'float8e4m3fnuz', bits: 8, field: INT32_DATA },
  19: { name: 'float8e5m2', bits: 8, field: INT32_DATA },
  20: { name: 'float8e5m2fnuz', bits: 8, field: INT32_DATA },
  21: { name: 'uint4', bits: 4, field: INT32_DATA },
  22: { name: 'int4', bits: 4, field: INT32_DATA },
  23: { name: 'float4e2m1', bits: 4, field: INT32_DATA },
  24: { name: 'float8e8m0', bits: 8, field: INT32_DATA },
  25: { name: 'uint2', bits: 2, field: INT32_DATA },
  26: { name: 'int2', bits: 2, field: INT32_DATA },
};

export const FLOAT = 1;
export const INT64 = 7;

/** The name of an element type, `dtype 99` for one we don't know. */
export function dtypeName(dtype: number): string {
  return DTYPES[dtype]?.name ?? `dtype ${dtype}`;
}
