import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { SplicedSource } from '../../../../src/bytes/splicedSource.ts';
import type { Splice } from '../../../../src/bytes/splice.ts';
import { openZip } from '../../../../src/formats/zip/zipArchive.ts';
import { zipSplices } from '../../../../src/formats/zip/zipEdit.ts';
import { HoleSource } from '../../../fixtures/holeSource.ts';
import { buildZip, zipParts, type BuiltEntry } from '../../../fixtures/zipBuilder.ts';

const folder = temporaryFolder('zip');

const TEXT = new TextEncoder().encode('the same words again and again and again and again');
const PYTHON = `
import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
assert z.read(sys.argv[2]).decode() == sys.argv[3], z.read(sys.argv[2])
`;
import { temporaryFolder } from '../../../fixtures/temporaryFolder.ts';

async function edited(bytes: Uint8Array, name: string, splices: readonly Splice[]): Promise<Uint8Array> {
  const source = new MemorySource(bytes);
  const archive = await openZip(source);
  const entry = archive.entry(name);
  assert.ok(entry);
  const out = new SplicedSource(source, await zipSplices(archive, [{ entry, splices }]));
  return out.read(0, out.size);
}

const FORMS: Readonly<Record<string, Partial<BuiltEntry>>> = {
  stored: {},
  deflated: { deflated: true },
  'stored, descriptor': { descriptor: 'signed' },
  'deflated, descriptor without signature': { deflated: true, descriptor: 'unsigned' },
  'stored, wide descriptor': { descriptor: 'wide' },
  'zip64 field in the header': { zip64: true },
  'padded by torch': { padded: true, descriptor: 'signed' },
};
const EDITS: Readonly<Record<string, { splice: Splice; says: string }>> = {
  shorter: {
    splice: { start: 0, end: TEXT.length, bytes: new TextEncoder().encode('short') },
    says: 'short',
  },
  longer: {
    splice: { start: 3, end: 3, bytes: new TextEncoder().encode(' very'.repeat(40)) },
    says: `the${' very'.repeat(40)}${new TextDecoder().decode(TEXT.subarray(3))}`,
  },
  'as long as before': {
    splice: { start: 4, end: 8, bytes: new TextEncoder().encode('SAME') },
    says: new TextDecoder().decode(TEXT).replace('same', 'SAME'),
  },
};

for (const [form, entry] of Object.entries(FORMS)) {
  for (const [edit, { splice, says }] of Object.entries(EDITS)) {
    test(`an edited archive is the one that would have been written: ${form}, ${edit}`, async () => {
      const build = (middle: Uint8Array): Uint8Array =>
        buildZip({
          entries: ['a', 'folder/b', 'c', 'd'].map((name, i) => ({ name, data: i === 1 ? middle : TEXT, ...entry })),
          zip64End: true,
          comment: 'words',
        });
      const result = await edited(build(TEXT), 'folder/b', [splice]);
      assert.deepEqual(Buffer.from(result), Buffer.from(build(new TextEncoder().encode(says))));
      const path = join(folder, 'edited.zip');
      writeFileSync(path, result);
      const python = spawnSync('/usr/bin/python3', ['-c', PYTHON, path, 'folder/b', says], { encoding: 'utf8' });
      assert.equal(python.status, 0, python.stderr);
    });
  }
}

const GIB = 2 ** 30;
const SHIFTS: Readonly<Record<string, readonly [number, number]>> = {
  'behind 4 GiB all along': [4.5 * GIB, 100],
  'from behind 4 GiB to before it': [4 * GIB - 1000, 2000],
  'from before 4 GiB to behind it': [4 * GIB - 1000, 100],
};
for (const [place, [zeros, length]] of Object.entries(SHIFTS)) {
  test(`torch's zip64 fields and wide descriptors come and go with the offset: ${place}`, async () => {
    const form = { padded: true, descriptor: 'signed' } as const;
    // Torch gives no entry of 4 GiB here, so the zeros are in two.
    const build = (first: number): HoleSource =>
      new HoleSource(
        zipParts({
          entries: [
            { name: 'first', data: new Uint8Array(first).fill(1), ...form },
            ...['a', 'b'].map((name) => ({ name, data: zeros / 2, ...form })),
            ...['c', 'd'].map((name) => ({ name, data: TEXT, ...form })),
          ],
          zip64End: true,
        }),
      );
    const source = build(length);
    const archive = await openZip(source);
    const entry = archive.entry('first');
    assert.ok(entry);
    const to = length > 1000 ? 100 : 2000;
    const splices = [{ start: 0, end: length, bytes: new Uint8Array(to).fill(1) }];
    const result = new SplicedSource(source, await zipSplices(archive, [{ entry, splices }]));
    const expected = build(to);
    assert.equal(result.size, expected.size);
    for (const at of [0, expected.size - 2000])
      assert.deepEqual(Buffer.from(await result.read(at, 2000)), Buffer.from(await expected.read(at, 2000)));
  });
}

test('no change gives no splices', async () => {
  const archive = await openZip(new MemorySource(buildZip({ entries: [{ name: 'a', data: TEXT }] })));
  assert.deepEqual(await zipSplices(archive, []), []);
});

test('an entry with another name is not touched, and a wrong checksum is seen by Python', async () => {
  const result = await edited(buildZip({ entries: [{ name: 'a', data: TEXT }] }), 'a', [
    { start: 0, end: 3, bytes: Uint8Array.of(65, 66, 67) },
  ]);
  const path = join(folder, 'damaged.zip');
  const damaged = Uint8Array.from(result);
  damaged[33] = 0;
  writeFileSync(path, damaged);
  const python = spawnSync('/usr/bin/python3', ['-c', PYTHON, path, 'a', 'x'], { encoding: 'utf8' });
  assert.notEqual(python.status, 0);
});
