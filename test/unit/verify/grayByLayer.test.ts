import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import type { EvaluationImage } from '../../../src/verify/evaluate/evaluate.ts';
import { grayByLayer, mostMoved, type GrayByLayer } from '../../../src/verify/evaluate/layers/grayByLayer.ts';
import { layersCsv, layersStatement } from '../../../src/verify/evaluate/layers/layersText.ts';
import { portions } from '../../../src/verify/evaluate/layers/measuredLayers.ts';
import { PREPROCESSINGS, type ImageInput } from '../../../src/verify/evaluate/preprocess.ts';
import { wiring, type Wiring } from '../../../src/verify/wiring.ts';
import { modelFile } from '../../fixtures/modelFile.ts';
import { DTYPE, encodeModel, floatTensor, model, node, valueInfo } from '../../fixtures/modelBuilder.ts';

const SIDE = 4;
const INPUT: ImageInput = { name: 'image', dtype: 1, channels: 3, layout: 'NCHW', height: SIDE, width: SIDE };
/** Sums of a few float32 products, and gray that is rounded to whole numbers. */
const TOLERANCE = 1e-6;
const RED = [255, 0, 0] as const;
const GREEN = [0, 255, 0] as const;
/** BT.601 luma of the two, rounded: 0.299 · 255 and 0.587 · 255. */
const [RED_GRAY, GREEN_GRAY] = [76, 150];

/**
 * `red` gives the red channel, and what all three add up to; `luma` the gray that a person sees, which stays; `size`
 * whole numbers, which are not measured; `constant` depends on no image.
 */
async function layered(): Promise<Wiring> {
  const built = model({
    inputs: [valueInfo('image', [1, 3, SIDE, SIDE])],
    outputs: [valueInfo('y', null), valueInfo('luma', null), valueInfo('size', null, DTYPE.int64)],
    initializers: [
      floatTensor('w', [2, 3, 1, 1], [1, 0, 0, 1, 1, 1]),
      floatTensor('v', [1, 3, 1, 1], [0.299, 0.587, 0.114]),
      floatTensor('k', [1], [4]),
    ],
    nodes: [
      node('Conv', ['image', 'w'], ['red']),
      node('Conv', ['image', 'v'], ['luma']),
      node('Relu', ['k'], ['constant']),
      node('Mul', ['red', 'constant'], ['y']),
      node('Shape', ['red'], ['size']),
    ],
  });
  return wiring(await modelFile(encodeModel(built)));
}

function picture(name: string, [red, green, blue]: readonly [number, number, number]): EvaluationImage {
  const rgb = new Uint8Array(SIDE * SIDE * 3).map((_, i) => [red, green, blue][i % 3] ?? 0);
  return { name, label: null, load: () => Promise.resolve({ width: SIDE, height: SIDE, rgb }) };
}

async function measured(images: readonly EvaluationImage[], portionBytes?: number): Promise<GrayByLayer> {
  const preprocessing = PREPROCESSINGS.raw;
  assert.ok(preprocessing);
  return grayByLayer({ model: await layered(), input: INPUT, preprocessing, images, portionBytes });
}

function near(found: number | null | undefined, expected: number): void {
  assert.ok(Math.abs((found ?? NaN) - expected) <= TOLERANCE, `${found}, expected ${expected}`);
}

/** Of one pixel: red and sum under colour, against gray and three times gray. */
const redSquares = (colour: readonly [number, number], gray: number): [number, number] => [
  (gray - colour[0]) ** 2 + (3 * gray - colour[1]) ** 2,
  colour[0] ** 2 + colour[1] ** 2,
];

test('each layer moves as computed by hand, and one that sees only luma stays', async () => {
  const { layers, input, images } = await measured([picture('red.png', RED), picture('green.png', GREEN)]);
  assert.equal(images, 2);
  assert.deepEqual(
    layers.map(({ tensor }) => tensor),
    ['red', 'luma', 'y'],
    'neither whole numbers nor what does not depend on the image',
  );
  const [redMoved, redSize] = redSquares([255, 255], RED_GRAY);
  const [greenMoved, greenSize] = redSquares([0, 255], GREEN_GRAY);
  const together = Math.sqrt((redMoved + greenMoved) / (redSize + greenSize));
  const [red, luma, scaled] = layers;
  near(red?.relative, together);
  near(scaled?.relative, together);
  assert.equal(red?.worst?.image, 'green.png');
  near(red?.worst?.relative, Math.sqrt(greenMoved / greenSize));
  // Gray is a whole number, so luma moves by its rounding: 76 in place of 76.245, 150 in place of 149.685.
  const luma2 = Math.sqrt((0.245 ** 2 + 0.315 ** 2) / (76.245 ** 2 + 149.685 ** 2));
  near(luma?.relative, luma2);
  const pixels = [RED_GRAY, GREEN_GRAY].reduce((sum, gray) => sum + (255 - gray) ** 2 + 2 * gray ** 2, 0);
  near(input, Math.sqrt(pixels / (2 * 255 ** 2)));
});

test('gray pictures move nothing', async () => {
  const { layers, input } = await measured([picture('gray.png', [90, 90, 90])]);
  assert.equal(input, 0);
  assert.deepEqual(
    layers.map(({ relative }) => relative),
    [0, 0, 0],
  );
});

test('portions of one layer each give the same as one portion of all', async () => {
  const images = [picture('red.png', RED), picture('green.png', GREEN)];
  assert.deepEqual(await measured(images, 1), await measured(images));
});

test('a layer of zeros has no distance, and is not among those that move most', async () => {
  const { layers } = await measured([picture('black.png', [0, 0, 0])]);
  assert.deepEqual(
    layers.map(({ relative }) => relative),
    [null, null, null],
  );
  assert.deepEqual(mostMoved(layers, 10), []);
});

test('a picture that cannot be read is named once; all of them are a refusal', async () => {
  const load = (): Promise<never> => Promise.reject(new ChannelwiseError('refused', 'image', 'It is cut short.'));
  const bad: EvaluationImage = { name: 'bad.png', label: null, load };
  const { skipped, images } = await measured([bad, picture('red.png', RED)], 1);
  assert.deepEqual([images, skipped], [1, [{ image: 'bad.png', why: 'It is cut short.' }]]);
  await assert.rejects(measured([bad]), { code: 'no-images' });
});

test('activations are cut into portions that keep the order and the bound', async () => {
  const [conv] = (await layered()).order;
  assert.ok(conv);
  const layer = (bytes: number): Parameters<typeof portions>[0][number] => ({ node: conv, tensors: ['red'], bytes });
  const parts = portions([layer(4), layer(5), layer(3), layer(20), layer(1)], 10);
  assert.deepEqual(
    parts.map((part) => part.map(({ bytes }) => bytes)),
    [[4, 5], [3], [20], [1]],
  );
});

test('the sentence and the CSV name the layer that moves most, and its worst picture', async () => {
  const found = await measured([picture('red.png', RED), picture('green.png', GREEN)]);
  assert.match(layersStatement(found), /^On 2 images the activations of `Conv_red` move most .* by 69\.2 % of their/);
  const lines = layersCsv(found).split('\r\n');
  assert.equal(lines.length, 1 + 3 + 1);
  assert.match(lines[1] ?? '', /^Conv_red,Conv,red,0\.69\d+,green\.png,/);
});
