import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CountingSource, MemorySource } from '../../../src/bytes/byteSource.ts';
import { DTYPES, dtypeName, rawBytes } from '../../../src/tensors/dtypes.ts';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import { MAX_BARS } from '../../../src/tensors/histogram.ts';
import type { Tensor } from '../../../src/formats/onnx/model.ts';
import { streamNpy } from '../../../src/tensors/npy.ts';
import { scanModel } from '../../../src/formats/onnx/scan/scan.ts';
import { readStatistics, StatisticsCounter, type Statistics } from '../../../src/tensors/statistics.ts';
import { decodeTensor } from '../../../src/formats/onnx/tensors/tensorData.ts';
import type { TensorContext } from '../../../src/formats/onnx/tensors/tensorContext.ts';
import { WireReader } from '../../../src/formats/onnx/scan/wire.ts';
import { DTYPE, encodeModel, model, rawTensor } from '../../fixtures/modelBuilder.ts';
import { storedTensor } from '../../../src/formats/onnx/tensors/storedTensor.ts';
import { pythonMissing } from '../../fixtures/runPython.ts';
import { Random } from '../../fixtures/random.ts';

interface Opened {
  readonly ctx: TensorContext;
  readonly tensor: Tensor;
  readonly source: CountingSource;
}

async function opened(dtype: number, dims: readonly number[], raw: Uint8Array, signal?: AbortSignal): Promise<Opened> {
  const source = new CountingSource(
    new MemorySource(encodeModel(model({ initializers: [rawTensor('w', dtype, dims, raw)] }))),
  );
  const tensor = (await scanModel(source)).graph.initializers[0] as Tensor;
  Object.assign(source, { bytesRead: 0, reads: 0 });
  return { ctx: { wire: new WireReader(source, signal) }, tensor, source };
}

/**
 * The statistics by the textbook, from all values at once: sorted sums, so that rounding is another one than in the
 * code under test.
 */
function naive(values: readonly number[]): { mean: number; deviation: number } {
  const sum = (list: readonly number[]): number =>
    [...list].sort((a, b) => Math.abs(a) - Math.abs(b)).reduce((n, v) => n + v, 0);
  const mean = sum(values) / values.length;
  return { mean, deviation: Math.sqrt(sum(values.map((v) => (v - mean) ** 2)) / values.length) };
}

/** Relative to the largest value: doubles leave 2^-53 per step, and at most 20,000 steps are summed. */
const TOLERANCE = 1e-12;

/**
 * Bit patterns of every kind for small types, random ones for wide types: NaN, infinities, -0 and subnormals among
 * them.
 */
function patterns(dtype: number, count: number): Uint8Array {
  const bytes = Uint8Array.from({ length: rawBytes(DTYPES[dtype]!, count) }, (_, i) => i);
  const random = new Random(dtype);
  if ((DTYPES[dtype]?.bits ?? 0) > 16)
    bytes.forEach((_, i) => {
      bytes[i] = random.int(256);
    });
  if (dtype === DTYPE.bool)
    bytes.forEach((_, i) => {
      bytes[i] = i % 3 === 0 ? 1 : 0;
    });
  // Doubles whose squares overflow are tested by themselves.
  if (dtype === DTYPE.float64 || dtype === DTYPE.complex128) {
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length; at += 8) view.setFloat64(at, double(at / 8, random), true);
  }
  return bytes;
}

/** NaN, an infinity and a negative zero now and then, numbers otherwise. */
function double(i: number, random: Random): number {
  if (i % 11 === 0) return NaN;
  if (i % 10 === 0) return -Infinity;
  if (i % 9 === 0) return -0;
  return random.next() * 10 - 3;
}

for (const dtype of Object.keys(DTYPES)
  .map(Number)
  .filter((d) => d !== DTYPE.string)) {
  test(`${dtypeName(dtype)}: agrees with the textbook, and reads each byte once`, async () => {
    const count = 1001;
    const raw = patterns(dtype, count);
    const { ctx, tensor, source } = await opened(dtype, [7, 143], raw);
    const s = await readStatistics(storedTensor(ctx, tensor, 'w'));
    assert.deepEqual([source.bytesRead, source.reads], raw.length > 1024 ? [raw.length, 1] : [source.bytesRead, 1]);
    assert.ok(source.bytesRead <= Math.max(1024, raw.length));
    const all = [...(await decodeTensor(ctx, tensor, 'w')).values];
    const finite = all.filter(Number.isFinite);
    const scale = Math.max(...finite.map(Math.abs));
    const expected = naive(finite);
    assert.deepEqual(
      [s.count, s.nan, s.infinite, s.zeros],
      [
        all.length,
        all.filter(Number.isNaN).length,
        all.filter((v) => Math.abs(v) === Infinity).length,
        all.filter((v) => v === 0).length,
      ],
    );
    assert.deepEqual([Number(s.min), Number(s.max)], [Math.min(...finite), Math.max(...finite)]);
    assert.ok(Math.abs((s.mean ?? NaN) - expected.mean) <= TOLERANCE * scale, `mean ${s.mean} for ${expected.mean}`);
    assert.ok(
      Math.abs((s.deviation ?? NaN) - expected.deviation) <= TOLERANCE * scale,
      `deviation ${s.deviation} for ${expected.deviation}`,
    );
    checkHistogram(s, finite);
  });
}

function checkHistogram(s: Statistics, finite: readonly number[]): void {
  const h = s.histogram;
  assert.ok(h && Number.isInteger(Math.log2(h.width)) && h.counts.length <= MAX_BARS);
  const counts = h.counts.map(() => 0);
  for (const v of finite) counts[Math.floor(v / h.width) - h.first]! += 1;
  assert.deepEqual([...h.counts], counts);
  assert.ok(h.counts[0]! > 0 && h.counts.at(-1)! > 0, 'no empty ends');
}

test('parts of any size in any order join to the same histogram and nearly the same moments', () => {
  const random = new Random(5);
  const values = Float64Array.from({ length: 3000 }, () => (random.next() - 0.4) * 10 ** (random.int(9) - 4));
  const whole = new StatisticsCounter(false);
  whole.add({ kind: 'numbers', values });
  const parts = new StatisticsCounter(false);
  const reversed = values.toReversed();
  for (let at = 0, n = 1; at < values.length; at += n, n = 1 + random.int(400)) {
    parts.add({ kind: 'numbers', values: reversed.subarray(at, Math.min(values.length, at + n)) });
  }
  const [a, b] = [whole.result(), parts.result()];
  assert.deepEqual({ ...b, mean: 0, deviation: 0 }, { ...a, mean: 0, deviation: 0 });
  assert.ok(
    Math.abs(a.mean! - b.mean!) < 1e-12 * Number(a.max) && Math.abs(a.deviation! - b.deviation!) < 1e-12 * a.deviation!,
  );
});

test('a large mean does not drown a small spread', () => {
  const counter = new StatisticsCounter(false);
  for (let i = 0; i < 10; i++)
    counter.add({ kind: 'numbers', values: Float64Array.from({ length: 1000 }, (_, k) => 1e9 + (k % 2)) });
  assert.equal(counter.result().mean, 1e9 + 0.5);
  assert.equal(counter.result().deviation, 0.5);
});

test('edges: nothing, one number, all the same, only NaN, the ends of the double range', () => {
  const of = (values: readonly number[], whole = false): Statistics => {
    const counter = new StatisticsCounter(whole);
    for (const v of values) counter.add({ kind: 'numbers', values: Float64Array.of(v) });
    return counter.result();
  };
  assert.deepEqual(of([]), {
    count: 0,
    nan: 0,
    infinite: 0,
    zeros: 0,
    min: null,
    max: null,
    mean: null,
    deviation: null,
    histogram: null,
  });
  assert.deepEqual(of([NaN, Infinity, -Infinity]), {
    count: 3,
    nan: 1,
    infinite: 2,
    zeros: 0,
    min: null,
    max: null,
    mean: null,
    deviation: null,
    histogram: null,
  });
  const one = of([-2.5]);
  assert.deepEqual([one.min, one.mean, one.deviation, one.histogram?.counts], [-2.5, -2.5, 0, [1]]);
  const h = of([7, 7, 7], true).histogram!;
  assert.ok(h.width === 1 && h.first === 7 && h.counts[0] === 3);
  // The textbook's quotient of -5e-324 is -0, so it gets a number of the same bar there.
  checkHistogram(of([-1e308, 1.7e308, 5e-324, -5e-324]), [-1e308, 1.7e308, 5e-324, -1e290]);
  checkHistogram(of([5e-324, 1e-323, 0]), [5e-324, 1e-323, 0]);
  checkHistogram(of([1e300, 1e300 * (1 + 2 ** -52)]), [1e300, 1e300 * (1 + 2 ** -52)]);
  assert.equal(of([1.7e308, 1.7e308]).mean, null, 'the sum leaves the double range, and nothing is made up');
});

test('64-bit extremes are exact', async () => {
  const raw = new Uint8Array(BigInt64Array.of(2n ** 63n - 1n, -(2n ** 53n) - 1n, 3n).buffer);
  const { ctx, tensor } = await opened(DTYPE.int64, [3], raw);
  const s = await readStatistics(storedTensor(ctx, tensor, 'w'));
  assert.deepEqual([s.min, s.max], [-(2n ** 53n) - 1n, 2n ** 63n - 1n]);
});

test('an empty tensor, a scalar, a wrong size, texts', async () => {
  const empty = await opened(DTYPE.float32, [0, 3], new Uint8Array(0));
  assert.equal((await readStatistics(storedTensor(empty.ctx, empty.tensor, 'w'))).count, 0);
  const scalar = await opened(DTYPE.float32, [], new Uint8Array(Float32Array.of(0.25).buffer));
  assert.equal((await readStatistics(storedTensor(scalar.ctx, scalar.tensor, 'w'))).mean, 0.25);
  const lying = await opened(DTYPE.float32, [2 ** 31], new Uint8Array(8));
  await assert.rejects(
    readStatistics(storedTensor(lying.ctx, lying.tensor, 'w')),
    (e) => e instanceof ChannelwiseError && e.message === 'w should hold 8589934592 bytes for its shape, but has 8.',
  );
  const huge = await opened(DTYPE.float32, [2 ** 31, 2 ** 31], new Uint8Array(8));
  await assert.rejects(
    readStatistics(storedTensor(huge.ctx, huge.tensor, 'w')),
    (e) => e instanceof ChannelwiseError && e.code === 'dims',
  );
  const texts = await opened(DTYPE.string, [1], new Uint8Array(0));
  await assert.rejects(readStatistics(storedTensor(texts.ctx, texts.tensor, 'w')), /texts/);
});

test('a cancel stops the reading', async () => {
  const stop = new AbortController();
  const count = 3 * 2 ** 20;
  const { ctx, tensor, source } = await opened(DTYPE.uint8, [count], new Uint8Array(count), stop.signal);
  await assert.rejects(
    readStatistics(storedTensor(ctx, tensor, 'w'), { onProgress: () => stop.abort() }),
    (e) => e instanceof ChannelwiseError && e.kind === 'cancelled',
  );
  assert.equal(source.bytesRead, 3 * 2 ** 18);
});

const NUMPY = `
import json, sys, numpy as np
text = lambda v: repr(float(v)) if v.dtype.kind == 'f' else str(int(v))
out = []
for path in sys.argv[1:]:
    a = np.load(path, allow_pickle=False)
    shape, kind = list(a.shape), a.dtype.str
    if a.dtype.kind == 'c': a = a.view(a.real.dtype)
    f = a[np.isfinite(a)]
    d = f.astype(np.float64)
    out.append({"shape": shape, "kind": kind, "count": a.size, "nan": int(np.isnan(a).sum()),
        "zeros": int((a == 0).sum()), "min": text(f.min()), "max": text(f.max()),
        "mean": float(d.mean()), "std": float(d.std()), "scale": float(np.abs(d).max())})
print(json.dumps(out))
`;
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
interface FromNumpy {
  shape: number[];
  kind: string;
  count: number;
  nan: number;
  zeros: number;
  min: string;
  max: string;
  mean: number;
  std: number;
  scale: number;
}

test('numpy loads every type from .npy and finds the same statistics', { skip: pythonMissing }, async () => {
  const folder = temporaryFolder('npy');
  try {
    const dtypes = Object.keys(DTYPES)
      .map(Number)
      .filter((d) => d !== DTYPE.string);
    const ours: Statistics[] = [];
    for (const dtype of dtypes) {
      const { ctx, tensor } = await opened(dtype, [7, 11, 13], patterns(dtype, 1001));
      ours.push(await readStatistics(storedTensor(ctx, tensor, 'w')));
      const parts: Uint8Array[] = [];
      await streamNpy(storedTensor(ctx, tensor, 'w'), (bytes) => parts.push(bytes));
      writeFileSync(join(folder, `${dtype}.npy`), Buffer.concat(parts));
    }
    const { stdout, stderr } = spawnSync(
      '/usr/bin/python3',
      ['-W', 'ignore', '-c', NUMPY, ...dtypes.map((d) => join(folder, `${d}.npy`))],
      { encoding: 'utf8' },
    );
    assert.ok(stdout, stderr);
    const numpys = JSON.parse(stdout) as FromNumpy[];
    dtypes.forEach((dtype, i) => {
      const [s, n] = [ours[i]!, numpys[i]!];
      const label = dtypeName(dtype);
      assert.deepEqual([n.shape, n.count, n.nan, n.zeros], [[7, 11, 13], s.count, s.nan, s.zeros], label);
      if (typeof s.min === 'bigint') assert.deepEqual([n.min, n.max], [String(s.min), String(s.max)], label);
      else assert.deepEqual([Number(n.min), Number(n.max)], [s.min, s.max], label);
      assert.ok(
        Math.abs(n.mean - s.mean!) <= TOLERANCE * n.scale && Math.abs(n.std - s.deviation!) <= TOLERANCE * n.scale,
        `${label}: ${n.mean} ${s.mean}, ${n.std} ${s.deviation}`,
      );
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
