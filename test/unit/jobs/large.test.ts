// Slow: files of gigabytes.
import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { convertToGray } from '../../../src/jobs/convert.ts';
import { DataFiles } from '../../../src/files/data/dataFiles.ts';
import { openFileSource } from '../../../src/files/fileSource.ts';
import { inspectFile } from '../../../src/page/printed/inspect.ts';
import { readPageModel } from '../../../src/page/readPage.ts';
import type { Tensor } from '../../../src/formats/onnx/model.ts';
import { scanModel } from '../../../src/formats/onnx/scan/scan.ts';
import { decodeTensor } from '../../../src/formats/onnx/tensors/tensorData.ts';
import { WireReader } from '../../../src/formats/onnx/scan/wire.ts';
import { STEM, writeLargeModel } from '../../fixtures/largeModel.ts';
import { folderForHoles } from '../../fixtures/temporaryFolder.ts';

/** Sparse files: as long as they say, but almost nothing stored. */
const folder = folderForHoles('large');

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const SUMMED = [0, 1, 2, 3].map((o) => [0, 1, 2].reduce((sum, c) => sum + (STEM[3 * o + c] ?? 0), 0));

function onDisk(path: string): number {
  return statSync(path).blocks * 512;
}

/** The tensors of a written model by name, and the values of its input layer's weight. */
async function reread(
  path: string,
): Promise<{ tensors: Map<string, Tensor>; stem: number[]; dims: readonly number[] }> {
  const source = await openFileSource(path);
  try {
    const model = await scanModel(source);
    const tensors = new Map(model.graph.initializers.map((t) => [t.name, t]));
    const stem = await decodeTensor(
      { wire: new WireReader(source), external: new DataFiles(path) },
      tensors.get('stem') as Tensor,
      'stem',
    );
    return { tensors, stem: [...stem.values], dims: stem.dims };
  } finally {
    await source.close();
  }
}

test('a model of 1.5 GB opens with less than 8 MB read', async () => {
  const path = join(folder, 'large.onnx');
  writeLargeModel(path, { layers: 46, side: 2896, holes: true });
  const { io, parameterCount } = await inspectFile(path);
  assert.ok(io.fileSize > 1.5e9 && io.bytesRead < 8e6, JSON.stringify(io));
  assert.equal(parameterCount, 46 * 2896 ** 2 + 4 * 2896 + 12);
});

test('offsets past 4 GiB are right: a weight behind them is folded, and all else stays where it belongs', async () => {
  const path = join(folder, 'past.onnx');
  writeLargeModel(path, { layers: 17, side: 8192, holes: true });
  const before = await reread(path);
  const { storage } = before.tensors.get('stem') as Tensor;
  assert.ok(storage.kind === 'raw' && storage.start > 4 * GIB);
  const { outPath } = await convertToGray(path);
  assert.ok(outPath);
  const now = await reread(outPath);
  assert.deepEqual([now.dims, now.stem], [[4, 1, 1, 1], SUMMED]);
  for (const [name, tensor] of before.tensors) {
    const other = now.tensors.get(name)?.storage;
    if (name !== 'stem')
      assert.ok(
        tensor.storage.kind === 'raw' &&
          other?.kind === 'raw' &&
          other.end - other.start === tensor.storage.end - tensor.storage.start,
        name,
      );
  }
  assert.ok(onDisk(outPath) < 64 * MIB, `holes were filled: ${onDisk(outPath)} bytes`);
});

test('30 GB of external data: opened without it, one weight read from behind 4 GiB, the rest still where it was', async () => {
  const path = join(folder, 'beside.onnx');
  const data = join(folder, 'weights.bin');
  const stemAt = 29e9;
  writeLargeModel(path, { layers: 7, side: 32768, holes: true, external: { name: 'weights.bin', stemAt } });
  const { dataTrouble, ...page } = await readPageModel(path);
  assert.match(dataTrouble?.message ?? '', /weights\.bin is missing/);
  const inspected = await inspectFile(path);
  const file = openSync(data, 'w');
  ftruncateSync(file, 7 * 4 * 32768 ** 2);
  writeSync(file, new Uint8Array(Float32Array.from(STEM).buffer), 0, 48, stemAt);
  closeSync(file);
  assert.ok(statSync(data).size > 30e9);
  assert.deepEqual([await readPageModel(path), await inspectFile(path)], [{ ...page, dataTrouble: null }, inspected]);
  const { outPath } = await convertToGray(path);
  assert.ok(outPath && statSync(outPath).size < MIB);
  const now = await reread(outPath);
  assert.deepEqual([now.dims, now.stem], [[4, 1, 1, 1], SUMMED]);
  assert.equal(now.tensors.get('stem')?.storage.kind, 'raw');
  for (let i = 0; i < 7; i++)
    assert.deepEqual(now.tensors.get(`w${i}`)?.storage, {
      kind: 'external',
      location: 'weights.bin',
      offset: i * 4 * 32768 ** 2,
      length: 4 * 32768 ** 2,
    });
});
