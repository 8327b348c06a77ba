import { INT8, integerRange } from '../../../tensors/dtypes.ts';
import { ChannelwiseError } from '../../../bytes/errors.ts';
import { quoted } from '../../names.ts';
import type { MappedInput } from '../inputMap.ts';
import type { SeededRandom } from './random.ts';
import type { PixelKind, Setting } from './settings.ts';
import { product } from '../../../tensors/dims.ts';

/** Where a picture's pixels lie in an input. */
export interface PixelGrid {
  readonly dims: readonly number[];
  /** The axis of the channels. */
  readonly axis: number;
}

/** A level from 0 to 1 for each row and column of one channel of one picture. */
type Drawing = (row: number, column: number) => number;

/** What one picture's channel looks like, drawn anew for each. */
const DRAWINGS: Readonly<Record<PixelKind, (random: SeededRandom) => Drawing>> = {
  noise: (random) => () => random.next(),
  smooth: (random) => {
    const [down, across] = [slope(random), slope(random)];
    return (row, column) => within(0.5 + down * (row - 0.5) + across * (column - 0.5));
  },
  edges: (random) => {
    const [dark, light] = [random.next() / 2, 0.5 + random.next() / 2];
    const [rows, columns] = [2 + random.int(5), 2 + random.int(5)];
    return (row, column) => ((Math.floor(row * rows) + Math.floor(column * columns)) % 2 ? light : dark);
  },
};

/** From 0.3 to 0.7, up or down: a picture of hardly any contrast shows rounding more than anything else. */
function slope(random: SeededRandom): number {
  const steepness = 0.3 + 0.4 * random.next();
  return random.int(2) ? steepness : -steepness;
}

function within(level: number): number {
  return Math.min(1, Math.max(0, level));
}

/** Pixel values of one run, in the order of dims. */
export function drawPixels({ dims, axis }: PixelGrid, setting: Setting, random: SeededRandom): Float64Array {
  const spatial = dims.map((_, i) => i).filter((i) => i !== axis && i !== 0);
  const [rowAxis = 0, columnAxis = 0] = spatial.slice(-2);
  const pictures = new Map<number, Drawing>();
  const draw = DRAWINGS[setting.pixels];
  const { low, high } = setting;
  const numbers = new Float64Array(product(dims));
  if (setting.pixels === 'noise') return numbers.map(() => low + random.next() * (high - low));
  const placeAlong = (of: number): ((i: number) => number) => {
    const [step, size] = [product(dims.slice(of + 1)), dims[of] ?? 1];
    return (i) => Math.floor(i / step) % size;
  };
  const [batchAt, channelAt] = [placeAlong(0), placeAlong(axis)];
  const [rowAt, columnAt] = [placeAlong(rowAxis), placeAlong(columnAxis)];
  const [channels, rows, columns] = [dims[axis] ?? 1, dims[rowAxis] ?? 1, dims[columnAxis] ?? 1];
  return numbers.map((_, i) => {
    const picture = batchAt(i) * channels + channelAt(i);
    const drawing = pictures.get(picture) ?? draw(random);
    pictures.set(picture, drawing);
    return low + drawing(rowAt(i) / rows, columnAt(i) / columns) * (high - low);
  });
}

/** How often pixels are drawn in search of some whose mapped values are whole numbers too. */
const TRIES = 4096;
/** So many whole pixels are enough to fill a picture with. */
const MAX_PALETTE = 256;
/** Rounding in the map's own numbers: 0.299 + 0.587 + 0.114 is not quite one. */
const NEARLY_WHOLE = 1e-6;

/** An input of whole numbers, and the pixels it should get where they fit. */
export interface WholeInput extends PixelGrid {
  readonly dtype: number;
  readonly mapped: MappedInput;
  /** Levels from 0 to 255. */
  readonly wanted: Float64Array;
}

/** Whole pixels whose mapped channels are whole numbers of the type too; else the original could not be fed. */
export function wholePixels(input: WholeInput, random: SeededRandom): Float64Array {
  const { dims, axis, dtype, mapped, wanted } = input;
  const limit = dtype === INT8 ? 127 : 255;
  if (isSelection(mapped)) return wanted.map((value) => Math.min(limit, Math.max(0, Math.round(value))));
  const palette = wholePalette(mapped, dtype, limit, random);
  if (!palette.length)
    throw new ChannelwiseError(
      'unsupported',
      'no-whole-pixels',
      `No whole pixel values of input \`${quoted(mapped.name)}\` map to whole values again, so the original can't ` +
        'be fed.',
      { tensor: mapped.name },
    );
  const columns = mapped.map.m[0]?.length ?? 1;
  const inner = product(dims.slice(axis + 1));
  const out = new Float64Array(product(dims));
  for (let start = 0; start < out.length; start += columns * inner) {
    for (let i = 0; i < inner; i++) {
      const pixel = palette[random.int(palette.length)] ?? [];
      for (let k = 0; k < columns; k++) out[start + k * inner + i] = pixel[k] ?? 0;
    }
  }
  return out;
}

/** Each old channel is one new channel or nothing: then every whole pixel fits. */
function isSelection({ map }: MappedInput): boolean {
  return map.m.every((row, c) => {
    const factors = row.filter((f) => f !== 0);
    return factors.length <= 1 && factors.every((factor) => factor === 1) && !map.b[c];
  });
}

function wholePalette({ map }: MappedInput, dtype: number, limit: number, random: SeededRandom): number[][] {
  const lowest = Math.max(-128, integerRange(dtype)?.[0] ?? 0);
  const fits = (pixel: readonly number[]): boolean =>
    map.m.every((row, c) => {
      const value = row.reduce((sum, factor, k) => sum + factor * (pixel[k] ?? 0), map.b[c] ?? 0);
      return Math.abs(value - Math.round(value)) <= NEARLY_WHOLE && value >= lowest && value <= limit;
    });
  const columns = map.m[0]?.length ?? 1;
  const palette: number[][] = [];
  for (let i = 0; i < TRIES && palette.length < MAX_PALETTE; i++) {
    const level = random.int(limit + 1);
    const pixel = Array.from({ length: columns }, () => (i % 2 ? random.int(limit + 1) : level));
    if (fits(pixel)) palette.push(pixel);
  }
  return palette;
}
