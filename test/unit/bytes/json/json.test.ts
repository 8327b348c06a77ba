import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memberAt, number, parseJson, type Json } from '../../../../src/bytes/json/json.ts';
import { editText, fitJson } from '../../../../src/bytes/json/jsonEdit.ts';

function plain(json: Json): unknown {
  if (Array.isArray(json.value)) return (json.value as readonly Json[]).map(plain);
  if (json.value instanceof Map)
    return Object.fromEntries([...(json.value as ReadonlyMap<string, Json>)].map(([k, v]) => [k, plain(v)]));
  return json.value;
}

test('JSON is read as JSON.parse reads it, and each value knows its text', () => {
  for (const text of [
    '{"a": [1, -2.5e-3, {"b": "x\\"\\u00e9\\\\"}], "c": {}, "d": [], "e": null, "f": true}',
    '[]',
    ' 7 ',
    '"x"',
    '[[[]], {"a": {}}]',
  ]) {
    const json = parseJson(text, 'It');
    assert.deepEqual(plain(json), JSON.parse(text));
    assert.deepEqual(JSON.parse(text.slice(json.start, json.end)), JSON.parse(text));
  }
  const inf = parseJson('[NaN, Infinity, -Infinity]', 'It');
  assert.deepEqual(plain(inf), [NaN, Infinity, -Infinity]);
  const deep = parseJson('{"a": {"b": 12}}', 'It');
  const found = memberAt(deep, 'a', 'b');
  assert.equal(number(found), 12);
  assert.equal(found?.start, 12);
});

test('JSON that is none is refused with its place', () => {
  for (const text of [
    '',
    '{',
    '[1,',
    '{"a" 1}',
    '[1] 2',
    '{a: 1}',
    '"a',
    '[01]',
    '[1 2]',
    '{"a": 1,}',
    '\u0001',
    '['.repeat(5000),
  ])
    assert.throws(() => parseJson(text, 'It'), /It is no readable JSON: .* \(character \d+\)/, text.slice(0, 20));
});

test('A changed text keeps its length, by spaces more or fewer', () => {
  const text = '{"a": [1, 2, "x, y: \\" , z"], "b": 3}';
  const json = parseJson(text, 'It');
  const b = memberAt(json, 'b');
  assert.ok(b);
  const fit = (value: string): string =>
    new TextDecoder().decode(fitJson(editText(text, [{ start: b.start, end: b.end, text: value }]), text.length));
  for (const value of ['3', '12345', '"é"', '""']) {
    const changed = fit(value);
    assert.equal(new TextEncoder().encode(changed).length, text.length);
    assert.deepEqual(JSON.parse(changed), { a: [1, 2, 'x, y: " , z'], b: JSON.parse(value) as unknown });
  }
  assert.throws(() => fit('1234567890'), /longer than the one in the file/);
});
