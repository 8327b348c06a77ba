// Slow: published networks in full size.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { openKerasFile } from '../../../../src/formats/keras/kerasFile.ts';
import { openNetwork, type OpenedNetwork } from '../../../../src/formats/keras/openNetwork.ts';
import { inferShapes } from '../../../../src/graph/shapes/shapes.ts';
import { steeringConstants } from '../../../../src/graph/shapes/steering.ts';
import { inceptionV3, nasNetMobile } from '../../../fixtures/keras/applications/branching.ts';
import { efficientNetB0, efficientNetV2B0 } from '../../../fixtures/keras/applications/efficient.ts';
import { mobileNet, mobileNetV2, mobileNetV3Small } from '../../../fixtures/keras/applications/mobile.ts';
import { denseNet121, vgg16, xception, type Application } from '../../../fixtures/keras/applications/plain.ts';
import { convNeXtTiny, resNet50, resNet50V2 } from '../../../fixtures/keras/applications/residual.ts';
import { keras2File, keras3File } from '../../../fixtures/keras/functionalFiles.ts';
import { h5pyMissing } from '../../../fixtures/runH5py.ts';

/** What `summary()` prints as total parameters, https://keras.io/api/applications/ (there in millions). */
const PUBLISHED: readonly (readonly [name: string, build: () => Application, parameters: number])[] = [
  ['VGG16', vgg16, 138_357_544],
  ['ResNet50', resNet50, 25_636_712],
  ['ResNet50V2', resNet50V2, 25_613_800],
  ['InceptionV3', inceptionV3, 23_851_784],
  ['Xception', xception, 22_910_480],
  ['MobileNet', mobileNet, 4_253_864],
  ['MobileNetV2', mobileNetV2, 3_538_984],
  ['MobileNetV3Small', mobileNetV3Small, 2_554_968],
  ['DenseNet121', denseNet121, 8_062_504],
  ['EfficientNetB0', efficientNetB0, 5_330_571],
  ['EfficientNetV2B0', efficientNetV2B0, 7_200_312],
  ['NASNetMobile', nasNetMobile, 5_326_716],
  ['ConvNeXtTiny', convNeXtTiny, 28_589_128],
];

async function opened(bytes: Uint8Array): Promise<OpenedNetwork> {
  return openNetwork(await openKerasFile(new MemorySource(bytes)));
}

for (const [name, build, parameters] of PUBLISHED)
  for (const [dialect, file] of [
    ['Keras 2', keras2File],
    ['Keras 3', keras3File],
  ] as const)
    test(`${name} of ${dialect}: parameters as published, every shape known`, { skip: h5pyMissing }, async () => {
      const { net, last } = build();
      const bytes = file(net, last);
      const { presented, ctx } = await opened(bytes);
      assert.deepEqual([...presented.opaque], []);
      const { model } = presented;
      const size = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);
      const used = [...presented.stored.values()].reduce((sum, { dims }) => sum + size(dims), 0);
      assert.equal(used, parameters);
      const shapes = inferShapes(model, { constants: await steeringConstants(model, ctx) });
      for (const node of model.graph.nodes)
        for (const output of node.outputs) {
          const dims = shapes.tensors.get(output)?.dims;
          assert.ok(
            dims?.slice(1).every((dim) => typeof dim === 'number'),
            `${output}: ${String(dims)}`,
          );
        }
      const [output] = model.graph.outputs;
      assert.deepEqual(shapes.tensors.get(output?.name ?? '')?.dims, ['batch', 1000]);
    });
