import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import { convertToGray } from '../../../src/jobs/convert.ts';
import { verifyFiles } from '../../../src/jobs/verify.ts';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import { runtimeError } from '../../../src/verify/runtimeErrors.ts';
import {
  DTYPE,
  encodeModel,
  externalTensor,
  floatTensor,
  model,
  node,
  valueInfo,
} from '../../fixtures/modelBuilder.ts';
import { changed } from '../../fixtures/modelFile.ts';
import { verifyInThread } from '../../fixtures/verifyThread.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('bad-days');
const weights = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 1.3));

function writeModel(name: string): string {
  const path = join(folder, name);
  writeFileSync(
    path,
    encodeModel(
      model({
        inputs: [valueInfo('image', [1, 3, 9, 9])],
        outputs: [valueInfo('y', null)],
        initializers: [floatTensor('w', [2, 3, 3, 3], weights(54))],
        nodes: [node('Conv', ['image', 'w'], ['y'])],
      }),
    ),
  );
  return path;
}

const garbage = join(folder, 'garbage.wasm');
writeFileSync(garbage, 'no WebAssembly at all');
const RUNTIMES: readonly [string, string][] = [
  ['is missing', join(folder, 'nowhere.wasm')],
  ['is damaged', garbage],
];
for (const [what, wasm] of RUNTIMES) {
  test(`a runtime that ${what}: one sentence, the file stays, unproved, and the folds are checked by arithmetic`, async () => {
    const original = writeModel(`runtime ${what}.onnx`);
    const { outPath } = await convertToGray(original);
    const { worker, report } = verifyInThread({ original, adapted: outPath ?? '', wasm: pathToFileURL(wasm).href });
    const found = await report;
    await worker.terminate();
    assert.equal(found.verdict, 'unproved');
    assert.match(
      found.statement,
      /^Not verified: ONNX Runtime could not be loaded \(.*\)\. The changed weight that could be recomputed is the exact sum\. But adapting the original again gives this file, byte for byte\.$/,
    );
    assert.ok(!found.statement.includes('\n'));
    assert.ok(existsSync(outPath ?? ''));
    // The arithmetic is a check of its own: a wrong sum is caught without any runtime.
    const wrong = join(folder, `wrong ${what}.onnx`);
    writeFileSync(
      wrong,
      changed(readFileSync(outPath ?? ''), (_, g) => {
        const w = g.initializer.find((t) => t.name === 'w');
        if (w)
          w.rawData = new Uint8Array(
            new Float32Array(Uint8Array.from(w.rawData as Uint8Array).buffer).map((v) => v * 1.001).buffer,
          );
      }),
    );
    const second = verifyInThread({ original, adapted: wrong, wasm: pathToFileURL(wasm).href });
    assert.equal((await second.report).verdict, 'failed');
    await second.worker.terminate();
  });
}

test('what the runtime says when memory runs out is told in one sentence', () => {
  for (const said of [
    'std::bad_alloc',
    'RuntimeError: memory access out of bounds',
    'failed to allocate a buffer',
    8736532,
  ]) {
    const e = runtimeError(typeof said === 'number' ? said : new Error(said), 'run');
    assert.equal(e.code, 'runtime-memory', String(said));
    assert.match(e.message, /^ONNX Runtime .*\.$/);
  }
});

test('a weight file that vanished or has other bytes is not proved', async () => {
  const beside = join(folder, 'beside');
  mkdirSync(beside);
  const original = join(beside, 'model.onnx');
  writeFileSync(join(beside, 'late.bin'), new Uint8Array(weights(18).buffer));
  writeFileSync(
    original,
    encodeModel(
      model({
        inputs: [valueInfo('image', [1, 3, 9, 9])],
        outputs: [valueInfo('y', null)],
        initializers: [
          floatTensor('w', [2, 3, 3, 3], weights(54)),
          externalTensor('late', DTYPE.float32, [1, 2, 3, 3], { location: 'late.bin' }),
        ],
        nodes: [node('Conv', ['image', 'w'], ['c']), node('Conv', ['c', 'late'], ['y'])],
      }),
    ),
  );
  const { outPath } = await convertToGray(original);
  assert.equal((await verifyFiles(original, outPath ?? '')).verdict, 'proved');
  // The same model in another folder, with one number of the weights behind the seam changed.
  const moved = join(folder, 'moved');
  mkdirSync(moved);
  writeFileSync(join(moved, 'model.gray.onnx'), readFileSync(outPath ?? ''));
  const other = weights(18);
  other[7] = (other[7] ?? 0) + 0.01;
  writeFileSync(join(moved, 'late.bin'), new Uint8Array(other.buffer));
  assert.equal((await verifyFiles(original, join(moved, 'model.gray.onnx'))).verdict, 'failed');
  writeFileSync(join(moved, 'late.bin'), new Uint8Array(weights(18).buffer));
  const same = await verifyFiles(original, join(moved, 'model.gray.onnx'));
  assert.deepEqual([same.verdict, same.seam?.identicalNodes], ['proved', 1], 'the same bytes in another file');
  renameSync(join(moved, 'late.bin'), join(moved, 'gone.bin'));
  await assert.rejects(
    verifyFiles(original, join(moved, 'model.gray.onnx')),
    (e: unknown) => e instanceof ChannelwiseError && /late\.bin/.test(e.message) && !e.message.includes('\n'),
  );
});
