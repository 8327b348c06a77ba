import assert from 'node:assert/strict';
import { test } from 'node:test';
import { composeMaps, grayscale, normalize, rgbFromGray, swapRedBlue } from '../../../src/adapt/maps/channelMap.ts';
import { mapFromSteps, mapWords, matrixMap, type MapStep } from '../../../src/jobs/maps/mapSteps.ts';

const NORM: MapStep = { kind: 'normalize', mean: '0.5, 0.4, 0.3', std: '0.25', scale: '1/255' };
const gray: MapStep = { kind: 'preset', name: 'gray' };

test('steps stand in front of each other, the last one meets the pixels', async () => {
  const norm = normalize({ mean: [0.5, 0.4, 0.3], std: [0.25], scale: 1 / 255 });
  assert.deepEqual(await mapFromSteps([NORM, gray], 3), composeMaps(norm, grayscale()));
  assert.deepEqual(
    (await mapFromSteps([{ kind: 'preset', name: 'bgr' }, NORM], 3)).shift,
    composeMaps(swapRedBlue(), norm).shift,
  );
  assert.deepEqual(
    (await mapFromSteps([gray, { kind: 'preset', name: 'rgb-from-gray' }], 3)).matrix,
    composeMaps(grayscale(), rgbFromGray()).matrix,
  );
  assert.equal((await mapFromSteps([gray], 5)).matrix.length, 5);
  await assert.rejects(mapFromSteps([gray, { kind: 'preset', name: 'bgr' }], 3), /maps don't fit/);
  await assert.rejects(mapFromSteps([], 3), /Choose a map/);
});

const TYPED: readonly [matrix: string, shift: string, channels: number | null, rows: number[][], shifts: number[]][] = [
  ['0.299 0.587 0.114', '', 1, [[0.299, 0.587, 0.114]], [0]],
  [
    '1 0; 0 1; 0.5 0.5',
    '1, 2, 3',
    3,
    [
      [1, 0],
      [0, 1],
      [0.5, 0.5],
    ],
    [1, 2, 3],
  ],
  ['[[1], [1], [1]]', '-1/2', 3, [[1], [1], [1]], [-0.5, -0.5, -0.5]],
  [
    '1 0\n0 1',
    '0',
    2,
    [
      [1, 0],
      [0, 1],
    ],
    [0, 0],
  ],
  [
    '0 0 1 0 1 0 1 0 0',
    '',
    3,
    [
      [0, 0, 1],
      [0, 1, 0],
      [1, 0, 0],
    ],
    [0, 0, 0],
  ],
  ['1;1;1;1', '', null, [[1], [1], [1], [1]], [0, 0, 0, 0]],
];

for (const [matrix, shift, channels, rows, shifts] of TYPED) {
  test(`typed: ${JSON.stringify(matrix)}`, () => {
    const map = matrixMap(matrix, shift, channels);
    assert.deepEqual([map.matrix, map.shift], [rows, shifts]);
  });
}

test('what is wrong with typed numbers is said', () => {
  const wrong: readonly [string, string, RegExp][] = [
    ['1; 1', '', /needs 3 rows, one per channel of the model, separated by ";", but has 2/],
    ['1 2; 3; 4', '', /Row 2/],
    ['1; x; 1', '', /matrix must be numbers/],
    ['1;1;1', '1, 2', /"shift" must hold 3/],
    ['', '', /has 0/],
    ['1; 1e999; 1', '', /numbers/],
  ];
  for (const [matrix, shift, message] of wrong) assert.throws(() => matrixMap(matrix, shift, 3), message);
});

test('a map in one line', () => {
  assert.equal(mapWords(grayscale()), '1 → 3 channels: old₁ = new₁, old₂ = new₁, old₃ = new₁');
  assert.equal(mapWords(rgbFromGray()), '3 → 1 channel: old₁ = 0.299·new₁ + 0.587·new₂ + 0.114·new₃');
  assert.equal(mapWords(matrixMap('0 -1', '-0.5', 1)), '2 → 1 channel: old₁ = -1·new₂ − 0.5');
});
