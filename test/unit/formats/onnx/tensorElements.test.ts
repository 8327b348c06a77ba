import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CountingSource, MemorySource } from '../../../../src/bytes/byteSource.ts';
import { DTYPES, dtypeName, rawBytes } from '../../../../src/tensors/dtypes.ts';
import { knownRow } from '../../../../src/tensors/elements.ts';
import { elementsInTurn } from '../../../../src/tensors/parts.ts';
import { ChannelwiseError } from '../../../../src/bytes/errors.ts';
import type { SparseTensor, Tensor } from '../../../../src/formats/onnx/model.ts';
import { scanModel } from '../../../../src/formats/onnx/scan/scan.ts';
import { decodeTensor } from '../../../../src/formats/onnx/tensors/tensorData.ts';
import { streamNumbers } from '../../../../src/tensors/tensorElements.ts';
import type { TensorContext } from '../../../../src/formats/onnx/tensors/tensorContext.ts';
import { readElements } from '../../../../src/tensors/tensorElements.ts';
import { WireReader } from '../../../../src/formats/onnx/scan/wire.ts';
import {
  DTYPE,
  encodeModel,
  int64Tensor,
  model,
  rawField,
  rawTensor,
  utf8,
  varint,
} from '../../../fixtures/modelBuilder.ts';
import { storedTensor } from '../../../../src/formats/onnx/tensors/storedTensor.ts';
import { STORED, modelOf, rawOf, tensorBody, type Stored } from '../../../fixtures/storedTensors.ts';
import { PATTERNS } from './elementPatterns.ts';

/** A context over a model of one tensor; external data begins at byte 64 of a file that holds `raw`. */
async function opened(
  bytes: Uint8Array,
  raw: Uint8Array = new Uint8Array(0),
): Promise<{ ctx: TensorContext; tensor: Tensor; source: CountingSource; outside: [number, number | null][] }> {
  const source = new CountingSource(new MemorySource(bytes));
  const scanned = await scanModel(source);
  const outside: [number, number | null][] = [];
  const external = {
    read: async (location: string, offset: number, length: number | null): Promise<Uint8Array> => {
      assert.equal(location, 'data.bin');
      outside.push([offset, length]);
      if (offset - 64 + (length ?? 0) > raw.length) throw new ChannelwiseError('io', 'external-short', 'short');
      return raw.slice(offset - 64, length === null ? undefined : offset - 64 + length);
    },
  };
  const tensor = scanned.graph.initializers[0];
  assert.ok(tensor);
  return { ctx: { wire: new WireReader(source), external }, tensor, source, outside };
}

function same(got: ArrayLike<number | bigint>, wanted: readonly (number | bigint)[], what: string): void {
  assert.equal(got.length, wanted.length, what);
  for (const [i, value] of wanted.entries())
    assert.ok(Object.is(got[i], value), `${what}: element ${i} is ${got[i]}, not ${value}`);
}

test('the table has every element type of IR 14 with its number', () => {
  for (const [name, number] of Object.entries(DTYPE)) assert.equal(dtypeName(number), name);
  assert.equal(Object.keys(DTYPES).length, Object.keys(DTYPE).length);
});

test('every element type in every storage form: the whole tensor, and every range of it', async () => {
  for (const [name, pairs] of PATTERNS) {
    const dtype = DTYPE[name];
    const { lanes, bits } = knownRow(dtype);
    const raw = rawOf(
      pairs.map(([pattern]) => pattern),
      (bits ?? 8) / lanes,
    );
    const values = pairs.map(([, value]) => value);
    const count = values.length / lanes;
    for (const form of STORED) {
      const { ctx, tensor } = await opened(modelOf(tensorBody(form, { name: 'w', dtype, dims: [count], raw })), raw);
      const whole = await decodeTensor(ctx, tensor, 'w');
      same(whole.values, values.map(Number), `${name}, ${form}`);
      for (let from = 0; from <= count; from++) {
        for (let to = from; to <= count; to++) {
          const part = await readElements(storedTensor(ctx, tensor, 'w'), { from, to });
          assert.equal(part.kind, name === 'int64' || name === 'uint64' ? 'integers' : 'numbers');
          same(
            part.values as ArrayLike<number | bigint>,
            values.slice(from * lanes, to * lanes),
            `${name}, ${form}, ${from} to ${to}`,
          );
        }
      }
    }
  }
});

test('data that is too short or too long for the dims is refused, whatever the type and storage', async () => {
  for (const [name, pairs] of PATTERNS) {
    const dtype = DTYPE[name];
    const { lanes, bits } = knownRow(dtype);
    const raw = rawOf(
      pairs.map(([pattern]) => pattern),
      (bits ?? 8) / lanes,
    );
    // Elements that share a byte can't be missed one by one.
    const step = elementsInTurn((bits ?? 8) / lanes);
    const count = pairs.length / lanes;
    for (const form of STORED) {
      for (const wrong of [count + step, count - step, 2 ** 40]) {
        const { ctx, tensor } = await opened(modelOf(tensorBody(form, { name: 'w', dtype, dims: [wrong], raw })), raw);
        await assert.rejects(
          decodeTensor(ctx, tensor, 'w'),
          (e) => e instanceof ChannelwiseError && ['tensor-size', 'tensor-too-large'].includes(e.code),
          `${name}, ${form}, ${wrong}`,
        );
        await assert.rejects(
          readElements(storedTensor(ctx, tensor, 'w'), { from: wrong - 1, to: wrong }),
          (e) => e instanceof ChannelwiseError && e.code === 'tensor-size',
          `${name}, ${form}, ${wrong}`,
        );
      }
    }
  }
});

test('a range reads only its own bytes', async () => {
  const count = 1_000_000;
  const raw = new Uint8Array(Float32Array.from({ length: count }, (_, i) => i).buffer);
  for (const form of ['raw', 'external', 'packed'] satisfies Stored[]) {
    const { ctx, tensor, source, outside } = await opened(
      modelOf(tensorBody(form, { name: 'w', dtype: DTYPE.float32, dims: [1000, 1000], raw })),
      raw,
    );
    const before = source.bytesRead;
    const { values } = await readElements(storedTensor(ctx, tensor, 'w'), { from: 700_000, to: 700_010 });
    same(
      values as Float64Array,
      Array.from({ length: 10 }, (_, i) => 700_000 + i),
      form,
    );
    assert.ok(source.bytesRead - before <= 4096, `${form}: ${source.bytesRead - before}`);
    if (form === 'external')
      assert.deepEqual(outside, [
        [64 + 4 * count - 1, 1],
        [64 + 2_800_000, 40],
      ]);
  }
});

test('values are streamed in parts of bounded size', async () => {
  const count = 600_000;
  const raw = new Uint8Array(Float32Array.from({ length: count }, (_, i) => i).buffer);
  for (const form of ['raw', 'external', 'packed'] satisfies Stored[]) {
    const { ctx, tensor } = await opened(
      modelOf(tensorBody(form, { name: 'w', dtype: DTYPE.float32, dims: [count], raw })),
      raw,
    );
    let at = 0;
    let parts = 0;
    await streamNumbers(storedTensor(ctx, tensor, 'w'), (values) => {
      assert.ok(values.length <= 2 ** 18 && values.every((value, i) => value === at + i));
      at += values.length;
      parts++;
    });
    assert.equal(at, count);
    assert.ok(parts > 2);
  }
});

test('texts by range, as bytes; a wrong count is refused', async () => {
  const texts = ['one', '', 'ünïcode', 'four'];
  const body = (count: number): Uint8Array =>
    Uint8Array.from([
      ...rawField(1, 0, Uint8Array.from(varint(count))),
      ...rawField(2, 0, Uint8Array.of(8)),
      ...texts.flatMap((t) => [...rawField(6, 2, utf8(t))]),
    ]);
  const { ctx, tensor } = await opened(modelOf(body(4)));
  for (const [from, to] of [
    [0, 4],
    [1, 3],
    [2, 2],
    [3, 4],
  ] as const) {
    const { kind, values } = await readElements(storedTensor(ctx, tensor, 'w'), { from, to });
    assert.equal(kind, 'texts');
    assert.deepEqual(
      Array.from(values as Uint8Array[], (v) => new TextDecoder().decode(v)),
      texts.slice(from, to),
    );
  }
  for (const count of [3, 5]) {
    const wrong = await opened(modelOf(body(count)));
    await assert.rejects(readElements(storedTensor(wrong.ctx, wrong.tensor, 'w'), { from: 0, to: count }), {
      code: 'tensor-size',
    });
  }
});

const SPARSE_INDICES: readonly [what: string, dims: number[], indices: number[], valid: boolean][] = [
  ['positions in the flat tensor', [3], [1, 5, 11], true],
  ['one coordinate row per value', [3, 2], [0, 1, 1, 1, 2, 3], true],
  ['a position outside', [3], [1, 5, 12], false],
  ['a negative position', [3], [-1, 5, 11], false],
  ['a coordinate outside its axis', [3, 2], [0, 5, 1, 1, 2, 3], false],
  ['fewer indices than values', [2], [1, 5], false],
];

test('sparse tensors are filled out with zeros, for any range; indices outside are refused', async () => {
  for (const [what, indexDims, indices, valid] of SPARSE_INDICES) {
    for (const [name, values] of [
      ['float32', rawTensor('s', DTYPE.float32, [3], new Uint8Array(Float32Array.of(1, 2, 3).buffer))],
      ['int64', int64Tensor('s', [3], [1, 2, 3])],
    ] as const) {
      const source = new MemorySource(
        encodeModel(
          model({ sparseInitializers: [{ dims: [3, 4], values, indices: int64Tensor('i', indexDims, indices) }] }),
        ),
      );
      const sparse = (await scanModel(source)).graph.sparseInitializers[0] as SparseTensor;
      const ctx = { wire: new WireReader(source) };
      if (!valid) {
        await assert.rejects(
          readElements(storedTensor(ctx, sparse, 's'), { from: 0, to: 12 }),
          { kind: 'malformed', code: 'sparse' },
          what,
        );
        continue;
      }
      const dense = [0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 3];
      for (const [from, to] of [
        [0, 12],
        [1, 6],
        [6, 11],
        [11, 12],
      ] as const) {
        const part = await readElements(storedTensor(ctx, sparse, 's'), { from, to });
        assert.deepEqual(Array.from(part.values as Float64Array, Number), dense.slice(from, to), `${what}, ${name}`);
        assert.equal(part.kind, name === 'int64' ? 'integers' : 'numbers');
      }
    }
  }
});

test('sizes in bytes are those of the packing rules', () => {
  for (const [dtype, count, bytes] of [
    [DTYPE.float32, 3, 12],
    [DTYPE.int4, 3, 2],
    [DTYPE.uint2, 5, 2],
    [DTYPE.complex128, 2, 32],
    [DTYPE.float4e2m1, 1, 1],
    [DTYPE.float6e2m3, 5, 4],
    [DTYPE.float6e3m2, 8, 6],
  ] as const) {
    assert.equal(rawBytes(knownRow(dtype), count), bytes);
  }
});
