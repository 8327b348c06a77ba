import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataTrouble } from '../../../src/files/data/external.ts';
import { readPageModel } from '../../../src/page/readPage.ts';
import { DTYPE, encodeModel, externalTensor, model, node, valueInfo } from '../../fixtures/modelBuilder.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('external');

writeFileSync(join(folder, 'model.onnx'), '');
const need = (files: Record<string, number>): ReturnType<typeof dataTrouble> =>
  dataTrouble(join(folder, 'model.onnx'), new Map(Object.entries(files)));

test('the page says which data file is missing or short, and nothing once it is whole; 30 GB are not read', async () => {
  const path = join(folder, 'large.onnx');
  const length = 30 * 2 ** 30;
  writeFileSync(
    path,
    encodeModel(
      model({
        inputs: [valueInfo('x', [1, 3, 8, 8])],
        outputs: [valueInfo('y', null)],
        initializers: [
          externalTensor('w', DTYPE.float32, [4, 3, 1, 1], {
            location: 'large.data',
            offset: `${length - 48}`,
            length: '48',
          }),
        ],
        nodes: [node('Conv', ['x', 'w'], ['y'])],
      }),
    ),
  );
  const data = join(folder, 'large.data');
  assert.deepEqual((await readPageModel(path)).dataTrouble, {
    message: 'The data file large.data is missing; put it beside the model.',
    path: data,
  });
  writeFileSync(data, '');
  truncateSync(data, length - 1);
  assert.deepEqual((await readPageModel(path)).dataTrouble, {
    message: `The data file large.data has ${length - 1} bytes, but the model needs ${length}; it was cut short or belongs to another model.`,
    path: data,
  });
  truncateSync(data, length);
  const page = await readPageModel(path);
  assert.equal(page.dataTrouble, null);
  assert.equal(page.inputLayers[0]?.weight, 'w');
});

test('several missing files are one sentence that names the first and counts the others', async () => {
  writeFileSync(join(folder, 'here.bin'), 'abcd');
  assert.equal(await need({ 'here.bin': 4 }), null);
  assert.equal(
    (await need({ 'here.bin': 4, 'a.bin': 0, 'b.bin': 1 }))?.message,
    'The data file a.bin and 1 other are missing; put them beside the model.',
  );
  assert.equal(
    (await need({ 'a.bin': 0, 'b.bin': 1, 'sub/c.bin': 1 }))?.message,
    'The data file a.bin and 2 others are missing; put them beside the model.',
  );
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`${i}.bin`, 1]));
  assert.equal((await need(many))?.message, 'The data file 0.bin and others are missing; put them beside the model.');
});

test('a location that may not be read is told with its reason, and is nothing to wait for', async () => {
  mkdirSync(join(folder, 'sub'));
  symlinkSync(tmpdir(), join(folder, 'link.bin'));
  for (const [location, why] of [
    ['/data.bin', /an absolute path; only files/],
    ['../up.bin', /leads out of the folder/],
    ['link.bin', /a link that leads out/],
    ['sub', /is no regular file/],
    ['a\0b', /which is no file name/],
  ] as const) {
    const found = await need({ [location]: 1 });
    assert.match(found?.message ?? '', why);
    assert.equal(found?.path, null);
  }
});
