import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grayscale } from '../../../../src/adapt/maps/channelMap.ts';
import { adaptWeights } from '../../../../src/adapt/weights/adaptWeights.ts';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { safetensorsFormat } from '../../../../src/formats/safetensors/format.ts';
import { floatWeights, safetensorsFile } from '../../../fixtures/safetensors.ts';
import { kerasMoments } from '../../../../src/adapt/weights/kerasMoments.ts';

/** `conv.weight 2×3×1×2`, several in a text. */
async function changedOf(texts: string, layers?: readonly string[]): Promise<string[]> {
  const tensors = texts.split(/\s*,\s*/).map((text) => {
    const [name = '', dims = ''] = text.split(' ');
    return floatWeights(name, dims.split('×').map(Number));
  });
  const file = await safetensorsFormat.open(new MemorySource(safetensorsFile(tensors)), { name: 'm' });
  const { changes } = await adaptWeights({ tensors: file.tensors, map: grayscale(), layers });
  return changes.map(({ tensor }) => tensor);
}

const NETWORK = 'net.0.weight 4×3×1×2, net.0.bias 4, net.1.weight 4×4×1×2';

test('an optimizer that names its parameters, and two optimizers of networks that are alike', async () => {
  assert.deepEqual(
    await changedOf(`${NETWORK}, optimizer.state.0.weight.exp_avg 4×3×1×2, optimizer.state.1.weight.exp_avg 4×4×1×2`),
    ['net.0.weight', 'optimizer.state.0.weight.exp_avg'],
  );
  const moments = ['optG', 'optD'].map((name) => `${name}.state.0.exp_avg 4×3×1×2, ${name}.state.1.exp_avg 4`);
  const gan = `G.0.weight 4×3×1×2, G.0.bias 4, D.0.weight 4×3×1×2, D.0.bias 4, ${moments.join(', ')}`;
  assert.deepEqual(await changedOf(gan, ['G.0.weight']), ['G.0.weight', 'optG.state.0.exp_avg']);
  assert.deepEqual(await changedOf(gan, ['D.0.weight']), ['D.0.weight', 'optD.state.0.exp_avg']);
  const unnamed = gan.replaceAll('optG', 'a').replaceAll('optD', 'b');
  await assert.rejects(changedOf(unnamed, ['G.0.weight']), { code: 'optimizer-order' });
});

test('what an optimizer keeps of a changed weight in another shape or under a name of its own is refused', async () => {
  const rows: readonly (readonly [what: string, kept: string])[] = [
    ['Adafactor', 'optimizer.state.0.exp_avg_sq_row 4×3×1, optimizer.state.0.exp_avg_sq_col 4×3×1'],
    ['Adafactor with a moment', 'optimizer.state.0.exp_avg 4×3×1×2, optimizer.state.0.exp_avg_sq_row 4×3×1'],
    ['Shampoo', 'optimizer.state.0.momentum_buffer 4×3×1×2, optimizer.state.0.precond_1 3×3'],
    ['SM3', 'optimizer.state.0.accumulator_1 1×3×1×2'],
    ['LBFGS', 'optimizer.state.0.d 32, optimizer.state.0.old_dirs.0 32'],
    ['Prodigy', 'optimizer.state.0.exp_avg 4×3×1×2, optimizer.state.0.p0 24'],
    ['a flat moment', 'optimizer.state.0.exp_avg 24'],
    ['apex', 'optimizer.fp32_from_fp16.0.0 4×3×1×2'],
    ['DeepSpeed', 'optimizer.single_partition_of_fp32_groups.0 32'],
    ['an unknown name', 'optimizer.state.other.weight.exp_avg 4×3×1×2'],
  ];
  for (const [what, kept] of rows)
    await assert.rejects(changedOf(`${NETWORK}, ${kept}`), { code: 'optimizer-state' }, what);
  const pickled = 'optimizer.param_groups.0.params.0 4×3×1×2';
  await assert.rejects(changedOf(`${NETWORK}, ${pickled}`), { code: 'optimizer-object', message: /state_dict\(\)/ });
  const ofOthers = 'optimizer.state.2.exp_avg 4×4×1×2, optimizer.state.2.exp_avg_sq_row 4×4×1';
  assert.deepEqual(await changedOf(`${NETWORK}, ${ofOthers}`), ['net.0.weight'], 'a frozen input layer');
});

test('copies follow whatever their container is called; twins do not', async () => {
  const copies = 'ema_state_dict swa_model.module best_model callbacks.EMACallback.state_dict net_ema'.split(' ');
  const lightning = 'callbacks.StochasticWeightAveraging.average_model_state';
  for (const copy of [...copies, lightning, 'exponential_moving_average', 'online_network', 'teacher_model'])
    assert.deepEqual(
      await changedOf(`${NETWORK}, ${copy}.0.weight 4×3×1×2`),
      ['net.0.weight', `${copy}.0.weight`],
      copy,
    );
  const generators = 'G.0.weight 4×3×1×2, G_ema.0.weight 4×3×1×2';
  assert.deepEqual(await changedOf(generators), ['G.0.weight', 'G_ema.0.weight']);
  assert.deepEqual(await changedOf('model_state.0.weight 4×3×1×2'), ['model_state.0.weight'], 'no optimizer');
  for (const twin of ['rgb_net', 'encoder_k', 'netG_B'])
    await assert.rejects(changedOf(`${NETWORK}, ${twin}.0.weight 4×3×1×2`), { code: 'choose-layer' }, twin);
});

test('averages kept as a list or without dots follow; a mask or a list of another network is refused', async () => {
  const listed = 'ema.shadow_params.0 4×3×1×2, ema.shadow_params.1 4, ema.shadow_params.2 4×4×1×2';
  assert.deepEqual(await changedOf(`${NETWORK}, ${listed}`), ['net.0.weight', 'ema.shadow_params.0']);
  const bare = 'enc.conv_in.weight 4×3×1×2, model_ema.encconv_inweight 4×3×1×2';
  assert.deepEqual(await changedOf(bare), ['enc.conv_in.weight', 'model_ema.encconv_inweight']);
  const buffer = 'backbone.conv1.weight 4×3×1×2, ema_backbone_conv1_weight 4×3×1×2';
  assert.deepEqual(await changedOf(buffer), ['backbone.conv1.weight', 'ema_backbone_conv1_weight'], 'mmcv');
  for (const other of ['net.0.mask 4×3×1×2', 'ema.shadow_params.0 4, ema.shadow_params.1 4×3×1×2'])
    await assert.rejects(changedOf(`${NETWORK}, ${other}`), { code: 'copy' }, other);
});

test("Adafactor's means over the outputs of a Keras kernel are refused; a bias of their shape is none", () => {
  const weight = { name: 'conv/kernel', dims: [3, 3, 3, 8], layer: 'conv' };
  const moment = { name: 'optimizer/vars/4', dims: weight.dims };
  const rows = { name: 'optimizer/vars/2', dims: [3, 3, 3] };
  const found = (...more: readonly { name: string; dims: number[] }[]): unknown =>
    kerasMoments([weight, moment, ...more], weight, new Set([weight.name]));
  assert.deepEqual(found(), [moment]);
  assert.throws(() => found(rows), { code: 'keras-optimizer' });
  assert.deepEqual(found(rows, { name: 'other/kernel', dims: rows.dims }), [moment]);
});
