import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJsonValue } from '../../../../src/bytes/json/jsonValue.ts';

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

test('JSON of bounded length and depth gives its value', () => {
  for (const value of [null, 1.5, 'a "[[[[" \\ text', [1, [2]], { a: { b: [] } }])
    assert.deepEqual(parseJsonValue(JSON.stringify(value)), value);
  assert.ok(parseJsonValue(nested(100)));
  // Brackets in strings are no levels, also behind escaped quotes.
  assert.equal(parseJsonValue(JSON.stringify(`"${'['.repeat(1000)}`)), `"${'['.repeat(1000)}`);
});

test('what is too deep, too long or no JSON is told apart', () => {
  const rows: readonly [text: string, code: string][] = [
    [nested(101), 'json-depth'],
    [nested(200_000), 'json-depth'],
    ['{"a":'.repeat(101), 'json-depth'],
    ['"'.padEnd(17 * 2 ** 20, 'x'), 'json-length'],
    ['{"a": }', 'json'],
    ['"unended', 'json'],
    ['', 'json'],
  ];
  for (const [text, code] of rows)
    assert.throws(() => parseJsonValue(text), { kind: 'malformed', code }, text.slice(0, 20));
  assert.throws(() => parseJsonValue('[[1]]', { maxDepth: 1 }), { code: 'json-depth' });
});
