import type { Node } from '../../formats/onnx/model.ts';
import { operatorKey } from '../../graph/operatorKey.ts';
import { BFLOAT16, DOUBLE, FLOAT, FLOAT16, isComputedFloat, isWideInteger } from '../../tensors/dtypes.ts';
import { isSelection } from '../maps/affine.ts';
import type { Rule, Step } from '../flow/step.ts';
import { CONV_KINDS } from './weights/conv.ts';
import { PRODUCTS } from './layout.ts';
import { isNeededBesides } from '../../graph/use.ts';

/** Digits of the floats, in bits, the leading one among them: IEEE 754, and bfloat16's eight. */
const PRECISION: Readonly<Record<number, number>> = { [FLOAT]: 24, [FLOAT16]: 11, [DOUBLE]: 53, [BFLOAT16]: 8 };
/** Between the image and its first weights stand few nodes. */
const MAX_AHEAD = 64;

/** Elements are converted one by one, so the flow takes the new type: https://onnx.ai/onnx/operators/onnx__Cast.html */
const cast: Rule = (step) => {
  const flow = step.only();
  if (!flow) return 'its type comes from another tensor';
  const to = step.int('to', 0);
  // What a cast to floats rounds is a rounding of the type; a cast to integers cuts the mapped numbers.
  if (!isSelection(flow.map) && !isComputedFloat(to)) return 'rounding to whole numbers does not commute with the map';
  if (!isSelection(flow.map) && roundsForGood(step, flow.dtype, to))
    return (
      'it rounds to a shorter type, and the model goes on in a longer one, which would show the rounding of other ' +
      'numbers'
    );
  if (!isSelection(flow.map) && isWideInteger(flow.dtype))
    step.walk.notes.push(
      `The map works on the numbers behind ${step.node.opType} ${step.node.name}: whole numbers beyond 2^24 round ` +
        'first.',
    );
  return step.pass(flow, { flow: { dims: flow.dims, dtype: to } });
};

/**
 * True when a cast to a shorter float is taken back before the first weights: what follows is exact to more digits than
 * the rounding.
 */
function roundsForGood(step: Step, from: number, to: number): boolean {
  const { use, dtype } = step.walk.known;
  const short = digits(to);
  if (short >= digits(from)) return false;
  const open = [step.node.outputs[0] ?? ''];
  for (let i = 0; i < open.length && i < MAX_AHEAD; i++) {
    const name = open[i] ?? '';
    const readers = use.readers.get(name) ?? [];
    const isLonger = digits(dtype(name)) > short;
    if (isLonger && (isNeededBesides(use, name) || readers.some(takesWeights))) return true;
    const behind = readers.filter((node) => !takesWeights(node)).flatMap((node) => node.outputs);
    for (const output of behind) if (output && open.length < MAX_AHEAD && !open.includes(output)) open.push(output);
  }
  return false;
}

/** Bits of precision of an element type; 0 for one that is no float, or not known. */
function digits(dtype: number | null): number {
  return PRECISION[dtype ?? 0] ?? 0;
}

function takesWeights(node: Node): boolean {
  const key = operatorKey(node);
  return Object.hasOwn(CONV_KINDS, key) || PRODUCTS.has(key);
}

export const CAST: Readonly<Record<string, Rule>> = { Cast: cast };
