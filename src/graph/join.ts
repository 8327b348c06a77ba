import type { Dim } from '../onnx/model.ts';
import { inferredTensor, unknownValue, type Inferred } from './inferred.ts';
import type { Passed } from './scope.ts';

/** What holds whichever of two values comes. `open` gives the dim where they differ. */
export function join(a: Passed, b: Passed, reason: string, open: (axis: number, a: Dim, b: Dim) => Dim): Passed {
  const [x, y] = [a.small, b.small];
  const same = x && y && x.dims.join() === y.dims.join();
  return {
    value: joinValues(a.value, b.value, reason, open),
    small: same ? { dims: x.dims, values: x.values.map((v, i) => (v === y.values[i] ? v : null)) } : null,
  };
}

function joinValues(a: Inferred, b: Inferred, reason: string, open: (axis: number, a: Dim, b: Dim) => Dim): Inferred {
  if (a.kind !== 'tensor' || b.kind !== 'tensor') {
    if (a.kind === 'tensor' || b.kind === 'tensor' || a.kind !== b.kind) return unknownValue(reason);
    return { ...a, element: joinValues(a.element, b.element, reason, (_, x, y) => (x === y ? x : null)) };
  }
  const dtype = a.dtype === b.dtype ? a.dtype : null;
  if (!a.dims || !b.dims) return inferredTensor(dtype, null, a.reason ?? b.reason ?? reason);
  if (a.dims.length !== b.dims.length) return inferredTensor(dtype, null, reason);
  const [x, y] = [a.dims, b.dims];
  return inferredTensor(dtype, x.map((d, axis) => (d === y[axis] ? d : open(axis, d, y[axis] ?? null))));
}
