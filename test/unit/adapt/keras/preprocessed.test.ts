// Slow: random networks in TensorFlow.js.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adaptKeras } from '../../../../src/adapt/keras/adaptKeras.ts';
import { grayscale, swapRedBlue, type ChannelMap } from '../../../../src/adapt/maps/channelMap.ts';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { SplicedSource } from '../../../../src/bytes/splicedSource.ts';
import { openKerasFile } from '../../../../src/formats/keras/kerasFile.ts';
import { openNetwork } from '../../../../src/formats/keras/openNetwork.ts';
import {
  behind,
  IMAGE_SIZE,
  preprocessedFile,
  weightsOf,
  type Preprocessed,
} from '../../../fixtures/keras/preprocessed.ts';
import { PREPROCESSED } from '../../../fixtures/keras/preprocessedCases.ts';
import { runPresented } from '../../../fixtures/keras/runPresented.ts';
import { relativeL2, runTfjs } from '../../../fixtures/keras/tfjs.ts';
import { Random } from '../../../fixtures/random.ts';
import { h5pyMissing } from '../../../fixtures/runH5py.ts';

/** Float32 through two layers, on pixels up to 255. */
const TOLERANCE = 1e-5;
const BATCH = 2;
const PIXELS = BATCH * IMAGE_SIZE * IMAGE_SIZE;

interface Converted {
  readonly bytes: Uint8Array;
  /** Classes of the layers that were added to rebuild the image. */
  readonly added: readonly string[];
}

async function converted(bytes: Uint8Array, map: ChannelMap): Promise<Converted> {
  const source = new MemorySource(bytes);
  const { plan, splices } = await adaptKeras({ opened: await openNetwork(await openKerasFile(source)), map });
  const out = new SplicedSource(source, splices);
  return { bytes: await out.read(0, out.size), added: plan.addedNodes.map(({ opType }) => opType) };
}

/** Pixels [batch, height, width, channels] in the order of the file. */
function inOrder(pixels: Float32Array, channels: number, { channelsFirst = false }: Preprocessed): Float32Array {
  if (!channelsFirst) return pixels;
  const area = IMAGE_SIZE * IMAGE_SIZE;
  return Float32Array.from({ length: pixels.length }, (_, i) => {
    const [image, c, place] = [Math.floor(i / (area * channels)), Math.floor(i / area) % channels, i % area];
    return pixels[(image * area + place) * channels + c] ?? NaN;
  });
}

function dimsOf(channels: number, { channelsFirst = false }: Preprocessed): number[] {
  return channelsFirst ? [BATCH, channels, IMAGE_SIZE, IMAGE_SIZE] : [BATCH, IMAGE_SIZE, IMAGE_SIZE, channels];
}

/** Each pixel by itself: M · x, then what the steps in front make of it. */
function seen(pixels: Float32Array, map: ChannelMap, row: Preprocessed): Float32Array {
  const inner = map.matrix[0]?.length ?? 1;
  return Float32Array.from(
    Array.from({ length: PIXELS }, (_, pixel) => {
      const own = pixels.subarray(pixel * inner, (pixel + 1) * inner);
      return row.pixel(map.matrix.map((line) => line.reduce((sum, m, k) => sum + m * (own[k] ?? NaN), 0)));
    }).flat(),
  );
}

for (const row of PREPROCESSED)
  test(
    `Keras ${row.dialect}, ${row.name}: gray and bgr give what the steps and the rest compute`,
    { skip: h5pyMissing },
    async () => {
      const random = new Random(23);
      const weights = weightsOf(random);
      const bytes = preprocessedFile(row, weights);
      for (const map of [grayscale(), swapRedBlue()]) {
        const made = await converted(bytes, map);
        const channels = map.matrix[0]?.length ?? 1;
        const pixels = random.floats(PIXELS * channels, 127.5).map((v) => v + 127.5);
        const want = await runTfjs(behind(row, weights), [BATCH, IMAGE_SIZE, IMAGE_SIZE, 3], seen(pixels, map, row));
        const own = inOrder(pixels, channels, row);
        const found = relativeL2(await runPresented(made.bytes, dimsOf(channels, row), own), want);
        assert.ok(found < TOLERANCE, `${map.name}: ${found}`);
        const isRebuilt = (row.rebuilt ?? []).includes(map.name);
        assert.equal(made.added.length > 0, isRebuilt, `${map.name}: ${made.added.join()}`);
      }
    },
  );

test('another order of channels, and a step that is left out, show', { skip: h5pyMissing }, async () => {
  const random = new Random(29);
  const [flip, caffe] = PREPROCESSED;
  assert.ok(flip && caffe);
  const weights = weightsOf(random);
  const pixels = random.floats(PIXELS * 3, 127.5).map((v) => v + 127.5);
  const { bytes } = await converted(preprocessedFile(caffe, weights), swapRedBlue());
  const found = await runPresented(bytes, dimsOf(3, caffe), pixels);
  const wantOf = (row: Preprocessed, map: ChannelMap): Promise<Float32Array> =>
    runTfjs(behind(row, weights), [BATCH, IMAGE_SIZE, IMAGE_SIZE, 3], seen(pixels, map, row));
  const swapped = swapRedBlue();
  const straight = { ...swapped, matrix: [...swapped.matrix].reverse() };
  assert.ok(relativeL2(found, await wantOf(caffe, swapped)) < TOLERANCE);
  assert.ok(relativeL2(found, await wantOf(flip, swapped)) > 0.01);
  assert.ok(relativeL2(found, await wantOf(caffe, straight)) > 0.01);
});
