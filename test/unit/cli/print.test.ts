import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonText, shownLine } from '../../../src/cli/print.ts';

const LONG = 'n'.repeat(1_000_000);

test('what is printed: a name of a megabyte is cut, in a value, in a key and in a line', () => {
  const document = jsonText({ name: LONG, sizes: { [LONG]: [1, 3], x: [2] }, list: [{ [LONG]: LONG }] });
  assert.ok(document.length < 50_000, `${document.length} characters`);
  const parsed = JSON.parse(document) as { name: string; sizes: Record<string, number[]> };
  assert.equal(parsed.name, `${'n'.repeat(10_000)}…`);
  assert.deepEqual(Object.values(parsed.sizes), [[1, 3], [2]]);
  assert.ok(shownLine(`tensor ${LONG}: equal`).length < 400);
});

test('what is printed: names of usual length stay whole', () => {
  const data = { ['k'.repeat(300)]: 'v'.repeat(9_999) };
  assert.deepEqual(JSON.parse(jsonText(data)), data);
});
