// Slow: every model of libonnx-testdata in ONNX Runtime.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { grayscale } from '../../../src/adapt/maps/channelMap.ts';
import { realInputs } from '../../../src/adapt/inputs/candidates.ts';
import { MemorySource } from '../../../src/bytes/byteSource.ts';
import { dtypeName } from '../../../src/tensors/dtypes.ts';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import { scanModel } from '../../../src/formats/onnx/scan/scan.ts';
import { adaptBytes } from '../../fixtures/adaptBytes.ts';
import { Random } from '../../fixtures/random.ts';
import { relativeL2, runModel, type Value } from '../../fixtures/runtime.ts';

/** Debian's package libonnx-testdata: over a thousand models of the ONNX project's own tests. */
const FOLDERS = ['/usr/share/libonnx-testdata', '/usr/share/onnx'];

function modelsUnder(folder: string): string[] {
  return existsSync(folder)
    ? readdirSync(folder, { recursive: true })
        .map(String)
        .filter((f) => f.endsWith('.onnx'))
        .map((f) => join(folder, f))
    : [];
}

const MODELS = FOLDERS.flatMap(modelsUnder).sort();
const skip = MODELS.length ? false : 'libonnx-testdata is not installed';

type Make = (r: Random, count: number) => Value['data'];
const whole = (r: Random, n: number, low: number, high: number): number[] =>
  Array.from({ length: n }, () => low + r.int(high - low));
const MAKE: Readonly<Record<string, Make>> = {
  float32: (r, n) => r.floats(n, 2),
  float64: (r, n) => Float64Array.from(r.floats(n, 2)),
  int8: (r, n) => Int8Array.from(whole(r, n, -4, 5)),
  uint8: (r, n) => Uint8Array.from(whole(r, n, 0, 9)),
  int32: (r, n) => Int32Array.from(whole(r, n, 0, 2)),
  int64: (r, n) => BigInt64Array.from(whole(r, n, 0, 2).map(BigInt)),
  bool: (r, n) => Uint8Array.from(whole(r, n, 0, 2)),
};

function repeatChannel(image: Value, axis: number): Value {
  const before = image.dims.slice(0, axis).reduce((n, d) => n * d, 1);
  const after = image.dims.slice(axis + 1).reduce((n, d) => n * d, 1);
  const list: (number | bigint)[] = [];
  for (let o = 0; o < before; o++)
    for (let c = 0; c < 3; c++) for (let i = 0; i < after; i++) list.push(image.data[o * after + i] ?? 0);
  const data = (image.data.constructor as unknown as { from(values: (number | bigint)[]): Value['data'] }).from(list);
  return { ...image, dims: image.dims.map((d, i) => (i === axis ? 3 : d)), data };
}

const NOT_AN_IMAGE =
  'an image has 3 to 5 axes|no axis of 3 where channels lie|no weight behind it is seen to take 3 channels|\\w+ holds no pixels|only a tensor can be an image';
/** Why a model is refused, by the error's code: each input is named with its type and the reason. */
const REASONS: Readonly<Record<string, RegExp>> = {
  'no-image-input': new RegExp(
    `^No input takes images of 3 channels: (the model has no inputs|input .+ is .+ \\((${NOT_AN_IMAGE})\\).*)\\.$`,
    's',
  ),
  'ambiguous-axis':
    /^Input `.+`, \w+\[.+\], may have its channels on axis \d or \d, and the model reads all of these alike; say which/,
  'already-gray': /^The model already takes one channel: input `.+` is \w+\[.+\]\.$/,
};

test('every model of libonnx-testdata converts exactly or is refused with a reason', { skip }, async () => {
  let converted = 0;
  let compared = 0;
  let refused = 0;
  for (const path of MODELS) {
    const original = readFileSync(path);
    try {
      const { bytes, plan } = await adaptBytes(original, grayscale());
      converted++;
      const worst = await compare(original, bytes, new Map(plan.inputs.map((i) => [i.name, i.axis])));
      if (worst === null) continue;
      compared++;
      assert.ok(worst < 1e-5, `${path}: relative L2 ${worst}`);
    } catch (error) {
      if (!(error instanceof ChannelwiseError))
        throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      assert.equal(error.kind, 'refused', `${path}: ${error.message}`);
      assert.match(error.message, REASONS[error.code] ?? /no reason is known for this code/, path);
      refused++;
    }
  }
  console.log(
    `libonnx-testdata: ${converted} converted, ${compared} of them compared in ONNX Runtime, ${refused} refused`,
  );
  assert.ok(converted > 100 && compared > 90 && refused > 800, `${converted} ${compared} ${refused}`);
});

/** The worst difference over all outputs; null where the runtime can't run the original. */
async function compare(
  original: Uint8Array,
  adapted: Uint8Array,
  axes: ReadonlyMap<string, number>,
): Promise<number | null> {
  const model = await scanModel(new MemorySource(original));
  const random = new Random(5);
  const before: Record<string, Value> = {};
  const after: Record<string, Value> = {};
  for (const input of realInputs(model.graph)) {
    if (input.type?.kind !== 'tensor' || !input.type.dims) return null;
    const axis = axes.get(input.name);
    const declared = input.type.dims.map((d) => (typeof d === 'number' ? d : 2));
    const dims = declared.map((d, i) => (i === axis ? 1 : d));
    const type = dtypeName(input.type.dtype);
    const data = MAKE[type]?.(
      random,
      dims.reduce((n, d) => n * d, 1),
    );
    if (!data) return null;
    const value = { type, dims, data };
    after[input.name] = value;
    before[input.name] = axis === undefined ? value : repeatChannel(value, axis);
  }
  let expected: Record<string, Value>;
  try {
    expected = await runModel(original, before);
  } catch {
    return null;
  }
  const got = await runModel(adapted, after);
  return Math.max(
    0,
    ...Object.entries(expected).map(([name, value]) => (got[name] ? relativeL2(got[name], value) : Infinity)),
  );
}
