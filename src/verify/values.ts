import {
  BOOL,
  DOUBLE,
  FLOAT,
  FLOAT16,
  INT16,
  INT32,
  INT64,
  INT8,
  UINT16,
  UINT32,
  UINT64,
  UINT8,
  dtypeName,
} from '../tensors/dtypes.ts';
import { encodeRaw } from '../tensors/elements.ts';
import { smallFloatValues } from '../tensors/smallFloat.ts';
import { ChannelwiseError } from '../bytes/errors.ts';

export type NumberArray =
  Float32Array | Float64Array | Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;
export type ValueData = NumberArray | BigInt64Array | BigUint64Array;

/** A tensor in memory as the runtime takes and gives it: float16 as its bit patterns, bool as 0 and 1. */
export interface Value {
  /** TensorProto.DataType. */
  readonly dtype: number;
  readonly dims: readonly number[];
  readonly data: ValueData;
}

export interface ValueRow {
  /** The runtime's name for the type. */
  readonly name: string;
  readonly make: (buffer: ArrayBuffer) => ValueData;
}

/** Types that go in and out of the runtime, by TensorProto.DataType. */
export const VALUE_TYPES: Readonly<Record<number, ValueRow>> = {
  [FLOAT]: { name: 'float32', make: (b) => new Float32Array(b) },
  [UINT8]: { name: 'uint8', make: (b) => new Uint8Array(b) },
  [INT8]: { name: 'int8', make: (b) => new Int8Array(b) },
  [UINT16]: { name: 'uint16', make: (b) => new Uint16Array(b) },
  [INT16]: { name: 'int16', make: (b) => new Int16Array(b) },
  [INT32]: { name: 'int32', make: (b) => new Int32Array(b) },
  [INT64]: { name: 'int64', make: (b) => new BigInt64Array(b) },
  [BOOL]: { name: 'bool', make: (b) => new Uint8Array(b) },
  [FLOAT16]: { name: 'float16', make: (b) => new Uint16Array(b) },
  [DOUBLE]: { name: 'float64', make: (b) => new Float64Array(b) },
  [UINT32]: { name: 'uint32', make: (b) => new Uint32Array(b) },
  [UINT64]: { name: 'uint64', make: (b) => new BigUint64Array(b) },
};

/** The row of a type the runtime takes. Throws `unsupported` for others. */
export function valueRow(dtype: number, label: string): ValueRow {
  const row = VALUE_TYPES[dtype];
  if (!row)
    throw new ChannelwiseError(
      'unsupported',
      'runtime-type',
      `${label} is ${dtypeName(dtype)}, which the runtime doesn't take.`,
      { tensor: label },
    );
  return row;
}

/** Numbers rounded to a type, once. Throws `refused` (overflow) where one doesn't fit. */
export function fromNumbers(dtype: number, dims: readonly number[], numbers: ArrayLike<number>, label: string): Value {
  const row = valueRow(dtype, label);
  if (dtype === FLOAT && !(numbers instanceof Float32Array)) {
    const data = new Float32Array(numbers);
    if (!data.some((rounded, i) => !Number.isFinite(rounded) && Number.isFinite(numbers[i])))
      return { dtype, dims, data };
  }
  const bytes = encodeRaw(dtype, numbers, label);
  const buffer = new ArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return { dtype, dims, data: row.make(buffer) };
}

/**
 * A value's numbers, without a copy where the engine holds them as numbers already. 64-bit integers beyond 2^53 are
 * rounded.
 */
export function numbersOf({ data, dtype }: Value): NumberArray {
  if (dtype === FLOAT16) return halfFloats(data);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number);
  return data;
}

/** Every float16 is a float32. */
function halfFloats(patterns: ValueData): Float32Array {
  const table = smallFloatValues(FLOAT16) ?? [];
  const numbers = new Float32Array(patterns.length);
  for (let i = 0; i < numbers.length; i++) numbers[i] = table[Number(patterns[i])] ?? NaN;
  return numbers;
}
