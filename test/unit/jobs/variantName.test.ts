import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grayscale, swapRedBlue, type ChannelMap } from '../../../src/adapt/maps/channelMap.ts';
import { endingOf, folderVariantName, variantName, variantOf } from '../../../src/jobs/variantName.ts';

const NAMES: readonly [path: string, map: ChannelMap, first: string, second: string][] = [
  ['/a/net.onnx', grayscale(), 'net.gray.onnx', 'net.gray-2.onnx'],
  ['net.v2.ONNX', swapRedBlue(), 'net.v2.bgr.ONNX', 'net.v2.bgr-2.ONNX'],
  ['model_best.pth.tar', grayscale(), 'model_best.gray.pth.tar', 'model_best.gray-2.pth.tar'],
  ['/a/x.weights.h5', grayscale(), 'x.gray.weights.h5', 'x.gray-2.weights.h5'],
  [
    'model.safetensors.index.json',
    grayscale(),
    'model.gray.safetensors.index.json',
    'model.gray-2.safetensors.index.json',
  ],
  ['epoch_3.model', grayscale(), 'epoch_3.gray.model', 'epoch_3.gray-2.model'],
  ['checkpoint', grayscale(), 'checkpoint.gray', 'checkpoint.gray-2'],
];

for (const [path, map, first, second] of NAMES) {
  test(`a variant of ${path} keeps its ending`, () => {
    assert.deepEqual([variantName(path, variantOf(map)), variantName(path, variantOf(map), 1)], [first, second]);
    assert.ok(first.endsWith(endingOf(path)));
  });
}

test('a folder is named for what it holds', () => {
  assert.deepEqual(
    [folderVariantName('/a/vit', 'gray'), folderVariantName('/a/vit', 'gray', 1)],
    ['vit-gray', 'vit-gray-2'],
  );
});
