import { intOf } from '../../../formats/onnx/attributes.ts';
import type { Node } from '../../../formats/onnx/model.ts';
import type { InputMaps, MappedInput } from '../inputMap.ts';
import type { Wiring } from '../../wiring.ts';
import { weightNumbers, weightRounding, type WeightNumbers, sameWeights } from './weightNumbers.ts';
import { product } from '../../../tensors/dims.ts';
import { columnCount } from '../../../adapt/maps/affine.ts';

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
export type Found = Pick<FoldCheck, 'ok' | 'maxAbs' | 'why'>;

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
  const [before, after] = [await weightNumbers(a, node.inputs[1] ?? ''), await weightNumbers(b, other.inputs[1] ?? '')];
  if (!before || !after) return unclear('its weights are not stored as numbers');
  const [from, to] = [grouped(before, node), grouped(after, other)];
  if (from.channels > from.each && !equal.has(node.outputs[0] ?? ''))
    return unclear('each channel has its own filters, which may stand in another order');
  const shifted = mapped.map.b.some((value) => value !== 0);
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
  const before = node.inputs[2] ? await weightNumbers(a, node.inputs[2]) : null;
  const after = await weightNumbers(b, other.inputs[2] ?? '');
  if ((node.inputs[2] && !before) || !after) return unclear('its bias is not stored as numbers');
  return { ...compareBias({ weights, before, after }, shift), maxAbs: null };
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
  readonly tensor: WeightNumbers;
  at(output: number, channel: number, tap: number): number;
}

function grouped(tensor: WeightNumbers, node: Node): Grouped {
  const group = intOf(node, 'group', 1);
  const [out = 0, each = 0] = tensor.dims;
  const taps = product(tensor.dims.slice(2));
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

async function sameBias(a: Wiring, b: Wiring, node: Node, other: Node): Promise<boolean> {
  if (!node.inputs[2] || !other.inputs[2]) return !node.inputs[2] && !other.inputs[2];
  const [x, y] = [await weightNumbers(a, node.inputs[2]), await weightNumbers(b, other.inputs[2])];
  return x && y ? sameWeights(x, y) : x === y;
}

/** How far a stored sum may be off, by the sum of its terms' magnitudes. */
function roundingOf({ dtype }: WeightNumbers): (size: number) => number {
  const { step, smallest } = weightRounding(dtype);
  return (size) => ROUNDING_STEPS * step * size + ROUNDING_STEPS * smallest;
}

/** The sum runs over the original's channels. */
function compareFold(before: Grouped, after: Grouped, m: readonly (readonly number[])[]): Found {
  const { out, channels, each, taps } = before;
  const columns = columnCount(m);
  const { tensor } = after;
  if (channels !== m.length || after.out !== out || after.channels !== columns || after.taps !== taps)
    return { ok: false, maxAbs: null, why: `its dims are [${tensor.dims.join(', ')}] now` };
  const tolerance = roundingOf(tensor);
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
        if (!(d <= tolerance(size))) ok = false;
      }
    }
  }
  return { ok, maxAbs, why: ok ? null : `it is off the sum by up to ${maxAbs.toPrecision(3)}` };
}

interface Biases {
  readonly weights: Grouped;
  readonly before: WeightNumbers | null;
  readonly after: WeightNumbers;
}

/** `b'[o] = b[o] + Σ W[o,c] · shift[c]` over channels and taps. */
function compareBias({ weights, before, after }: Biases, shift: readonly number[]): Pick<FoldCheck, 'ok' | 'why'> {
  const tolerance = roundingOf(after);
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
    if (!(error <= tolerance(size))) ok = false;
  }
  return { ok, why: ok ? null : `its bias is off the sum by up to ${worst.toPrecision(3)}` };
}
