import { BOOL, FLOAT, INT64 } from '../../../tensors/dtypes.ts';
import type { Dim } from '../../../formats/onnx/model.ts';
import { floorDivide, multiply, plus } from '../../sizes/dims.ts';
import { holding, inferredTensor, unknownValue, type Inferred, type InferredHolder } from '../../shapes/inferred.ts';
import { lengthOf } from './layout.ts';
import { axisOf, fixed, named, tensors, type Rule, type RuleInput } from '../../shapes/shapeRule.ts';

const DIFFER = 'the tensors in the sequence have different sizes';

/** What holds for both of two values: sizes and lengths that differ are open. */
export function common(a: Inferred, b: Inferred): Inferred {
  if (a.kind !== b.kind) return unknownValue('its values have different types');
  if (a.kind !== 'tensor' || b.kind !== 'tensor') {
    if (a.kind === 'tensor' || b.kind === 'tensor') return a;
    const { length, ...rest } = a;
    return {
      ...rest,
      element: common(a.element, b.element),
      ...(length !== undefined && length === b.length ? { length } : {}),
    };
  }
  const dtype = a.dtype === b.dtype ? a.dtype : null;
  if (!a.dims || !b.dims) return inferredTensor(dtype, null, a.dims ? b.reason : a.reason);
  const other = b.dims;
  if (a.dims.length !== other.length)
    return inferredTensor(dtype, null, 'the tensors in the sequence have different ranks');
  const dims = a.dims.map((dim, k) => (dim === other[k] ? dim : null));
  return inferredTensor(dtype, dims, dims.includes(null) ? (a.reason ?? b.reason ?? DIFFER) : undefined);
}

/** A sequence or optional at an input; null for a tensor, or what is not known. */
function holderAt(input: RuleInput, index: number): InferredHolder | null {
  const value = input.inferred(index);
  return value && value.kind !== 'tensor' ? value : null;
}

function elementOf(input: RuleInput, index: number): Inferred {
  return holderAt(input, index)?.element ?? unknownValue(input.inferred(index)?.reason);
}

function sequence(element: Inferred, length: Dim = null): Inferred {
  return holding('sequence', element, length);
}

/** The length after one value came or went. */
function changed(input: RuleInput, by: number): Dim {
  return plus(holderAt(input, 0)?.length ?? null, by);
}

/** https://onnx.ai/onnx/operators/onnx__SequenceConstruct.html */
const construct: Rule = (input) => {
  const values = input.node.inputs.map((_, k) => input.inferred(k) ?? unknownValue());
  return [sequence(values.length ? values.reduce(common) : unknownValue('the sequence is empty'), values.length)];
};

/** https://onnx.ai/onnx/operators/onnx__SequenceInsert.html */
const insert: Rule = (input) => {
  const added = input.inferred(1) ?? unknownValue();
  return [sequence(holderAt(input, 0)?.length === 0 ? added : common(elementOf(input, 0), added), changed(input, 1))];
};

/**
 * One part for each size given, or slices of one; without sizes the axis may go:
 * https://onnx.ai/onnx/operators/onnx__SplitToSequence.html
 */
const splitToSequence: Rule = (input) => {
  const x = input.dims(0);
  const dtype = input.dtype(0);
  if (!x) return [sequence(inferredTensor(dtype, null, 'the shape of one of its inputs is not known'))];
  const axis = axisOf(input.int('axis', 0), x.length);
  const whole = x[axis] ?? null;
  if (!input.has(1)) {
    const slice = input.int('keepdims', 1) ? x.map((dim, k) => (k === axis ? 1 : dim)) : x.filter((_, k) => k !== axis);
    return [sequence(inferredTensor(dtype, slice), whole)];
  }
  const size = partSize(input, whole);
  const dims = x.map((dim, k) => (k === axis ? size : dim));
  const scalar = input.dims(1)?.length === 0;
  const given = input.integers(1)?.[0] ?? null;
  const even = given !== null && given > 0 ? floorDivide(whole, given - 1, given) : null;
  const count = scalar ? even : lengthOf(input, 1);
  return [sequence(inferredTensor(dtype, dims, size === null ? UNEVEN_PARTS : undefined), count)];
};

const UNEVEN_PARTS = 'its parts differ in size, or their sizes are only known when the model runs';

/** The size that all parts have; a scalar says how long each is, and the last may be cut short. */
function partSize(input: RuleInput, size: Dim): Dim {
  const sizes = input.sizes(1);
  const [first] = sizes ?? [];
  if (!sizes || first === undefined || first === null) return null;
  if (input.dims(1)?.length === 0)
    return typeof size === 'number' && typeof first === 'number' && first > 0 && size % first === 0 ? first : null;
  return input.dims(1)?.length === 1 && sizes.every((s) => s === first) ? first : null;
}

const UNKNOWN_LENGTH = 'how many tensors of which sizes the sequence holds is only known when the model runs';

/** https://onnx.ai/onnx/operators/onnx__ConcatFromSequence.html */
const concatFromSequence: Rule = (input) => {
  const element = elementOf(input, 0);
  const unknown = element.reason ?? 'what the sequence holds is not known';
  if (element.kind !== 'tensor') return [inferredTensor(null, null, unknown)];
  if (!element.dims) return [inferredTensor(element.dtype, null, unknown)];
  const stacks = input.int('new_axis', 0) !== 0;
  const axis = axisOf(input.int('axis', 0), element.dims.length + (stacks ? 1 : 0));
  const count = holderAt(input, 0)?.length ?? null;
  const dims = stacks
    ? [...element.dims.slice(0, axis), count, ...element.dims.slice(axis)]
    : element.dims.map((dim, k) => (k === axis ? multiply([dim, count]) : dim));
  return [inferredTensor(element.dtype, dims, dims.includes(null) ? UNKNOWN_LENGTH : undefined)];
};

/** A value that may be missing; without an input its type is an attribute that says no more than the declared one. */
const optional: Rule = (input) => [holding('optional', input.inferred(0) ?? unknownValue('the optional is empty'))];

/** From opset 18 a value that is no optional is its own element. */
const getElement: Rule = (input) => {
  const value = input.inferred(0);
  return [value?.kind === 'optional' ? value.element : (value ?? unknownValue())];
};

export const SEQUENCE: Readonly<Record<string, Rule>> = {
  SequenceConstruct: construct,
  SequenceInsert: insert,
  SequenceEmpty: (input) => [
    sequence(inferredTensor(named('dtype', fixed(FLOAT))(input), null, 'the sequence is empty'), 0),
  ],
  SequenceErase: (input) => [sequence(elementOf(input, 0), changed(input, -1))],
  SequenceAt: (input) => [elementOf(input, 0)],
  SequenceLength: tensors(() => [[]], fixed(INT64)),
  SplitToSequence: splitToSequence,
  ConcatFromSequence: concatFromSequence,
  Optional: optional,
  OptionalGetElement: getElement,
  OptionalHasElement: tensors(() => [[]], fixed(BOOL)),
};
