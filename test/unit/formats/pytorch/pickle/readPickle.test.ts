import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { readPickle } from '../../../../../src/formats/pytorch/pickle/readPickle.ts';
import { valueText } from '../../../../../src/formats/pytorch/pickle/valueText.ts';
import type { PickleValue } from '../../../../../src/formats/pytorch/pickle/pickleValue.ts';

/** An object with a value of every kind, and an instance with a state; its pickles in hexadecimal. */
const PYTHON = `
import collections, datetime, json, pickle
class Thing:
    def __init__(self): self.size = 3
shared = (1, 2)
value = {
    "none": None, "yes": True, "no": False,
    "numbers": [0, 255, 256, 65535, 65536, -1, 2**31 - 1, -2**31, 2**40, -2**40, 2**80],
    "floats": [0.5, -1e300, float("inf")],
    "text": "grüße", "long text": "x" * 300, "escaped": 'it\\'s "so"\\n',
    "bytes": b"\\x00\\xff" * 200,
    "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
    "shared": [shared, shared],
    "ordered": collections.OrderedDict([("a", 1), ("b", 2)]),
    "date": datetime.date(2020, 1, 2), "object": Thing(), "set": {7}, 5: "key",
}
print(json.dumps([pickle.dumps(value, protocol).hex() for protocol in range(6)]))
`;

/** A value in plain terms: calls as what is called, with arguments, state and what was put in. */
function plain(value: PickleValue): unknown {
  switch (value.kind) {
    case 'tuple':
    case 'list':
    case 'set':
    case 'frozenset':
      return [value.kind, ...value.items.map((item) => plain(item.value))];
    case 'dict':
      return ['dict', ...value.entries.map(([key, item]) => [plain(key.value), plain(item.value)])];
    case 'call':
      return {
        callee: plain(value.callee.value),
        args: plain(value.args.value),
        state: value.state && plain(value.state.value),
      };
    case 'int':
    case 'float':
      return `${value.kind} ${value.value}`;
    case 'text':
      return value.value;
    default:
      return valueText(value);
  }
}

const python = spawnSync('/usr/bin/python3', ['-c', PYTHON], { encoding: 'utf8' });
const pickles = (JSON.parse(python.stdout) as string[]).map((hex) => Buffer.from(hex, 'hex'));

/** The entry of the root's dictionary under a key. */
function entry(protocol: number, key: string): PickleValue {
  const bytes = pickles[protocol];
  assert.ok(bytes);
  const root = readPickle(bytes).root.value;
  assert.ok(root.kind === 'dict');
  const found = root.entries.find(([name]) => name.value.kind === 'text' && name.value.value === key);
  assert.ok(found, key);
  return found[1].value;
}

const EXPECTED: Readonly<Record<string, unknown>> = {
  none: 'None',
  yes: 'True',
  no: 'False',
  numbers: [
    'list',
    ...[0, 255, 256, 65535, 65536, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 40, -(2 ** 40), 2n ** 80n].map((n) => `int ${n}`),
  ],
  floats: ['list', 'float 0.5', 'float -1e+300', 'float Infinity'],
  text: 'grüße',
  'long text': 'x'.repeat(300),
  tuples: [
    'list',
    ['tuple'],
    ['tuple', 'int 1'],
    ['tuple', 'int 1', 'int 2'],
    ['tuple', 'int 1', 'int 2', 'int 3'],
    ['tuple', 'int 1', 'int 2', 'int 3', 'int 4'],
  ],
  shared: ['list', ['tuple', 'int 1', 'int 2'], ['tuple', 'int 1', 'int 2']],
};

for (let protocol = 0; protocol < 6; protocol++) {
  for (const [key, expected] of Object.entries(EXPECTED)) {
    test(`protocol ${protocol}: ${key}`, () => {
      assert.deepEqual(plain(entry(protocol, key)), expected);
    });
  }

  test(`protocol ${protocol}: objects are named, with their state, and nothing is made`, () => {
    const bytes = pickles[protocol];
    assert.ok(bytes);
    const { imports, protocol: stated } = readPickle(bytes);
    const names = imports.map(({ module, name }) => `${module}.${name}`);
    assert.equal(stated, protocol < 2 ? 0 : protocol);
    for (const name of ['collections.OrderedDict', 'datetime.date', '__main__.Thing'])
      assert.ok(names.includes(name), name);
    assert.match(JSON.stringify(plain(entry(protocol, 'object'))), /"state":\["dict",\["size","int 3"\]\]/);
  });
}

test('bytes of protocol 3 and later are kept as they are', () => {
  for (const protocol of [3, 4, 5]) {
    const value = entry(protocol, 'bytes');
    assert.ok(value.kind === 'bytes');
    assert.deepEqual(Buffer.from(value.bytes), Buffer.from('00ff'.repeat(200), 'hex'));
  }
});

test('every number is where its slot says', () => {
  for (const [protocol, bytes] of pickles.entries()) {
    const numbers = entry(protocol, 'numbers');
    assert.ok(numbers.kind === 'list');
    const last = numbers.items.at(-2);
    assert.ok(last);
    // The instruction alone, as a pickle of its own.
    const alone = readPickle(Buffer.concat([bytes.subarray(last.start, last.end), Buffer.from('.')]));
    assert.deepEqual(plain(alone.root.value), `int ${-(2 ** 40)}`);
  }
});
