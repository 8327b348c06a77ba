import { NORMALISATIONS, type Normalisation } from '../../adapt/maps/channelMap.ts';
import { typeText } from '../../adapt/inputs/candidates.ts';
import type { Affine } from '../../adapt/maps/affine.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import type { Dim, ValueInfo } from '../../formats/onnx/model.ts';
import { centerCrop, luma, resize, resizeShorter, type Picture } from './picture.ts';
import { fromNumbers, type Value } from '../values.ts';

/** How a picture becomes a model's input: `(pixel · scale − mean) / std` per channel, after resizing and cropping. */
export interface Preprocessing {
  readonly name: string;
  readonly normalisation: Normalisation;
  /** Side of the square shown to a model whose input leaves its size open. */
  readonly size: number;
  /** The shorter side becomes this part longer than the crop; null stretches the picture to the input's size. */
  readonly margin: number | null;
  readonly order: 'rgb' | 'bgr';
}

/** torchvision's evaluation: shorter side 256, middle 224. https://docs.pytorch.org/vision/stable/models.html */
const MARGIN = 256 / 224;
const SIZE = 224;
const RAW: Normalisation = { mean: [0], std: [1], scale: 1 };

/** Presets by name: `imagenet`, `plus-minus-one`, `zero-to-one`, and `raw` pixels 0 to 255. */
export const PREPROCESSINGS: Readonly<Record<string, Preprocessing>> = Object.fromEntries(
  [...Object.entries(NORMALISATIONS), ['raw', RAW] as const].map(([name, normalisation]) => [
    name,
    { name, normalisation, size: SIZE, margin: MARGIN, order: 'rgb' },
  ]),
);

/** Without N, the input takes one image and has no axis for several. */
type Layout = 'NCHW' | 'NHWC' | 'CHW' | 'HWC';

/** An image input: where its channels, rows and columns lie. */
export interface ImageInput {
  readonly name: string;
  readonly dtype: number;
  readonly channels: number;
  readonly layout: Layout;
  readonly height: number;
  readonly width: number;
}

/**
 * Reads an input's layout; sizes left open come from `size`. Throws `refused` where it takes no images of `channels`
 * channels.
 */
export function imageInput(input: ValueInfo, channels: number, size: number): ImageInput {
  const dims = input.type?.kind === 'tensor' ? (input.type.dims ?? [null, null, null, null]) : null;
  const layout = dims && layoutOf(dims, channels);
  if (!dims || !layout || input.type?.kind !== 'tensor') {
    const [first, last] = [`[batch, ${channels}, height, width]`, `[batch, height, width, ${channels}]`];
    throw noImage(input, `takes no images as ${first} or ${last}, with or without the batch; Evaluate feeds those.`);
  }
  const [batch] = dims;
  if (layout.startsWith('N') && typeof batch === 'number' && batch !== 1)
    throw noImage(input, `takes ${batch} images at a time; Evaluate feeds one.`);
  const from = layout.indexOf('H');
  const [height, width] = [dims[from], dims[from + 1]];
  return {
    name: input.name,
    dtype: input.type.dtype,
    channels,
    layout,
    height: typeof height === 'number' ? height : size,
    width: typeof width === 'number' ? width : size,
  };
}

/** Where the channels of a picture lie: where their number stands, else on axis 1 where its size is open. */
function layoutOf(dims: readonly Dim[], channels: number): Layout | null {
  if (dims.length === 3) return withoutBatch(dims, channels);
  if (dims.length !== 4) return null;
  if (dims[1] === channels) return 'NCHW';
  if (dims[3] === channels) return 'NHWC';
  return typeof dims[1] === 'number' ? null : 'NCHW';
}

function withoutBatch(dims: readonly Dim[], channels: number): Layout | null {
  if (dims[0] === channels) return 'CHW';
  return dims[2] === channels ? 'HWC' : null;
}

function noImage(input: ValueInfo, why: string): ChannelwiseError {
  const text = `Input \`${input.name}\`, ${typeText(input)}, ${why}`;
  return new ChannelwiseError('refused', 'no-image-input', text, { tensor: input.name });
}

function isChannelsFirst(layout: Layout): boolean {
  return layout === 'NCHW' || layout === 'CHW';
}

/** Resizes and crops a picture to an input's size. */
export function fitPicture(picture: Picture, input: ImageInput, { margin }: Preprocessing): Picture {
  if (margin === null) return resize(picture, input.width, input.height);
  return centerCrop(
    resizeShorter(picture, Math.round(Math.max(input.height, input.width) * margin)),
    input.width,
    input.height,
  );
}

/** The picture's colours, normalised. */
export function colourFeed(picture: Picture, input: ImageInput, { normalisation, order }: Preprocessing): Value {
  return feed(input, (c, i) => normal(normalisation, c, picture.rgb[i * 3 + (order === 'rgb' ? c : 2 - c)] ?? 0));
}

/** The picture's gray, repeated for each channel and normalised per channel. */
export function repeatedFeed(picture: Picture, input: ImageInput, { normalisation }: Preprocessing): Value {
  const gray = luma(picture);
  return feed(input, (c, i) => normal(normalisation, c, gray[i] ?? 0));
}

/** The picture's gray for an adapted model: `gain · pixel + offset`. */
export function grayFeed(picture: Picture, input: ImageInput, { gain, offset }: GrayScaling): Value {
  const gray = luma(picture);
  return feed(input, (_, i) => gain * (gray[i] ?? 0) + offset);
}

export interface GrayScaling {
  readonly gain: number;
  readonly offset: number;
  /** The adapted model then sees exactly what the original sees on repeated gray. */
  readonly exact: boolean;
}

/** Doubles leave rounding of this size in a solved pair of numbers. */
const SOLVED = 1e-9;

/**
 * What to feed an adapted one-channel model: the (gain, offset) with `M·(gain·g + offset) + b = (g·scale − mean)/std`
 * in every channel, if there is one. Else one mean and one std, the averages, as people do; that is not the same
 * function.
 */
export function grayScaling(map: Affine, normalisation: Normalisation): GrayScaling {
  const m = map.m.map((row) => row[0] ?? 0);
  const at = (list: readonly number[], c: number): number => list[list.length === 1 ? 0 : c] ?? 0;
  const c = m.findIndex((value) => value !== 0);
  const gains = m.map((_, i) => normalisation.scale / at(normalisation.std, i));
  const offsets = m.map((_, i) => -at(normalisation.mean, i) / at(normalisation.std, i) - (map.b[i] ?? 0));
  const gain = (gains[c] ?? 0) / (m[c] ?? 1);
  const offset = (offsets[c] ?? 0) / (m[c] ?? 1);
  const near = (x: number, y: number): boolean => Math.abs(x - y) <= SOLVED * Math.max(1, Math.abs(x), Math.abs(y));
  if (c >= 0 && m.every((value, i) => near(value * gain, gains[i] ?? 0) && near(value * offset, offsets[i] ?? 0)))
    return { gain, offset, exact: true };
  const average = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
  return {
    gain: normalisation.scale / average(normalisation.std),
    offset: -average(normalisation.mean) / average(normalisation.std),
    exact: false,
  };
}

function normal(normalisation: Normalisation, c: number, pixel: number): number {
  return (
    (pixel * normalisation.scale - (normalisation.mean[normalisation.mean.length === 1 ? 0 : c] ?? 0)) /
    (normalisation.std[normalisation.std.length === 1 ? 0 : c] ?? 1)
  );
}

function feed(
  { name, dtype, channels, layout, height, width }: ImageInput,
  value: (channel: number, pixel: number) => number,
): Value {
  const pixels = height * width;
  const numbers = new Float64Array(channels * pixels);
  const isFirst = isChannelsFirst(layout);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < pixels; i++) numbers[isFirst ? c * pixels + i : i * channels + c] = value(c, i);
  }
  return fromNumbers(dtype, inputDims({ layout, channels, height, width }), numbers, name);
}

/** The dims of one picture as an input takes it. */
export function inputDims({
  layout,
  channels,
  height,
  width,
}: Pick<ImageInput, 'layout' | 'channels' | 'height' | 'width'>): number[] {
  const image = isChannelsFirst(layout) ? [channels, height, width] : [height, width, channels];
  return layout.startsWith('N') ? [1, ...image] : image;
}
