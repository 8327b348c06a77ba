// Slow: the middle between any two small floats.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grayscale } from '../../../../src/adapt/maps/channelMap.ts';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { pieces } from '../../../../src/bytes/splice.ts';
import { toSplices } from '../../../../src/formats/onnx/edit/edit.ts';
import { decodeRaw, encodeRaw } from '../../../../src/tensors/elements.ts';
import { scanModel } from '../../../../src/formats/onnx/scan/scan.ts';
import { decodeTensor } from '../../../../src/formats/onnx/tensors/tensorData.ts';
import { replaceTensor } from '../../../../src/formats/onnx/edit/tensorEdit.ts';
import { WireReader } from '../../../../src/formats/onnx/scan/wire.ts';
import { adaptBytes } from '../../../fixtures/adaptBytes.ts';
import {
  DTYPE,
  encodeModel,
  joinBytes,
  model,
  node,
  rawField,
  rawTensor,
  utf8,
  valueInfo,
} from '../../../fixtures/modelBuilder.ts';
import { Random } from '../../../fixtures/random.ts';
import { STORED, modelOf, tensorBody } from '../../../fixtures/storedTensors.ts';

/** Types whose every pattern can be listed, with their bits. */
const SMALL = {
  float16: 16,
  bfloat16: 16,
  float8e4m3fn: 8,
  float8e4m3fnuz: 8,
  float8e5m2: 8,
  float8e5m2fnuz: 8,
  float4e2m1: 4,
  float6e2m3: 6,
  float6e3m2: 6,
} as const;

function valueOf(dtype: number, bits: number, pattern: number): number {
  const out = new Float64Array(1);
  decodeRaw(dtype, Uint8Array.of(pattern % 256, Math.floor(pattern / 256)).subarray(0, Math.ceil(bits / 8)), out);
  return out[0] ?? NaN;
}

/** The finite values of a type in order of size, each with its pattern. */
function grid(dtype: number, bits: number): { value: number; pattern: number }[] {
  const all = Array.from({ length: 2 ** bits }, (_, pattern) => ({ pattern, value: valueOf(dtype, bits, pattern) }));
  return all.filter(({ value }) => Number.isFinite(value) && !Object.is(value, -0)).sort((a, b) => a.value - b.value);
}

function patternOf(dtype: number, value: number): number {
  const bytes = encodeRaw(dtype, [value], 'w');
  return (bytes[0] ?? 0) + 256 * (bytes[1] ?? 0);
}

test('small floats round to nearest, ties to even: against the list of all values, in the middle between any two and beside it', () => {
  const random = new Random(3);
  for (const [name, bits] of Object.entries(SMALL)) {
    const dtype = DTYPE[name as keyof typeof SMALL];
    const values = grid(dtype, bits);
    for (let i = 0; i + 1 < values.length; i++) {
      const [low, high] = [values[i], values[i + 1]];
      if (!low || !high) continue;
      const middle = (low.value + high.value) / 2;
      // The middle of two 16-bit values is a double, so a tie is a tie.
      const even = low.pattern % 2 === 0 ? low : high;
      const nearly = (high.value - low.value) * (0.01 + 0.48 * random.next());
      for (const [value, wanted] of [
        [low.value, low],
        [middle, even],
        [middle - nearly, low],
        [middle + nearly, high],
      ] as const) {
        const got = valueOf(dtype, bits, patternOf(dtype, value));
        assert.ok(got === wanted.value, `${name}: ${value} became ${got}, not ${wanted.value}`);
      }
    }
    const largest = values.at(-1)?.value ?? 0;
    assert.throws(() => encodeRaw(dtype, [largest * 1.6], 'w'), { code: 'overflow' }, name);
  }
});

/**
 * Three channels whose sum is exact in double and rounded once, but goes wrong when it is added up in the type itself.
 */
const SUMS: readonly [type: keyof typeof DTYPE, channels: readonly [number, number, number], sum: number][] = [
  ['float16', [2048, 1, 1], 2050],
  ['float16', [1, 2 ** -11, 2 ** -11], 1 + 2 ** -10],
  ['float16', [2 ** -24, 2 ** -24, 2 ** -24], 3 * 2 ** -24],
  ['bfloat16', [256, 1, 1], 258],
  ['float32', [2 ** 24, 1, 1], 2 ** 24 + 2],
  ['float32', [2 ** 40, 1, -(2 ** 40)], 1],
  ['float64', [0.1, 0.2, 0.3], 0.1 + 0.2 + 0.3],
];

test('a fold accumulates in double, rounds once and keeps the type', async () => {
  for (const [type, channels, sum] of SUMS) {
    const dtype = DTYPE[type];
    const bytes = encodeModel(
      model({
        inputs: [valueInfo('x', [1, 3, 2, 2], dtype)],
        outputs: [valueInfo('y', null, dtype)],
        initializers: [rawTensor('w', dtype, [1, 3, 1, 1], encodeRaw(dtype, channels, 'w'))],
        nodes: [node('Conv', ['x', 'w'], ['y'])],
      }),
    );
    const source = new MemorySource((await adaptBytes(bytes, grayscale())).bytes);
    const [w] = (await scanModel(source)).graph.initializers;
    assert.ok(w && w.dtype === dtype, type);
    const { values } = await decodeTensor({ wire: new WireReader(source) }, w, 'w');
    assert.deepEqual([...values], [sum], `${type}: ${channels.join(' + ')}`);
    // The negative control: in the type itself the sum is another one, or rounding twice would show.
    const stepwise = channels.reduce((total, c) => {
      const out = new Float64Array(1);
      decodeRaw(dtype, encodeRaw(dtype, [total + c], 'w'), out);
      return out[0] ?? NaN;
    });
    if (type !== 'float64' && sum > 2 ** -20) assert.notEqual(stepwise, sum, type);
  }
});

test('integers: whole numbers as they are, halves to even, what does not fit is refused', () => {
  for (const [type, low, high] of [
    ['int8', -128, 127],
    ['uint8', 0, 255],
    ['int16', -32768, 32767],
    ['int4', -8, 7],
    ['uint4', 0, 15],
    ['int2', -2, 1],
    ['uint2', 0, 3],
    ['int32', -(2 ** 31), 2 ** 31 - 1],
  ] as const) {
    const out = new Float64Array(4);
    decodeRaw(DTYPE[type], encodeRaw(DTYPE[type], [low, high, 0.5, 1], 'w'), out);
    assert.deepEqual([...out], [low, high, 0, 1], type);
    for (const value of [low - 1, high + 1, NaN, Infinity])
      assert.throws(() => encodeRaw(DTYPE[type], [value], 'w'), { code: 'overflow' }, `${type} ${value}`);
  }
});

test('new values keep the storage form, name, type, text and unknown fields; external data moves inline', async () => {
  const more = joinBytes(rawField(12, 2, utf8('why it is so')), rawField(777, 2, utf8('unknown'), 2));
  for (const [form, dtype] of STORED.flatMap((f) => [[f, DTYPE.float32] as const, [f, DTYPE.float6e3m2] as const])) {
    const raw = encodeRaw(dtype, [0, 1, 2, 3, 4, 5], 'w');
    const bytes = modelOf(
      joinBytes(tensorBody(form, { name: 'w', dtype, dims: [2, 3], raw }), more),
      tensorBody('raw', { name: 'after', dtype, dims: [6], raw }),
    );
    const source = new MemorySource(bytes);
    const before = (await scanModel(source)).graph.initializers[0];
    assert.ok(before);
    const wire = new WireReader(source);
    const splices = await toSplices(wire, [await replaceTensor({ wire }, before, [3], [7, 6, 5])]);
    const out = Buffer.concat(
      pieces(bytes.length, splices).map((p) => ('bytes' in p ? p.bytes : bytes.subarray(p.start, p.end))),
    );
    const changed = new MemorySource(Uint8Array.from(out));
    const [w, after] = (await scanModel(changed)).graph.initializers;
    assert.ok(w && after);
    assert.deepEqual(
      [w.name, w.dtype, w.dims, w.storage.kind],
      ['w', dtype, [3], form === 'raw' || form === 'external' ? 'raw' : 'typed'],
      form,
    );
    if (w.storage.kind === 'typed')
      assert.deepEqual(
        w.storage.pieces.map((p) => p.packed),
        [form !== 'unpacked'],
        form,
      );
    const ctx = { wire: new WireReader(changed) };
    assert.deepEqual([...(await decodeTensor(ctx, w, 'w')).values], [7, 6, 5], form);
    assert.deepEqual([...(await decodeTensor(ctx, after, 'after')).values], [0, 1, 2, 3, 4, 5], form);
    assert.ok(out.includes(Buffer.from(more)), form);
  }
});
