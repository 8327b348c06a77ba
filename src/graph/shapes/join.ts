import type { Dim } from '../../formats/onnx/model.ts';
import { inferredTensor, unknownValue, type Inferred, type InferredHolder } from './inferred.ts';
import { common } from '../ops/movement/sequence.ts';
import type { Passed } from './graphScope.ts';
import { sameNumbers } from '../../bytes/sameNumbers.ts';

/** The dim of a size that two values differ in. */
export type OpenSize = (axis: number, a: Dim, b: Dim) => Dim;

/** What holds whichever of two values comes. */
export function join(a: Passed, b: Passed, reason: string, open: OpenSize): Passed {
  const [x, y] = [a.small, b.small];
  const same = x && y && sameNumbers(x.dims, y.dims);
  return {
    value: joinValues(a.value, b.value, reason, open),
    small: same ? { dims: x.dims, values: x.values.map((value, i) => (value === y.values[i] ? value : null)) } : null,
  };
}

function joinValues(a: Inferred, b: Inferred, reason: string, open: OpenSize): Inferred {
  // ONNX allows one type for a name, so where one side is blank the other side's type holds for it too.
  if (isBlank(a)) return typeOnly(b, a.reason ?? reason);
  if (isBlank(b)) return typeOnly(a, b.reason ?? reason);
  if (a.kind !== 'tensor' && b.kind !== 'tensor') return joinHolders(a, b);
  if (a.kind !== 'tensor' || b.kind !== 'tensor') return unknownValue(reason);
  const dtype = a.dtype === b.dtype ? a.dtype : null;
  if (!a.dims || !b.dims) return inferredTensor(dtype, null, a.reason ?? b.reason ?? reason);
  if (a.dims.length !== b.dims.length) return inferredTensor(dtype, null, reason);
  const [x, y] = [a.dims, b.dims];
  return inferredTensor(
    dtype,
    x.map((dim, axis) => (dim === y[axis] ? dim : open(axis, dim, y[axis] ?? null))),
  );
}

/** Sequences, optionals and maps, of which an empty one says nothing about what others hold. */
export function joinHolders(a: InferredHolder, b: InferredHolder): Inferred {
  if (a.kind !== b.kind) return unknownValue('its values have different types');
  const [emptyA, emptyB] = [a.length === 0 || isBlank(a.element), b.length === 0 || isBlank(b.element)];
  const both = emptyA || emptyB ? null : { element: common(a.element, b.element), key: a.key };
  const { element, key } = both ?? (emptyA ? b : a);
  const length = a.length !== undefined && a.length === b.length ? { length: a.length } : {};
  return { kind: a.kind, element, ...(key === undefined ? {} : { key }), ...length };
}

/** A tensor of which nothing is known. */
export function isBlank(value: Inferred): boolean {
  return value.kind === 'tensor' && value.dims === null && value.dtype === null;
}

/** What remains of a value when its sizes may change. */
export function typeOnly(value: Inferred, reason: string): Inferred {
  if (value.kind === 'tensor') return inferredTensor(value.dtype, null, reason);
  return {
    kind: value.kind,
    element: typeOnly(value.element, reason),
    ...(value.key === undefined ? {} : { key: value.key }),
  };
}

/** A text that is the same for values that are known to be alike. */
export function valueText(value: Inferred): string {
  if (value.kind !== 'tensor')
    return `${value.kind} ${value.length ?? ''} ${value.key ?? ''}(${valueText(value.element)})`;
  return `${value.dtype ?? ''}${value.dims ? `[${value.dims.map((dim) => dim ?? '?').join()}]` : '?'}`;
}
