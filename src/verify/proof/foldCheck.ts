import { decodeTensor, type DecodedTensor } from '../../formats/onnx/tensors/tensorData.ts';
import type { Node } from '../../formats/onnx/model.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import type { InputMaps, MappedInput } from './inputMap.ts';
import type { Wiring } from '../wiring.ts';

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

/**
 * What arithmetic alone can check: convolutions that read an adapted input directly. There `W'[o,k] = Σ_c W[o,c] · M[c,k]` must hold, in groups too, and the
 * shift's part in the bias, whether the runtime can run the stem or not. `equal` names the tensors that were found equal: then only what makes one of these is looked at, and only what can be told is returned.
 */
export async function checkFolds(
  a: Wiring,
  b: Wiring,
  maps: InputMaps,
  equal: readonly string[] | null,
): Promise<FoldCheck[]> {
  const found: FoldCheck[] = [];
  for (const mapped of maps.inputs) {
    for (const node of a.order) {
      if (
        node.opType !== 'Conv' ||
        node.domain ||
        node.inputs[0] !== mapped.name ||
        (equal && !equal.includes(node.outputs[0] ?? ''))
      )
        continue;
      const check = await checkConv(a, b, mapped, node, maps.steps.length > 1);
      if (!equal || check.ok !== null) found.push(check);
    }
  }
  return found;
}

async function checkConv(a: Wiring, b: Wiring, mapped: MappedInput, node: Node, again: boolean): Promise<FoldCheck> {
  const other = b.makers.get(node.outputs[0] ?? '');
  const tensor = node.inputs[1] ?? '';
  const unclear = (why: string): FoldCheck => ({ tensor, node: node.name, ok: null, maxAbs: null, why });
  if (!other || other.opType !== 'Conv' || other.inputs[0] !== mapped.name)
    return unclear('the adapted model computes it in another way');
  if (mapped.axis !== 1) return unclear('its channels are not on axis 1');
  const [before, after] = [await weight(a, tensor), await weight(b, other.inputs[1] ?? '')];
  if (!before || !after) return unclear('its weights are not stored as numbers');
  const shifted = mapped.map.b.some((v) => v !== 0);
  if (!shifted && !(await sameBias(a, b, node, other)))
    return { tensor, node: node.name, ok: false, maxAbs: null, why: 'its bias is not what it was' };
  const [from, to] = [grouped(before, node), grouped(after, other)];
  const folded = compareFold(from, to, mapped.map.m);
  if (!shifted || folded.ok !== true) return { tensor, node: node.name, ...folded };
  // Shifts that came one after the other were rounded in between, where they may have been larger.
  if (again) return unclear('its bias took several shifts');
  const [was, is] = [node.inputs[2] ? await weight(a, node.inputs[2]) : null, await weight(b, other.inputs[2] ?? '')];
  if ((node.inputs[2] && !was) || !is) return unclear('its bias is not stored as numbers');
  return { tensor, node: node.name, ...compareBias(from, was, is, mapped.map.b), maxAbs: folded.maxAbs };
}

/** A convolution's weight, [out, in of a group, …taps]. Channels are counted over all groups; `at` is 0 where an output does not read one. */
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
  const group = Number(node.attributes.find((at) => at.name === 'group')?.int ?? 1n);
  const [out = 0, each = 0] = tensor.dims;
  const taps = tensor.dims.slice(2).reduce((n, d) => n * d, 1);
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

async function weight(w: Wiring, name: string): Promise<DecodedTensor | null> {
  const stored = w.stored.get(name);
  if (!stored || stored.dims.reduce((n, d) => n * d, 1) > MAX_WEIGHTS) return null;
  try {
    return await decodeTensor(w.file.ctx, stored, name);
  } catch (error) {
    if (error instanceof ChannelwiseError && error.kind !== 'cancelled') return null;
    throw error;
  }
}

async function sameBias(a: Wiring, b: Wiring, node: Node, other: Node): Promise<boolean> {
  if (!node.inputs[2] || !other.inputs[2]) return !node.inputs[2] && !other.inputs[2];
  const [x, y] = [await weight(a, node.inputs[2]), await weight(b, other.inputs[2])];
  return !x || !y
    ? x === y
    : x.values.length === y.values.length && x.values.every((v, i) => Object.is(v, y.values[i]));
}

/** The sum runs over the original's channels. */
function compareFold(
  before: Grouped,
  after: Grouped,
  m: readonly (readonly number[])[],
): Pick<FoldCheck, 'ok' | 'maxAbs' | 'why'> {
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

/** `b'[o] = b[o] + Σ W[o,c] · shift[c]` over channels and taps. */
function compareBias(
  w: Grouped,
  before: DecodedTensor | null,
  after: DecodedTensor,
  shift: readonly number[],
): Pick<FoldCheck, 'ok' | 'why'> {
  const step = (EPSILON[after.dtype] ?? 0) * ROUNDING_STEPS;
  const smallest = (SMALLEST[after.dtype] ?? 0) * ROUNDING_STEPS;
  let worst = 0;
  let ok = after.values.length === w.out;
  for (let o = 0; o < w.out; o++) {
    let sum = before?.values[o] ?? 0;
    let size = Math.abs(sum);
    for (let c = w.first(o); c < w.first(o) + w.each; c++) {
      for (let t = 0; t < w.taps; t++) {
        const term = w.at(o, c, t) * (shift[c] ?? 0);
        sum += term;
        size += Math.abs(term);
      }
    }
    const d = Math.abs(sum - (after.values[o] ?? NaN));
    worst = Math.max(worst, d);
    if (!(d <= step * size + smallest)) ok = false;
  }
  return { ok, why: ok ? null : `its bias is off the sum by up to ${worst.toPrecision(3)}` };
}
