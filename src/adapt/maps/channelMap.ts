import { ChannelwiseError } from '../../bytes/errors.ts';
import { compose, identity, stack, unit, widen, type Affine, columnCount, type Matrix } from './affine.ts';
import { countOf } from '../../text/numbers.ts';

/** What the user asks for: per pixel, `x_old = matrix · x_new + shift`, in the units of the model's own input. */
export interface ChannelMap {
  readonly name: string;
  /** One row per old channel, one column per new channel. */
  readonly matrix: Matrix;
  /** One number per old channel. */
  readonly shift: readonly number[];
  /** Set where the result is not the same function but a start for further training. */
  readonly warning?: string;
}

/** How many channels the new model takes. */
export function newChannels({ matrix }: Pick<ChannelMap, 'matrix'>): number {
  return columnCount(matrix);
}

/** Input normalisation: `x_model = (pixel · scale − mean) / std`, one number each per channel or one for all. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly scale: number;
}

/** ImageNet's are torchvision's published training statistics: https://docs.pytorch.org/vision/stable/models.html */
export const NORMALISATIONS: Readonly<Record<string, Normalisation>> = {
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], scale: 1 / 255 },
  'plus-minus-one': { mean: [0.5], std: [0.5], scale: 1 / 255 },
  'zero-to-one': { mean: [0], std: [1], scale: 1 / 255 },
};

/** ITU-R BT.601 luma, as Pillow's and OpenCV's RGB to gray use. */
const LUMA = [0.299, 0.587, 0.114];
/** More channels than any sensor has; a larger matrix is a mistake. */
const MAX_CHANNELS = 4096;

/** One gray channel fed to all old channels; weights sum over the input channels. */
export function grayscale(channels = 3): ChannelMap {
  return { name: 'gray', matrix: Array.from({ length: channels }, () => [1]), shift: zeros(channels) };
}

/** RGB pixels for a model that was trained on BGR, or the other way round. */
export function swapRedBlue(): ChannelMap {
  return { name: 'bgr', matrix: [unit(3, 2), unit(3, 1), unit(3, 0)], shift: zeros(3) };
}

/** RGBA pixels for an RGB model; alpha is read by nothing. */
export function dropAlpha(): ChannelMap {
  return { name: 'drop-alpha', matrix: [0, 1, 2].map((c) => unit(4, c)), shift: zeros(3) };
}

/**
 * N bands for an RGB model, tiled and scaled by 3/N as timm's adapt_input_conv does: weights keep their sum. Throws
 * `refused` for a number of bands that is none.
 */
export function bands(n: number): ChannelMap {
  if (!Number.isInteger(n) || n < 1 || n > MAX_CHANNELS)
    throw refused(`The number of bands must be a whole number from 1 to ${MAX_CHANNELS}.`);
  const matrix = [0, 1, 2].map((c) => Array.from({ length: n }, (_, k) => (k % 3 === c ? 3 / n : 0)));
  return {
    name: `bands:${n}`,
    matrix,
    shift: zeros(3),
    warning: 'N bands are a heuristic start for fine-tuning, not the same function on other images.',
  };
}

/** An RGB input for a one-channel model, by BT.601 luma. */
export function rgbFromGray(): ChannelMap {
  return { name: 'rgb-from-gray', matrix: [LUMA], shift: [0] };
}

/**
 * Raw pixels in, normalisation moved into the model: `x_old = (pixel · scale − mean) / std`. Throws `refused` for
 * numbers that are not finite, a std or scale of zero, and lists of another length than 1 or `channels`.
 */
export function normalize(normalisation: Normalisation, channels = 3): ChannelMap {
  const mean = perChannel(normalisation.mean, channels, 'mean');
  const std = perChannel(normalisation.std, channels, 'std');
  if (std.some((value) => value === 0)) throw refused('std must not be zero.');
  if (normalisation.scale === 0 || !Number.isFinite(normalisation.scale))
    throw refused('scale must be a number other than zero.');
  const matrix = identity(channels).m.map((row, c) =>
    row.map((value) => (value * normalisation.scale) / (std[c] ?? 1)),
  );
  return { name: 'normalize', matrix, shift: mean.map((value, c) => 0 - value / (std[c] ?? 1)) };
}

/** True for a map with a normalisation in its chain. */
export function normalises({ name }: ChannelMap): boolean {
  return name.split(' + ').some((part) => /^normalize(:\d+)?$/.test(part));
}

/** First `inner`, then `outer`: the model sees `outer(inner(x_new))`. Throws `refused` where their channels differ. */
export function composeMaps(outer: ChannelMap, inner: ChannelMap): ChannelMap {
  if (newChannels(outer) !== inner.matrix.length) {
    throw refused(
      `The maps don't fit: ${inner.name} gives ${countOf(inner.matrix.length, 'channel')}, ${outer.name} takes ` +
        `${newChannels(outer)}.`,
    );
  }
  const { m, b } = compose(affine(outer), affine(inner));
  const warning = outer.warning ?? inner.warning;
  return { name: `${inner.name} + ${outer.name}`, matrix: m, shift: b, ...(warning ? { warning } : {}) };
}

/** The same map as the walk calculates with it. */
export function affine(map: ChannelMap): Affine {
  return { m: map.matrix, b: map.shift };
}

/** The map named on a command line; `bands:N` carries its number. Null for an unknown name; throws as the map does. */
export function presetMap(name: string, channels: number): ChannelMap | null {
  if (name === 'gray') return grayscale(channels);
  if (name === 'bgr') return swapRedBlue();
  if (name === 'drop-alpha') return dropAlpha();
  if (name === 'rgb-from-gray') return rgbFromGray();
  if (name === 'fold-repeats') return foldRepeats();
  const count = /^bands:(.*)$/.exec(name)?.[1];
  return count === undefined ? null : bands(/^\d+$/.test(count) ? Number(count) : NaN);
}

/** One gray channel that the model repeats inside, for its first weights: they take the repetition in. */
export function foldRepeats(): ChannelMap {
  return { name: 'fold-repeats', matrix: [[1]], shift: zeros(1) };
}

/** The same map for several pictures in one input, one after the other: two RGB pictures become two gray channels. */
export function forPictures(map: ChannelMap, pictures: number): ChannelMap {
  const [rows, columns] = [map.matrix.length, newChannels(map)];
  if (!Number.isInteger(pictures) || pictures < 1 || pictures * Math.max(rows, columns) > MAX_CHANNELS)
    throw refused(
      `The number of pictures must be a whole number from 1, of at most ${MAX_CHANNELS} channels together.`,
    );
  if (pictures === 1) return map;
  const blocks = Array.from({ length: pictures }, (_, p) => widen(affine(map), p * columns, pictures * columns));
  const { m, b } = stack(blocks);
  return { ...map, name: `${map.name}:${pictures}`, matrix: m, shift: b };
}

/** Checks `{"matrix": M, "shift": b}` from a file or a form. Throws `refused` with what is wrong. */
export function mapFromJson(value: unknown, name: string): ChannelMap {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused('A channel map is an object with "matrix" and, if wanted, "shift".');
  const { matrix, shift } = value as { matrix?: unknown; shift?: unknown };
  if (!Array.isArray(matrix) || matrix.length === 0)
    throw refused('"matrix" must be a list of rows, one per old channel.');
  if (!Array.isArray(matrix[0]))
    throw refused('"matrix" must be a list of rows, like [[1], [1], [1]] for one new channel in place of three.');
  const width = matrix[0].length;
  if (width === 0 || width > MAX_CHANNELS || matrix.length > MAX_CHANNELS)
    throw refused(`"matrix" must have 1 to ${MAX_CHANNELS} rows and columns.`);
  const rows = matrix.map((row: unknown, r) => {
    if (!Array.isArray(row) || row.length !== width || !row.every(isNumber))
      throw refused(
        `Row ${r + 1} of "matrix" must hold ${countOf(width, 'finite number')}${r ? ', like the first row' : ''}.`,
      );
    return row as number[];
  });
  if (shift !== undefined && !(Array.isArray(shift) && shift.length === rows.length && shift.every(isNumber))) {
    throw refused(`"shift" must hold ${rows.length} finite numbers, one per row of "matrix".`);
  }
  return { name, matrix: rows, shift: (shift as number[] | undefined) ?? zeros(rows.length) };
}

function perChannel(values: readonly number[], channels: number, what: string): number[] {
  if (!values.every(Number.isFinite)) throw refused(`${what} must hold finite numbers.`);
  if (values.length === 1) return new Array<number>(channels).fill(values[0] ?? 0);
  if (values.length !== channels) throw refused(`${what} needs 1 or ${channels} numbers, but has ${values.length}.`);
  return [...values];
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function zeros(n: number): number[] {
  return new Array<number>(n).fill(0);
}

function refused(message: string): ChannelwiseError {
  return new ChannelwiseError('refused', 'map', message);
}
