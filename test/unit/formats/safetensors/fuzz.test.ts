// Slow: hundreds of damaged files.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { safetensorsFormat } from '../../../../src/formats/safetensors/format.ts';
import { Random } from '../../../fixtures/random.ts';
import { checkFile } from '../../../fuzz/files/check.ts';
import { runFuzz } from '../../../fuzz/run.ts';

const FAILED = new URL('../../../fixtures/fuzz/', import.meta.url);
const INPUTS = 1500;

test('inputs that once failed', async () => {
  const files = existsSync(FAILED) ? readdirSync(FAILED).filter((name) => name.endsWith('.safetensors')) : [];
  for (const file of files)
    for (let seed = 0; seed < 7; seed++)
      await checkFile(safetensorsFormat, new Uint8Array(readFileSync(new URL(file, FAILED))), new Random(seed));
});

test(`${INPUTS} damaged safetensors files: a typed error, or a result that holds`, async () => {
  const seed = Number(process.env.CHANNELWISE_SEED ?? 1);
  const report = await runFuzz({ kind: 'safetensors', seed, inputs: INPUTS });
  assert.deepEqual(report.failures, []);
  for (const outcome of ['changed', 'open: safetensors', 'open: json'])
    assert.ok((report.outcomes[outcome] ?? 0) > 100, `${outcome}: ${JSON.stringify(report.outcomes)}`);
});
