import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dim } from '../../../src/formats/onnx/model.ts';
import {
  compare,
  floorDivide,
  larger,
  minus,
  multiply,
  plus,
  quotient,
  scaled,
  shownDim,
  smaller,
  sum,
  symbolDim,
  times,
} from '../../../src/graph/sizes/dims.ts';
import { readExpression } from '../../../src/graph/sizes/readExpression.ts';
import { expressionText } from '../../../src/graph/sizes/expression.ts';
import { Random } from '../../fixtures/random.ts';

const CASES: readonly [what: string, found: Dim, expected: Dim][] = [
  ['half of an even size', quotient(['h'], [2]), 'h/2'],
  ['two halves', sum([quotient(['h'], [2]), quotient(['h'], [2])]), 'h'],
  ['three quarters', times(quotient(['h'], [4]), 3), '3·h/4'],
  ['a half and one more', plus(quotient(['h'], [2]), 1), '(h+2)/2'],
  ['stride 2', floorDivide('h', 1, 2), '⌊(h+1)/2⌋'],
  ['the same written in another way', plus(floorDivide('h', -1, 2), 1), '⌊(h+1)/2⌋'],
  ['two strides', floorDivide(floorDivide('h', 1, 2), 1, 2), '⌊(h+3)/4⌋'],
  ['whole parts come out', floorDivide(times('h', 3), 5, 2), 'h+⌊(h+1)/2⌋+2'],
  ['a chunk and its rest', sum([floorDivide('h', 1, 2), minus('h', floorDivide('h', 1, 2))]), 'h'],
  ['a rounding of an exact half', floorDivide(quotient(['h'], [2]), 0, 2), '⌊h/4⌋'],
  ['a product', multiply(['w', 2, 'h', 3]), '6·h·w'],
  ['a symbol divided out', quotient(['batch', 3, 'h', 'w'], ['batch', 'w']), '3·h'],
  ['a sum divided out', quotient([plus(multiply(['h', 'w']), 0), 2], ['h']), '2·w'],
  ['a sum by a sum', quotient([sum([multiply(['h', 'w']), 'w'])], [plus('h', 1)]), 'w'],
  ['what does not divide', quotient(['h'], ['w']), null],
  ['an unknown size does not cancel', quotient([null], [null]), null],
  ['scale 2', scaled('h', 2), '2·h'],
  ['scale 1.5', scaled('h', 1.5), 'h+⌊h/2⌋'],
  ['scale 0.7 in float32', scaled(10, 0.7), 7],
  ['a scale that is no simple fraction', scaled('h', 0.3), null],
  ['min with itself and one', smaller('h', plus('h', 1)), 'h'],
  ['min with its half', smaller('h', floorDivide('h', 0, 2)), '⌊h/2⌋'],
  ['max of two names', larger('w', 'h'), 'max(h, w)'],
  ['max once more', larger(larger('w', 'h'), 'w'), 'max(h, w)'],
  ['a name that looks like a sum', symbolDim('past + new'), '‹past + new›'],
  ['and arithmetic with it', plus(symbolDim('past + new'), 1), '‹past + new›+1'],
  ['shown as it is', shownDim(symbolDim('batch-size')), 'batch-size'],
  [
    'too long',
    multiply([
      'aaaaaaaaaaaaaaaaaaaaaaaaaa',
      'bbbbbbbbbbbbbbbbbbbbbbbbbb',
      'cccccccccccccccccccccccccccc',
      'dddddddddddddddddddddddddddd',
    ]),
    null,
  ],
  ['a size that would be negative', minus(3, 5), null],
];

for (const [what, found, expected] of CASES) test(`sizes: ${what}`, () => assert.equal(found, expected));

test('sizes compare where their names do not matter', () => {
  assert.equal(compare('h', plus('h', -1)), 1);
  assert.equal(compare('h', 0), 1);
  assert.equal(compare('h', -1), 1);
  assert.equal(compare('h', 'h'), 0);
  assert.equal(compare('h', 'w'), null);
  assert.equal(compare(floorDivide('h', 0, 2), plus('h', 1)), -1);
  assert.equal(compare('h', 1), null);
});

/** The same arithmetic on numbers, so that every text can be checked against what it stands for. */
interface Pair {
  readonly dim: Dim;
  readonly at: (h: number, w: number) => number;
}

test('random arithmetic on names gives texts whose value is right, that read back, and that are equal when rebuilt', () => {
  const random = new Random(6);
  const pick = <T>(list: readonly T[]): T => list[random.int(list.length)] as T;
  const h: Pair = { dim: 'h', at: (x) => x };
  const w: Pair = { dim: 'w', at: (_, y) => y };
  let checked = 0;
  for (let round = 0; round < 600; round++) {
    const pool: Pair[] = [h, w];
    for (let i = 0; i < 6; i++) {
      const [a, b] = [pick(pool), pick(pool)];
      const n = 1 + random.int(5);
      const steps: Pair[] = [
        { dim: plus(a.dim, n), at: (x, y) => a.at(x, y) + n },
        { dim: times(a.dim, n), at: (x, y) => a.at(x, y) * n },
        { dim: floorDivide(a.dim, n, 1 + n), at: (x, y) => Math.floor((a.at(x, y) + n) / (1 + n)) },
        { dim: sum([a.dim, b.dim]), at: (x, y) => a.at(x, y) + b.at(x, y) },
        { dim: multiply([a.dim, b.dim]), at: (x, y) => a.at(x, y) * b.at(x, y) },
        { dim: larger(a.dim, b.dim), at: (x, y) => Math.max(a.at(x, y), b.at(x, y)) },
        { dim: smaller(a.dim, b.dim), at: (x, y) => Math.min(a.at(x, y), b.at(x, y)) },
        { dim: scaled(a.dim, n / 2), at: (x, y) => Math.floor((a.at(x, y) * n) / 2) },
      ];
      const next = pick(steps);
      if (next.dim !== null) pool.push(next);
    }
    for (const { dim, at } of pool) {
      if (typeof dim !== 'string') continue;
      assert.equal(expressionText(readExpression(dim)), dim);
      for (const [x, y] of [
        [1, 1],
        [7, 4],
        [32, 1],
        [223, 640],
      ] as const)
        assert.equal(valueOf(dim, x, y), at(x, y), dim);
      checked++;
    }
  }
  assert.ok(checked > 2000, String(checked));
});

/** Evaluates a text by rules of its own, not by our reader. */
function valueOf(text: string, h: number, w: number): number {
  const source = text
    .replaceAll('⌊', 'Math.floor(')
    .replaceAll('⌋', ')')
    .replaceAll('·', '*')
    .replace(/\b(max|min)\(/g, 'Math.$1(');
  return Number(new Function('h', 'w', `return ${source}`)(h, w));
}
