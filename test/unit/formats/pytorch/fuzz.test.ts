// Slow: hundreds of damaged files.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Random } from '../../../fixtures/random.ts';
import { runFuzz } from '../../../fuzz/run.ts';
import { checkTorch } from '../../../fuzz/torch/check.ts';

const FAILED = new URL('../../../fixtures/fuzz/', import.meta.url);
const INPUTS = 1000;

test('inputs that once failed', async () => {
  const files = existsSync(FAILED) ? readdirSync(FAILED).filter((name) => name.endsWith('.pth')) : [];
  for (const file of files)
    for (let seed = 0; seed < 7; seed++)
      await checkTorch(new Uint8Array(readFileSync(new URL(file, FAILED))), new Random(seed));
});

test(`${INPUTS} damaged PyTorch files: a typed error with its place, or a result that holds`, async () => {
  const report = await runFuzz({ kind: 'torch', seed: Number(process.env.CHANNELWISE_SEED ?? 1), inputs: INPUTS });
  assert.deepEqual(report.failures, []);
  for (const outcome of ['changed', 'read', 'open: pickle', 'open: zip', 'open: torch-file', 'change: shared-storage'])
    assert.ok((report.outcomes[outcome] ?? 0) > 5, `${outcome}: ${JSON.stringify(report.outcomes)}`);
});
