import { DTYPES, DOUBLE, dtypeName, isFloat } from '../../../tensors/dtypes.ts';
import { ChannelwiseError } from '../../../bytes/errors.ts';
import type { Dim, ValueInfo } from '../../../formats/onnx/model.ts';
import { quoted } from '../../names.ts';
import { fromNumbers, numbersOf, type Value } from '../../values.ts';
import type { MappedInput } from '../inputMap.ts';
import { coarsest } from './precision.ts';
import { drawPixels, wholePixels, type PixelGrid } from './pixels.ts';
import type { SeededRandom } from './random.ts';
import type { Setting } from './settings.ts';
import { product } from '../../../tensors/dims.ts';
import { stepOf } from '../../../tensors/precision.ts';

/** Dims left open that are neither batch nor size: time, depth, counts. */
const OTHER_SIZE = 4;
/** Ranks are the runtime's business; an input larger than this is not worth a proof's time: 2^26 floats are 256 MiB. */
const MAX_INPUT_ELEMENTS = 2 ** 26;
const DEFAULT_RANK = 4;
/**
 * Fixed heights and widths above this are opened: smaller pictures say as much about the same nodes and weights, in
 * less time.
 */
const LARGE_SIZE = 256;

type Feeds = ReadonlyMap<string, Value>;

/** The inputs of both models for one run. */
export interface Sample {
  readonly sizes: Readonly<Record<string, readonly number[]>>;
  readonly original: Feeds;
  readonly adapted: Feeds;
  /** The mapped inputs of floats, which rounding can shake. */
  readonly shakeable: readonly Shakeable[];
}

/** Whether each pixel is off in a direction of its own, or all of a channel in one, as where a mean was rounded. */
export type Shake = 'pixels' | 'channels';

/** Fills an adapted input: numbers in the order of dims. */
export type Painter = (dims: readonly number[], axis: number) => Float64Array;

export interface InputPair {
  readonly name: string;
  /** As the adapted model declares it. */
  readonly declared: ValueInfo;
  readonly mapped: MappedInput | null;
}

/** One run's sizes and pixels. */
export interface Draw {
  readonly setting: Setting;
  readonly random: SeededRandom;
  readonly paint?: Painter | undefined;
  /** The float type to which all that is measured was rounded, where that is coarser than the input's. */
  readonly roundedTo?: number | undefined;
}

/**
 * The inputs of one run, before there are numbers in them. Throws `unsupported` for inputs that can't be made up, and
 * too large ones.
 */
export function sampleSizes(pairs: readonly InputPair[], setting: Setting): Record<string, readonly number[]> {
  const symbols = new Map<string, number>();
  const sizes: Record<string, readonly number[]> = {};
  for (const { name, declared, mapped } of pairs) {
    if (declared.type?.kind !== 'tensor')
      throw new ChannelwiseError(
        'unsupported',
        'input-type',
        `Input \`${quoted(name)}\` is no tensor, so no numbers can be made up for it.`,
        { tensor: name },
      );
    const dims = mapped
      ? imageDims(declared.type.dims, mapped, setting, symbols)
      : otherDims(declared.type.dims, setting, symbols);
    sizes[name] = dims;
    if (product(dims) * (mapped?.map.m.length ?? 1) > MAX_INPUT_ELEMENTS)
      throw new ChannelwiseError(
        'unsupported',
        'input-too-large',
        `Input \`${quoted(name)}\` is [${dims.join(', ')}], too large to be run here.`,
        { tensor: name },
      );
  }
  return sizes;
}

/** The sizes that the original's inputs have. */
export function mappedSizes(
  sizes: Readonly<Record<string, readonly number[]>>,
  pairs: readonly InputPair[],
): Record<string, readonly number[]> {
  return Object.fromEntries(
    pairs.map(({ name, mapped }) => [
      name,
      (sizes[name] ?? []).map((size, i) => (i === mapped?.axis ? mapped.map.m.length : size)),
    ]),
  );
}

/**
 * Draws the inputs of one run. Throws `unsupported` for inputs that can't be made up: texts, sequences, too large ones.
 */
export function drawSample(pairs: readonly InputPair[], draw: Draw): Sample {
  const sizes = sampleSizes(pairs, draw.setting);
  const original = new Map<string, Value>();
  const adapted = new Map<string, Value>();
  const shakeable: Shakeable[] = [];
  for (const { name, declared, mapped } of pairs) {
    const dims = sizes[name] ?? [];
    const dtype = declared.type?.kind === 'tensor' ? declared.type.dtype : 0;
    if (!mapped) {
      const same = fromNumbers(dtype, dims, otherNumbers({ dtype, dims, name }, draw), name);
      original.set(name, same);
      adapted.set(name, same);
      continue;
    }
    const x = fromNumbers(dtype, dims, pixelsOf({ dtype, dims, mapped }, draw), name);
    const old = applyMap(mapped, x);
    adapted.set(name, x);
    original.set(name, fromNumbers(dtype, old.dims, old.numbers, name));
    if (isFloat(dtype)) {
      const step = stepOf(coarsest([dtype, draw.roundedTo]) ?? dtype);
      shakeable.push({ dtype, old, mapped, terms: termSizes(mapped, x), step });
    }
  }
  return { sizes, original, adapted, shakeable };
}

/** The original's inputs with each number off by one rounding step of the terms it is the sum of. */
export function shaken(sample: Sample, shake: Shake, random: SeededRandom): Feeds {
  const shakenInputs = sample.shakeable.map((input) => [input.mapped.name, shakeInput(input, shake, random)] as const);
  return new Map([...sample.original, ...shakenInputs]);
}

function pixelsOf(
  { dtype, dims, mapped }: { dtype: number; dims: readonly number[]; mapped: MappedInput },
  { setting, random, paint }: Draw,
): Float64Array {
  const grid: PixelGrid = { dims, axis: mapped.axis };
  if (isFloat(dtype)) return paint ? paint(dims, mapped.axis) : drawPixels(grid, setting, random);
  const wanted = paint ? paint(dims, mapped.axis) : drawPixels(grid, { ...setting, low: 0, high: 255 }, random);
  return wholePixels({ ...grid, dtype, mapped, wanted }, random);
}

/** `x_old = m · x_new + b` along the channel axis, in double precision. */
export function applyMap({ axis, map }: MappedInput, x: Value): { dims: readonly number[]; numbers: Float64Array } {
  const inner = product(x.dims.slice(axis + 1));
  const outer = product(x.dims.slice(0, axis));
  const columns = x.dims[axis] ?? 1;
  const rows = map.m.length;
  const from = numbersOf(x);
  const numbers = new Float64Array(outer * rows * inner);
  for (let o = 0; o < outer; o++) {
    for (const [c, row] of map.m.entries()) {
      const to = (o * rows + c) * inner;
      numbers.fill(map.b[c] ?? 0, to, to + inner);
      for (const [k, factor] of row.entries()) {
        if (factor === 0) continue;
        const start = (o * columns + k) * inner;
        for (let i = 0; i < inner; i++) numbers[to + i] = (numbers[to + i] ?? 0) + factor * (from[start + i] ?? 0);
      }
    }
  }
  return { dims: x.dims.map((dim, i) => (i === axis ? rows : dim)), numbers };
}

/** `|m| · |x_new| + |b|`: where the terms of the map cancel, the adapted model rounds numbers of this size. */
function termSizes({ name, axis, map }: MappedInput, x: Value): Float64Array {
  const sizes = { name, axis, map: { m: map.m.map((row) => row.map(Math.abs)), b: map.b.map(Math.abs) } };
  const magnitudes = new Float64Array(numbersOf(x)).map(Math.abs);
  return applyMap(sizes, { dtype: DOUBLE, dims: x.dims, data: magnitudes }).numbers;
}

interface Shakeable {
  readonly dtype: number;
  readonly old: { readonly dims: readonly number[]; readonly numbers: Float64Array };
  readonly mapped: MappedInput;
  /** The sizes of what each number of `old` is the sum of. */
  readonly terms: Float64Array;
  /** How far each term of a number is off, as a part of it. */
  readonly step: number;
}

function shakeInput({ dtype, old, mapped, terms, step }: Shakeable, shake: Shake, random: SeededRandom): Value {
  const inner = shake === 'pixels' ? 1 : product(old.dims.slice(mapped.axis + 1));
  let direction = step;
  const numbers = old.numbers.map((value, i) => {
    if (i % inner === 0) direction = random.int(2) ? step : -step;
    return value + direction * (terms[i] ?? 0);
  });
  return fromNumbers(dtype, old.dims, numbers, mapped.name);
}

/** The axes of an image's heights and widths that are fixed and large, and may be smaller in a run. */
export function largeAxes(declared: ValueInfo | undefined, axis: number): number[] {
  const dims = declared?.type?.kind === 'tensor' ? (declared.type.dims ?? []) : [];
  return spatialAxes(dims, axis)
    .slice(-2)
    .filter((i) => Number(dims[i]) > LARGE_SIZE);
}

function spatialAxes(dims: readonly Dim[], axis: number): number[] {
  return dims.map((_, i) => i).filter((i) => i !== axis && !(i === 0 && dims.length > 3));
}

function imageDims(
  declared: readonly Dim[] | null,
  { axis, map }: MappedInput,
  setting: Setting,
  symbols: Map<string, number>,
): number[] {
  const dims = declared ?? new Array<Dim>(DEFAULT_RANK).fill(null);
  const spatial = spatialAxes(dims, axis);
  const [height, width] = spatial.slice(-2);
  const wantedAt = (i: number): number => {
    if (i === axis) return map.m[0]?.length ?? 1;
    if (i === height) return setting.height;
    if (i === width) return setting.width;
    return i === 0 && !spatial.includes(0) ? setting.batch : OTHER_SIZE;
  };
  return dims.map((dim, i) => {
    const opened = !setting.declared && (i === height || i === width) && Number(dim) > LARGE_SIZE;
    return sizeFor(opened ? null : dim, wantedAt(i), symbols);
  });
}

function otherDims(declared: readonly Dim[] | null, setting: Setting, symbols: Map<string, number>): number[] {
  return (declared ?? []).map((dim, i) => sizeFor(dim, i === 0 ? setting.batch : OTHER_SIZE, symbols));
}

/** A size the model leaves open; one symbol is one size everywhere. */
function sizeFor(dim: Dim, wanted: number, symbols: Map<string, number>): number {
  if (typeof dim === 'number') return dim;
  if (dim === null) return wanted;
  const size = symbols.get(dim) ?? wanted;
  symbols.set(dim, size);
  return size;
}

interface OtherInput {
  readonly dtype: number;
  readonly dims: readonly number[];
  readonly name: string;
}

/**
 * Numbers for an input that is no image, by kind: around one, or small positive integers, so that they can be sizes,
 * scales and ids.
 */
const OTHER_NUMBERS: Readonly<Record<string, (draw: Draw) => number>> = {
  float: ({ random }) => 0.5 + random.next(),
  bool: ({ random }) => random.int(2),
  int: wholeNumber,
  uint: wholeNumber,
};

function wholeNumber({ setting, random }: Draw): number {
  return setting.zeros ? 0 : 1 + random.int(3);
}

function otherNumbers({ dtype, dims, name }: OtherInput, draw: Draw): Float64Array {
  const number = OTHER_NUMBERS[DTYPES[dtype]?.kind ?? ''];
  if (!number)
    throw new ChannelwiseError(
      'unsupported',
      'input-type',
      `Input \`${quoted(name)}\` is ${dtypeName(dtype)}, so no numbers can be made up for it.`,
      { tensor: name },
    );
  return new Float64Array(product(dims)).map(() => number(draw));
}
