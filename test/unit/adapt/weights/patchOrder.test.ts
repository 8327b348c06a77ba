import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grayscale, normalize, swapRedBlue, type ChannelMap } from '../../../../src/adapt/maps/channelMap.ts';
import { adaptWeights } from '../../../../src/adapt/weights/adaptWeights.ts';
import { layerText, PATCH_ORDERS, readLayer, type PatchOrder } from '../../../../src/adapt/weights/patchOrder.ts';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { safetensorsFormat } from '../../../../src/formats/safetensors/format.ts';
import type { StoredTensor } from '../../../../src/tensors/storedTensor.ts';
import { readNumbers } from '../../../../src/tensors/tensorElements.ts';
import { verifyWeights } from '../../../../src/verify/weights/verifyWeights.ts';
import { floatWeights, safetensorsFile, type WeightsTensor } from '../../../fixtures/safetensors.ts';

const SIDE = 4;
const PIXELS = SIDE * SIDE;
const OUTPUTS = 6;
const NAME = 'to_patch_embedding.1.weight';
const MODEL = [
  floatWeights(NAME, [OUTPUTS, 3 * PIXELS]),
  floatWeights('to_patch_embedding.1.bias', [OUTPUTS]),
  floatWeights('optimizer.state.0.exp_avg', [OUTPUTS, 3 * PIXELS]),
  floatWeights('head.weight', [4, OUTPUTS]),
];

async function tensorsOf(tensors: readonly WeightsTensor[]): Promise<readonly StoredTensor[]> {
  const file = await safetensorsFormat.open(new MemorySource(safetensorsFile(tensors)), { name: 'm' });
  return file.tensors;
}

async function adapted(map: ChannelMap, order: PatchOrder): Promise<WeightsTensor[]> {
  const layers = [layerText({ name: NAME, order })];
  const { changes } = await adaptWeights({ tensors: await tensorsOf(MODEL), map, layers });
  return MODEL.map((tensor) => {
    const change = changes.find(({ tensor: name }) => name === tensor.name);
    return change ? { ...tensor, dims: change.dims, bytes: change.bytes } : tensor;
  });
}

/** A patch as the network's code hands it to the layer: `pixel(channel, at)` in this order. */
function flattened(channels: number, order: PatchOrder, pixel: (channel: number, at: number) => number): number[] {
  return Array.from({ length: channels * PIXELS }, (_, i) =>
    order === 'channels-last'
      ? pixel(i % channels, Math.floor(i / channels))
      : pixel(Math.floor(i / PIXELS), i % PIXELS),
  );
}

/** W · x + b, in double precision. */
async function linear(tensors: readonly WeightsTensor[], x: readonly number[]): Promise<number[]> {
  const [weight, bias] = await Promise.all((await tensorsOf(tensors)).slice(0, 2).map((tensor) => readNumbers(tensor)));
  return Array.from({ length: OUTPUTS }, (_, o) =>
    x.reduce((sum, value, i) => sum + value * (weight?.[o * x.length + i] ?? NaN), bias?.[o] ?? NaN),
  );
}

const MAPS = [grayscale(), swapRedBlue(), normalize({ mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4], scale: 1 })];

test('the new layer gives on new patches what the old one gave on the mapped ones, in both orders', async () => {
  for (const map of MAPS)
    for (const order of PATCH_ORDERS.keys()) {
      const channels = map.matrix[0]?.length ?? 0;
      const pixel = (channel: number, at: number): number => Math.cos(5 * at + channel);
      const old = (channel: number, at: number): number =>
        (map.matrix[channel] ?? []).reduce((sum, f, k) => sum + f * pixel(k, at), map.shift[channel] ?? 0);
      const was = await linear(MODEL, flattened(3, order, old));
      const now = await linear(await adapted(map, order), flattened(channels, order, pixel));
      for (const [i, value] of was.entries())
        assert.ok(Math.abs(value - (now[i] ?? NaN)) < 1e-5, `${map.name}, ${order}: ${value} and ${now[i]}`);
    }
});

test('it is verified in the order that is recorded, and in no other', async () => {
  for (const order of PATCH_ORDERS.keys()) {
    const request = {
      original: await tensorsOf(MODEL),
      adapted: await tensorsOf(await adapted(grayscale(), order)),
      seed: 5,
    };
    const layers = [{ name: NAME, order }];
    const known = await verifyWeights({ ...request, map: grayscale(), layers });
    assert.equal(known.verdict, 'proved', known.statement);
    assert.equal(known.warnings.length, 0);
    const [other] = [...PATCH_ORDERS.keys()].filter((one) => one !== order);
    const wrong = await verifyWeights({ ...request, map: grayscale(), layers: [{ name: NAME, order: other ?? null }] });
    assert.equal(wrong.verdict, 'failed', 'the other order');
    const unknown = await verifyWeights({ ...request, map: null });
    assert.equal(unknown.verdict, 'proved', unknown.statement);
    assert.match(unknown.warnings.join(' '), new RegExp(`does not record in which order .* agree as ${order}`));
  }
});

test('a matrix that nobody called a layer, and one in the right place with the mean, are not verified', async () => {
  const good = await adapted(grayscale(), 'channels-last');
  const values = [...(await readNumbers((await tensorsOf(good))[0] as StoredTensor))];
  const mean = good.map((t, i) =>
    i === 0
      ? floatWeights(
          t.name,
          t.dims,
          values.map((v) => v / 3),
        )
      : t,
  );
  const renamed = (tensors: readonly WeightsTensor[]): WeightsTensor[] =>
    tensors.map((tensor) => (tensor.name === NAME ? { ...tensor, name: 'fc.weight' } : tensor));
  for (const [original, other] of [
    [MODEL, mean],
    [renamed(MODEL), renamed(good)],
  ] as const) {
    const request = { original: await tensorsOf(original), adapted: await tensorsOf(other), map: grayscale(), seed: 5 };
    assert.equal((await verifyWeights(request)).verdict, 'failed');
  }
});

test('a layer is named with its order, and asked for with words where it is not', async () => {
  assert.deepEqual(readLayer('a.weight:channels-first'), { name: 'a.weight', order: 'channels-first' });
  assert.deepEqual(readLayer('a:b'), { name: 'a:b', order: null });
  const tensors = await tensorsOf(MODEL);
  const convolution = await tensorsOf([floatWeights('conv1.weight', [2, 3, 3, 3]), floatWeights('fc.weight', [4, 10])]);
  const behindNorm = (part: string): Promise<readonly StoredTensor[]> =>
    tensorsOf([
      floatWeights(`to_patch_embedding.1.${part}`, [3 * PIXELS]),
      floatWeights('to_patch_embedding.2.weight', [OUTPUTS, 3 * PIXELS]),
    ]);
  const normed =
    /^to_patch_embedding\.1\.\w+ normalises whole patches in front of .* Convert an ONNX export .* norm\.$/;
  const rows: readonly [readonly StoredTensor[], string[] | undefined, string, RegExp][] = [
    [tensors, undefined, 'choose-layer', /patches of 4×4 pixels.*1\.weight:channels-last .*:channels-first/],
    [tensors, ['to_patch_embedding.1'], 'choose-layer', /pixel by pixel.*channel by channel/],
    [tensors, [`${NAME}:channels-last`, `${NAME}:channels-first`], 'no-layer', /one order only/],
    [convolution, ['conv1:channels-last'], 'no-layer', /is no linear layer over patches/],
    [convolution, ['fc:channels-last'], 'no-layer', /in multiples/],
    [await behindNorm('weight'), undefined, 'no-layer', normed],
    [await behindNorm('weight'), ['to_patch_embedding.2:channels-last'], 'no-layer', normed],
    [await behindNorm('running_mean'), undefined, 'no-layer', normed],
  ];
  for (const [from, layers, code, message] of rows)
    await assert.rejects(
      adaptWeights({ tensors: from, map: grayscale(), layers }),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, code);
        assert.match(error.message, message);
        return true;
      },
    );
});
