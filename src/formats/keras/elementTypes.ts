import {
  BFLOAT16,
  BOOL,
  DOUBLE,
  FLOAT,
  FLOAT16,
  INT16,
  INT32,
  INT64,
  INT8,
  STRING,
  UINT16,
  UINT32,
  UINT64,
  UINT8,
} from '../../tensors/dtypes.ts';
import type { Datatype } from './hdf5/dataset/datatype.ts';

const FLOATS = { float16: FLOAT16, bfloat16: BFLOAT16, float32: FLOAT, float64: DOUBLE } as const;
const SIGNED: Readonly<Record<number, number>> = { 1: INT8, 2: INT16, 4: INT32, 8: INT64 };
const UNSIGNED: Readonly<Record<number, number>> = { 1: UINT8, 2: UINT16, 4: UINT32, 8: UINT64 };
const BFLOAT16_BYTES = 2;

/**
 * The number in the table of element types; null for types that tensors don't have. Keras writes bfloat16 as two opaque
 * bytes.
 */
export function elementType(datatype: Datatype): number | null {
  switch (datatype.kind) {
    case 'float':
      return FLOATS[datatype.format];
    case 'int':
      return (datatype.signed ? SIGNED : UNSIGNED)[datatype.size] ?? null;
    case 'bool':
      return BOOL;
    case 'opaque':
      return datatype.size === BFLOAT16_BYTES ? FLOATS.bfloat16 : null;
    default:
      return null;
  }
}

/** Element types by Keras's names. */
export const KERAS_TYPES: Readonly<Record<string, number>> = {
  ...FLOATS,
  string: STRING,
  uint8: UINT8,
  uint16: UINT16,
  uint32: UINT32,
  uint64: UINT64,
  int8: INT8,
  int16: INT16,
  int32: INT32,
  int64: INT64,
  bool: BOOL,
};
