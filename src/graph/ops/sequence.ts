import { BOOL, FLOAT, INT64 } from '../../onnx/dtypes.ts';
import type { Dim } from '../../onnx/model.ts';
import { inferredTensor, unknownValue, type Inferred } from '../inferred.ts';
import { axisOf, fixed, named, tensors, type Rule, type RuleInput } from '../shapeRule.ts';

const DIFFER = 'the tensors in the sequence have different sizes';

/** What holds for both of two values: sizes that differ are open. */
export function common(a: Inferred, b: Inferred): Inferred {
  if (a.kind !== b.kind) return unknownValue('its values have different types');
  if (a.kind !== 'tensor' || b.kind !== 'tensor') return a.kind !== 'tensor' && b.kind !== 'tensor' ? { ...a, element: common(a.element, b.element) } : a;
  const dtype = a.dtype === b.dtype ? a.dtype : null;
  if (!a.dims || !b.dims || a.dims.length !== b.dims.length) return inferredTensor(dtype, null, a.dims && b.dims ? 'the tensors in the sequence have different ranks' : a.dims ? b.reason : a.reason);
  const other = b.dims;
  const dims = a.dims.map((d, k) => (d === other[k] ? d : null));
  return inferredTensor(dtype, dims, dims.includes(null) ? a.reason ?? b.reason ?? DIFFER : undefined);
}

function elementOf(i: RuleInput, index: number): Inferred {
  const value = i.inferred(index);
  return value && value.kind !== 'tensor' ? value.element : unknownValue(value?.reason);
}

function sequence(element: Inferred): Inferred {
  return { kind: 'sequence', element };
}

const construct: Rule = (i) => {
  const values = i.node.inputs.map((_, k) => i.inferred(k) ?? unknownValue());
  return [sequence(values.length ? values.reduce(common) : unknownValue('the sequence is empty'))];
};

const EMPTY = 'the sequence was empty at first';

const insert: Rule = (i) => {
  const old = elementOf(i, 0);
  const added = i.inferred(1) ?? unknownValue();
  return [sequence(old.kind === 'tensor' && old.reason === EMPTY ? added : common(old, added))];
};

/** One part for each size given, or slices of one; without sizes the axis may go: https://onnx.ai/onnx/operators/onnx__SplitToSequence.html */
const splitToSequence: Rule = (i) => {
  const x = i.dims(0);
  const dtype = i.dtype(0);
  if (!x) return [sequence(inferredTensor(dtype, null, 'the shape of one of its inputs is not known'))];
  const axis = axisOf(i.int('axis', 0), x.length);
  if (!i.has(1)) return [sequence(inferredTensor(dtype, i.int('keepdims', 1) ? x.map((d, k) => (k === axis ? 1 : d)) : x.filter((_, k) => k !== axis)))];
  const size = partSize(i, x[axis] ?? null);
  const dims = x.map((d, k) => (k === axis ? size : d));
  return [sequence(inferredTensor(dtype, dims, size === null ? 'its parts differ in size, or their sizes are only known when the model runs' : undefined))];
};

/** The size that all parts have; a scalar says how long each is, and the last may be cut short. */
function partSize(i: RuleInput, size: Dim): Dim {
  const sizes = i.sizes(1);
  const [first] = sizes ?? [];
  if (!sizes || first === undefined || first === null) return null;
  if (i.dims(1)?.length === 0) return typeof size === 'number' && typeof first === 'number' && first > 0 && size % first === 0 ? first : null;
  return i.dims(1)?.length === 1 && sizes.every((s) => s === first) ? first : null;
}

const concatFromSequence: Rule = (i) => {
  const element = elementOf(i, 0);
  if (element.kind !== 'tensor' || !element.dims) return [inferredTensor(element.kind === 'tensor' ? element.dtype : null, null, element.reason ?? 'what the sequence holds is not known')];
  const stacks = i.int('new_axis', 0) !== 0;
  const axis = axisOf(i.int('axis', 0), element.dims.length + (stacks ? 1 : 0));
  const dims = stacks ? [...element.dims.slice(0, axis), null, ...element.dims.slice(axis)] : element.dims.map((d, k) => (k === axis ? null : d));
  return [inferredTensor(element.dtype, dims, 'how many tensors the sequence holds is only known when the model runs')];
};

/** A value that may be missing; without an input its type is an attribute that says no more than the declared one. */
const optional: Rule = (i) => [{ kind: 'optional', element: i.inferred(0) ?? unknownValue('the optional is empty') }];

/** From opset 18 a value that is no optional is its own element. */
const getElement: Rule = (i) => {
  const value = i.inferred(0);
  return [value?.kind === 'optional' ? value.element : value ?? unknownValue()];
};

export const SEQUENCE: Readonly<Record<string, Rule>> = {
  SequenceConstruct: construct, SequenceInsert: insert,
  SequenceEmpty: (i) => [sequence(inferredTensor(named('dtype', fixed(FLOAT))(i), null, EMPTY))],
  SequenceErase: (i) => [sequence(elementOf(i, 0))], SequenceAt: (i) => [elementOf(i, 0)],
  SequenceLength: tensors(() => [[]], fixed(INT64)),
  SplitToSequence: splitToSequence, ConcatFromSequence: concatFromSequence,
  Optional: optional, OptionalGetElement: getElement, OptionalHasElement: tensors(() => [[]], fixed(BOOL)),
};
