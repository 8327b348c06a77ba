import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choosePreprocessing } from '../../../src/verify/evaluate/choosePreprocessing.ts';
import { wiring } from '../../../src/verify/wiring.ts';
import { convModel, encodeModel } from '../../fixtures/modelBuilder.ts';
import { modelFile } from '../../fixtures/modelFile.ts';

/** Keys and values of ONNX's image metadata are case-insensitive. */
const ORDERS: readonly [key: string, value: string, order: 'rgb' | 'bgr'][] = [
  ['Image.BitmapPixelFormat', 'Bgr8', 'bgr'],
  ['image.bitmappixelformat', 'BGR8', 'bgr'],
  ['Image.BitmapPixelFormat', 'Bgra8', 'bgr'],
  ['Image.BitmapPixelFormat', 'Rgb8', 'rgb'],
  ['Image.BitmapPixelFormat', 'Gray8', 'rgb'],
  ['Image.ColorSpaceGamma', 'Bgr8', 'rgb'],
];
for (const [key, value, order] of ORDERS) {
  test(`pictures are fed in the order that the metadata declare: ${key} ${value}`, async () => {
    const w = wiring(await modelFile(encodeModel({ ...convModel(), metadataProps: [{ key, value }] })));
    const name = [...w.inputs.keys()][0] ?? '';
    assert.equal((await choosePreprocessing(w, name, {})).preprocessing.order, order);
    const { preprocessing, chosen } = await choosePreprocessing(w, name, { order: 'rgb', scale: 1 });
    assert.deepEqual([preprocessing.order, preprocessing.name, chosen], ['rgb', 'own numbers', 'given']);
  });
}
