import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySource } from '../../../../../src/bytes/byteSource.ts';
import { ChannelwiseError } from '../../../../../src/bytes/errors.ts';
import { openTorch } from '../../../../../src/formats/pytorch/torchFile.ts';
import { buildZip } from '../../../../fixtures/zipBuilder.ts';
import { readPickle } from '../../../../../src/formats/pytorch/pickle/readPickle.ts';

const raw = (...parts: (string | Uint8Array)[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));

interface Hostile {
  readonly pickle: Uint8Array;
  readonly says: RegExp;
  readonly kind?: string;
}

const HOSTILE: Readonly<Record<string, Hostile>> = {
  'no instruction': { pickle: raw('\xff'), says: /no instruction 0xff/ },
  'an empty stack': { pickle: raw('.'), says: /takes more than there is/ },
  'a tuple of nothing': { pickle: raw('\x80\x02\x87.'), says: /takes more than there is/ },
  'a tuple across a mark': { pickle: raw('K\x01(\x85.'), says: /takes more than there is/ },
  'no mark': { pickle: raw('K\x01t.'), says: /mark is missing/ },
  'a memo that has nothing': { pickle: raw('h\x05.'), says: /nothing is kept/ },
  'a place in the memo that is no number': { pickle: raw('Np-1\n.'), says: /no number/ },
  'a key without a value': { pickle: raw('}(K\x01u.'), says: /no value/ },
  'items of a number': { pickle: raw('K\x01K\x02a.'), says: /adds items/ },
  'entries of a number': { pickle: raw('K\x01K\x02K\x03s.'), says: /sets entries/ },
  'an import without a name': { pickle: raw('K\x01K\x02\x93.'), says: /no text/ },
  'a call of nothing': { pickle: raw('(o.'), says: /names nothing/ },
  'a text of 2^40 bytes': { pickle: raw('\x8d\0\0\0\0\0\x01\0\0.'), says: /length of 1099511627776/ },
  'bytes of 2^63': { pickle: raw('\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.'), says: /leaves the file/ },
  'a text of 4 GiB': { pickle: raw('X\xff\xff\xff\xff.'), says: /length of 4294967295/ },
  'a number of 2 GiB': { pickle: raw('\x8b\xff\xff\xff\x7f.'), says: /leaves the file/ },
  'a frame beyond the end': { pickle: raw('\x95\xff\0\0\0\0\0\0\0N.'), says: /leaves the file/ },
  'a line without an end': { pickle: raw('c', 'x'.repeat(100_000)), says: /line has no end/ },
  'a whole number that is none': { pickle: raw('Iabc\n.'), says: /whole number is none/ },
  'a huge decimal': { pickle: raw('L', '9'.repeat(5000), 'L\n.'), says: /whole number is none/ },
  'a number that is none': { pickle: raw('Fabc\n.'), says: /number is none/ },
  'a text without quotes': { pickle: raw('Sabc\n.'), says: /no quotes/ },
  'the end in the middle': { pickle: raw('J\x01'), says: /cut short/ },
  'no end': { pickle: raw('K\x01'), says: /cut short/ },
  'a protocol of the future': { pickle: raw('\x80\x09N.'), says: /protocol is 9/, kind: 'unsupported' },
  'a class by its number': { pickle: raw('\x82\x01.'), says: /numbers that only/, kind: 'unsupported' },
  'data outside of the file': { pickle: raw('\x97.'), says: /outside of the file/, kind: 'unsupported' },
  '10^7 instructions': { pickle: raw(Buffer.alloc(1e7, 'N0'), 'N.'), says: /more than 3000000/, kind: 'unsupported' },
};

for (const [name, { pickle, says, kind = 'malformed' }] of Object.entries(HOSTILE)) {
  test(`refused with its offset: ${name}`, () => {
    assert.throws(
      () => readPickle(pickle),
      (error) => {
        assert.ok(error instanceof ChannelwiseError, String(error));
        assert.equal(error.kind, kind);
        assert.equal(error.code, 'pickle');
        assert.match(error.message, says);
        assert.equal(typeof error.place.offset, 'number');
        return true;
      },
    );
  });
}

/** A torch file around a pickle. */
function torchFile(pickle: Uint8Array): MemorySource {
  const entries = [
    { name: 'archive/data.pkl', data: pickle },
    { name: 'archive/data/0', data: new Uint8Array(48) },
  ];
  return new MemorySource(buildZip({ entries }));
}

/** A list in a list in a list, and so on. */
const nested = (depth: number): Uint8Array => raw(Buffer.alloc(depth, ']'), Buffer.alloc(depth - 1, 'a'), '.');
/** Each list holds the one before it twice: 2^60 leaves. */
const doubling = raw(
  ']q\0K\x01a',
  ...Array.from({ length: 60 }, (_, i) =>
    raw(']q', Uint8Array.of(i + 1), 'h', Uint8Array.of(i), 'ah', Uint8Array.of(i), 'a'),
  ),
  '.',
);

const HARMLESS: Readonly<Record<string, Uint8Array>> = {
  'a list that holds itself': raw(']q\0h\0a.'),
  'a tuple that holds itself': raw(']q\0h\0\x85q\x01a0h\x01.'),
  'a dict that holds itself': raw('}q\0K\x01h\0s.'),
  'an object that is its own state': raw('cm\nC\n)\x81q\0h\0b.'),
  'lists that hold each other twice': doubling,
  'a hundred lists': nested(100),
};
for (const [name, pickle] of Object.entries(HARMLESS)) {
  test(`walked to its end: ${name}`, async () => {
    assert.deepEqual((await openTorch(torchFile(pickle))).tensors, []);
  });
}

test('a structure a million deep is refused, not recursed into', async () => {
  await assert.rejects(openTorch(torchFile(nested(1_000_000))), { code: 'torch-file', kind: 'unsupported' });
});

/** A tensor's pickle, piece by piece. */
interface Pieces {
  readonly count?: string;
  readonly key?: string;
  readonly storage?: string;
  readonly offset?: string;
  readonly dims?: string;
  readonly strides?: string;
}

function tensorPickle({ count = 'K\x0c', key = '0', storage = 'FloatStorage', ...rest }: Pieces): Uint8Array {
  const { offset = 'K\0', dims = '(K\x04K\x03t', strides = '(K\x03K\x01t' } = rest;
  const text = (value: string): string => `X${String.fromCharCode(value.length)}\0\0\0${value}`;
  const id = `(${text('storage')}ctorch\n${storage}\n${text(key)}${text('cpu')}${count}tQ`;
  return raw(`}${text('w')}ctorch._utils\n_rebuild_tensor_v2\n(${id}${offset}${dims}${strides}\x89NtRs.`);
}

test('the tensor that the next rows damage is read', async () => {
  const file = await openTorch(torchFile(tensorPickle({})));
  assert.deepEqual(
    file.tensors.map(({ name, dims, dtype }) => ({ name, dims, dtype })),
    [{ name: 'w', dims: [4, 3], dtype: 1 }],
  );
});

const TENSORS: Readonly<Record<string, { pieces: Pieces; says: RegExp }>> = {
  'beyond its storage': { pieces: { dims: '(K\x05K\x03t' }, says: /beyond its storage/ },
  'an offset beyond its storage': { pieces: { offset: 'K\x01' }, says: /beyond its storage/ },
  'a stride beyond its storage': { pieces: { strides: '(J\xff\xff\xff\x7fK\x01t' }, says: /beyond its storage/ },
  'a negative size': { pieces: { dims: '(J\xff\xff\xff\xffK\x03t' }, says: /no whole number/ },
  'a size that is a text': { pieces: { dims: '(NK\x03t' }, says: /no whole number/ },
  'more sizes than strides': { pieces: { strides: '(K\x01t' }, says: /2 sizes and 1 strides/ },
  'a storage that is not there': { pieces: { key: '7' }, says: /storage 7 is missing/ },
  'a storage of another size': { pieces: { count: 'K\x0d' }, says: /48 bytes in place of 52/ },
  'a storage outside of its folder': { pieces: { key: '../data.pkl' }, says: /missing/ },
  'a negative count': { pieces: { count: 'J\xff\xff\xff\xff' }, says: /negative size/ },
};
for (const [name, { pieces, says }] of Object.entries(TENSORS)) {
  test(`a tensor is refused: ${name}`, async () => {
    await assert.rejects(openTorch(torchFile(tensorPickle(pieces))), (error) => {
      assert.ok(error instanceof ChannelwiseError, String(error));
      assert.equal(error.kind, 'malformed');
      assert.match(error.message, says);
      return true;
    });
  });
}

test('a storage of an unknown kind is told, not read', async () => {
  const file = await openTorch(torchFile(tensorPickle({ storage: 'QUInt4x2Storage' })));
  assert.deepEqual(file.tensors, []);
  assert.match(file.unread[0]?.text ?? '', /storage is of a kind that is not known/);
});
