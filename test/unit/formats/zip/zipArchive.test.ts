import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CountingSource, MemorySource } from '../../../../src/bytes/byteSource.ts';
import { ChannelwiseError } from '../../../../src/bytes/errors.ts';
import { openZip } from '../../../../src/formats/zip/zipArchive.ts';
import { buildZip, type BuiltEntry, type BuiltZip } from '../../../fixtures/zipBuilder.ts';

const TEXT = new TextEncoder().encode('the same words again and again and again and again');

const FORMS: Readonly<Record<string, Partial<BuiltEntry>>> = {
  stored: {},
  deflated: { deflated: true },
  'stored, descriptor': { descriptor: 'signed' },
  'deflated, descriptor without signature': { deflated: true, descriptor: 'unsigned' },
  'stored, wide descriptor': { descriptor: 'wide' },
  'zip64 field in the header': { zip64: true },
  padded: { padded: true, descriptor: 'signed' },
};

for (const [form, entry] of Object.entries(FORMS)) {
  for (const zip64End of [false, true]) {
    test(`an entry is read: ${form}${zip64End ? ', zip64 end record' : ''}`, async () => {
      const entries = ['a', 'folder/b', 'c'].map((name) => ({ name, data: TEXT, ...entry }));
      const archive = await openZip(new MemorySource(buildZip({ entries, zip64End, comment: 'words' })));
      assert.deepEqual(
        archive.entries.map((e) => e.name),
        ['a', 'folder/b', 'c'],
      );
      for (const found of archive.entries) {
        const data = await archive.data(found);
        assert.deepEqual(await data.read(0, data.size), TEXT);
        assert.deepEqual(await data.read(4, 4), TEXT.subarray(4, 8));
      }
    });
  }
}

test('empty entries with the flag of a descriptor and none behind them are read', async () => {
  const entries = [
    { name: 'a', data: new Uint8Array(0), lie: { flags: 0x808 } },
    { name: 'b', data: TEXT },
  ];
  const archive = await openZip(new MemorySource(buildZip({ entries })));
  assert.equal((await archive.data(archive.entries[0]!)).size, 0);
});

test('a stored entry is read in place: opening and one element cost little of a large archive', async () => {
  const data = new Uint8Array(20_000_000);
  const source = new CountingSource(new MemorySource(buildZip({ entries: [{ name: 'a', data }] })));
  const archive = await openZip(source);
  await (await archive.data(archive.entries[0]!)).read(10_000_000, 4);
  assert.ok(source.bytesRead < 2500, `${source.bytesRead} bytes`);
});

interface Hostile {
  readonly zip: BuiltZip | Uint8Array;
  readonly says: RegExp;
  readonly kind?: string;
}

const one = (entry: Partial<BuiltEntry>): BuiltZip => ({ entries: [{ name: 'a', data: TEXT, ...entry }] });
const sound = buildZip({ entries: [{ name: 'a', data: TEXT }] });

function changed(at: number, bytes: readonly number[]): Uint8Array {
  const out = sound.slice();
  out.set(bytes, at < 0 ? out.length + at : at);
  return out;
}

const HOSTILE: Readonly<Record<string, Hostile>> = {
  'no archive at all': { zip: TEXT, says: /cut short/ },
  'an empty file': { zip: new Uint8Array(0), says: /cut short/ },
  'a file cut short': { zip: sound.subarray(0, sound.length - 10), says: /cut short/ },
  'a directory outside of the file': { zip: changed(-6, [0xf0, 0xff, 0xff, 0x7f]), says: /leaves the file/ },
  'more entries than records': { zip: changed(-12, [9, 0]), says: /directory is cut short/ },
  'several disks': { zip: changed(-18, [3, 0]), says: /spread/, kind: 'unsupported' },
  'a name that leads up': { zip: one({ name: 'a/../../b' }), says: /leads out/ },
  'a name that leads up, Windows': { zip: one({ name: 'a\\..\\b' }), says: /leads out/ },
  'an absolute name': { zip: one({ name: '/etc/passwd' }), says: /leads out/ },
  'a name with a zero': { zip: one({ name: 'a\0b' }), says: /leads out/ },
  'the same name twice': { zip: { entries: [one({}).entries[0]!, one({}).entries[0]!] }, says: /same name/ },
  'entries that overlap': {
    zip: { entries: [one({}).entries[0]!, { name: 'b', data: TEXT, lie: { offset: 3 } }] },
    says: /overlap/,
  },
  'an entry outside of the file': { zip: one({ lie: { offset: 0x7fffffff } }), says: /leaves the file/ },
  'another name in the header': { zip: one({ lie: { headerName: 'b' } }), says: /differs from its directory/ },
  'another size in the header': { zip: one({ lie: { headerSize: 5 } }), says: /another size/ },
  'a header that is none': { zip: changed(0, [0]), says: /not where its directory says/ },
  'a wrong checksum': { zip: one({ deflated: true, lie: { crc: 7 } }), says: /damaged/ },
  'a size beyond what deflate can make': {
    zip: one({ deflated: true, lie: { size: 1e9 } }),
    says: /larger than it can/,
  },
  'more data than declared': { zip: one({ deflated: true, lie: { size: 3 } }), says: /more than it says/ },
  'less data than declared': { zip: one({ deflated: true, lie: { size: 99 } }), says: /damaged/ },
  'deflated data that is none': {
    zip: one({ data: new Uint8Array(40).fill(0xff), lie: { method: 8 } }),
    says: /damaged/,
  },
  'a bomb': {
    zip: one({ data: 600 * 2 ** 20, deflated: true }),
    says: /unpacks to more than/,
    kind: 'unsupported',
  },
  'a method that is not read': { zip: one({ lie: { method: 99 } }), says: /method 99/, kind: 'unsupported' },
  'an encrypted entry': { zip: one({ lie: { flags: 1 } }), says: /encrypted/, kind: 'unsupported' },
};

for (const [name, { zip, says, kind = 'malformed' }] of Object.entries(HOSTILE)) {
  test(`refused with its offset: ${name}`, async () => {
    const bytes = zip instanceof Uint8Array ? zip : buildZip(zip);
    const read = async (): Promise<void> => {
      const archive = await openZip(new MemorySource(bytes));
      for (const entry of archive.entries) await archive.data(entry);
    };
    await assert.rejects(read, (error) => {
      assert.ok(error instanceof ChannelwiseError, String(error));
      assert.equal(error.kind, kind);
      assert.equal(error.code, 'zip');
      assert.match(error.message, says);
      assert.equal(typeof error.place.offset, 'number');
      return true;
    });
  });
}
