import { hasNoShift, isSelection, scaleRows } from '../../maps/affine.ts';
import type { ConstantValue } from '../../constants/constantValue.ts';
import { axisLength, isPlain, withMap, type Flow } from '../../flow/flow.ts';
import type { Operand } from '../../flow/rewrite.ts';
import type { Rule, Step } from '../../flow/step.ts';
import { contract, shiftThrough } from '../../constants/contract.ts';
import { foldWeight, sinkPlus, storageFault, withoutOnes } from '../../flow/weight.ts';
import { SHARED_AXIS, WEIGHTS_UNKNOWN, WEIGHTS_DO_NOT_FIT } from '../../flow/reasons.ts';

const SHIFT_SUMMED = 'a shift would be summed';

/** What may name an axis: https://onnx.ai/onnx/operators/onnx__Einsum.html */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** One or two terms and an output. */
const EQUATION = /^([^,>]+?)(?:,([^,>]+?))?->([^,>]*)$/;

interface Equation {
  readonly terms: readonly string[];
  readonly output: string;
}

/**
 * The equation with a letter for each axis that the dots of the image stand for; null for what has dots elsewhere or
 * repeats an axis.
 */
function readEquation(text: string, image: number, rank: number): Equation | null {
  const parts = EQUATION.exec(text);
  if (!parts) return null;
  const terms = parts[2] === undefined ? [parts[1] ?? ''] : [parts[1] ?? '', parts[2]];
  const own = terms[image] ?? '';
  const count = own.includes('...') ? rank - (own.length - 3) : 0;
  const free = [...LETTERS].filter((letter) => !text.includes(letter));
  if (count < 0 || count > free.length) return null;
  const spelt = (term: string): string => term.replace('...', free.slice(0, count).join(''));
  const equation = { terms: terms.map((term, i) => (i === image ? spelt(term) : term)), output: spelt(parts[3] ?? '') };
  const plain = [...equation.terms, equation.output].every(
    (t) => /^[A-Za-z]*$/.test(t) && new Set(t).size === t.length,
  );
  return plain && equation.terms[image]?.length === rank ? equation : null;
}

/** One term: axes in another order, or summed over. */
function moved(step: Step, flow: Flow, own: string, output: string): true | string {
  const axis = output.indexOf(own[flow.axis] ?? '');
  if (axis < 0) return 'it sums over the channels';
  if (own.length !== output.length && !hasNoShift(flow.map)) return SHIFT_SUMMED;
  return step.pass(flow, { flow: { axis, rank: output.length } });
}

/** A product of the image and a constant: https://onnx.ai/onnx/operators/onnx__Einsum.html */
const einsum: Rule = async (step) => {
  const image = step.flows.findIndex((flow) => flow !== null);
  const flow = step.only(image);
  const equation =
    flow && !flow.gone ? readEquation(step.text('equation', '').replace(/\s+/g, ''), image, flow.rank) : null;
  if (!flow || !equation || equation.terms.length !== step.node.inputs.length)
    return 'its equation is more than one product with a constant';
  const { terms, output } = equation;
  const [own = '', other = ''] = [terms[image], terms[1 - image]];
  if (terms.length === 1) return isPlain(flow) ? moved(step, flow, own, output) : SHARED_AXIS;
  const letter = own[flow.axis] ?? '';
  const inOutput = output.indexOf(letter);
  const inWeight = other.indexOf(letter);
  if (inWeight < 0) {
    if (inOutput < 0) return 'it sums over the channels';
    const commutes = hasNoShift(flow.map) || isSelection(flow.map);
    return commutes
      ? step.pass(flow, { flow: { axis: inOutput, rank: output.length } })
      : 'the channels are shifted here, and the operator does not commute with that';
  }
  const weight = await step.value(1 - image);
  if (!weight || weight.dims.length !== other.length) return WEIGHTS_UNKNOWN;
  if (weight.dims[inWeight] !== axisLength(flow)) return WEIGHTS_DO_NOT_FIT;
  const parts = { flow, image, weight, own, other, output };
  return inOutput >= 0 ? factors(step, parts) : product(step, parts);
};

/** A factor per channel and nothing else goes into the map; where axes move, the product stays with ones. */
function factors(step: Step, { flow, image, weight, own, output }: Product): true | string {
  if (weight.dims.length !== 1 || !isPlain(flow)) return 'its product keeps the channels apart';
  const map = scaleRows(flow.map, [...weight.values], []);
  if (own === output) return step.absorb(withMap(flow, map));
  if (own.length !== output.length && !hasNoShift(flow.map)) return SHIFT_SUMMED;
  const { channels } = flow.base;
  const name = `${step.node.outputs[0] ?? ''}/ones`;
  const ones = step.walk.constant(name, weight.dtype, [channels], new Array<number>(channels).fill(1));
  return step.pass(flow, {
    inputs: new Map([[1 - image, ones]]),
    flow: { axis: output.indexOf(own[flow.axis] ?? ''), rank: output.length, map },
  });
}

/** A product of the image and a weight, each letter one axis. */
interface Product {
  readonly flow: Flow;
  /** The input that is the image; the weight is the other one. */
  readonly image: number;
  readonly weight: ConstantValue;
  /** The letters of the image, and those of the weight. */
  readonly own: string;
  readonly other: string;
  readonly output: string;
}

/**
 * The channels are summed over. What a shift adds stands behind, one number per entry of the weight's axes that the
 * output keeps.
 */
async function product(step: Step, { flow, image, weight, own, other, output }: Product): Promise<true | string> {
  const axis = other.indexOf(own[flow.axis] ?? '');
  const kept = [...output].map((l) => other.indexOf(l)).filter((i) => i >= 0);
  // An axis of the image that is summed over and that the weight lacks or broadcasts would count the shift as often as
  // it is long.
  const summed = [...own].some(
    (l, i) =>
      !output.includes(l) && i !== flow.axis && (weight.dims[other.indexOf(l)] ?? 1) === 1 && flow.dims[i] !== 1,
  );
  if (!hasNoShift(flow.map) && summed) return SHIFT_SUMMED;
  const place = { axis, outer: flow.outer, inner: flow.inner };
  const folded = contract(weight, place, flow.map);
  const fault = await storageFault(step, 1 - image, { old: weight, ...folded });
  if (fault) return fault;
  const how = { ...place, map: flow.map };
  const inputs = new Map<number, Operand>([
    [image, flow.base],
    [1 - image, await foldWeight(step, 1 - image, { old: weight, ...folded, how })],
  ]);
  if (hasNoShift(flow.map)) return step.sink(inputs);
  const dims = [...output].map((l) => (other.includes(l) ? (weight.dims[other.indexOf(l)] ?? 1) : 1));
  const values = shiftThrough(weight, place, flow.map.b, kept);
  return sinkPlus(step, inputs, { dtype: weight.dtype, dims: withoutOnes(dims), values });
}

export const EINSUM: Readonly<Record<string, Rule>> = { Einsum: einsum };
