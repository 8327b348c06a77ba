// Slow: Python builds all networks of torchvision.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { imageTensors, type FoundTensors } from '../../../../../src/adapt/weights/find/imageTensors.ts';
import { dtypeByName, FLOAT } from '../../../../../src/tensors/dtypes.ts';
import type { StoredTensor } from '../../../../../src/tensors/storedTensor.ts';
import type { Expected } from '../../../../fixtures/inputLayers/family.ts';
import { LIBRARY_FAMILIES } from '../../../../fixtures/inputLayers/libraries.ts';
import { TASK_FAMILIES } from '../../../../fixtures/inputLayers/tasks.ts';
import { torchPython } from '../../../../fixtures/torch/torchPython.ts';

/** The number of int8. */
const INT8 = 3;

function named(name: string, dims: readonly number[]): StoredTensor {
  return { name, dims, dtype: FLOAT, place: { tensor: name }, stream: () => Promise.resolve() };
}

/** `conv1.weight 64×3×7×7` */
function tensorOf(text: string): StoredTensor {
  const [name = '', dims] = text.split(' ');
  return named(name, dims === undefined ? [] : dims.split('×').map(Number));
}

function saidOf(found: FoundTensors): Expected {
  switch (found.kind) {
    case 'one':
      return { one: found.found.name };
    case 'several':
      return { chosen: found.chosen.map(({ name }) => name) };
    case 'none':
      return 'none';
  }
}

const FAMILIES = [...LIBRARY_FAMILIES, ...TASK_FAMILIES];

test('families by their published names: right, asked or refused', () => {
  assert.ok(FAMILIES.length >= 120, `${FAMILIES.length} families`);
  const wrong = FAMILIES.flatMap(({ name, tensors, expected }) => {
    const found = saidOf(imageTensors(tensors.map(tensorOf), 3));
    return isDeepStrictEqual(found, expected) ? [] : [{ name, found, expected }];
  });
  assert.deepEqual(wrong, []);
});

test('a refusal names the first convolution, and the map where that reads several pictures or pixels', () => {
  const rows: readonly [channels: number, said: RegExp][] = [
    [12, /has 3 input channels \(the first, stem\.conv\.weight \[32, 12, 3, 3\], has 12\)\. Where .* --groups 4`/],
    [4, /has 4\)\. For RGB and a fourth channel/],
    [1, /has 1\), so there is nothing to convert$/],
    [64, /has 64\), so there is nothing to convert$/],
  ];
  for (const [channels, said] of rows) {
    const found = imageTensors([`stem.conv.weight 32×${channels}×3×3`, 'dark2.weight 64×32×3×3'].map(tensorOf), 3);
    assert.match(found.kind === 'none' ? found.reason : '', said);
  }
});

test('a network without convolutions is told how to name a layer over the whole image', () => {
  const found = (...tensors: string[]): FoundTensors => imageTensors(tensors.map(tensorOf), 3);
  const flat = found('1.weight 512×3072', '1.bias 512');
  assert.match(flat.kind === 'none' ? flat.reason : '', /1\.weight \[512, 3072\] .* --layer 1\.weight:channels-first$/);
  const other = found('1.weight 512×100', 'lstm.weight_ih_l0 32×12');
  assert.match(other.kind === 'none' ? other.reason : '', /nothing to convert$/);
});

test('another name than weight is asked about; whole numbers and parts of a weight are refused with what to do', () => {
  const found = (...tensors: string[]): FoundTensors => imageTensors(tensors.map(tensorOf), 3);
  const named = found('blocks.input.w 256×3×7×7', 'blocks.input.b 256', 'blocks.1.w 64×256×1×1');
  assert.deepEqual(saidOf(named), { chosen: ['blocks.input.w'] });
  assert.deepEqual(saidOf(found('conv1.kernel 3×3×3×64')), 'none', "Flax's order of axes");
  const ofType = (dtype: string): string => {
    const one = imageTensors([{ ...tensorOf('conv1.weight 64×3×7×7'), dtype: dtypeByName(dtype) ?? 0 }], 3);
    return one.kind === 'none' ? one.reason : '';
  };
  for (const type of ['int8', 'uint8'])
    assert.match(ofType(type), /conv1\.weight \[64, 3, 7, 7\] holds whole numbers.*before it was quantised/);
  for (const type of ['float4e2m1', 'float6e2m3', 'float8e8m0']) assert.match(ofType(type), new RegExp(`type ${type}`));
  const pruned = found('conv1.weight_orig 64×3×7×7', 'conv1.weight_mask 64×3×7×7');
  assert.match(pruned.kind === 'none' ? pruned.reason : '', /prune\.remove/);
});

test('a later layer of as many channels is not taken where the first one has its weight in parts or under another name', () => {
  const later = ['mid.weight 3×64×3×3', 'last.weight 4×3×3×3', 'last.bias 4'];
  const rows: readonly [hidden: readonly string[], chosen: readonly string[], said: RegExp][] = [
    [['first.weight_v 64×3×3×3'], [], /first\.weight_v .*, so last\.weight may be a later layer.*remove_weight_norm/],
    [['first.parametrizations.weight.original 64×3×3×3'], [], /remove_parametrizations/],
    [['first.weight 64×3×3×3', 'first.gain 64×1×1×1'], [], /with first\.gain when it runs.* convert an ONNX export/],
    [['first.w 64×3×3×3'], ['first.w'], /first\.w .* name it$/],
  ];
  for (const [hidden, chosen, said] of rows) {
    const found = imageTensors([...hidden, ...later].map(tensorOf), 3);
    assert.deepEqual(saidOf(found), { chosen });
    assert.match(found.kind === 'several' ? found.reason : '', said);
  }
  const whole = { ...tensorOf('first.weight 64×3×3×3'), dtype: INT8 };
  const quantised = imageTensors([whole, ...later.map(tensorOf)], 3);
  assert.match(quantised.kind === 'several' ? quantised.reason : '', /before it was quantised$/);
});

test('a weight that is standardised when it runs is refused with what works; what may be one is asked about', () => {
  const stem = ['stem.conv.weight 64×3×7×7', 'norm.weight 64', 'blocks.0.conv.weight 64×64×3×3'];
  assert.deepEqual(saidOf(imageTensors(stem.map(tensorOf), 3)), { chosen: ['stem.conv.weight'] });
  for (const clear of ['norm.running_mean 64', 'stem.conv.bias 64', 'blocks.0.conv.bias 64'])
    assert.deepEqual(saidOf(imageTensors([...stem, clear].map(tensorOf), 3)), { one: 'stem.conv.weight' }, clear);
  const fromRgb = ['b64.fromrgb.weight 64×3×1×1', 'b64.conv.weight 64×64×3×3'].map(tensorOf);
  assert.deepEqual(saidOf(imageTensors(fromRgb, 3)), { chosen: ['b64.fromrgb.weight'] });
  for (const part of ['weight_gamma 64×1×1×1', 'weight_fake_quant.scale 64', '_weight_quantizer._amax 64×1×1×1'])
    assert.deepEqual(saidOf(imageTensors([...stem, `stem.conv.${part}`].map(tensorOf), 3)), 'none', part);
  const gain = imageTensors([...stem, 'stem.conv.gain 64×1×1×1'].map(tensorOf), 3);
  assert.match(gain.kind === 'none' ? gain.reason : '', /stem\.conv\.gain .* Convert an ONNX export/);
});

test('where every kernel is 1×1 the layer may read points, so it is asked about; one larger kernel makes it an image', () => {
  const points = ['mlp.0.weight 64×3×1×1', 'mlp.0.bias 64', 'mlp.1.weight 64×64×1×1'].map(tensorOf);
  assert.deepEqual(saidOf(imageTensors(points, 3)), { chosen: ['mlp.0.weight'] });
  assert.deepEqual(saidOf(imageTensors([...points, tensorOf('conv.weight 64×64×3×3')], 3)), { one: 'mlp.0.weight' });
});

test("the network's own code says which layer reads the image, and is asked about where it does more with it", () => {
  const tensors = [
    'mean 1×3×1×1',
    'conv.weight 8×3×3×3',
    'aux.weight 8×3×3×3',
    'constants.0 8×3×3×3',
    'tail.weight 8×8×3×3',
  ];
  const rows: readonly [weights: readonly string[], others: readonly string[], expected: Expected][] = [
    [['conv.weight'], [], { one: 'conv.weight' }],
    [['constants.0'], [], { one: 'constants.0' }],
    [['tail.weight'], [], 'none'],
    [['conv.weight'], ['y = torch.view(x, [1, 3, 9])'], { chosen: ['conv.weight'] }],
  ];
  for (const [weights, others, expected] of rows) {
    const hints = { inputLayers: [], imageUses: { weights, others } };
    assert.deepEqual(saidOf(imageTensors(tensors.map(tensorOf), 3, hints)), expected);
  }
});

test('a norm behind a layer of three outputs and the weights of a loss are no signs, a norm in front is one', () => {
  const rows: readonly [tensors: readonly string[], expected: Expected][] = [
    [['enc.0.weight 8×3×3×3', 'final.0.weight 3×8×1×1', 'final.1.weight 3', 'final.1.bias 3'], { one: 'enc.0.weight' }],
    [['enc.0.weight 8×3×3×3', 'criterion.weight 3', 'ce_loss.weight 3'], { one: 'enc.0.weight' }],
    [['pre.0.weight 3', 'pre.0.bias 3', 'pre.1.weight 8×3×3×3'], { chosen: ['pre.1.weight'] }],
  ];
  for (const [tensors, expected] of rows) assert.deepEqual(saidOf(imageTensors(tensors.map(tensorOf), 3)), expected);
});

test('in a gray network a depthwise weight behind a convolution is no input layer, a branch beside one is', () => {
  const rows: readonly [tensors: readonly string[], chosen: readonly string[]][] = [
    [['a.0.weight 16×1×3×3', 'b.0.weight 16×1×3×3', 'c.0.weight 32×16×1×1', 'd.0.weight 32×1×3×3'], ['a.0.weight']],
    [
      ['a.conv.weight 16×1×3×3', 'a.scale.weight 16×1×1×1'],
      ['a.conv.weight', 'a.scale.weight'],
    ],
    [
      ['a.0.weight 8×1×3×3', 'b.0.weight 4×8×3×3', 'c.0.weight 8×1×3×3'],
      ['a.0.weight', 'c.0.weight'],
    ],
  ];
  for (const [tensors, chosen] of rows) assert.deepEqual(saidOf(imageTensors(tensors.map(tensorOf), 1)), { chosen });
});

test('an exact hint from a config decides among several', () => {
  const tensors = ['netD.conv.weight 64×3×4×4', 'stem.conv1.weight 32×3×3×3'].map(tensorOf);
  const found = imageTensors(tensors, 3, { inputLayers: ['stem.conv1'] });
  assert.deepEqual(saidOf(found), { one: 'stem.conv1.weight' });
});

/** The first convolution of each of torchvision's networks, by the beginning of the network's name. */
const TORCHVISION: readonly [names: RegExp, layer: string][] = [
  [/^(alexnet|squeezenet|vgg)/, 'features.0.weight'],
  [/^(convnext|efficientnet|mobilenet|quantized_mobilenet|swin)/, 'features.0.0.weight'],
  [/^densenet/, 'features.conv0.weight'],
  [/^(deeplabv3|fcn)_resnet/, 'backbone.conv1.weight'],
  [/^(deeplabv3|lraspp)_mobilenet/, 'backbone.0.0.weight'],
  [/^(fasterrcnn|fcos|keypointrcnn|maskrcnn|retinanet)_resnet/, 'backbone.body.conv1.weight'],
  [/^fasterrcnn_mobilenet/, 'backbone.body.0.0.weight'],
  [/^(quantized_)?googlenet/, 'conv1.conv.weight'],
  [/^(quantized_)?inception/, 'Conv2d_1a_3x3.conv.weight'],
  [/^maxvit/, 'stem.0.0.weight'],
  [/^(mc3|r2plus1d|r3d)/, 'stem.0.weight'],
  [/^mnasnet/, 'layers.0.weight'],
  [/^(mvit|vit)/, 'conv_proj.weight'],
  [/^regnet/, 'stem.0.weight'],
  [/^(quantized_)?(resnet|resnext|wide_resnet)/, 'conv1.weight'],
  [/^s3d/, 'features.0.0.0.weight'],
  [/^(quantized_)?shufflenet/, 'conv1.0.weight'],
  [/^ssd300/, 'backbone.features.0.weight'],
  [/^ssdlite/, 'backbone.features.0.0.0.weight'],
];
const RAFT = ['feature_encoder.convnormrelu.0.weight', 'context_encoder.convnormrelu.0.weight'];

test('every network of torchvision that builds', () => {
  const { networks } = torchPython('stateDicts.py', []) as { networks: Record<string, [string, number[]][]> };
  const all = Object.entries(networks);
  assert.ok(all.length > 100, `${all.length} networks were built`);
  for (const [network, tensors] of all) {
    const found = saidOf(
      imageTensors(
        tensors.map(([name, dims]) => named(name, dims)),
        3,
      ),
    );
    const layer = TORCHVISION.find(([names]) => names.test(network))?.[1];
    assert.deepEqual(found, network.startsWith('raft') ? { chosen: RAFT } : { one: layer }, network);
  }
});
