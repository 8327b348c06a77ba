import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grayscale, normalize, swapRedBlue } from '../../../../src/adapt/maps/channelMap.ts';
import { adaptWeights } from '../../../../src/adapt/weights/adaptWeights.ts';
import { changedConfig } from '../../../../src/adapt/weights/configs.ts';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { safetensorsFormat } from '../../../../src/formats/safetensors/format.ts';
import { decodeRaw, encodeRaw } from '../../../../src/tensors/elements.ts';
import type { StoredTensor } from '../../../../src/tensors/storedTensor.ts';
import { floatWeights, safetensorsFile, type WeightsTensor } from '../../../fixtures/safetensors.ts';

async function tensorsOf(tensors: readonly WeightsTensor[]): Promise<readonly StoredTensor[]> {
  const file = await safetensorsFormat.open(new MemorySource(safetensorsFile(tensors)), { name: 'm' });
  return file.tensors;
}

function numbers(dtype: number, bytes: Uint8Array, count: number): number[] {
  const values = new Float64Array(count);
  decodeRaw(dtype, bytes, values);
  return [...values];
}

test('gray sums the input channels in double precision, rounded once to the stored type', async () => {
  const cases = [
    ['F32', 1],
    ['F16', 10],
    ['BF16', 16],
    ['F64', 11],
    ['F8_E4M3', 17],
  ] as const;
  for (const [type, dtype] of cases) {
    const values = [0.1, 0.2, 0.3, -0.5, 0.25, 0.125];
    const stored = encodeRaw(dtype, values, 'w');
    const kept = numbers(dtype, stored, 6);
    const tensors = await tensorsOf([{ name: 'conv1.weight', type, dims: [2, 3, 1, 1], bytes: stored }]);
    const { changes, plan } = await adaptWeights({ tensors, map: grayscale(), layers: ['conv1'] });
    const sums = [kept[0]! + kept[1]! + kept[2]!, kept[3]! + kept[4]! + kept[5]!];
    assert.deepEqual(changes[0]?.dims, [2, 1, 1, 1]);
    assert.deepEqual(changes[0]?.bytes, encodeRaw(dtype, sums, 'w'), type);
    assert.equal(plan.saved.parameters, 4);
  }
});

test('another order of channels moves numbers, bit for bit', async () => {
  const tensors = await tensorsOf([floatWeights('conv1.weight', [1, 3, 1, 2], [1, 2, 3, 4, 5, 6])]);
  const { changes } = await adaptWeights({ tensors, map: swapRedBlue() });
  assert.deepEqual(numbers(1, changes[0]!.bytes, 6), [5, 6, 3, 4, 1, 2]);
});

test('copies follow, and so do moments with the mean; a moment of another weight stays', async () => {
  const w = [1, 2, 3, 4, 5, 6];
  const tensors = await tensorsOf([
    floatWeights('model.conv1.weight', [2, 3, 1, 1], w),
    floatWeights('model.fc.weight', [2, 3]),
    floatWeights('ema.conv1.weight', [2, 3, 1, 1], w),
    floatWeights('optimizer.state.0.exp_avg', [2, 3, 1, 1], w),
    floatWeights('optimizer.state.0.exp_avg_sq', [2, 3, 1, 1], w),
    floatWeights('optimizer.state.1.exp_avg', [2, 3]),
  ]);
  const { changes, plan } = await adaptWeights({ tensors, map: grayscale(), layers: ['model.conv1'] });
  assert.deepEqual(
    changes.map(({ tensor, bytes }) => [tensor, numbers(1, bytes, 2)]),
    [
      ['model.conv1.weight', [6, 15]],
      ['ema.conv1.weight', [6, 15]],
      ['optimizer.state.0.exp_avg', [2, 5]],
      ['optimizer.state.0.exp_avg_sq', [2, 5]],
    ],
  );
  assert.ok(plan.notes.some((note) => /optimizer/.test(note)));
});

test('a tensor of several names is one layer and one parameter, as in nnU-Net', async () => {
  const layers = ['encoder.conv', 'encoder.all_modules.0', 'decoder.encoder.conv'];
  const names = layers.map((layer) => `${layer}.weight`);
  const head = floatWeights('decoder.head.weight', [4, 2, 1, 1]);
  const moments = [
    floatWeights('optimizer.state.0.exp_avg', [2, 3, 1, 1], [1, 2, 3, 4, 5, 6]),
    floatWeights('optimizer.state.1.exp_avg', [2]),
    floatWeights('optimizer.state.2.exp_avg', [4, 2, 1, 1]),
  ];
  const weights = layers.flatMap((layer) => [
    floatWeights(`${layer}.weight`, [2, 3, 1, 1], [1, 2, 3, 4, 5, 6]),
    floatWeights(`${layer}.bias`, [2]),
  ]);
  const stored = await tensorsOf([...weights, head, floatWeights('decoder.big.weight', [2, 2, 3, 3]), ...moments]);
  const tied = (parts: readonly string[]): StoredTensor[] =>
    stored.map((tensor) => {
      const part = tensor.name.split('.').at(-1) ?? '';
      const isOne = layers.some((layer) => tensor.name.startsWith(`${layer}.`)) && parts.includes(part);
      return isOne ? { ...tensor, numbersAt: part } : tensor;
    });
  const tensors = tied(['weight', 'bias']);
  for (const given of [undefined, ['decoder.encoder.conv']]) {
    const { changes, plan } = await adaptWeights({ tensors, map: grayscale(), layers: given });
    assert.deepEqual(
      changes.map(({ tensor }) => tensor).toSorted(),
      [...names, 'optimizer.state.0.exp_avg'].toSorted(),
    );
    assert.equal(plan.saved.parameters, 4);
  }
  for (const parts of [[], ['weight']])
    await assert.rejects(adaptWeights({ tensors: tied(parts), map: grayscale() }), /Say which sees the image/);
});

test('Rprop keeps a gradient and a step for each number; what is kept in a way that is not known is refused', async () => {
  const request = { map: grayscale(), layers: ['model.conv1'] };
  const weight = floatWeights('model.conv1.weight', [2, 3, 1, 1]);
  const values = [1, 2, 3, 4, 5, 6];
  const kinds = ['prev', 'step_size'];
  const rprop = kinds.map((kind) => floatWeights(`optimizer.state.0.${kind}`, [2, 3, 1, 1], values));
  const { changes } = await adaptWeights({ tensors: await tensorsOf([weight, ...rprop]), ...request });
  assert.deepEqual(
    changes.slice(1).map(({ bytes }) => numbers(1, bytes, 2)),
    [
      [2, 5],
      [2, 5],
    ],
  );
  const averaged = floatWeights('optimizer.state.0.ax', [2, 3, 1, 1], values);
  const others = [[], [floatWeights('model.conv2.weight', [2, 3, 1, 1])]];
  for (const other of others) {
    const tensors = await tensorsOf([weight, ...other, averaged]);
    await assert.rejects(adaptWeights({ tensors, ...request }), { code: 'optimizer-state' });
  }
  const ofBias = [floatWeights('model.conv1.bias', [2]), floatWeights('optimizer.state.1.ax', [2])];
  const ofAnother = await tensorsOf([weight, ...ofBias, floatWeights('optimizer.state.1.exp_avg', [2])]);
  assert.equal((await adaptWeights({ tensors: ofAnother, ...request })).changes.length, 1);
});

test('moments of two weights of one shape go by the order of the parameters, or are refused', async () => {
  const weights = [
    floatWeights('a.weight', [2, 3, 1, 1]),
    floatWeights('b.weight', [2, 3, 1, 1]),
    floatWeights('optimizer.state.0.exp_avg', [2, 3, 1, 1]),
    floatWeights('optimizer.state.1.exp_avg', [2, 3, 1, 1]),
  ];
  const { changes } = await adaptWeights({ tensors: await tensorsOf(weights), map: grayscale(), layers: ['b'] });
  assert.deepEqual(
    changes.map(({ tensor }) => tensor),
    ['b.weight', 'optimizer.state.1.exp_avg'],
  );
  const odd = [...weights, floatWeights('optimizer.state.2.exp_avg', [7])];
  await assert.rejects(adaptWeights({ tensors: await tensorsOf(odd), map: grayscale(), layers: ['b'] }), {
    code: 'optimizer-order',
  });
});

test('a shift goes into the bias of a layer that does not pad, and is refused elsewhere', async () => {
  const map = normalize({ mean: [0.5], std: [0.5], scale: 1 });
  const patches = [
    floatWeights('patch_embed.proj.weight', [1, 3, 1, 2], [1, 2, 3, 4, 5, 6]),
    floatWeights('patch_embed.proj.bias', [1], [10]),
  ];
  const { changes } = await adaptWeights({ tensors: await tensorsOf(patches), map });
  assert.deepEqual(numbers(1, changes[1]!.bytes, 1), [10 - 21]);
  const padded = [floatWeights('conv1.weight', [1, 3, 3, 3]), floatWeights('conv1.bias', [1])];
  await assert.rejects(adaptWeights({ tensors: await tensorsOf(padded), map }), { code: 'shift' });
  await assert.rejects(adaptWeights({ tensors: await tensorsOf(padded.slice(0, 1)), map }), /no bias/);
});

test('a layer that is not there or does not fit, and a sum that float16 does not hold', async () => {
  const tensors = await tensorsOf([floatWeights('fc.weight', [2, 3]), floatWeights('conv.weight', [2, 4, 3, 3])]);
  await assert.rejects(adaptWeights({ tensors, map: grayscale(), layers: ['none'] }), { code: 'no-layer' });
  await assert.rejects(
    adaptWeights({ tensors, map: grayscale(), layers: ['conv'] }),
    /reads 4 channels, and the map is for 3/,
  );
  const standardised = await tensorsOf([floatWeights('a.weight', [2, 3, 3, 3]), floatWeights('a.gain', [2, 1, 1, 1])]);
  await assert.rejects(adaptWeights({ tensors: standardised, map: grayscale(), layers: ['a'] }), /standardises/);
  const large = await tensorsOf([
    { name: 'c.weight', type: 'F16', dims: [1, 3, 1, 1], bytes: encodeRaw(10, [60000, 60000, 1], 'c') },
  ]);
  await assert.rejects(adaptWeights({ tensors: large, map: grayscale(), layers: ['c'] }), { code: 'overflow' });
});

const CONFIGS: readonly [name: string, before: string, after: string | null][] = [
  ['config.json', '{"num_channels": 3, "x": [1,  2]}', '{"num_channels": 1, "x": [1,  2]}'],
  [
    'config.json',
    '{"vision_config": {"num_channels":3}, "text": {"num_channels": 4}}',
    '{"vision_config": {"num_channels":1}, "text": {"num_channels": 4}}',
  ],
  ['preprocessor_config.json', '{"image_mean": [0.5, 0.5, 0.5], "size": 3}', '{"image_mean": [0.5], "size": 3}'],
  [
    'config.json',
    '{"pretrained_cfg": {"input_size": [3, 224, 224], "mean": [0, 0.5, 1]}}',
    '{"model_args": {"in_chans": 1}, "pretrained_cfg": {"input_size": [1, 224, 224], "mean": [0.5]}}',
  ],
  ['config.json', '{"hidden_size": 3}', null],
];

test('configs agree with the new weights, and the rest stays as it was written', () => {
  for (const [name, before, after] of CONFIGS)
    assert.equal(changedConfig(name, before, grayscale())?.text ?? null, after);
});
