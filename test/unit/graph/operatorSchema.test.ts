import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { operatorSchema } from '../../../src/graph/operatorSchema.ts';
import type { Model } from '../../../src/formats/onnx/model.ts';

const at = (opType: string, version: number, domain = ''): ReturnType<typeof operatorSchema> =>
  operatorSchema({ opsets: [{ domain, version }] } as unknown as Model, { domain, opType });

test('formal names, kinds and defaults of Conv', () => {
  const conv = at('Conv', 17);
  assert.deepEqual(conv?.inputs, [
    { name: 'X', kind: 'single' },
    { name: 'W', kind: 'single' },
    { name: 'B', kind: 'optional' },
  ]);
  assert.deepEqual(
    conv?.attributes.map((a) => [a.name, a.type, a.fallback]),
    [
      ['auto_pad', 'string', 'NOTSET'],
      ['dilations', 'ints', '1 along each axis'],
      ['group', 'int', '1'],
      ['kernel_shape', 'ints', "the weight's own"],
      ['pads', 'ints', '0 on every side'],
      ['strides', 'ints', '1 along each axis'],
    ],
  );
});

test('the version follows the opset', () => {
  assert.deepEqual(
    [1, 6, 7, 9, 13, 14, 99].map((v) => at('BatchNormalization', v)?.since),
    [1, 6, 7, 9, 9, 14, 15],
  );
  assert.equal(at('Softmax', 12)?.attributes[0]?.fallback, '1');
  assert.equal(at('Softmax', 13)?.attributes[0]?.fallback, '-1');
  assert.deepEqual(at('Concat', 13)?.inputs, [{ name: 'inputs', kind: 'variadic' }]);
  assert.equal(at('Concat', 13)?.attributes[0]?.required, true);
  assert.equal(at('BatchNormalization', 14)?.attributes[0]?.fallback, '1e-05');
  assert.ok(at('Normalizer', 1, 'ai.onnx.ml'));
});

test('no schema for operators of others, later opsets and names of Object', () => {
  assert.equal(at('FusedConv', 1, 'com.microsoft'), null);
  assert.equal(at('Gelu', 12), null);
  for (const name of ['toString', '__proto__', 'constructor', '']) assert.equal(at(name, 17), null);
});

test('every entry of the table can be read', () => {
  const { operators } = JSON.parse(
    readFileSync(new URL('../../../src/graph/operatorSchemas.json', import.meta.url), 'utf8'),
  ) as { operators: Record<string, [number, string[], string[], string[]][]> };
  for (const [key, rows] of Object.entries(operators)) {
    const [domain, opType] = key.includes(':') ? (key.split(':') as [string, string]) : ['', key];
    for (const [since] of rows) {
      const schema = at(opType, since, domain);
      assert.equal(schema?.since, since, key);
      for (const a of schema.attributes)
        assert.ok(a.name && a.type && !(a.required && a.fallback !== null), `${key} ${a.name}`);
    }
  }
});

test('what the version in this opset changed, by names, defaults and element types', () => {
  const facts = (opType: string, version: number): [number, number, readonly string[]] => {
    const { first = 0, since = 0, changes = [] } = at(opType, version) ?? {};
    return [first, since, changes];
  };
  assert.deepEqual(facts('Softmax', 13), [
    1,
    13,
    ['attribute axis is -1 by default, before 1', 'T takes bfloat16 too'],
  ]);
  assert.deepEqual(facts('Squeeze', 14), [
    1,
    13,
    ['input axes is new (optional)', 'attribute axes is gone', 'T takes bfloat16 too'],
  ]);
  assert.deepEqual(facts('Conv', 17), [1, 11, []], 'a version that changed words only');
  assert.deepEqual(facts('Conv', 10), [1, 1, []], 'the first version changed nothing');
  assert.match(facts('Clip', 11)[2].join('; '), /input min is new \(optional\).*attribute max is gone/);
});
