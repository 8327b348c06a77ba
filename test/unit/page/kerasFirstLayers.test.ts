import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspectFile } from '../../../src/page/inspect.ts';
import { readPageModel } from '../../../src/page/readPage.ts';
import { weightFile, weightsMissing } from '../../fixtures/weightFiles.ts';

test('the kernel of a Keras input layer is shown in the order of Keras', { skip: weightsMissing }, async () => {
  const path = weightFile('mobilenet-0.25-96.h5');
  for (const { firstLayers } of [await readPageModel(path), await inspectFile(path)]) {
    const [layer] = firstLayers;
    assert.deepEqual(layer?.dims, [3, 3, 3, 8]);
    assert.equal(layer.layout, '[spatial, in/group, out]');
  }
});
