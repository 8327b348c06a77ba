import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { ChannelwiseError } from '../../../../src/bytes/errors.ts';
import { SplicedSource } from '../../../../src/bytes/splicedSource.ts';
import { DTYPES } from '../../../../src/tensors/dtypes.ts';
import type { TensorChange } from '../../../../src/formats/format.ts';
import { openTorch, type TorchFile } from '../../../../src/formats/pytorch/torchFile.ts';
import { foldTensor, tensorBytes } from '../../../fixtures/torch/foldTensor.ts';
import { integer, text } from '../../../fixtures/torch/pickleWriter.ts';
import { temporaryFolder } from '../../../fixtures/temporaryFolder.ts';
import { weightFile, weightsMissing } from '../../../fixtures/weightFiles.ts';
import { buildZip } from '../../../fixtures/zipBuilder.ts';

type Part = string | Buffer;
const raw = (...parts: readonly Part[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));

/** A tensor's instructions, piece by piece. */
interface Pieces {
  readonly name: string;
  readonly key?: string;
  readonly count?: number;
  readonly storage?: string;
  readonly view?: Part;
  readonly rebuild?: string;
  readonly offset?: number;
  readonly dims?: Part;
  readonly strides?: Part;
  readonly rest?: Part;
}

const tuple = (...values: number[]): Buffer => raw('(', ...values.map(integer), 't');

function tensor(pieces: Pieces): Buffer {
  const { name, key = '0', count = 12, storage = 'FloatStorage', view = '', rebuild = '_rebuild_tensor_v2' } = pieces;
  const { offset = 0, dims = tuple(4, 3, 1, 1), strides = tuple(3, 1, 1, 1), rest = '\x89N' } = pieces;
  const id = raw('(', text('storage'), `ctorch\n${storage}\n`, text(key), text('cpu'), integer(count), view, 'tQ');
  return raw(text(name), `ctorch._utils\n${rebuild}\n(`, id, integer(offset), dims, strides, rest, 'tR');
}

const dict = (...entries: readonly Part[]): Buffer => raw('\x80\x02}(', ...entries, 'u.');

interface Archive {
  readonly storages?: Readonly<Record<string, Uint8Array>>;
  readonly byteOrder?: string;
}

function archive(pickle: Uint8Array, { storages = { '0': numbers(48) }, byteOrder }: Archive = {}): MemorySource {
  const order = byteOrder === undefined ? [] : [{ name: 'm/byteorder', data: Buffer.from(byteOrder) }];
  const held = Object.entries(storages).map(([key, data]) => ({ name: `m/data/${key}`, data }));
  return new MemorySource(buildZip({ entries: [{ name: 'm/data.pkl', data: pickle }, ...order, ...held] }));
}

function numbers(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 37) % 251);
}

async function changed(source: MemorySource, changes: readonly TensorChange[]): Promise<TorchFile> {
  const file = await openTorch(source);
  const adapted = new SplicedSource(source, await file.splices(changes));
  return openTorch(new MemorySource(await adapted.read(0, adapted.size)));
}

const dimsOf = (file: TorchFile): Record<string, readonly number[]> =>
  Object.fromEntries(file.tensors.map(({ name, dims }) => [name, dims]));
const one = (name: string): TensorChange => ({ tensor: name, dims: [4, 1, 1, 1], bytes: numbers(16).reverse() });

/** A size that several tensors take from the memo: kept by number, or as protocol 4 keeps it. */
const MEMOS: Readonly<Record<string, { keep: Part; get: Part }>> = {
  'by number': { keep: 'q\x05', get: 'h\x05' },
  'in turn': { keep: '\x94', get: 'h\0' },
};
for (const [how, { keep, get }] of Object.entries(MEMOS)) {
  const pickle = dict(
    tensor({ name: 'a', dims: raw(tuple(4, 3, 1, 1), keep) }),
    tensor({ name: 'b', key: '1', dims: get }),
    tensor({ name: 'c', key: '2', dims: get }),
  );
  const source = archive(pickle, { storages: { '0': numbers(48), '1': numbers(48), '2': numbers(48) } });
  for (const names of [['a'], ['b'], ['a', 'c'], ['b', 'c'], ['a', 'b', 'c']]) {
    test(`a size kept ${how} changes for those that change alone: ${names.join(', ')}`, async () => {
      const after = await changed(source, names.map(one));
      const expected = ['a', 'b', 'c'].map((name) => [name, names.includes(name) ? [4, 1, 1, 1] : [4, 3, 1, 1]]);
      assert.deepEqual(dimsOf(after), Object.fromEntries(expected));
      for (const name of ['a', 'b', 'c']) {
        const bytes = names.includes(name) ? one(name).bytes : numbers(48);
        assert.deepEqual(Buffer.from(await tensorBytes(after, name)), Buffer.from(bytes));
      }
    });
  }
}

test('elements with their highest byte first are turned on reading and on writing', async () => {
  const source = archive(dict(tensor({ name: 'a' })), { byteOrder: 'big' });
  const before = Buffer.from(numbers(48)).swap32();
  assert.deepEqual(Buffer.from(await tensorBytes(await openTorch(source), 'a')), before);
  const after = await changed(source, [one('a')]);
  assert.deepEqual(Buffer.from(await tensorBytes(after, 'a')), Buffer.from(one('a').bytes));
});

/** A tensor of a type that has no storage class: torch names it beside a storage of bytes. */
const inBytes = (dtype: string): Buffer =>
  tensor({
    name: 'a',
    storage: 'UntypedStorage',
    rebuild: '_rebuild_tensor_v3',
    rest: `\x89Nctorch\n${dtype}\n`,
  });

/** Names: https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.dtype */
const FLOAT8: readonly (readonly [torchName: string, name: string])[] = [
  ['float8_e4m3fn', 'float8e4m3fn'],
  ['float8_e4m3fnuz', 'float8e4m3fnuz'],
  ['float8_e5m2', 'float8e5m2'],
  ['float8_e5m2fnuz', 'float8e5m2fnuz'],
  ['float8_e8m0fnu', 'float8e8m0'],
];

test('float8 lies in a storage of bytes, whose count follows', async () => {
  for (const [torchName, name] of FLOAT8) {
    const source = archive(dict(inBytes(torchName)), { storages: { '0': numbers(12) } });
    const file = await openTorch(source);
    assert.equal(DTYPES[file.tensors[0]?.dtype ?? 0]?.name, name);
    const after = await changed(source, [{ tensor: 'a', dims: [4, 1, 1, 1], bytes: numbers(4) }]);
    assert.deepEqual(Buffer.from(await tensorBytes(after, 'a')), Buffer.from(numbers(4)), torchName);
  }
});

test('tensors side by side in one storage keep their places', async () => {
  const storages = { '0': numbers(96) };
  const pickle = dict(tensor({ name: 'a', count: 24 }), tensor({ name: 'b', count: 24, offset: 12 }));
  const after = await changed(archive(pickle, { storages }), [one('b')]);
  assert.deepEqual(dimsOf(after), { a: [4, 3, 1, 1], b: [4, 1, 1, 1] });
  assert.deepEqual(Buffer.from(await tensorBytes(after, 'a')), Buffer.from(numbers(96).subarray(0, 48)));
  assert.deepEqual(Buffer.from(await tensorBytes(after, 'b')), Buffer.from(one('b').bytes));
});

const SIDE_BY_SIDE = dict(tensor({ name: 'a', count: 24 }), tensor({ name: 'b', count: 24, offset: 12 }));
const WIDE: TensorChange = { tensor: 'a', dims: [4, 5, 1, 1], bytes: numbers(80) };
const QUANTISED = tensor({
  name: 'a',
  storage: 'QInt8Storage',
  rebuild: '_rebuild_qtensor',
  rest: raw('(ctorch\nper_tensor_affine\nG?\x80\0\0\0\0\0\0K\0t\x89N'),
});

interface Refusal {
  readonly pickle: Buffer;
  readonly storage?: Uint8Array;
  readonly change?: TensorChange;
  readonly code: string;
  readonly says?: RegExp;
}
const REFUSED: Readonly<Record<string, Refusal>> = {
  'one of two names of the same numbers': {
    pickle: dict(tensor({ name: 'a' }), tensor({ name: 'b' })),
    code: 'shared-storage',
    says: /shares its numbers with b\. Where both layers see the image, name both; else give one a copy/,
  },
  'two views that overlap': {
    pickle: dict(tensor({ name: 'a', count: 24 }), tensor({ name: 'b', count: 24, offset: 11 })),
    storage: numbers(96),
    code: 'shared-storage',
  },
  'growth into the next tensor': {
    pickle: SIDE_BY_SIDE,
    storage: numbers(96),
    change: WIDE,
    code: 'shared-storage',
  },
  'the same tensor kept in the memo, under another name too': {
    pickle: dict(tensor({ name: 'a' }), 'q\x09', text('b'), 'h\x09'),
    code: 'shared-storage',
  },
  'numbers that are quantised': { pickle: dict(QUANTISED), storage: numbers(12), code: 'quantised' },
  'a size that is used twice without the memo': {
    pickle: dict(tensor({ name: 'a', dims: raw(tuple(4, 3, 1, 1), '20') })),
    code: 'shared-literal',
  },
  'a number of a size that the memo keeps': {
    pickle: dict(tensor({ name: 'a', dims: raw('(K\x04K\x03q\x07K\x01K\x01t') })),
    code: 'shared-literal',
  },
};
for (const [name, { pickle, storage = numbers(48), change, code, says = /./ }] of Object.entries(REFUSED)) {
  test(`refused: ${name}`, async () => {
    const file = await openTorch(archive(pickle, { storages: { '0': storage } }));
    const bytes = code === 'quantised' ? numbers(4) : numbers(16);
    await assert.rejects(file.splices([change ?? { ...one('a'), bytes }]), (error) => {
      assert.ok(error instanceof ChannelwiseError, String(error));
      assert.equal(error.kind, 'refused');
      assert.equal(error.code, code);
      assert.match(error.message, says);
      return true;
    });
  });
}

test('storages that are views of others, as the oldest files have them, are read at their offset', async () => {
  const view = raw('(', text('7'), integer(2), integer(10), 't');
  const pickle = dict(tensor({ name: 'a', count: 12, dims: tuple(2, 5), strides: tuple(5, 1), view }));
  const file = await openTorch(archive(pickle));
  assert.deepEqual(Buffer.from(await tensorBytes(file, 'a')), Buffer.from(numbers(48).subarray(8)));
});

/** torch's own combination of checksums, over the archive as Python reads it. */
const SERIALIZATION_ID = `
import sys, zipfile
archive, seed = zipfile.ZipFile(sys.argv[1]), 0
for info in archive.infolist():
    if info.filename.endswith(".data/serialization_id"): break
    if info.file_size: seed ^= (info.CRC + 0x9e3779b9 + (seed << 6) % 2**64 + (seed >> 2)) % 2**64
assert archive.testzip() is None
assert archive.read(info).decode()[20:] == str(seed).zfill(20), (archive.read(info), seed)
`;
test('the serialization id of newer torch follows', { skip: weightsMissing }, async () => {
  const real = weightFile('taesana-encoder-fp16.pth');
  const source = new MemorySource(readFileSync(real));
  const file = await openTorch(source);
  const adapted = new SplicedSource(source, await file.splices([await foldTensor(file, '0.weight', false)]));
  const folder = temporaryFolder('id');
  try {
    const path = join(folder, 'adapted.pth');
    writeFileSync(path, await adapted.read(0, adapted.size));
    for (const of of [path, real]) {
      const python = spawnSync('/usr/bin/python3', ['-c', SERIALIZATION_ID, of], { encoding: 'utf8' });
      assert.equal(python.status, 0, python.stderr);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
