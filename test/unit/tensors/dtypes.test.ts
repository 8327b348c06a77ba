import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DTYPES,
  integerRange,
  isComputedFloat,
  isFloat,
  isInteger,
  isNarrowInteger,
  isNumber,
  isWeightType,
  isWhole,
  isWideInteger,
} from '../../../src/tensors/dtypes.ts';

/** TensorProto.DataType's numbers by name, for a predicate's members in the order of the table. */
function members(predicate: (dtype: number) => boolean): string {
  const held = Object.entries(DTYPES).filter(([dtype]) => predicate(Number(dtype)));
  return held.map(([, row]) => row.name).join(' ');
}

const NARROW = 'uint8 int8 uint16 int16 uint4 int4 uint2 int2';
const SMALL_FLOATS =
  'float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz float4e2m1 float8e8m0 float6e2m3 float6e3m2';

for (const [what, predicate, expected] of [
  ['floats', isFloat, `float32 float16 float64 bfloat16 ${SMALL_FLOATS}`],
  ['floats to compute in', isComputedFloat, 'float32 float16 float64 bfloat16'],
  ['integers', isInteger, 'uint8 int8 uint16 int16 int32 int64 uint32 uint64 uint4 int4 uint2 int2'],
  ['whole numbers', isWhole, 'uint8 int8 uint16 int16 int32 int64 bool uint32 uint64 uint4 int4 uint2 int2'],
  ['integers that float32 holds', isNarrowInteger, NARROW],
  ['wide integers', isWideInteger, 'int32 int64 uint32 uint64'],
] as const)
  test(`element types: ${what}`, () => {
    const [found, wanted] = [members(predicate), expected].map((text) => text.split(' ').sort().join(' '));
    assert.equal(found, wanted);
  });

test('element types: weights are none of the types that sizes, masks and texts come in', () => {
  const others = Object.keys(DTYPES).filter((dtype) => !isWeightType(Number(dtype)));
  assert.equal(others.map((dtype) => DTYPES[Number(dtype)]?.name).join(' '), 'int32 int64 string bool uint32 uint64');
});

test('element types: texts, complex numbers and unknown types are no plain numbers', () => {
  const others = Object.keys(DTYPES).filter((dtype) => !isNumber(Number(dtype)));
  assert.equal(others.map((dtype) => DTYPES[Number(dtype)]?.name).join(' '), 'string complex64 complex128');
  for (const unknown of [0, 99]) assert.equal(isNumber(unknown) || isWeightType(unknown), false);
});

test('element types: the range of each integer type, as far as doubles are exact', () => {
  const ranges = [2, 3, 4, 5, 6, 7, 12, 13, 21, 22, 25, 26].map((dtype) => integerRange(dtype));
  const exact = Number.MAX_SAFE_INTEGER;
  assert.deepEqual(ranges, [
    [0, 255],
    [-128, 127],
    [0, 65535],
    [-32768, 32767],
    [-2147483648, 2147483647],
    [-exact, exact],
    [0, 4294967295],
    [0, exact],
    [0, 15],
    [-8, 7],
    [0, 3],
    [-2, 1],
  ]);
  for (const dtype of [1, 8, 9, 14, 99]) assert.equal(integerRange(dtype), null);
});
