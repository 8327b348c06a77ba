import { decodeTensor, type DecodedTensor } from '../../../formats/onnx/tensors/tensorData.ts';
import { intOf } from '../../../formats/onnx/attributes.ts';
import type { Node } from '../../../formats/onnx/model.ts';
import { BFLOAT16, FLOAT16 } from '../../../tensors/dtypes.ts';
import { ChannelwiseError } from '../../../bytes/errors.ts';
import type { InputMaps, MappedInput } from '../inputMap.ts';
import { ByteComparer } from '../../sameBytes.ts';
import type { Wiring } from '../../wiring.ts';

/** One folded weight, checked by arithmetic alone. `ok` null: this way can't tell. */
export interface FoldCheck {
  readonly tensor: string;
  readonly node: string;
  readonly ok: boolean | null;
  readonly maxAbs: number | null;
  readonly why: string | null;
}

/** Storing a float32 weight rounds it by at most half a step; two steps cover a sum made in another order. */
const ROUNDING_STEPS = 2;
const EPSILON: Readonly<Record<number, number>> = { 1: 2 ** -23, 10: 2 ** -10, 11: 2 ** -52, 16: 2 ** -7 };
/** The smallest number above zero: below the normal range, steps grow no smaller. */
const SMALLEST: Readonly<Record<number, number>> = { 1: 2 ** -149, 10: 2 ** -24, 11: 2 ** -1074, 16: 2 ** -133 };
/** Sums of weights larger than this are not worth holding in memory when the runtime can't help: 2^26 numbers. */
const MAX_WEIGHTS = 2 ** 26;

/** What is looked at: two models, and which tensors were measured and found equal. */
export interface FoldRequest {
  readonly a: Wiring;
  readonly b: Wiring;
  readonly maps: InputMaps;
  /** Only convolutions that make one of these are looked at; all where null. */
  readonly measured: ReadonlySet<string> | null;
  /** Tensors found equal by a run. */
  readonly equal: ReadonlySet<string>;
}

/**
 * What arithmetic alone can check: convolutions that read an adapted input directly. There `W'[o,k] = Σ_c W[o,c] ·
 * M[c,k]` must hold, in groups too, and the shift's part in the bias, whether the runtime can run the stem or not.
 * Where `measured` is given, only what can be told is returned.
 */
export async function checkFolds(request: FoldRequest): Promise<FoldCheck[]> {
  const { a: wiring, maps, measured } = request;
  const found: FoldCheck[] = [];
  for (const mapped of maps.inputs) {
    for (const node of wiring.order) {
      const reads = node.opType === 'Conv' && !node.domain && node.inputs[0] === mapped.name;
      if (!reads || (measured && !measured.has(node.outputs[0] ?? ''))) continue;
      const check = await checkConv(request, mapped, node);
      if (!measured || check.ok !== null) found.push(check);
    }
  }
  return found;
}

/** What the numbers of one convolution tell; where `ok` is null, why they tell nothing. */
type Found = Pick<FoldCheck, 'ok' | 'maxAbs' | 'why'>;

function unclear(why: string): Found {
  return { ok: null, maxAbs: null, why };
}

async function checkConv(request: FoldRequest, mapped: MappedInput, node: Node): Promise<FoldCheck> {
  const other = request.b.makers.get(node.outputs[0] ?? '');
  const sameKind = other?.opType === 'Conv' && other.inputs[0] === mapped.name;
  const found = sameKind
    ? await compareConvs(request, mapped, { node, other })
    : unclear('the adapted model computes it in another way');
  return { tensor: node.inputs[1] ?? '', node: node.name, ...found };
}

/** The same convolution in both models. */
interface Convs {
  readonly node: Node;
  readonly other: Node;
}

async function compareConvs(request: FoldRequest, mapped: MappedInput, { node, other }: Convs): Promise<Found> {
  const { a, b, equal } = request;
  if (mapped.axis !== 1) return unclear('its channels are not on axis 1');
  const [before, after] = [await weight(a, node.inputs[1] ?? ''), await weight(b, other.inputs[1] ?? '')];
  if (!before || !after) return unclear('its weights are not stored as numbers');
  const [from, to] = [grouped(before, node), grouped(after, other)];
  if (from.channels > from.each && !equal.has(node.outputs[0] ?? ''))
    return unclear('each channel has its own filters, which may stand in another order');
  const shifted = mapped.map.b.some((v) => v !== 0);
  if (!shifted && !(await sameBias(a, b, node, other)))
    return { ok: false, maxAbs: null, why: 'its bias is not what it was' };
  const folded = compareFold(from, to, mapped.map.m);
  if (!shifted || folded.ok !== true) return folded;
  const bias = await compareShift(request, from, mapped.map.b, { node, other });
  return bias.ok === null ? bias : { ...bias, maxAbs: folded.maxAbs };
}

/** The shift's part in the bias. */
async function compareShift(
  { a, b, maps }: FoldRequest,
  weights: Grouped,
  shift: readonly number[],
  { node, other }: Convs,
): Promise<Found> {
  // Shifts that came one after the other were rounded in between, where they may have been larger.
  if (maps.steps.length > 1) return unclear('its bias took several shifts');
  const before = node.inputs[2] ? await weight(a, node.inputs[2]) : null;
  const after = await weight(b, other.inputs[2] ?? '');
  if ((node.inputs[2] && !before) || !after) return unclear('its bias is not stored as numbers');
  return { ...compareBias({ weights, before, after }, shift), maxAbs: null };
}

/** Rounding steps of a weight's largest number by which two ways to sum it may differ. */
const SUMMING_STEPS = 16;
/** The same in half precision, of a filter's largest number or term: sixteen steps would be a hundredth of it. */
const HALF_STEPS = 4;

function isHalf(dtype: number): boolean {
  return dtype === FLOAT16 || dtype === BFLOAT16;
}

/** Weights that are not what adapting the original again gives, beyond rounding, though the same node reads them. */
export async function checkRebuilt(
  { a, again, b: wiring }: { readonly a: Wiring; readonly again: Wiring; readonly b: Wiring },
  names: readonly string[],
): Promise<FoldCheck[]> {
  const found: FoldCheck[] = [];
  const bytes = new ByteComparer(again.file, wiring.file);
  for (const name of new Set(names)) {
    const [wanted, present] = [again.stored.get(name), wiring.stored.get(name)];
    if (!wanted || !present || (await bytes.sameTensor(wanted, present))) continue;
    const readers = wiring.order.filter((node) => node.inputs.includes(name));
    const [reader] = readers;
    const other = again.makers.get(reader?.outputs[0] ?? '');
    if (!reader || !other || !(await bytes.sameNode(other, reader))) continue;
    const [before, after] = [await weight(again, name), await weight(wiring, name)];
    if (!before || !after) continue;
    found.push({ tensor: name, node: reader.name, ...compareWeights(before, after, await weight(a, name)) });
  }
  return found.filter((check) => check.ok === false);
}

/**
 * A weight in half precision that adapting the original again gives otherwise, though it takes no map in; null where
 * there is none. What rounding does to such a network is so much that a small change of one filter hides in it.
 */
export async function changedHalfWeight(
  { a, b, bytes }: { readonly a: Wiring; readonly b: Wiring; readonly bytes: ByteComparer },
  again: Wiring,
  adapted: readonly string[],
): Promise<string | null> {
  for (const [name, wanted] of again.stored) {
    const [original, present] = [a.stored.get(name), b.stored.get(name)];
    if (!isHalf(wanted.dtype) || !present || adapted.includes(name)) continue;
    if (original && (await bytes.sameTensor(original, present))) continue;
    const [before, after] = [await weight(again, name), await weight(b, name)];
    if (!before || !after || !sameNumbers(before, after)) return name;
  }
  return null;
}

function sameNumbers(a: DecodedTensor, b: DecodedTensor): boolean {
  return a.values.length === b.values.length && a.values.every((value, i) => Object.is(value, b.values[i]));
}

/**
 * The largest magnitude in each filter, of its own numbers and of those that were summed; one for all where the filters
 * of `terms` are others, or not known.
 */
function magnitudes(weight: DecodedTensor, terms: DecodedTensor | null): Float64Array {
  const isAlike = terms !== null && terms.dims[0] === weight.dims[0];
  const largest = new Float64Array(isAlike ? (weight.dims[0] ?? 1) : 1);
  for (const { values } of isAlike ? [weight, terms] : [weight]) {
    const filter = values.length / largest.length;
    for (const [i, value] of values.entries()) {
      const at = Math.floor(i / filter);
      largest[at] = Math.max(largest[at] ?? 0, Math.abs(value));
    }
  }
  return largest;
}

/** `terms` is the original weight, whose numbers were summed; null where it is not known. */
function compareWeights(before: DecodedTensor, after: DecodedTensor, terms: DecodedTensor | null): Found {
  if (before.dtype !== after.dtype || before.values.length !== after.values.length)
    return { ok: null, maxAbs: null, why: 'it is stored in another form' };
  const step = (EPSILON[before.dtype] ?? 0) * (isHalf(before.dtype) ? HALF_STEPS : SUMMING_STEPS);
  const largest = magnitudes(before, isHalf(before.dtype) ? terms : null);
  const filter = before.values.length / largest.length;
  let maxAbs = 0;
  let ok = true;
  for (const [i, value] of before.values.entries()) {
    const error = Math.abs(value - (after.values[i] ?? NaN));
    maxAbs = error <= maxAbs ? maxAbs : error;
    ok &&= error <= step * (largest[Math.floor(i / filter)] ?? 0);
  }
  return { ok, maxAbs, why: ok ? null : `it is off what the original gives by up to ${maxAbs.toPrecision(3)}` };
}

/**
 * A convolution's weight, [out, in of a group, …taps]. Channels are counted over all groups; `at` is 0 where an output
 * does not read one.
 */
interface Grouped {
  readonly out: number;
  readonly channels: number;
  /** Channels that an output reads, from `first` on. */
  readonly each: number;
  first(output: number): number;
  readonly taps: number;
  readonly tensor: DecodedTensor;
  at(output: number, channel: number, tap: number): number;
}

function grouped(tensor: DecodedTensor, node: Node): Grouped {
  const group = intOf(node, 'group', 1);
  const [out = 0, each = 0] = tensor.dims;
  const taps = tensor.dims.slice(2).reduce((total, dim) => total * dim, 1);
  const first = (output: number): number => Math.floor((output * group) / out) * each;
  return {
    out,
    channels: each * group,
    each,
    first,
    taps,
    tensor,
    at(output, channel, tap) {
      const own = channel - first(output);
      return own >= 0 && own < each ? (tensor.values[(output * each + own) * taps + tap] ?? NaN) : 0;
    },
  };
}

async function weight(wiring: Wiring, name: string): Promise<DecodedTensor | null> {
  const stored = wiring.stored.get(name);
  if (!stored || stored.dims.reduce((total, dim) => total * dim, 1) > MAX_WEIGHTS) return null;
  try {
    return await decodeTensor(wiring.file.ctx, stored, name);
  } catch (error) {
    if (error instanceof ChannelwiseError && error.kind !== 'cancelled') return null;
    throw error;
  }
}

async function sameBias(a: Wiring, b: Wiring, node: Node, other: Node): Promise<boolean> {
  if (!node.inputs[2] || !other.inputs[2]) return !node.inputs[2] && !other.inputs[2];
  const [x, y] = [await weight(a, node.inputs[2]), await weight(b, other.inputs[2])];
  if (!x || !y) return x === y;
  return x.values.length === y.values.length && x.values.every((value, i) => Object.is(value, y.values[i]));
}

/** The sum runs over the original's channels. */
function compareFold(before: Grouped, after: Grouped, m: readonly (readonly number[])[]): Found {
  const { out, channels, each, taps } = before;
  const columns = m[0]?.length ?? 0;
  const { tensor } = after;
  if (channels !== m.length || after.out !== out || after.channels !== columns || after.taps !== taps)
    return { ok: false, maxAbs: null, why: `its dims are [${tensor.dims.join(', ')}] now` };
  const step = (EPSILON[tensor.dtype] ?? 0) * ROUNDING_STEPS;
  const smallest = (SMALLEST[tensor.dtype] ?? 0) * ROUNDING_STEPS;
  let maxAbs = 0;
  let ok = true;
  for (let o = 0; o < out; o++) {
    const first = before.first(o);
    for (let k = 0; k < columns; k++) {
      for (let t = 0; t < taps; t++) {
        let sum = 0;
        let size = 0;
        for (let c = first; c < first + each; c++) {
          const term = before.at(o, c, t) * (m[c]?.[k] ?? 0);
          sum += term;
          size += Math.abs(term);
        }
        const d = Math.abs(sum - after.at(o, k, t));
        maxAbs = Math.max(maxAbs, d);
        if (!(d <= step * size + smallest)) ok = false;
      }
    }
  }
  return { ok, maxAbs, why: ok ? null : `it is off the sum by up to ${maxAbs.toPrecision(3)}` };
}

interface Biases {
  readonly weights: Grouped;
  readonly before: DecodedTensor | null;
  readonly after: DecodedTensor;
}

/** `b'[o] = b[o] + Σ W[o,c] · shift[c]` over channels and taps. */
function compareBias({ weights, before, after }: Biases, shift: readonly number[]): Pick<FoldCheck, 'ok' | 'why'> {
  const step = (EPSILON[after.dtype] ?? 0) * ROUNDING_STEPS;
  const smallest = (SMALLEST[after.dtype] ?? 0) * ROUNDING_STEPS;
  let worst = 0;
  let ok = after.values.length === weights.out;
  for (let output = 0; output < weights.out; output++) {
    let sum = before?.values[output] ?? 0;
    let size = Math.abs(sum);
    const first = weights.first(output);
    for (let c = first; c < first + weights.each; c++) {
      for (let t = 0; t < weights.taps; t++) {
        const term = weights.at(output, c, t) * (shift[c] ?? 0);
        sum += term;
        size += Math.abs(term);
      }
    }
    const error = Math.abs(sum - (after.values[output] ?? NaN));
    worst = Math.max(worst, error);
    if (!(error <= step * size + smallest)) ok = false;
  }
  return { ok, why: ok ? null : `its bias is off the sum by up to ${worst.toPrecision(3)}` };
}
