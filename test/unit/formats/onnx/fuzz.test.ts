// Slow: hundreds of mutated models.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { checkInput } from '../../../fuzz/check.ts';
import { runFuzz } from '../../../fuzz/run.ts';
import { Random } from '../../../fixtures/random.ts';

const FAILED = new URL('../../../fixtures/fuzz/', import.meta.url);
const INPUTS = 400;

test('inputs that once failed', async () => {
  const files = existsSync(FAILED) ? readdirSync(FAILED).filter((f) => f.endsWith('.onnx')) : [];
  assert.ok(files.length);
  for (const file of files)
    for (let seed = 0; seed < 7; seed++)
      await checkInput(new Uint8Array(readFileSync(new URL(file, FAILED))), new Random(seed));
});

test(`${INPUTS} mutated models: a typed error with its place, or a result that holds; longer runs with npm run fuzz`, async () => {
  const report = await runFuzz({ kind: 'onnx', seed: Number(process.env.CHANNELWISE_SEED ?? 1), inputs: INPUTS });
  assert.deepEqual(report.failures, []);
  // The mutations reach every stage, and not all are thrown out at the first.
  for (const outcome of [
    'converted',
    'scan: malformed',
    'scan: split-message',
    'adapt: no-image-input',
    'adapt: tensor-size',
  ])
    assert.ok((report.outcomes[outcome] ?? 0) > 5, `${outcome}: ${JSON.stringify(report.outcomes)}`);
});
