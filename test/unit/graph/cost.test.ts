import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySource } from '../../../src/bytes/byteSource.ts';
import { nodeCosts } from '../../../src/graph/cost.ts';
import { inferShapes } from '../../../src/graph/shapes.ts';
import { scanModel } from '../../../src/onnx/scan.ts';
import { mobileNetV2, resNet18 } from '../../fixtures/architectures.ts';

/** torchvision's published figures (https://docs.pytorch.org/vision/stable/models.html); folded batch normalisation moves parameters by under 1 %. */
const PUBLISHED = [
  { name: 'ResNet-18', bytes: resNet18(), params: 11_689_512, macs: 1.81e9 },
  { name: 'MobileNet-v2', bytes: mobileNetV2(), params: 3_504_872, macs: 0.3e9 },
];

for (const { name, bytes, params, macs } of PUBLISHED) {
  test(`${name}: parameters and multiply-adds agree with the published figures`, async () => {
    const model = await scanModel(new MemorySource(bytes));
    const costs = nodeCosts(model.graph, inferShapes(model));
    const total = costs.reduce((n, c) => n + c.params, 0);
    const work = costs.reduce((n, c) => n + (c.macs ?? NaN), 0);
    assert.ok(Math.abs(total / params - 1) < 0.01, `${total} parameters`);
    assert.ok(Math.abs(work / macs - 1) < 0.02, `${work} multiply-adds`);
  });
}
