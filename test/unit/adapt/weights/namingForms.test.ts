import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastPart, moduleOf, siblingName, weightAxes } from '../../../../src/adapt/weights/tensorNames.ts';

/** Name, module, part, the bias beside it, the axis of the channels in a weight of rank 4. */
const ROWS: readonly (readonly [name: string, module: string, part: string, bias: string, axis: number])[] = [
  ['backbone.conv1.weight', 'backbone.conv1', 'weight', 'backbone.conv1.bias', 1],
  ['weight', '', 'weight', 'bias', 1],
  ['a/b.weight', 'a/b', 'weight', 'a/b.bias', 1],
  ['conv1/conv1/kernel:0', 'conv1/conv1', 'weight', 'conv1/conv1/bias:0', 2],
  ['net/stem/kernel', 'net/stem', 'weight', 'net/stem/bias', 2],
  ['layers/conv2d_1/vars/0', 'layers/conv2d_1', 'weight', 'layers/conv2d_1/vars/1', 2],
  ['layers\\conv2d/vars/0', 'layers\\conv2d', 'weight', 'layers\\conv2d/vars/1', 2],
  ['convolution2d_1/convolution2d_1_W:0', 'convolution2d_1', 'weight', 'convolution2d_1/convolution2d_1_b:0', 2],
  ['block1_conv1/block1_conv1_W_1:0', 'block1_conv1', 'weight', 'block1_conv1/block1_conv1_b_1:0', 2],
  [
    'layers/separable_conv2d/vars/0',
    'layers/separable_conv2d',
    'depthwise_kernel',
    'layers/separable_conv2d/vars/1',
    2,
  ],
  ['dw/depthwise_kernel:0', 'dw', 'depthwise_kernel', 'dw/bias:0', 2],
  [
    'layers/conv2d_transpose/vars/0',
    'layers/conv2d_transpose',
    'transposed_kernel',
    'layers/conv2d_transpose/vars/1',
    2,
  ],
  ['layers/batch_normalization/vars/2', 'layers/batch_normalization', 'vars/2', 'layers/batch_normalization/vars/1', 2],
];

for (const [name, module, part, bias, axis] of ROWS)
  test(`the name ${name} is taken apart as its library puts it together`, () => {
    assert.deepEqual([moduleOf(name), lastPart(name)], [module, part]);
    assert.equal(siblingName(name, 'bias'), bias);
    assert.equal(weightAxes({ name, dims: [1, 1, 1, 1] }).channels, axis);
  });
