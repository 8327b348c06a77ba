import { DOUBLE, DTYPES, dtypeName, isFloat } from '../../tensors/dtypes.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import type { Dim, ValueInfo } from '../../formats/onnx/model.ts';
import type { MappedInput } from './inputMap.ts';
import type { SeededRandom } from './random.ts';
import { fromNumbers, sizeOf, toNumbers, valueRow, type Value } from '../values.ts';

/** What one run is fed: sizes for what the model leaves open, and the range of pixel values. */
export interface Setting {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly low: number;
  readonly high: number;
  /** Whole numbers that are no image are 0, as indices into a batch of one must be; else 1 to 3. */
  readonly zeros?: true;
}

/** Sizes that most image models take, small ones first; odd ones show borders and strides. Ranges: 0 to 1, raw pixels, normalised. */
export const SETTINGS: readonly Setting[] = [
  { batch: 1, height: 64, width: 64, low: 0, high: 1 },
  { batch: 2, height: 77, width: 65, low: 0, high: 255 },
  { batch: 1, height: 96, width: 128, low: -2, high: 2 },
  { batch: 1, height: 48, width: 192, low: 0, high: 1 },
  { batch: 1, height: 128, width: 128, low: 0, high: 255 },
  { batch: 1, height: 224, width: 224, low: 0, high: 1 },
  { batch: 1, height: 32, width: 32, low: 0, high: 1 },
  { batch: 1, height: 320, width: 320, low: 0, high: 1 },
  { batch: 1, height: 640, width: 640, low: 0, high: 1 },
  { batch: 1, height: 64, width: 64, low: 0, high: 1, zeros: true },
  { batch: 1, height: 77, width: 65, low: 0, high: 255, zeros: true },
  { batch: 1, height: 96, width: 128, low: -2, high: 2, zeros: true },
];

/** Dims left open that are neither batch nor size: time, depth, counts. */
const OTHER_SIZE = 4;
/** Ranks are the runtime's business; an input larger than this is not worth a proof's time: 2^26 floats are 256 MiB. */
const MAX_INPUT_ELEMENTS = 2 ** 26;
const DEFAULT_RANK = 4;

/** The inputs of both models for one run. `noisy` is the original's with each number off by one rounding step of the terms it is the sum of. */
export interface Sample {
  readonly sizes: Readonly<Record<string, readonly number[]>>;
  readonly original: ReadonlyMap<string, Value>;
  readonly adapted: ReadonlyMap<string, Value>;
  readonly noisy: ReadonlyMap<string, Value> | null;
}

/** Fills an adapted input: numbers in the order of dims. */
export type Painter = (dims: readonly number[], axis: number) => Float64Array;

export interface InputPair {
  readonly name: string;
  /** As the adapted model declares it. */
  readonly declared: ValueInfo;
  readonly mapped: MappedInput | null;
}

/** Draws the inputs of one run. Throws `unsupported` for inputs that can't be made up: texts, sequences, too large ones. */
export function drawSample(
  pairs: readonly InputPair[],
  setting: Setting,
  random: SeededRandom,
  paint?: Painter,
): Sample {
  const symbols = new Map<string, number>();
  const sizes: Record<string, readonly number[]> = {};
  const original = new Map<string, Value>();
  const adapted = new Map<string, Value>();
  const noisy = new Map<string, Value>();
  let shaken = false;
  for (const { name, declared, mapped } of pairs) {
    if (declared.type?.kind !== 'tensor')
      throw new ChannelwiseError(
        'unsupported',
        'input-type',
        `Input \`${name}\` is no tensor, so no numbers can be made up for it.`,
        { tensor: name },
      );
    const { dtype } = declared.type;
    const dims = mapped
      ? imageDims(declared.type.dims, mapped, setting, symbols)
      : otherDims(declared.type.dims, setting, symbols);
    sizes[name] = dims;
    if (sizeOf(dims) * (mapped?.map.m.length ?? 1) > MAX_INPUT_ELEMENTS)
      throw new ChannelwiseError(
        'unsupported',
        'input-too-large',
        `Input \`${name}\` is [${dims.join(', ')}], too large to be run here.`,
        { tensor: name },
      );
    if (!mapped) {
      const same = fromNumbers(dtype, dims, made(dtype, sizeOf(dims), setting, random, name), name);
      for (const feeds of [original, adapted, noisy]) feeds.set(name, same);
      continue;
    }
    const numbers = paint
      ? paint(dims, mapped.axis)
      : Float64Array.from({ length: sizeOf(dims) }, () => setting.low + random.next() * (setting.high - setting.low));
    const fitted = isFloat(dtype) ? numbers : wholeNumbers(dtype, dims, mapped, paint ? numbers : null, random);
    const x = fromNumbers(dtype, dims, fitted, name);
    const old = applyMap(mapped, x);
    adapted.set(name, x);
    original.set(name, fromNumbers(dtype, old.dims, old.numbers, name));
    noisy.set(
      name,
      isFloat(dtype) ? shake(dtype, old, termSizes(mapped, x), random, name) : (original.get(name) as Value),
    );
    shaken ||= isFloat(dtype);
  }
  return { sizes, original, adapted, noisy: shaken ? noisy : null };
}

/** `x_old = m · x_new + b` along the channel axis, in double precision. */
export function applyMap({ axis, map }: MappedInput, x: Value): { dims: readonly number[]; numbers: Float64Array } {
  const inner = sizeOf(x.dims.slice(axis + 1));
  const outer = sizeOf(x.dims.slice(0, axis));
  const columns = x.dims[axis] ?? 1;
  const rows = map.m.length;
  const from = toNumbers(x);
  const numbers = new Float64Array(outer * rows * inner);
  for (let o = 0; o < outer; o++) {
    for (const [c, row] of map.m.entries()) {
      const to = (o * rows + c) * inner;
      numbers.fill(map.b[c] ?? 0, to, to + inner);
      for (const [k, factor] of row.entries()) {
        if (factor === 0) continue;
        const at = (o * columns + k) * inner;
        for (let i = 0; i < inner; i++) numbers[to + i] = (numbers[to + i] ?? 0) + factor * (from[at + i] ?? 0);
      }
    }
  }
  return { dims: x.dims.map((d, i) => (i === axis ? rows : d)), numbers };
}

/** `|m| · |x_new| + |b|`: where the terms of the map cancel, the adapted model rounds numbers of this size. */
function termSizes({ name, axis, map }: MappedInput, x: Value): Float64Array {
  const sizes = { name, axis, map: { m: map.m.map((row) => row.map(Math.abs)), b: map.b.map(Math.abs) } };
  return applyMap(sizes, { dtype: DOUBLE, dims: x.dims, data: toNumbers(x).map(Math.abs) }).numbers;
}

function shake(
  dtype: number,
  old: { dims: readonly number[]; numbers: Float64Array },
  terms: Float64Array,
  random: SeededRandom,
  name: string,
): Value {
  const step = 2 * valueRow(dtype, name).epsilon;
  return fromNumbers(
    dtype,
    old.dims,
    old.numbers.map((v, i) => v + (random.int(2) ? step : -step) * (terms[i] ?? 0)),
    name,
  );
}

function imageDims(
  declared: readonly Dim[] | null,
  { axis, map }: MappedInput,
  setting: Setting,
  symbols: Map<string, number>,
): number[] {
  const dims = declared ?? new Array<Dim>(DEFAULT_RANK).fill(null);
  const spatial = dims.map((_, i) => i).filter((i) => i !== axis && !(i === 0 && dims.length > 3));
  const [height, width] = spatial.slice(-2);
  return dims.map((d, i) => {
    const wanted =
      i === axis
        ? (map.m[0]?.length ?? 1)
        : i === height
          ? setting.height
          : i === width
            ? setting.width
            : i === 0 && !spatial.includes(0)
              ? setting.batch
              : OTHER_SIZE;
    return settle(d, wanted, symbols);
  });
}

function otherDims(declared: readonly Dim[] | null, setting: Setting, symbols: Map<string, number>): number[] {
  return (declared ?? []).map((d, i) => settle(d, i === 0 ? setting.batch : OTHER_SIZE, symbols));
}

/** A size the model leaves open; one symbol is one size everywhere. */
function settle(dim: Dim, wanted: number, symbols: Map<string, number>): number {
  if (typeof dim === 'number') return dim;
  if (dim === null) return wanted;
  const size = symbols.get(dim) ?? wanted;
  symbols.set(dim, size);
  return size;
}

/** Numbers for an input that is no image: around one, or small positive integers, so that they can be sizes, scales and ids. */
function made(dtype: number, count: number, { zeros }: Setting, random: SeededRandom, name: string): Float64Array {
  const kind = DTYPES[dtype]?.kind;
  if (kind === 'string' || kind === undefined || kind === 'complex')
    throw new ChannelwiseError(
      'unsupported',
      'input-type',
      `Input \`${name}\` is ${dtypeName(dtype)}, so no numbers can be made up for it.`,
      { tensor: name },
    );
  return Float64Array.from({ length: count }, () =>
    kind === 'float' ? 0.5 + random.next() : kind === 'bool' ? random.int(2) : zeros ? 0 : 1 + random.int(3),
  );
}

/** How often pixels are drawn in search of some whose mapped values are whole numbers too. */
const TRIES = 4096;
/** Rounding in the map's own numbers: 0.299 + 0.587 + 0.114 is not quite one. */
const NEARLY_WHOLE = 1e-6;

/** Whole pixels whose mapped channels are whole numbers of the type too; else the original could not be fed. `painted` pixels are kept where they fit. */
function wholeNumbers(
  dtype: number,
  dims: readonly number[],
  mapped: MappedInput,
  painted: Float64Array | null,
  random: SeededRandom,
): Float64Array {
  const { m, b } = mapped.map;
  const columns = m[0]?.length ?? 1;
  const limit = dtype === 3 ? 127 : 255;
  const good = (pixel: readonly number[]): boolean =>
    m.every((row, c) => {
      const v = row.reduce((s, f, k) => s + f * (pixel[k] ?? 0), b[c] ?? 0);
      return (
        Math.abs(v - Math.round(v)) <= NEARLY_WHOLE && v >= (DTYPES[dtype]?.kind === 'uint' ? 0 : -128) && v <= limit
      );
    });
  const exact = m.every((row, c) => row.every((f) => f === 0 || f === 1) && row.filter(Boolean).length <= 1 && !b[c]);
  const pixels: number[][] = [];
  for (let i = 0; i < TRIES && !exact && pixels.length < 256; i++) {
    const level = random.int(limit + 1);
    const pixel = Array.from({ length: columns }, () => (i % 2 ? random.int(limit + 1) : level));
    if (good(pixel)) pixels.push(pixel);
  }
  if (!exact && !pixels.length)
    throw new ChannelwiseError(
      'unsupported',
      'no-whole-pixels',
      `No whole pixel values of input \`${mapped.name}\` map to whole values again, so the original can't be fed.`,
      { tensor: mapped.name },
    );
  const out = new Float64Array(sizeOf(dims));
  if (exact) return out.map((_, i) => (painted ? Math.min(limit, Math.round(painted[i] ?? 0)) : random.int(limit + 1)));
  const inner = sizeOf(dims.slice(mapped.axis + 1));
  for (let at = 0; at < out.length; at += columns * inner) {
    for (let i = 0; i < inner; i++) {
      const pixel = pixels[random.int(pixels.length)] ?? [];
      for (let k = 0; k < columns; k++) out[at + k * inner + i] = pixel[k] ?? 0;
    }
  }
  return out;
}
