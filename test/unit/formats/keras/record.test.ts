import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { SplicedSource } from '../../../../src/bytes/splicedSource.ts';
import { openKerasFile } from '../../../../src/formats/keras/kerasFile.ts';
import { kerasSplices } from '../../../../src/formats/keras/writeKeras.ts';
import { subclassedArchive } from '../../../fixtures/keras/weightFiles.ts';
import { askH5py, DUMP, h5pyMissing, writtenByH5py } from '../../../fixtures/runH5py.ts';

const KEY = 'channelwise.adaptation';
type Dump = Record<string, { attrs: Record<string, unknown> }>;

async function recorded(bytes: Uint8Array, record: string): Promise<Uint8Array> {
  const source = new MemorySource(bytes);
  const file = await openKerasFile(source);
  const out = new SplicedSource(source, await kerasSplices(file, { datasets: new Map(), config: [], record }));
  return out.read(0, out.size);
}

async function recordOf(bytes: Uint8Array): Promise<string | null> {
  return (await openKerasFile(new MemorySource(bytes))).record;
}

/** A file with so many attributes at its root, as a version of the library writes it. */
function file(libver: string, attributes: number): Uint8Array {
  return writtenByH5py(`
with h5py.File(path, "w", libver="${libver}") as f:
    for i in range(${attributes}): f.attrs[f"a{i}"] = "text %d" % i
    for i in range(3): f.create_dataset(f"group{i}/data", data=np.arange(20, dtype="f4") + i)
`);
}

/** How the library writes headers, attributes at the root, and whether there is room for the record. */
const FORMS: readonly (readonly [libver: string, attributes: number, fits: boolean])[] = [
  ['earliest', 3, true],
  ['earliest', 0, true],
  ['latest', 3, true],
  ['latest', 0, true],
  ['latest', 30, false],
];

for (const [libver, attributes, fits] of FORMS)
  test(
    `the record of a file of libver ${libver} with ${attributes} attributes is one more attribute`,
    { skip: h5pyMissing },
    async () => {
      const before = file(libver, attributes);
      const old = askH5py<Dump>(before, DUMP);
      let after = before;
      // Told again, the longer story takes the place of the first one.
      for (const record of ['["é"]', `["${'x'.repeat(3000)}"]`]) {
        after = await recorded(after, record);
        const now = askH5py<Dump>(after, DUMP);
        const told = now['']?.attrs[KEY];
        assert.equal(told, fits ? record : undefined);
        assert.equal(await recordOf(after), fits ? record : null);
        delete now['']?.attrs[KEY];
        assert.deepEqual(now, old);
      }
      if (!fits) assert.deepEqual(after, before);
    },
  );

test(
  'a configuration that grows stays so where its attribute moves for the record',
  { skip: h5pyMissing },
  async () => {
    for (const libver of ['earliest', 'latest']) {
      const source = new MemorySource(
        writtenByH5py(`
with h5py.File(path, "w", libver="${libver}") as f:
    f.attrs["model_config"] = '{"class_name": "Sequential", "config": {"layers": []}}'
    f.create_dataset("data", data=np.arange(20, dtype="f4"))
`),
      );
      const keras = await openKerasFile(source);
      const at = keras.config?.json.start ?? NaN;
      const edit = { start: at + 1, end: at + 1, text: `"name": "${'x'.repeat(500)}", ` };
      const change = { datasets: new Map(), config: [edit], record: '["a"]' };
      const out = new SplicedSource(source, await kerasSplices(keras, change));
      const attrs = askH5py<Dump>(await out.read(0, out.size), DUMP)['']?.attrs ?? {};
      assert.match(String(attrs['model_config']), /^\{"name": "x{500}", "class_name": "Sequential"/);
      assert.equal(attrs[KEY], '["a"]');
    }
  },
);

test('a record too long for an attribute is left out', { skip: h5pyMissing }, async () => {
  const before = file('earliest', 3);
  assert.deepEqual(await recorded(before, 'x'.repeat(70_000)), before);
});

test('the record of an archive stands in its metadata, and nothing else changes', { skip: h5pyMissing }, async () => {
  const before = subclassedArchive({ 'stem/vars/0': [3, 3, 3, 8] });
  const once = await recorded(before, '["a"]');
  const twice = await recorded(once, '["a", "b"]');
  assert.equal(await recordOf(before), null);
  assert.equal(await recordOf(once), '["a"]');
  assert.equal(await recordOf(twice), '["a", "b"]');
  const { archive, config } = await openKerasFile(new MemorySource(twice));
  assert.deepEqual(JSON.parse(archive?.metadata?.text ?? ''), { keras_version: '3.3.3', [KEY]: '["a", "b"]' });
  assert.equal(config?.text, (await openKerasFile(new MemorySource(before))).config?.text);
});
