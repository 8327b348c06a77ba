import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BFLOAT16, DOUBLE, FLOAT, FLOAT16, INT8 } from '../../../src/tensors/dtypes.ts';
import { smallestOf, stepOf } from '../../../src/tensors/precision.ts';
import { smallFloatValues } from '../../../src/tensors/smallFloat.ts';

const FLOAT8 = [17, 18, 19, 20];

test('the steps of narrow floats are those of their tables', () => {
  for (const dtype of [FLOAT16, BFLOAT16, ...FLOAT8]) {
    const numbers = [...(smallFloatValues(dtype) ?? [])].filter((value) => value > 0).toSorted((a, b) => a - b);
    const next = numbers.find((value) => value > 1) ?? NaN;
    assert.equal(stepOf(dtype), next - 1, `the step above 1 of type ${dtype}`);
    assert.equal(smallestOf(dtype), numbers[0], `the smallest number of type ${dtype}`);
  }
});

test('the steps of wide floats are those of the engine', () => {
  assert.equal(stepOf(DOUBLE), Number.EPSILON);
  assert.equal(smallestOf(DOUBLE), Number.MIN_VALUE);
  const [one] = new Float32Array(new Uint32Array([new Uint32Array(new Float32Array([1]).buffer)[0]! + 1]).buffer);
  assert.equal(stepOf(FLOAT), one! - 1);
  assert.equal(smallestOf(FLOAT), new Float32Array(new Uint32Array([1]).buffer)[0]);
});

test('whole numbers have no step', () => {
  assert.equal(stepOf(INT8), 0);
  assert.equal(smallestOf(INT8), 0);
});
