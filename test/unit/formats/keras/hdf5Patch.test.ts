import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { join } from 'node:path';
import h5wasm from 'h5wasm/node';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { SplicedSource } from '../../../../src/bytes/splicedSource.ts';
import { Hdf5Patch } from '../../../../src/formats/keras/hdf5/edit/patch.ts';
import { replaceDataset } from '../../../../src/formats/keras/hdf5/edit/replaceDataset.ts';
import { readTree } from '../../../../src/formats/keras/hdf5/trees/tree.ts';
import { askH5py, DUMP, h5pyMissing, writtenByH5py } from '../../../fixtures/runH5py.ts';
import { weightFile, weightsMissing } from '../../../fixtures/weightFiles.ts';
import { temporaryFolder } from '../../../fixtures/temporaryFolder.ts';

interface Dumped {
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly dims?: readonly number[];
  readonly hex?: string;
}

async function replaced(
  bytes: Uint8Array,
  path: string,
  dims: readonly number[],
  data: Float32Array,
): Promise<Uint8Array> {
  const tree = await readTree(new MemorySource(bytes));
  const patch = new Hdf5Patch(tree);
  replaceDataset(patch, tree, path, { dims, bytes: new Uint8Array(data.buffer) });
  const spliced = new SplicedSource(new MemorySource(bytes), await patch.splices());
  return spliced.read(0, spliced.size);
}

/** After the change, h5py reads the new data in the one dataset and what was there before everywhere else. */
async function changesOnly(bytes: Uint8Array, path: string, dims: readonly number[]): Promise<Uint8Array> {
  const data = Float32Array.from({ length: dims.reduce((n, d) => n * d, 1) }, (_, i) => i / 8);
  const after = await replaced(bytes, path, dims, data);
  const wanted = askH5py<Record<string, Dumped>>(bytes, DUMP);
  const row = wanted[path];
  assert.ok(row);
  wanted[path] = { ...row, dims: [...dims], hex: Buffer.from(data.buffer).toString('hex') };
  assert.deepEqual(askH5py(after, DUMP), wanted);
  return after;
}

const FILE = (options: string): string => `
f = h5py.File(path, 'w', ${options})
f.attrs['model_config'] = '{"x": 1}'
w = f.create_group('w')
k = np.arange(3 * 3 * 3 * 8, dtype='f4').reshape(3, 3, 3, 8)
for name, args in [
    ('plain', {}),
    ('chunk', {'chunks': (2, 3, 3, 4)}),
    ('gzip', {'chunks': (3, 3, 3, 8), 'compression': 'gzip', 'shuffle': True}),
    ('sum', {'chunks': (1, 3, 3, 8), 'fletcher32': True}),
    ('grow', {'chunks': (3, 3, 1, 8), 'maxshape': (3, 3, None, None)}),
    ('other', {}),
]:
    w.create_dataset(name, data=k, **args)
    w[name].attrs['note'] = name
compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
compact.set_layout(h5py.h5d.COMPACT)
h5py.h5d.create(w.id, b'compact', h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((3, 3, 3, 8)), compact).write(h5py.h5s.ALL, h5py.h5s.ALL, k)
f.close()
`;

for (const options of [
  "libver='earliest'",
  "libver='latest'",
  "libver=('v108', 'v108')",
  "libver='latest', userblock_size=512",
])
  test(`HDF5: datasets shrink and grow in files written with ${options}`, { skip: h5pyMissing }, async () => {
    const bytes = writtenByH5py(FILE(options));
    for (const name of ['plain', 'chunk', 'gzip', 'sum', 'grow', 'compact']) {
      await changesOnly(bytes, `w/${name}`, [3, 3, 1, 8]);
      await changesOnly(bytes, `w/${name}`, [3, 3, 10, 8]);
    }
  });

test('HDF5: a smaller dataset leaves the file as long as it was', { skip: h5pyMissing || weightsMissing }, async () => {
  const bytes = new Uint8Array(readFileSync(weightFile('mobilenet-0.25-96.h5')));
  const after = await changesOnly(bytes, 'model_weights/conv2d/conv2d/kernel:0', [3, 3, 1, 8]);
  assert.equal(after.length, bytes.length);
});

test('HDF5: a damaged header is noticed', { skip: h5pyMissing }, async () => {
  const bytes = writtenByH5py(FILE("libver='latest'"));
  const tree = await readTree(new MemorySource(bytes));
  const at = tree.objects.get('w/plain')?.dataset?.space.dimsAt ?? 0;
  const broken = bytes.slice();
  broken[at] = 2;
  await assert.rejects(readTree(new MemorySource(broken)), /the checksum of a block is wrong/);
});

test('HDF5: h5wasm opens what was changed', { skip: h5pyMissing }, async () => {
  await h5wasm.ready;
  const bytes = await changesOnly(writtenByH5py(FILE("libver='latest'")), 'w/gzip', [3, 3, 1, 8]);
  const path = join(temporaryFolder('h5wasm'), 'changed.h5');
  writeFileSync(path, bytes);
  const file = new h5wasm.File(path, 'r');
  const dataset = file.get('w/gzip');
  assert.ok(dataset instanceof h5wasm.Dataset);
  assert.deepEqual(dataset.shape, [3, 3, 1, 8]);
  assert.equal((dataset.value as Float32Array)[9], 9 / 8);
  file.close();
});
