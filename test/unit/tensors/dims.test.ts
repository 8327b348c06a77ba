import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clampedFromFront, fromFront, product, slicedPlaces, stridesOf } from '../../../src/tensors/dims.ts';

/**
 * By https://onnx.ai/onnx/operators/onnx__Slice.html, which clamps a start to the axis; so one in front of it takes the
 * first place backwards, where Python takes none.
 */
const SLICES: readonly (readonly [length: number, start: number, end: number, step: number, places: number[]])[] = [
  [5, 1, 4, 1, [1, 2, 3]],
  [5, -2, 2 ** 53, 1, [3, 4]],
  [5, 0, 5, 2, [0, 2, 4]],
  [5, 3, 1, 1, []],
  [5, 9, 10, 1, []],
  [5, -1, -(2 ** 53), -1, [4, 3, 2, 1, 0]],
  [5, 9, -3, -2, [4]],
  [5, -9, -10, -1, [0]],
  [1, 0, -2, -1, [0]],
  [0, 0, 1, 1, []],
  [0, -1, -1, -1, []],
];

test('slices take the places that the operator says', () => {
  for (const [length, start, end, step, places] of SLICES)
    assert.deepEqual(slicedPlaces(length, { start, end, step }), places, `${length}: ${start} to ${end} by ${step}`);
});

test('places count from the back where they are negative, and dims are row-major', () => {
  assert.deepEqual([fromFront(-1, 4), fromFront(2, 4), fromFront(-5, 4)], [3, 2, -1]);
  assert.deepEqual([clampedFromFront(-5, 4), clampedFromFront(9, 4), clampedFromFront(-1, 4)], [0, 4, 3]);
  assert.equal(product([]), 1);
  assert.equal(product([2, 0, 5]), 0);
  assert.deepEqual(stridesOf([2, 3, 4]), [12, 4, 1]);
});
