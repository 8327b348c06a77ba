import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openFileSource } from '../../../src/files/fileSource.ts';
import { saveBeside } from '../../../src/files/save/save.ts';
import { NODE_FS } from '../../../src/files/save/saveFs.ts';
import { removeLeftovers, tempName } from '../../../src/files/save/tempFile.ts';
import { writeFileWhole } from '../../../src/files/save/wholeFile.ts';
import { freshFolders } from '../../fixtures/temporaryFolder.ts';

const freshFolder = freshFolders('temp');

/** The number of a process that has ended. */
const { pid: DEAD } = spawnSync(process.execPath, ['--version']);

/** This process's name for a temporary file, with some of its parts changed. */
function nameWith(change: { machine?: string; pid?: number; start?: number }): string {
  const [, machine, pid, start, random] = /^\.channelwise-(\w+)-(\d+)-(\d+)-(\w+)\.tmp$/.exec(tempName()) ?? [];
  return `.channelwise-${change.machine ?? machine}-${change.pid ?? pid}-${change.start ?? start}-${random}.tmp`;
}

test('only what dead processes of this machine left is removed', async () => {
  const folder = freshFolder();
  const gone = [nameWith({ pid: DEAD })];
  // Elsewhere the system does not tell when a process began, so a number that is in use counts as alive.
  if (process.platform === 'linux') gone.push(nameWith({ start: 1 }));
  const kept = [
    tempName(),
    nameWith({ machine: '00000000', pid: DEAD }),
    nameWith({ pid: DEAD }).replace('.tmp', '.tmp2'),
    '.channelwise-notes.tmp',
    'model.onnx',
  ];
  for (const name of [...gone, ...kept]) writeFileSync(join(folder, name), 'x');
  const aFolder = nameWith({ pid: DEAD });
  mkdirSync(join(folder, aFolder));
  const aLink = nameWith({ pid: DEAD });
  symlinkSync(join(folder, 'model.onnx'), join(folder, aLink));
  await removeLeftovers(folder);
  assert.deepEqual(readdirSync(folder).sort(), [...kept, aFolder, aLink].sort());
  await removeLeftovers(join(folder, 'none'));
});

for (const hardLinks of [true, false]) {
  test(`a temporary file that somebody swaps for a link never becomes the target (${hardLinks ? 'with' : 'without'} hard links)`, async () => {
    const folder = freshFolder();
    const [secret, source] = [join(folder, 'secret'), join(folder, 'model.onnx')];
    writeFileSync(secret, 'mine');
    writeFileSync(source, 'a model');
    const opened = await openFileSource(source);
    const swapped = (from: string): void => {
      unlinkSync(from);
      symlinkSync(secret, from);
    };
    const saving = saveBeside({
      source: opened,
      splices: [],
      directory: folder,
      candidates: (i) => (i ? null : 'out.onnx'),
      fs: {
        ...NODE_FS,
        link: async (from, to) => {
          if (!hardLinks) throw Object.assign(new Error('no links'), { code: 'EPERM' });
          swapped(from);
          await NODE_FS.link(from, to);
        },
        rename: async (from, to) => {
          swapped(from);
          await NODE_FS.rename(from, to);
        },
      },
    });
    await assert.rejects(saving, { kind: 'io', code: 'temporary-replaced' });
    await opened.close();
    assert.deepEqual(readdirSync(folder).sort(), ['model.onnx', 'secret']);
    assert.equal(readFileSync(secret, 'utf8'), 'mine');
  });
}

test('a file that is replaced keeps its permissions, and a link stays a link', async () => {
  const folder = freshFolder();
  const [file, link] = [join(folder, 'weights.npy'), join(folder, 'link.npy')];
  writeFileSync(file, 'old');
  chmodSync(file, 0o640);
  symlinkSync('weights.npy', link);
  await writeFileWhole(link, async (write) => write(Buffer.from('new')));
  assert.ok(lstatSync(link).isSymbolicLink());
  assert.equal(readFileSync(file, 'utf8'), 'new');
  if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o640);
  assert.deepEqual(readdirSync(folder).sort(), ['link.npy', 'weights.npy']);
});

test('a tensor file whose temporary file is swapped is not published', async () => {
  const folder = freshFolder();
  const [file, secret] = [join(folder, 'weights.npy'), join(folder, 'secret')];
  writeFileSync(file, 'old');
  writeFileSync(secret, 'mine');
  const saving = writeFileWhole(file, async (write) => {
    write(Buffer.from('new'));
    const [temp = ''] = readdirSync(folder).filter((name) => name.endsWith('.tmp'));
    unlinkSync(join(folder, temp));
    symlinkSync(secret, join(folder, temp));
  });
  await assert.rejects(saving, { kind: 'io', code: 'temporary-replaced' });
  assert.equal(readFileSync(file, 'utf8'), 'old');
  assert.ok(!lstatSync(file).isSymbolicLink() && existsSync(secret));
});
