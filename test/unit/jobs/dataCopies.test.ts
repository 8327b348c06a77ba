import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { grayscale } from '../../../src/adapt/maps/channelMap.ts';
import { DataFiles } from '../../../src/files/data/dataFiles.ts';
import {
  markWritten,
  markWrittenModel,
  removeWritten,
  removeWrittenModel,
  type WrittenModel,
} from '../../../src/files/written.ts';
import { adaptFile, convertToGray } from '../../../src/jobs/convert.ts';
import {
  DTYPE,
  encodeModel,
  externalTensor,
  floatTensor,
  model,
  node,
  valueInfo,
} from '../../fixtures/modelBuilder.ts';
import { freshFolders } from '../../fixtures/temporaryFolder.ts';

const freshFolder = freshFolders('data');

const STEM = Float32Array.from({ length: 24 }, (_, i) => i - 5);
const FAR = Float32Array.of(1, 2, 3, 4, 5, 6);

/**
 * A Conv whose weight lies inside or in `stem`, and a MatMul whose weight lies in the file `far`; both files are
 * written.
 */
function modelIn(folder: string, far: string, stem: string | null = null): string {
  const path = join(folder, 'model.onnx');
  writeFileSync(
    path,
    encodeModel(
      model({
        inputs: [valueInfo('x', [1, 3, 4, 4])],
        outputs: [valueInfo('y', null)],
        initializers: [
          stem === null
            ? floatTensor('stem', [2, 3, 2, 2], STEM)
            : externalTensor('stem', DTYPE.float32, [2, 3, 2, 2], { location: stem }),
          externalTensor('far', DTYPE.float32, [3, 2], { location: far }),
        ],
        nodes: [node('Conv', ['x', 'stem'], ['c']), node('MatMul', ['c', 'far'], ['y'])],
      }),
    ),
  );
  mkdirSync(join(folder, far, '..'), { recursive: true });
  writeFileSync(join(folder, far), FAR);
  if (stem !== null) writeFileSync(join(folder, stem), STEM);
  return path;
}

test('data files that the output points to go along, also into a folder below; those it does not need stay', async () => {
  const [from, to] = [freshFolder(), freshFolder()];
  const path = modelIn(from, 'weights/far.bin', 'stem.bin');
  const out = join(to, 'gray.onnx');
  const dry = await convertToGray(path, { out, dryRun: true });
  assert.deepEqual(readdirSync(to), []);
  const { dataCopies } = await convertToGray(path, { out });
  // The first weight is inline now, so its file is not needed.
  assert.deepEqual(dataCopies, [
    {
      location: 'weights/far.bin',
      from: join(from, 'weights/far.bin'),
      path: join(to, 'weights/far.bin'),
      size: 24,
      present: false,
    },
  ]);
  assert.deepEqual(dry.dataCopies, dataCopies);
  assert.deepEqual(readdirSync(to, { recursive: true }).sort(), ['gray.onnx', 'weights', join('weights', 'far.bin')]);
  assert.ok(readFileSync(join(to, 'weights/far.bin')).equals(Buffer.from(FAR.buffer)));
  assert.deepEqual((await convertToGray(path)).dataCopies, []);
});

test('a file in the place of a copy is never overwritten; the very same bytes are as good as a copy', async () => {
  const [from, to] = [freshFolder(), freshFolder()];
  const path = modelIn(from, 'far.bin');
  writeFileSync(join(to, 'far.bin'), 'mine');
  await assert.rejects(convertToGray(path, { out: join(to, 'gray.onnx') }), { kind: 'io', code: 'exists' });
  assert.deepEqual(readdirSync(to), ['far.bin']);
  assert.equal(readFileSync(join(to, 'far.bin'), 'utf8'), 'mine');
  writeFileSync(join(to, 'far.bin'), FAR);
  const { ino } = statSync(join(to, 'far.bin'));
  const { dataCopies } = await convertToGray(path, { out: join(to, 'gray.onnx') });
  assert.deepEqual(
    dataCopies.map(({ present }) => present),
    [true],
  );
  assert.equal(statSync(join(to, 'far.bin')).ino, ino);
});

test('where the model can not be written, the copies are taken back', async () => {
  const [from, to] = [freshFolder(), freshFolder()];
  const path = modelIn(from, 'weights/part/far.bin');
  writeFileSync(join(to, 'gray.onnx'), 'mine');
  await assert.rejects(convertToGray(path, { out: join(to, 'gray.onnx') }), { kind: 'io', code: 'exists' });
  assert.deepEqual(readdirSync(to), ['gray.onnx']);
  await assert.rejects(convertToGray(path, { out: join(to, 'none', 'gray.onnx') }), {
    kind: 'io',
    code: 'folder-missing',
  });
  assert.deepEqual(readdirSync(to), ['gray.onnx']);
  writeFileSync(join(to, 'weights'), 'a file where the folder of the copy would be');
  await assert.rejects(convertToGray(path, { out: join(to, 'new.onnx') }), { kind: 'io', code: 'folder-missing' });
  assert.deepEqual(readdirSync(to), ['gray.onnx', 'weights']);
});

test('a link below the new folder does not lead a copy out of it', async () => {
  const [from, to, elsewhere] = [freshFolder(), freshFolder(), freshFolder()];
  const path = modelIn(from, 'weights/far.bin');
  symlinkSync(elsewhere, join(to, 'weights'));
  await assert.rejects(convertToGray(path, { out: join(to, 'gray.onnx') }), {
    kind: 'refused',
    code: 'external-location',
  });
  assert.deepEqual(readdirSync(elsewhere), []);
});

test('undo takes the folders that were made for copies, but not one that holds something else by then', async () => {
  const [from, to] = [freshFolder(), freshFolder()];
  mkdirSync(join(to, 'there'));
  const path = modelIn(from, 'there/made/inner/far.bin');
  const convert = async (): Promise<WrittenModel> => {
    const { outPath, dataCopies, madeFolders } = await convertToGray(path, { out: join(to, 'gray.onnx') });
    assert.deepEqual(madeFolders, [join(to, 'there/made/inner'), join(to, 'there/made')]);
    return markWrittenModel(
      outPath ?? '',
      dataCopies.map((copy) => copy.path),
      madeFolders,
    );
  };
  await removeWrittenModel(await convert());
  assert.deepEqual(readdirSync(to, { recursive: true }), ['there']);
  const second = await convert();
  writeFileSync(join(to, 'there/made/notes.txt'), 'mine');
  await removeWrittenModel(second);
  const left = readdirSync(to, { recursive: true }).sort();
  assert.deepEqual(left, ['there', join('there', 'made'), join('there', 'made', 'notes.txt')]);
});

test('undo takes the copies too, but not those that a later model uses or that were changed', async () => {
  const [from, to] = [freshFolder(), freshFolder()];
  const path = modelIn(from, 'far.bin');
  const convert = async (name: string): Promise<WrittenModel> => {
    const { outPath, dataCopies } = await convertToGray(path, { out: join(to, name) });
    return markWrittenModel(
      outPath ?? '',
      dataCopies.filter(({ present }) => !present).map((copy) => copy.path),
    );
  };
  writeFileSync(join(to, 'older.onnx'), 'a model that was there before');
  // Times on disks are whole milliseconds at best.
  await new Promise((resolve) => {
    setTimeout(resolve, 20);
  });
  const data = join(to, 'far.bin');
  assert.deepEqual(await removeWrittenModel(await convert('gray.onnx')), { removed: [data], stayed: [] });
  assert.deepEqual(readdirSync(to), ['older.onnx']);
  const first = await convert('first.onnx');
  await convert('second.onnx');
  const [used, changed] = ['may be used by another model', 'changed since'];
  assert.deepEqual(await removeWrittenModel(first), { removed: [], stayed: [{ path: data, why: used }] });
  assert.deepEqual(readdirSync(to).sort(), ['far.bin', 'older.onnx', 'second.onnx']);
  rmSync(join(to, 'second.onnx'));
  rmSync(join(to, 'far.bin'));
  const third = await convert('third.onnx');
  writeFileSync(join(to, 'far.bin'), 'mine');
  assert.deepEqual(await removeWrittenModel(third), { removed: [], stayed: [{ path: data, why: changed }] });
  assert.deepEqual(readdirSync(to).sort(), ['far.bin', 'older.onnx']);
  rmSync(data);
  const fourth = await convert('fourth.onnx');
  rmSync(data);
  assert.deepEqual(await removeWrittenModel(fourth), { removed: [], stayed: [] });
});

test('a file that was edited in place, with its size kept and its times put back, is not deleted', async () => {
  const path = join(freshFolder(), 'gray.onnx');
  writeFileSync(path, 'abcd');
  const { atime, mtime } = statSync(path);
  const written = await markWritten(path);
  writeFileSync(path, 'abxd');
  utimesSync(path, atime, mtime);
  await assert.rejects(removeWritten(written), { kind: 'refused', code: 'changed' });
  assert.ok(existsSync(path));
  await removeWritten(await markWritten(path));
  assert.ok(!existsSync(path));
});

test('a data file that is written to while it is read, or before the model is written, ends the conversion', async () => {
  const folder = freshFolder();
  const path = modelIn(folder, 'far.bin', 'stem.bin');
  for (const file of ['stem.bin', 'far.bin']) {
    const before = readFileSync(join(folder, file));
    let changed = false;
    await assert.rejects(
      adaptFile(path, {
        map: grayscale(),
        onProgress: () => {
          if (changed) return;
          changed = true;
          writeFileSync(join(folder, file), new Uint8Array(before.length));
        },
      }),
      { kind: 'io', code: 'source-changed' },
      file,
    );
    assert.ok(changed);
    writeFileSync(join(folder, file), before);
    assert.deepEqual(readdirSync(folder).sort(), ['far.bin', 'model.onnx', 'stem.bin']);
  }
  const data = new DataFiles(path);
  assert.equal((await data.read('far.bin', 0, 4)).length, 4);
  await data.close();
  writeFileSync(join(folder, 'far.bin'), new Uint8Array(24));
  await assert.rejects(data.read('far.bin', 0, 4), { kind: 'io', code: 'source-changed' });
});
