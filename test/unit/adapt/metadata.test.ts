import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bands,
  composeMaps,
  dropAlpha,
  grayscale,
  normalize,
  NORMALISATIONS,
  rgbFromGray,
  swapRedBlue,
  type ChannelMap,
} from '../../../src/adapt/maps/channelMap.ts';
import { adaptBytes } from '../../fixtures/adaptBytes.ts';
import { decodeModel, encodeModel, floatTensor, model, node, valueInfo } from '../../fixtures/modelBuilder.ts';

const named = (name: string): ChannelMap => normalize(NORMALISATIONS[name] ?? { mean: [0], std: [1], scale: 1 });
const ULTRALYTICS = { description: 'Ultralytics YOLO11n model', stride: '32', task: 'detect' };
const FORMAT = 'Image.BitmapPixelFormat';
const RANGE = 'Image.NominalPixelRange';

interface Case {
  readonly map: ChannelMap;
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
  /** What the plan's notes on metadata must say. */
  readonly notes?: readonly RegExp[];
}

const CASES: readonly Case[] = [
  { map: grayscale(), before: { [FORMAT]: 'Rgb8' }, after: { [FORMAT]: 'Gray8' } },
  { map: swapRedBlue(), before: { [FORMAT]: 'Rgb8' }, after: { [FORMAT]: 'Bgr8' } },
  { map: swapRedBlue(), before: { 'image.bitmappixelformat': 'bgr8' }, after: { 'image.bitmappixelformat': 'Rgb8' } },
  { map: dropAlpha(), before: { [FORMAT]: 'Bgr8' }, after: { [FORMAT]: 'Bgra8' } },
  { map: composeMaps(swapRedBlue(), dropAlpha()), before: { [FORMAT]: 'Bgr8' }, after: { [FORMAT]: 'Rgba8' } },
  { map: rgbFromGray(), before: { [FORMAT]: 'Gray8' }, after: { [FORMAT]: 'Rgb8' } },
  { map: bands(5), before: { [FORMAT]: 'Rgb8' }, after: {}, notes: [/no pixel format/] },
  { map: named('imagenet'), before: { [FORMAT]: 'Rgb8' }, after: { [FORMAT]: 'Rgb8' } },
  { map: swapRedBlue(), before: { [RANGE]: 'Normalized_0_1' }, after: { [RANGE]: 'Normalized_0_1' } },
  { map: named('zero-to-one'), before: { [RANGE]: 'Normalized_0_1' }, after: { [RANGE]: 'NominalRange_0_255' } },
  { map: named('plus-minus-one'), before: { [RANGE]: 'normalized_1_1' }, after: { [RANGE]: 'NominalRange_0_255' } },
  { map: named('imagenet'), before: { [RANGE]: 'Normalized_0_1' }, after: {}, notes: [/NominalPixelRange.*goes/] },
  { map: grayscale(), before: { 'Image.ColorSpaceGamma': 'SRGB' }, after: { 'Image.ColorSpaceGamma': 'SRGB' } },
  { map: grayscale(), before: { ...ULTRALYTICS, channels: '3' }, after: { ...ULTRALYTICS, channels: '1' } },
  { map: swapRedBlue(), before: { ...ULTRALYTICS, channels: '3' }, after: { ...ULTRALYTICS, channels: '3' } },
  {
    map: grayscale(),
    before: { channels: '3', 'preprocess.mean': '0.5', author: 'someone', order: 'RGB' },
    after: { channels: '3', 'preprocess.mean': '0.5', author: 'someone', order: 'RGB' },
    notes: [/`channels` may tell/, /`preprocess.mean` may tell/, /`order` may tell/],
  },
];

const build = (channels: number, metadata: Readonly<Record<string, string>>, outputs = 2): Uint8Array =>
  encodeModel(
    model({
      inputs: [valueInfo('x', [1, channels, 8, 8])],
      outputs: [valueInfo('y', [1, outputs, 8, 8])],
      initializers: [floatTensor('w', [outputs, channels, 1, 1], new Float32Array(outputs * channels).fill(0.5))],
      nodes: [node('Conv', ['x', 'w'], ['y'])],
      metadata,
    }),
  );

for (const { map, before, after, notes } of CASES) {
  test(`metadata under ${map.name}: ${JSON.stringify(before)}`, async () => {
    const { bytes, plan } = await adaptBytes(build(map.matrix.length, before), map);
    const props = decodeModel(bytes).metadataProps?.map((m): [string, string] => [m.key ?? '', m.value ?? '']) ?? [];
    const found = Object.fromEntries(props.filter(([key]) => key !== 'channelwise.adaptation'));
    assert.deepEqual(found, after);
    for (const [i, note] of (notes ?? []).entries()) assert.match(plan.metadata[i] ?? '', note);
    if (!notes && JSON.stringify(before) === JSON.stringify(after)) assert.deepEqual(plan.metadata, []);
  });
}

test('a pixel format that also governs an image output of three channels is warned of', async () => {
  const { plan } = await adaptBytes(build(3, { [FORMAT]: 'Rgb8' }, 3), grayscale());
  assert.match(plan.warnings.join(), /output `y` of 3 channels, which stays/);
  const other = await adaptBytes(build(3, { [FORMAT]: 'Rgb8' }, 2), grayscale());
  assert.deepEqual(other.plan.warnings, []);
});
