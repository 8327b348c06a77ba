import type { Node, Tensor } from '../../../formats/onnx/model.ts';
import { isHalf } from '../../../tensors/dtypes.ts';
import { ByteComparer } from '../../sameBytes.ts';
import type { Wiring } from '../../wiring.ts';
import { usesHalf } from '../measure/precision.ts';
import type { FoldCheck, Found } from './foldCheck.ts';
import {
  constantsOf,
  storedAs,
  weightNumbers,
  weightRounding,
  type WeightNumbers,
  sameWeights,
} from './weightNumbers.ts';

/** Rounding steps of a weight's largest number by which two ways to sum it may differ. */
const SUMMING_STEPS = 16;
/** The same in half precision, of a filter's largest number or term: sixteen steps would be a hundredth of it. */
const HALF_STEPS = 4;

/** The original, what adapting it again gives, and the adapted model. */
interface Models {
  readonly a: Wiring;
  readonly again: Wiring;
  readonly b: Wiring;
}

/** Weights that are not what adapting the original again gives, beyond rounding, though the same node reads them. */
export async function checkRebuilt(models: Models, names: readonly string[]): Promise<FoldCheck[]> {
  const { a, again, b } = models;
  const bytes = new ByteComparer(again.file, b.file);
  const met = new Set<string>();
  const found: FoldCheck[] = [];
  for (const operand of weightOperands(models)) {
    const { name, original, reader, other } = operand;
    if (!other || !names.includes(original) || met.has(name) || (await sameStored(bytes, operand))) continue;
    met.add(name);
    if (!(await bytes.sameNode(reader, other))) continue;
    const [before, after] = await numbersOf(models, operand);
    if (!before || !after) continue;
    const compared = compareWeights(before, after, await weightNumbers(a, original));
    found.push({ tensor: name, node: other.name, ...compared });
  }
  return found.filter((check) => check.ok === false);
}

/**
 * A weight in half precision that is not what adapting the original again gives: beyond rounding where it takes the map
 * in, at all where it doesn't. Null where there is none. What rounding does to such a network is so much that a small
 * change of one filter hides in it.
 */
export async function changedHalfWeight(models: Models, adapted: readonly string[]): Promise<string | null> {
  const { a, again } = models;
  if (!usesHalf(again)) return null;
  const bytes = new ByteComparer(again.file, models.b.file);
  for (const operand of weightOperands(models)) {
    const { name, original, stored } = operand;
    if ((stored && !isHalf(stored.dtype)) || (await sameStored(bytes, operand))) continue;
    const [before, after] = await numbersOf(models, operand);
    if (!before || !after || !isHalf(before.dtype)) continue;
    const same = adapted.includes(original)
      ? compareWeights(before, after, await weightNumbers(a, original)).ok !== false
      : sameWeights(before, after);
    if (!same) return name;
  }
  return null;
}

/** What a node reads that is the same for all inputs of the model, and what stands there in the adapted model. */
interface WeightOperand {
  readonly reader: Node;
  /** The node of the adapted model that makes the same tensor by the same operator; null where there is none. */
  readonly other: Node | null;
  readonly name: string;
  /** What the original reads there. */
  readonly original: string;
  /** What the adapted model reads there. */
  readonly otherName: string;
  /** Null where it is computed. */
  readonly stored: Tensor | null;
  readonly otherStored: Tensor | null;
}

/** Weights of the main graph that both models hold. Functions and the graphs inside nodes are compared as bytes. */
function* weightOperands({ a, again, b }: Models): Generator<WeightOperand> {
  const [ours, theirs] = [constantsOf(again), constantsOf(b)];
  for (const reader of again.order) {
    const [output = ''] = reader.outputs;
    if (ours.isFixed(output)) continue;
    const other = alike(reader, b.makers.get(output));
    const before = alike(reader, a.makers.get(output));
    for (const [i, name] of reader.inputs.entries()) {
      const otherName = other ? (other.inputs[i] ?? '') : name;
      if (!name || !ours.isFixed(name) || !theirs.isFixed(otherName)) continue;
      const stored = { stored: storedAs(again, name), otherStored: storedAs(b, otherName) };
      yield { reader, other, name, original: before?.inputs[i] ?? name, otherName, ...stored };
    }
  }
}

/** The other node, where it is of the same operator. */
function alike(node: Node, other: Node | undefined): Node | null {
  return other && other.opType === node.opType && other.domain === node.domain ? other : null;
}

async function sameStored(bytes: ByteComparer, { stored, otherStored }: WeightOperand): Promise<boolean> {
  return stored !== null && otherStored !== null && bytes.sameTensor(stored, otherStored);
}

async function numbersOf(
  { again, b }: Models,
  { name, otherName }: WeightOperand,
): Promise<[WeightNumbers | null, WeightNumbers | null]> {
  return [await weightNumbers(again, name), await weightNumbers(b, otherName)];
}

/** `terms` is the original weight, whose numbers were summed; null where it is not known. */
function compareWeights(before: WeightNumbers, after: WeightNumbers, terms: WeightNumbers | null): Found {
  if (before.dtype !== after.dtype || before.values.length !== after.values.length)
    return { ok: null, maxAbs: null, why: 'it is stored in another form' };
  const steps = isHalf(before.dtype) ? HALF_STEPS : SUMMING_STEPS;
  const rounding = weightRounding(before.dtype).step * steps;
  const largest = magnitudes(before, isHalf(before.dtype) ? terms : null);
  const filter = before.values.length / largest.length;
  let maxAbs = 0;
  let ok = true;
  for (const [i, value] of before.values.entries()) {
    const error = Math.abs(value - (after.values[i] ?? NaN));
    maxAbs = error <= maxAbs ? maxAbs : error;
    ok &&= error <= rounding * (largest[Math.floor(i / filter)] ?? 0);
  }
  return { ok, maxAbs, why: ok ? null : `it is off what the original gives by up to ${maxAbs.toPrecision(3)}` };
}

/**
 * The largest magnitude in each filter, of its own numbers and of those that were summed; one for all where the filters
 * of `terms` are others, or not known.
 */
function magnitudes(weight: WeightNumbers, terms: WeightNumbers | null): Float64Array {
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
