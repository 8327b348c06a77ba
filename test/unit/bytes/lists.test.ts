import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastUpTo } from '../../../src/bytes/lists.ts';

const NUMBERS = [2, 4, 4, 7];

const ROWS: readonly [limit: number, place: number][] = [
  [1, -1],
  [2, 0],
  [3, 0],
  [4, 2],
  [6, 2],
  [7, 3],
  [99, 3],
];

test('the last place up to a limit', () => {
  for (const [limit, place] of ROWS)
    assert.equal(
      lastUpTo(limit, NUMBERS.length, (i) => NUMBERS[i]!),
      place,
      `up to ${limit}`,
    );
  assert.equal(
    lastUpTo(5, 0, () => 0),
    -1,
    'an empty list',
  );
});
