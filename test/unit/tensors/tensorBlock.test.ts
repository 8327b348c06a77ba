import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CountingSource, MemorySource } from '../../../src/bytes/byteSource.ts';
import { streamCsv } from '../../../src/tensors/csv.ts';
import { elementTexts, numberText } from '../../../src/tensors/elementText.ts';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import type { Tensor } from '../../../src/formats/onnx/model.ts';
import { npyHeader, npyNote } from '../../../src/tensors/npy.ts';
import { scanModel } from '../../../src/formats/onnx/scan/scan.ts';
import { readBlock } from '../../../src/tensors/tensorBlock.ts';
import type { ElementRange } from '../../../src/tensors/storedTensor.ts';
import type { TensorContext } from '../../../src/formats/onnx/tensors/tensorContext.ts';
import { WireReader } from '../../../src/formats/onnx/scan/wire.ts';
import { DTYPE, encodeModel, floatTensor, int64Tensor, model, rawTensor, utf8 } from '../../fixtures/modelBuilder.ts';
import { storedTensor } from '../../../src/formats/onnx/tensors/storedTensor.ts';
import type { onnx } from 'onnx-proto';

async function opened(
  tensor: onnx.ITensorProto,
): Promise<{ ctx: TensorContext; tensor: Tensor; source: CountingSource }> {
  const source = new CountingSource(new MemorySource(encodeModel(model({ initializers: [tensor] }))));
  const scanned = (await scanModel(source)).graph.initializers[0] as Tensor;
  Object.assign(source, { bytesRead: 0, reads: 0 });
  return { ctx: { wire: new WireReader(source) }, tensor: scanned, source };
}

const range = (from: number, to: number): ElementRange => ({ from, to });
const counted = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** The block by index arithmetic, element by element. */
function slow(dims: readonly number[], ranges: readonly ElementRange[]): number[] {
  let found = [0];
  dims.forEach((dim, axis) => {
    found = found.flatMap((at) =>
      counted(dim)
        .slice(ranges[axis]!.from, ranges[axis]!.to)
        .map((i) => at * dim + i),
    );
  });
  return found;
}

test('every block of a small tensor, stored as raw bytes and as numbers', async () => {
  const dims = [2, 3, 4];
  const raw = floatTensor('w', dims, counted(24));
  for (const tensor of [
    raw,
    { name: 'w', dataType: DTYPE.float32, dims, floatData: counted(24) },
    { name: 'w', dataType: DTYPE.int32, dims, int32Data: counted(24) },
    int64Tensor('w', dims, counted(24)),
  ]) {
    const { ctx, tensor: t } = await opened(tensor);
    for (let a = 0; a < 3; a++)
      for (let b = a; b <= 2; b++)
        for (let c = 0; c < 4; c++)
          for (let d = c; d <= 3; d++)
            for (let e = 0; e < 5; e++)
              for (let f = e; f <= 4; f++) {
                const ranges = [range(a, b), range(c, d), range(e, f)];
                assert.deepEqual(
                  Array.from(elementTexts(t.dtype, await readBlock(storedTensor(ctx, t, 'w'), ranges)), Number),
                  a > b ? [] : slow(dims, ranges),
                );
              }
  }
});

test('a block reads its own bytes and no others', async () => {
  const { ctx, tensor, source } = await opened(floatTensor('w', [4, 1000, 1000], new Float32Array(4e6)));
  await readBlock(storedTensor(ctx, tensor, 'w'), [range(2, 3), range(0, 1000), range(0, 1000)]);
  assert.deepEqual([source.bytesRead, source.reads], [4e6, 6], 'one axis whole: one run, in steps of 768 KiB');
  Object.assign(source, { bytesRead: 0, reads: 0 });
  await readBlock(storedTensor(ctx, tensor, 'w'), [range(1, 2), range(10, 20), range(300, 600)]);
  assert.deepEqual([source.bytesRead, source.reads], [10 * 300 * 4, 10]);
});

test('what leaves the tensor or is too much', async () => {
  const { ctx, tensor, source } = await opened(floatTensor('w', [2000, 1000], new Float32Array(2e6)));
  await assert.rejects(readBlock(storedTensor(ctx, tensor, 'w'), [range(0, 3), range(0, 1001)]), RangeError);
  await assert.rejects(readBlock(storedTensor(ctx, tensor, 'w'), [range(0, 3)]), RangeError);
  await assert.rejects(
    readBlock(storedTensor(ctx, tensor, 'w'), [range(0, 2000), range(0, 1000)]),
    (e) => e instanceof ChannelwiseError && e.code === 'block-too-large',
  );
  assert.equal(source.bytesRead, 0);
  const scalar = await opened(floatTensor('s', [], [2]));
  assert.deepEqual((await readBlock(storedTensor(scalar.ctx, scalar.tensor, 's'), [])).values, Float64Array.of(2));
});

test('numbers as text: the fewest digits that read back', () => {
  assert.equal(numberText(DTYPE.float32, Math.fround(0.1)), '0.1');
  assert.equal(numberText(DTYPE.float32, Math.fround(1 / 3)), '0.33333334');
  assert.equal(numberText(DTYPE.float64, 0.1), '0.1');
  assert.equal(numberText(DTYPE.float16, 0.0999755859375), '0.1');
  assert.equal(numberText(DTYPE.bfloat16, 0.10009765625), '0.1');
  assert.equal(numberText(DTYPE.float8e4m3fn, 0.1015625), '0.1');
  assert.deepEqual(
    [NaN, Infinity, -0, -7].map((v) => numberText(DTYPE.float32, v)),
    ['NaN', 'Infinity', '-0', '-7'],
  );
  assert.deepEqual(elementTexts(DTYPE.complex64, { kind: 'numbers', values: Float64Array.of(1, -2, 0.5, 3) }), [
    '1-2i',
    '0.5+3i',
  ]);
  assert.deepEqual(elementTexts(DTYPE.bool, { kind: 'numbers', values: Float64Array.of(0, 1) }), ['false', 'true']);
  assert.deepEqual(elementTexts(DTYPE.int64, { kind: 'integers', values: BigInt64Array.of(2n ** 63n - 1n) }), [
    '9223372036854775807',
  ]);
  let all = true;
  for (let i = 0; i < 20_000; i++) {
    const value = Math.fround(Math.sin(i) * 10 ** ((i % 60) - 30));
    all &&= Math.fround(Number(numberText(DTYPE.float32, value))) === value;
  }
  assert.ok(all);
});

async function csv(tensor: onnx.ITensorProto): Promise<string> {
  const { ctx, tensor: t } = await opened(tensor);
  let text = '';
  await streamCsv(storedTensor(ctx, t, 'w'), (bytes) => {
    text += new TextDecoder().decode(bytes);
  });
  return text;
}

test('CSV by rank', async () => {
  assert.equal(await csv(floatTensor('w', [], [0.5])), '0.5\r\n');
  assert.equal(await csv(floatTensor('w', [3], [1, 2.5, NaN])), '1\r\n2.5\r\nNaN\r\n');
  assert.equal(await csv(floatTensor('w', [2, 3], counted(6))), '0,1,2\r\n3,4,5\r\n');
  assert.equal(
    await csv(floatTensor('w', [2, 2, 2], counted(8))),
    'axis0,axis1,0,1\r\n0,0,0,1\r\n0,1,2,3\r\n1,0,4,5\r\n1,1,6,7\r\n',
  );
  assert.equal(await csv(floatTensor('w', [0, 2], [])), '');
  assert.equal(
    await csv({ name: 'w', dataType: DTYPE.string, dims: [1, 2], stringData: [utf8('a"b'), utf8('c')] }),
    '"a""b",c\r\n',
  );
});

test('a text that a spreadsheet would run is a text, and a negative number stays a number', async () => {
  const stringData = [utf8('=HYPERLINK("x")'), utf8('@a'), utf8('-1')];
  assert.equal(
    await csv({ name: 'w', dataType: DTYPE.string, dims: [1, 3], stringData }),
    `"'=HYPERLINK(""x"")",'@a,'-1\r\n`,
  );
  assert.equal(await csv(floatTensor('w', [2], [-1, -0.5])), '-1\r\n-0.5\r\n');
});

test('the head of a .npy file, byte by byte', () => {
  const head = Buffer.from(npyHeader('<f4', [64, 3]));
  assert.equal(head.length % 64, 0);
  assert.equal(
    head.toString('latin1').trimEnd(),
    "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (64, 3), }",
  );
  assert.equal(head.readUInt16LE(8), head.length - 10);
  assert.match(Buffer.from(npyHeader('|u1', [5])).toString('latin1'), /'shape': \(5,\)/);
  assert.match(Buffer.from(npyHeader('|u1', [])).toString('latin1'), /'shape': \(\)/);
  assert.match(npyNote(DTYPE.bfloat16) ?? '', /no bfloat16, so the file holds float32/);
  assert.match(npyNote(DTYPE.int4) ?? '', /holds int8/);
  assert.equal(npyNote(DTYPE.float16), null);
});

test('any byte but 0 is a true bool', async () => {
  assert.equal(await csv(rawTensor('w', DTYPE.bool, [3], Uint8Array.of(0, 7, 1))), 'false\r\ntrue\r\ntrue\r\n');
});
