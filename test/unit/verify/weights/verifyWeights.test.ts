import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grayscale } from '../../../../src/adapt/maps/channelMap.ts';
import { adaptWeights } from '../../../../src/adapt/weights/adaptWeights.ts';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { safetensorsFormat } from '../../../../src/formats/safetensors/format.ts';
import { encodeRaw } from '../../../../src/tensors/elements.ts';
import type { StoredTensor } from '../../../../src/tensors/storedTensor.ts';
import { verifyWeights } from '../../../../src/verify/weights/verifyWeights.ts';
import { floatWeights, safetensorsFile, type WeightsTensor } from '../../../fixtures/safetensors.ts';

async function tensorsOf(tensors: readonly WeightsTensor[]): Promise<readonly StoredTensor[]> {
  const file = await safetensorsFormat.open(new MemorySource(safetensorsFile(tensors)), { name: 'm' });
  return file.tensors;
}

const ORIGINAL: readonly WeightsTensor[] = [
  floatWeights('conv1.weight', [8, 3, 5, 5]),
  floatWeights('conv1.bias', [8]),
  floatWeights('fc.weight', [4, 8]),
  floatWeights('optimizer.state.0.exp_avg', [8, 3, 5, 5]),
];

/** The original with what adapting it changes. */
async function adapted(): Promise<WeightsTensor[]> {
  const { changes } = await adaptWeights({ tensors: await tensorsOf(ORIGINAL), map: grayscale() });
  return ORIGINAL.map((tensor) => {
    const change = changes.find(({ tensor: name }) => name === tensor.name);
    return change ? { ...tensor, dims: change.dims, bytes: change.bytes } : tensor;
  });
}

const floats = (bytes: Uint8Array): number[] => [...new Float32Array(bytes.slice().buffer)];

/** One tensor with other numbers. */
function withNumbers(tensors: readonly WeightsTensor[], name: string, change: (v: number) => number): WeightsTensor[] {
  return tensors.map((tensor) =>
    tensor.name === name ? { ...tensor, bytes: encodeRaw(1, floats(tensor.bytes).map(change), name) } : tensor,
  );
}

async function verdict(tensors: readonly WeightsTensor[]): Promise<string> {
  const report = await verifyWeights({
    original: await tensorsOf(ORIGINAL),
    adapted: await tensorsOf(tensors),
    map: null,
    seed: 1,
  });
  return `${report.verdict}: ${report.statement}`;
}

test('the largest difference of a verified layer lies within the tolerance beside it, however loud its filters are', async () => {
  const loudness = (i: number): number => 10 ** -(Math.floor(i / 75) % 8);
  const values = Array.from({ length: 8 * 3 * 25 }, (_, i) => Math.sin(i) * loudness(i));
  const original = await tensorsOf([floatWeights('conv1.weight', [8, 3, 5, 5], values)]);
  const { changes } = await adaptWeights({ tensors: original, map: grayscale() });
  const [change] = changes;
  assert.ok(change);
  const adapted = await tensorsOf([{ name: change.tensor, type: 'F32', dims: change.dims, bytes: change.bytes }]);
  for (let seed = 0; seed < 10; seed++) {
    const { verdict, tensors } = await verifyWeights({ original, adapted, map: null, seed });
    assert.equal(verdict, 'proved');
    for (const { maxAbs, tolerance } of tensors) assert.ok(maxAbs <= tolerance, `${maxAbs} > ${tolerance}`);
  }
});

test('what adapting gives is verified', async () => {
  assert.match(
    await verdict(await adapted()),
    /^proved: Verified: relative error .* the other 2 tensors are byte-identical/,
  );
});

/** TensorProto.DataType, and a type of safetensors of as many bits. */
const COARSE = [
  { name: 'float16', dtype: 10, type: 'F16' },
  { name: 'bfloat16', dtype: 16, type: 'BF16' },
  { name: 'float8e4m3fn', dtype: 17, type: 'F8_E4M3' },
  { name: 'float8e4m3fnuz', dtype: 18, type: 'F8_E4M3' },
  { name: 'float8e5m2', dtype: 19, type: 'F8_E5M2' },
  { name: 'float8e5m2fnuz', dtype: 20, type: 'F8_E5M2' },
];

for (const { name, dtype, type } of COARSE)
  test(`what adapting gives is verified in ${name} too`, async () => {
    const read = async (dims: readonly number[], bytes: Uint8Array): Promise<StoredTensor[]> => {
      const tensors = await tensorsOf([{ name: 'c.weight', type, dims, bytes }]);
      return tensors.map((tensor) => ({ ...tensor, dtype, stream: (range, visit) => tensor.stream(range, visit) }));
    };
    const values = Array.from({ length: 8 * 3 * 9 }, (_, i) => Math.sin(i));
    const original = await read([8, 3, 3, 3], encodeRaw(dtype, values, 'c'));
    const { changes } = await adaptWeights({ tensors: original, map: grayscale() });
    const adapted = await read(changes[0]!.dims, changes[0]!.bytes);
    const report = await verifyWeights({ original, adapted, map: grayscale(), seed: 2 });
    assert.equal(report.verdict, 'proved', report.statement);
  });

const WRONG: readonly [what: string, change: (good: readonly WeightsTensor[]) => WeightsTensor[]][] = [
  ['the mean in place of the sum', (good) => withNumbers(good, 'conv1.weight', (v) => v / 3)],
  [
    'one number off by a thousandth',
    (good) => withNumbers(good, 'conv1.weight', (v) => (v === floats(good[0]!.bytes)[7] ? v * 1.001 : v)),
  ],
  ['another tensor changed too', (good) => withNumbers(good, 'fc.weight', (v) => v + 1e-6)],
  ['the bias changed', (good) => withNumbers(good, 'conv1.bias', (v) => v + 1e-3)],
  ['the sum for a moment', (good) => withNumbers(good, 'optimizer.state.0.exp_avg', (v) => v * 3)],
  ['a moment left as it was', (good) => [...good.slice(0, 3), ORIGINAL[3]!]],
  ['a tensor missing', (good) => good.filter(({ name }) => name !== 'fc.weight')],
];

test('what is wrong is not verified', async (t) => {
  const good = await adapted();
  for (const [what, change] of WRONG)
    await t.test(what, async () => {
      assert.match(await verdict(change(good)), /^failed: Not the same function: /);
    });
});
