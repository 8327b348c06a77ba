// Slow: hundreds of damaged files.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { kerasFormat } from '../../../../src/formats/keras/format.ts';
import { Random } from '../../../fixtures/random.ts';
import { h5pyMissing } from '../../../fixtures/runH5py.ts';
import { checkFile } from '../../../fuzz/files/check.ts';
import { runFuzz } from '../../../fuzz/run.ts';

const FAILED = new URL('../../../fixtures/fuzz/', import.meta.url);
const INPUTS = 150;

test('inputs that once failed', async () => {
  const files = existsSync(FAILED) ? readdirSync(FAILED).filter((name) => name.endsWith('.keras')) : [];
  for (const file of files)
    for (let seed = 0; seed < 7; seed++)
      await checkFile(kerasFormat, new Uint8Array(readFileSync(new URL(file, FAILED))), new Random(seed));
});

test(`${INPUTS} damaged Keras files: a typed error, or a result that holds`, { skip: h5pyMissing }, async () => {
  const seed = Number(process.env.CHANNELWISE_SEED ?? 1);
  const report = await runFuzz({ kind: 'keras', seed, inputs: INPUTS });
  assert.deepEqual(report.failures, []);
  for (const outcome of ['adapted', 'changed', 'open: hdf5', 'open: json'])
    assert.ok((report.outcomes[outcome] ?? 0) > 5, `${outcome}: ${JSON.stringify(report.outcomes)}`);
});
