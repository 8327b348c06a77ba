// Slow: files of every form, against h5py.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CountingSource, MemorySource } from '../../../../src/bytes/byteSource.ts';
import { textRanges, texts } from '../../../../src/formats/keras/hdf5/attributes.ts';
import { fletcher32, lookup3 } from '../../../../src/formats/keras/hdf5/checksum.ts';
import { streamDataset } from '../../../../src/formats/keras/hdf5/dataset/dataset.ts';
import { readTree, type Hdf5Tree } from '../../../../src/formats/keras/hdf5/trees/tree.ts';
import { askH5py, DUMP, h5pyMissing, writtenByH5py } from '../../../fixtures/runH5py.ts';
import { weightFile, weightsMissing } from '../../../fixtures/weightFiles.ts';

interface Dumped {
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly dims?: readonly number[];
  readonly hex?: string;
}

/** What the C library reads must be what we read: every object, every text, every number. */
async function sameAsH5py(bytes: Uint8Array): Promise<Hdf5Tree> {
  const wanted = askH5py<Record<string, Dumped>>(bytes, DUMP);
  const tree = await readTree(new MemorySource(bytes));
  for (const [path, row] of Object.entries(wanted)) {
    const object = tree.objects.get(path);
    assert.ok(object, path);
    assert.deepEqual([...object.attributes.keys()].sort(), Object.keys(row.attrs).sort(), path);
    for (const [name, value] of Object.entries(row.attrs)) {
      const attribute = object.attributes.get(name);
      if (!attribute || !attribute.datatype.kind.endsWith('ext')) continue;
      assert.deepEqual(await texts(tree.file, attribute), [value].flat(), `${path} ${name}`);
    }
    if (row.hex === undefined) continue;
    assert.ok(object.dataset, `${path}: ${object.trouble}`);
    assert.deepEqual(object.dataset.space.dims, row.dims, path);
    if (!path.endsWith('big')) assert.equal(await hexOf(tree, path), row.hex, path);
  }
  return tree;
}

async function hexOf(tree: Hdf5Tree, path: string, range?: { from: number; to: number }): Promise<string> {
  const dataset = tree.objects.get(path)?.dataset;
  assert.ok(dataset);
  const parts: Uint8Array[] = [];
  await streamDataset(tree.file, dataset, range ?? { from: 0, to: dataset.count }, (part) => parts.push(part));
  return Buffer.concat(parts).toString('hex');
}

/**
 * Everything that h5py writes in one file: many links, many and long attributes, all element types, layouts and
 * filters.
 */
const EVERYTHING = (options: string): string => `
f = h5py.File(path, 'w', ${options})
r = np.random.default_rng(1)
f.attrs['model_config'] = '{"x": "' + 'y' * 100000 + '"}'
f.attrs['names'] = np.array([b'a', b'bcd', b'efghij'])
f.attrs['texts'] = ['one', 'two', '\\u00e9\\u00e8', '']
f.attrs['n'] = 7
g = f.create_group('many')
for i in range(1500): g.create_dataset(f'layer_{i}/x' if i % 7 == 0 else f'd{i}', data=np.float32(i))
for i in range(200): g.attrs[f'a{i}'] = 'v' * i
w = f.create_group('w')
for t in ['f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', '?']: w.create_dataset(t, data=(r.random((3, 4)) * 100).astype(t))
w.create_dataset('big', data=np.arange(3, dtype='>f4'))
k = r.integers(0, 9, (3, 3, 3, 64)).astype('f4')
w.create_dataset('chunk', data=k, chunks=(2, 2, 3, 20))
w.create_dataset('gzip', data=k, chunks=True, compression='gzip')
w.create_dataset('all', data=k, chunks=(3, 3, 1, 10), compression='gzip', shuffle=True, fletcher32=True)
w.create_dataset('sum', data=k[0, 0, 0, :63], chunks=(7,), fletcher32=True)
w.create_dataset('single', data=k, chunks=k.shape)
w.create_dataset('singlegz', data=k, chunks=k.shape, compression='gzip')
w.create_dataset('grow2', data=k, chunks=(1, 3, 3, 16), maxshape=(None, 3, 3, None), compression='gzip')
w.create_dataset('lots', data=np.arange(30000, dtype='i4'), chunks=(7,))
w.create_dataset('lotsgz', data=np.arange(30000, dtype='i4'), chunks=(7,), compression='gzip')
w.create_dataset('fill', shape=(5, 6), dtype='f4', fillvalue=2.5)
d = w.create_dataset('fillchunk', shape=(50, 60), dtype='f4', fillvalue=2.5, chunks=(7, 9))
d[10:12, 20:30] = 1
w.create_dataset('none', shape=(0, 6), dtype='f4')
w.create_dataset('scalar', data=np.int64(5))
w['soft'] = h5py.SoftLink('/w/f4')
w['hard'] = w['f4']
w['loop'] = f['/']
w.create_dataset('text', data='hello')
compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
compact.set_layout(h5py.h5d.COMPACT)
space = h5py.h5s.create_simple((3, 4))
h5py.h5d.create(w.id, b'compact', h5py.h5t.IEEE_F32LE, space, compact).write(h5py.h5s.ALL, h5py.h5s.ALL, k[0, 0, :3, :4].copy())
f.close()
`;

for (const options of [
  "libver='earliest'",
  "libver='latest'",
  "libver='latest', track_order=True",
  "libver=('earliest', 'v108')",
  "libver=('v108', 'v108')",
  "libver='latest', userblock_size=512",
]) {
  test(`HDF5: what h5py writes with ${options} is read as h5py reads it`, { skip: h5pyMissing }, async () => {
    const tree = await sameAsH5py(writtenByH5py(EVERYTHING(options)));
    assert.ok(tree.objects.get('w/soft')?.dataset);
    assert.ok(tree.objects.get('w/hard')?.dataset);
    assert.equal(tree.objects.has('w/loop'), false);
    assert.equal(await hexOf(tree, 'w/big'), '000000003f80000040000000');
    const whole = await hexOf(tree, 'w/all');
    assert.equal(await hexOf(tree, 'w/all', { from: 100, to: 1000 }), whole.slice(800, 8000));
  });
}

test('HDF5: attributes above 64 kB are huge objects of a heap', { skip: h5pyMissing }, async () => {
  const bytes = writtenByH5py(`
f = h5py.File(path, 'w', libver='latest')
f.attrs.create('model_config', np.bytes_(b'{' + b'z' * 100000 + b'}'))
f.attrs.create('other', np.bytes_(b'y' * 70000))
f.close()`);
  const tree = await sameAsH5py(bytes);
  const attribute = tree.objects.get('')?.attributes.get('model_config');
  assert.ok(attribute);
  const [range] = await textRanges(tree.file, attribute);
  assert.equal(range && range.end - range.start, 100002);
});

for (const name of ['driving-keras1-lambda.h5', 'mobilenet-0.25-96.h5', 'teachable-machine.h5'])
  test(`HDF5: ${name} is read as h5py reads it`, { skip: h5pyMissing || weightsMissing }, async () => {
    await sameAsH5py(new Uint8Array(readFileSync(weightFile(name))));
  });

test('HDF5: a file of 2 GB opens with less than 2 MB read', { skip: h5pyMissing }, async () => {
  const bytes = writtenByH5py(`
f = h5py.File(path, 'w')
for i in range(300): f.create_dataset(f'layer_{i}/kernel:0', data=np.zeros(1000, 'f4'))
f.close()`);
  const counting = new CountingSource(new Sparse(bytes, 2 ** 31));
  const tree = await readTree(counting);
  assert.equal([...tree.objects.values()].filter((o) => o.dataset).length, 300);
  assert.ok(counting.bytesRead < 2_000_000, `${counting.bytesRead} bytes read`);
});

/** A file that goes on with zeros. */
class Sparse extends MemorySource {
  override readonly size: number;

  constructor(bytes: Uint8Array, size: number) {
    super(bytes);
    this.size = size;
  }
}

test('HDF5: checksums are those of the published algorithms', () => {
  const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
  assert.equal(lookup3(ascii('Four score and seven years ago')), 0x17770551);
  assert.equal(lookup3(new Uint8Array(0)), 0xdeadbeef);
  assert.equal(fletcher32(Uint8Array.of(0, 1, 0, 2)), 0x00040003);
});
