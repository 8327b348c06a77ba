// Slow: thousands of damaged files.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { ChannelwiseError } from '../../../../src/bytes/errors.ts';
import { kerasFormat } from '../../../../src/formats/keras/format.ts';
import { streamDataset } from '../../../../src/formats/keras/hdf5/dataset/dataset.ts';
import { texts } from '../../../../src/formats/keras/hdf5/attributes.ts';
import { readTree } from '../../../../src/formats/keras/hdf5/trees/tree.ts';
import { Random } from '../../../fixtures/random.ts';
import { h5pyMissing, writtenByH5py } from '../../../fixtures/runH5py.ts';
import { weightFile, weightsMissing } from '../../../fixtures/weightFiles.ts';

const CODE = (libver: string): string => `
f = h5py.File(path, 'w', libver='${libver}')
f.attrs['model_config'] = '{"class_name": "Sequential", "config": {"layers": []}}'
for i in range(40): f.attrs[f'note{i}'] = 'x' * i
g = f.create_group('group')
for i in range(40): g.create_dataset(f'd{i}', data=np.arange(12, dtype='f4').reshape(3, 4))
g.create_dataset('packed', data=np.arange(600, dtype='f4').reshape(20, 30), chunks=(7, 9), compression='gzip', shuffle=True)
f.close()
`;

/** Reads everything in a file; a typed error is as good as an answer. */
async function readAll(bytes: Uint8Array): Promise<string> {
  try {
    const tree = await readTree(new MemorySource(bytes));
    for (const { dataset } of tree.objects.values())
      if (dataset && dataset.count < 1e6)
        await streamDataset(tree.file, dataset, { from: 0, to: dataset.count }, () => undefined);
    return 'read';
  } catch (error) {
    if (error instanceof ChannelwiseError && ['malformed', 'unsupported'].includes(error.kind)) return error.code;
    throw error;
  }
}

function put(bytes: Uint8Array, at: number, values: readonly number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, at);
  return copy;
}

function find(bytes: Uint8Array, text: string): number {
  const at = Buffer.from(bytes).indexOf(text, 0, 'latin1');
  assert.ok(at >= 0, text);
  return at;
}

function address(value: number): number[] {
  return Array.from({ length: 8 }, (_, i) => Math.floor(value / 256 ** i) % 256);
}

const HUGE = [0, 0, 0, 0, 0, 0, 0, 0x80];

interface Damage {
  readonly what: string;
  readonly message: RegExp;
  damaged(bytes: Uint8Array): Uint8Array;
}

const DAMAGES: readonly Damage[] = [
  {
    what: 'a B-tree whose child is itself',
    message: /lead in a circle|out of order/,
    damaged: (b) => put(put(b, find(b, 'TREE') + 5, [1]), find(b, 'TREE') + 32, address(find(b, 'TREE'))),
  },
  {
    what: 'a size of 2^63 in a local heap',
    message: /larger than any file/,
    damaged: (b) => put(b, find(b, 'HEAP') + 8, HUGE),
  },
  {
    what: 'a local heap beyond the end',
    message: /beyond the end/,
    damaged: (b) => put(b, find(b, 'HEAP') + 24, address(2 ** 40)),
  },
  { what: 'a symbol node that is none', message: /no SNOD block/, damaged: (b) => put(b, find(b, 'SNOD'), [0x58]) },
  {
    what: 'a collection of 2^63 bytes',
    message: /larger than any file/,
    damaged: (b) => put(b, find(b, 'GCOL') + 8, HUGE),
  },
  { what: 'a file that was cut short', message: /cut short/, damaged: (b) => b.slice(0, b.length - 100) },
  { what: 'nothing behind the signature', message: /can't be read|readable/, damaged: (b) => b.slice(0, 10) },
];

for (const { what, message, damaged } of DAMAGES)
  test(`HDF5: ${what} is refused`, { skip: h5pyMissing }, async () => {
    const bytes = damaged(writtenByH5py(CODE('earliest')));
    const read = async (): Promise<void> => {
      const { file, objects } = await readTree(new MemorySource(bytes));
      const attribute = objects.get('')?.attributes.get('model_config');
      if (attribute) await texts(file, attribute);
    };
    await assert.rejects(read, (error: unknown) => {
      assert.ok(error instanceof ChannelwiseError, String(error));
      assert.match(error.message, message);
      return error.kind === 'malformed' || error.kind === 'unsupported';
    });
  });

for (const libver of ['earliest', 'latest'])
  test(`HDF5: bytes changed anywhere (${libver}) are read or refused, never worse`, { skip: h5pyMissing }, async () => {
    const bytes = writtenByH5py(CODE(libver));
    const random = new Random(5);
    const outcomes = new Map<string, number>();
    for (let i = 0; i < 400; i++) {
      const copy = bytes.slice();
      const count = 1 + random.int(4);
      for (let k = 0; k < count; k++)
        copy[random.int(copy.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.int(256)]);
      const outcome = await readAll(copy);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    assert.ok((outcomes.get('hdf5') ?? 0) > 0, JSON.stringify([...outcomes]));
  });

test('Keras: archives with changed bytes are opened or refused', { skip: weightsMissing }, async () => {
  const bytes = new Uint8Array(readFileSync(weightFile('cifar10-sequential.keras'))).slice();
  const random = new Random(9);
  for (let i = 0; i < 60; i++) {
    const copy = bytes.slice();
    // Configuration and directory lie in the first and last kilobytes.
    for (let k = 0; k < 3; k++)
      copy[random.pick([random.int(9000), copy.length - 1 - random.int(400)])] = random.int(256);
    try {
      await kerasFormat.open(new MemorySource(copy), { name: 'x.keras' });
    } catch (error) {
      assert.ok(error instanceof ChannelwiseError, String((error as Error).stack));
    }
  }
});
