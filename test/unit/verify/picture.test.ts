import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  centerCrop,
  luma,
  picturePainter,
  resize,
  resizeShorter,
  type Picture,
} from '../../../src/verify/evaluate/picture.ts';
import {
  colourFeed,
  fitPicture,
  grayScaling,
  imageInput,
  PREPROCESSINGS,
} from '../../../src/verify/evaluate/preprocess.ts';
import type { Dim, ValueInfo } from '../../../src/formats/onnx/model.ts';
import { NORMALISATIONS, composeMaps, grayscale, normalize } from '../../../src/adapt/maps/channelMap.ts';
import { affine } from '../../../src/adapt/maps/channelMap.ts';
import { MemorySource } from '../../../src/bytes/byteSource.ts';
import { SplicedSource } from '../../../src/bytes/splicedSource.ts';
import { best } from '../../../src/verify/evaluate/evaluate.ts';

const picture: Picture = {
  width: 5,
  height: 4,
  rgb: Uint8Array.from({ length: 60 }, (_, i) => {
    const [y, x, c] = [Math.floor(i / 15), Math.floor(i / 3) % 5, i % 3];
    return (x + y) % 2 ? 10 * y + x * 3 + c * 7 : 255 - (x * y * 5 + c * 40);
  }),
};

// The expected numbers are those of Pillow 12.3 for the same picture; its fixed-point weights may round to a neighbour.
const SMALL = [134, 117, 100, 133, 116, 99, 133, 116, 99, 134, 118, 102, 129, 113, 97, 123, 107, 92];
const LARGE = [
  255, 215, 175, 111, 98, 85, 75, 69, 62, 255, 215, 175, 79, 73, 66, 114, 101, 88, 255, 215, 175, 133, 116, 100,
];
const LUMA = [222, 9, 222, 15, 222, 16, 217, 22, 207, 28, 222, 29, 202, 35, 182, 36, 207, 42, 177, 48];

test('resizes as Pillow does, smaller and larger, within one level', () => {
  const near = (found: ArrayLike<number>, wanted: readonly number[]): void =>
    wanted.forEach((v, i) => assert.ok(Math.abs((found[i] ?? NaN) - v) <= 1, `${i}: ${found[i]} instead of ${v}`));
  near(resize(picture, 3, 2).rgb, SMALL);
  near(resize(picture, 7, 6).rgb, LARGE);
  assert.equal(resize(picture, 5, 4), picture);
});

test('gray is BT.601 as Pillow gives it', () => {
  assert.deepEqual([...luma(picture)], LUMA);
});

test('crops the middle; enlarges what is too small', () => {
  const cropped = centerCrop(picture, 3, 2);
  assert.deepEqual([...cropped.rgb.subarray(0, 3)], [...picture.rgb.subarray((1 * 5 + 1) * 3, (1 * 5 + 1) * 3 + 3)]);
  // Half a pixel goes to the even neighbour, as in torchvision: (5 - 4) / 2 is 0, not 1.
  assert.deepEqual([...centerCrop(picture, 4, 3).rgb.subarray(0, 3)], [...picture.rgb.subarray(0, 3)]);
  assert.deepEqual([centerCrop(picture, 9, 9).width, centerCrop(picture, 9, 9).rgb.length], [9, 243]);
  assert.deepEqual([resizeShorter(picture, 8).width, resizeShorter(picture, 8).height], [10, 8]);
});

test('paints inputs of both layouts', () => {
  const paint = picturePainter(picture);
  const nchw = paint([2, 3, 4, 5], 1);
  const nhwc = paint([1, 4, 5, 3], 3);
  for (let i = 0; i < 20; i++)
    for (let c = 0; c < 3; c++) {
      assert.equal(nchw[60 + c * 20 + i], picture.rgb[i * 3 + c]);
      assert.equal(nhwc[i * 3 + c], picture.rgb[i * 3 + c]);
    }
  assert.deepEqual([...paint([1, 1, 4, 5], 1)], LUMA);
});

function declared(dims: readonly Dim[]): ValueInfo {
  const ref = { start: 0, bodyStart: 0, end: 0, parent: null };
  return { ref, name: 'image', type: { kind: 'tensor', dtype: 1, dims } };
}

const FED: readonly { dims: readonly Dim[]; fed: readonly number[] }[] = [
  { dims: [1, 3, 4, 5], fed: [1, 3, 4, 5] },
  { dims: [null, 4, 5, 3], fed: [1, 4, 5, 3] },
  { dims: [3, null, null], fed: [3, 9, 9] },
  { dims: [null, 5, 3], fed: [9, 5, 3] },
];
for (const { dims, fed } of FED) {
  test(`one picture as an input of [${dims.join(', ')}] takes it`, () => {
    const input = imageInput(declared(dims), 3, 9);
    const raw = PREPROCESSINGS.raw ?? assert.fail();
    const { dims: shown, data } = colourFeed(fitPicture(picture, input, { ...raw, margin: null }), input, raw);
    assert.deepEqual(shown, fed);
    const { rgb } = fitPicture(picture, input, { ...raw, margin: null });
    const isFirst = dims.at(-1) !== 3;
    const pixels = rgb.length / 3;
    for (let i = 0; i < rgb.length; i++) assert.equal(data[isFirst ? (i % 3) * pixels + Math.floor(i / 3) : i], rgb[i]);
  });
}

test('an input that no single picture fits is refused with what it takes', () => {
  const refused = (dims: readonly number[]) => (): unknown => imageInput(declared(dims), 3, 9);
  assert.throws(refused([2, 3, 8, 8]), /float32\[2, 3, 8, 8\], takes 2 images at a time; Evaluate feeds one/);
  assert.throws(refused([1, 3, 4, 8, 8]), /takes no images as \[batch, 3, height, width\]/);
});

test('what to feed an adapted model: exact where one pair of numbers fits all channels', () => {
  const imagenet = NORMALISATIONS.imagenet ?? assert.fail();
  const half = NORMALISATIONS['plus-minus-one'] ?? assert.fail();
  assert.deepEqual(grayScaling(affine(composeMaps(normalize(imagenet), grayscale())), imagenet).exact, true);
  const folded = grayScaling(affine(composeMaps(normalize(imagenet), grayscale())), imagenet);
  assert.ok(Math.abs(folded.gain - 1) < 1e-12 && Math.abs(folded.offset) < 1e-9);
  const plain = grayScaling(affine(grayscale()), imagenet);
  assert.equal(plain.exact, false);
  assert.ok(Math.abs(plain.offset + 0.449 / 0.226) < 1e-12);
  assert.equal(grayScaling(affine(grayscale()), half).exact, true);
});

test('the five best, ties to the lower class', () => {
  assert.deepEqual(best([1, 5, 3, 5, 0, 9, 3, -1]), [5, 1, 3, 2, 6]);
  assert.deepEqual(best([2]), [0]);
});

test('a spliced source reads as if written', async () => {
  const bytes = Uint8Array.from({ length: 50 }, (_, i) => i);
  const splices = [
    { start: 10, end: 12, bytes: Uint8Array.of(200, 201, 202) },
    { start: 30, end: 40, bytes: new Uint8Array(0) },
    { start: 50, end: 50, bytes: Uint8Array.of(250) },
  ];
  const wanted = [...bytes.subarray(0, 10), 200, 201, 202, ...bytes.subarray(12, 30), ...bytes.subarray(40), 250];
  const source = new SplicedSource(new MemorySource(bytes), splices);
  assert.equal(source.size, wanted.length);
  for (let from = 0; from <= wanted.length; from++)
    for (let to = from; to <= wanted.length; to++)
      assert.deepEqual([...(await source.read(from, to - from))], wanted.slice(from, to));
  await assert.rejects(source.read(wanted.length, 1), RangeError);
});
