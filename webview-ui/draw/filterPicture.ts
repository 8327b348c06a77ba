import type { PageFilterSet } from '../../src/protocol/inputLayer.ts';

/** Some filters of a layer: their numbers in the order filter, channel, row, column. */
export interface Filters {
  readonly set: PageFilterSet;
  readonly values: Float32Array;
}

/**
 * One small picture: a gray plane, or three planes as red, green and blue. Its numbers from `low` to `high` are drawn
 * from black to white.
 */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly planes: readonly Float32Array[];
  readonly low: number;
  readonly high: number;
}

export interface FilterStats {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
}

/** More channels than these are not drawn side by side. */
export const MOST_CHANNELS = 16;

/** About how long the longer side of a picture is on the screen at least, and at most, in CSS pixels. */
const LEAST_SIDE = 52;
const MOST_SIDE = 128;
/** What a tile adds to its pictures in each direction: border and padding, and the gap to the next. */
const TILE_EDGE = 12;
/** Between the pictures of one tile. */
const PICTURE_GAP = 2;

/** Where tiles of filters are laid out: how many, of how many pictures each, in how many CSS pixels. */
export interface TileRoom {
  readonly tiles: number;
  readonly pictures: number;
  readonly width: number;
  readonly height: number;
}

/**
 * How many CSS pixels each number of a picture takes, the same in both directions: as many as let all tiles stand in
 * the room without scrolling, within limits. A whole number, so that all pixels of a picture are equally large.
 */
export function pictureScale({ width, height }: Pick<Picture, 'width' | 'height'>, room: TileRoom): number {
  const side = Math.max(width, height);
  const least = Math.max(1, Math.round(LEAST_SIDE / side));
  for (let scale = Math.floor(MOST_SIDE / side); scale > least; scale--) {
    const across = room.pictures * (width * scale + PICTURE_GAP) - PICTURE_GAP + TILE_EDGE;
    const columns = Math.floor(room.width / across);
    const rows = Math.ceil(room.tiles / columns);
    if (columns > 0 && rows * (height * scale + TILE_EDGE) <= room.height) return scale;
  }
  return least;
}

/** Little-endian float32 numbers from base64. */
export function decodeFloats(text: string): Float32Array {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(i * 4, true));
}

/** How many filters there are numbers for. */
export function filterCount({ set, values }: Filters): number {
  return Math.floor(values.length / sizeOf(set));
}

/** Each filter's channels summed into one. */
export function summed({ set, values }: Filters): Filters {
  const plane = set.height * set.width;
  const out = new Float32Array(filterCount({ set, values }) * plane);
  for (let i = 0; i < values.length; i++) {
    const filter = Math.floor(i / (plane * set.channels));
    const pixel = i % plane;
    out[filter * plane + pixel]! += values[i]!;
  }
  return { set: { ...set, channels: 1 }, values: out };
}

/** Least, greatest and mean of one filter, of its finite numbers. */
export function filterStats({ set, values }: Filters, filter: number): FilterStats {
  return statsOf(values.subarray(filter * sizeOf(set), (filter + 1) * sizeOf(set)));
}

/**
 * The pictures of one filter: one in colour for three channels, else one in gray per channel. `all` scales them by the
 * numbers of all filters.
 */
export function picturesOf(filters: Filters, filter: number, all: FilterStats | null): Picture[] {
  const {
    set: { channels, height, width },
    values,
  } = filters;
  const plane = height * width;
  const planes = Array.from({ length: channels }, (_, c) =>
    values.subarray((filter * channels + c) * plane, (filter * channels + c + 1) * plane),
  );
  const { min: low, max: high } = all ?? filterStats(filters, filter);
  if (channels === 3) return [{ width, height, planes, low, high }];
  return planes.slice(0, MOST_CHANNELS).map((p) => ({ width, height, planes: [p], low, high }));
}

/** Of the finite ones among the values; NaN where none is. */
export function statsOf(values: Float32Array): FilterStats {
  let [min, max, sum, count] = [Infinity, -Infinity, 0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    count++;
  }
  return count > 0 ? { min, max, mean: sum / count } : { min: NaN, max: NaN, mean: NaN };
}

/**
 * A picture's pixels as red, green, blue and alpha. Where all numbers are the same it is middle gray; what is no finite
 * number is transparent.
 */
export function pixels({ width, height, planes, low, high }: Picture): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(width * height * 4);
  const spread = high - low;
  for (let i = 0; i < width * height; i++) {
    let alpha = 255;
    for (let c = 0; c < 3; c++) {
      const value = planes[planes.length === 3 ? c : 0]?.[i] ?? NaN;
      if (!Number.isFinite(value)) alpha = 0;
      out[i * 4 + c] = spread > 0 ? ((value - low) / spread) * 255 : 128;
    }
    out[i * 4 + 3] = alpha;
  }
  return out;
}

function sizeOf({ channels, height, width }: PageFilterSet): number {
  return channels * height * width;
}
