import { intOf, intsOf } from '../../formats/onnx/attributes.ts';
import type { Node } from '../../formats/onnx/model.ts';
import { axesOf, axisOf, isRoom, isSize, MAX_EXPANDED, MAX_RANK, type ConstantRule } from './constantRule.ts';
import type { ConstantValue } from './constantValue.ts';
import { product, stridesOf, fromFront } from '../../tensors/dims.ts';

/** The elements of a constant at `start + Σ index·step`, over an output of `dims`. */
function pick(constant: ConstantValue, dims: readonly number[], steps: readonly number[], start = 0): ConstantValue {
  const values = new Float64Array(product(dims));
  const index = new Array<number>(dims.length).fill(0);
  let from = start;
  for (let i = 0; i < values.length; i++) {
    values[i] = constant.values[from] ?? 0;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] ?? 0) + 1;
      from += steps[axis] ?? 0;
      if ((index[axis] ?? 0) < (dims[axis] ?? 1)) break;
      from -= (steps[axis] ?? 0) * (dims[axis] ?? 1);
      index[axis] = 0;
    }
  }
  return { dtype: constant.dtype, dims, values, stored: null };
}

/** The axes in the order `perm`: https://onnx.ai/onnx/operators/onnx__Transpose.html */
export function transpose(constant: ConstantValue, perm: readonly number[]): ConstantValue {
  const from = stridesOf(constant.dims);
  return pick(
    constant,
    perm.map((axis) => constant.dims[axis] ?? 1),
    perm.map((axis) => from[axis] ?? 1),
  );
}

/** The same elements under other dims: 0 copies a dim, -1 takes what is left. Null where they do not hold as many. */
function reshape(constant: ConstantValue, target: readonly number[]): ConstantValue | null {
  const dims = target.map((dim, i) => (dim === 0 ? (constant.dims[i] ?? 0) : dim));
  const open = dims.indexOf(-1);
  if (open >= 0) dims[open] = constant.values.length / product(dims.filter((_, i) => i !== open));
  return dims.every(isSize) && product(dims) === constant.values.length ? { ...constant, dims, stored: null } : null;
}

/** Repeats axes of size one: https://onnx.ai/onnx/repo-docs/Broadcasting.html */
export function broadcast(constant: ConstantValue, dims: readonly number[]): ConstantValue | null {
  const own = [...new Array<number>(Math.max(0, dims.length - constant.dims.length)).fill(1), ...constant.dims];
  if (own.length !== dims.length || own.some((dim, i) => dim !== dims[i] && dim !== 1)) return null;
  return pick(
    constant,
    dims,
    stridesOf(own).map((stride, i) => (own[i] === 1 ? 0 : stride)),
  );
}

/** The shape that two shapes broadcast to, where they do. */
export function common(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    return x === 1 ? y : x;
  });
}

/** https://onnx.ai/onnx/operators/onnx__Concat.html */
const concat: ConstantRule = (node, parts) => {
  const all = parts.filter((part): part is ConstantValue => part !== null);
  const first = all[0];
  if (!first || all.some((constant) => constant.dtype !== first.dtype || constant.dims.length !== first.dims.length))
    return null;
  const axis = axisOf(node, 1, first.dims.length);
  if (!isSize(axis) || axis >= first.dims.length) return null;
  const blocks = product(first.dims.slice(0, axis));
  const values = new Float64Array(all.reduce((total, constant) => total + constant.values.length, 0));
  let at = 0;
  for (let block = 0; block < blocks; block++) {
    for (const constant of all) {
      const run = constant.values.length / blocks;
      values.set(constant.values.subarray(block * run, (block + 1) * run), at);
      at += run;
    }
  }
  const dims = first.dims.map((dim, i) =>
    i === axis ? all.reduce((total, constant) => total + (constant.dims[i] ?? 0), 0) : dim,
  );
  return product(dims) === values.length ? { dtype: first.dtype, dims, values, stored: null } : null;
};

/** https://onnx.ai/onnx/operators/onnx__Gather.html */
const gather: ConstantRule = (node, [constant, indices]) => {
  if (!constant || !indices) return null;
  const axis = axisOf(node, 0, constant.dims.length);
  const size = constant.dims[axis] ?? 0;
  if (
    !indices.values.every((i) => isSize(i < 0 ? i + size : i) && i < size) ||
    (indices.values.length * product(constant.dims)) / Math.max(size, 1) > MAX_EXPANDED
  )
    return null;
  const [outer, inner] = [product(constant.dims.slice(0, axis)), product(constant.dims.slice(axis + 1))];
  const values = new Float64Array(outer * indices.values.length * inner);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const i of indices.values) {
      const from = (o * size + (i < 0 ? i + size : i)) * inner;
      values.set(constant.values.subarray(from, from + inner), at);
      at += inner;
    }
  }
  return {
    dtype: constant.dtype,
    dims: [...constant.dims.slice(0, axis), ...indices.dims, ...constant.dims.slice(axis + 1)],
    values,
    stored: null,
  };
};

/**
 * Starts, ends, axes and steps as inputs, or as attributes before opset 10:
 * https://onnx.ai/onnx/operators/onnx__Slice.html. Starts and ends are clamped to the axis, so that INT64_MAX, rounded
 * or not, is its end.
 */
const slice: ConstantRule = (node, [constant, ...given]) => {
  if (!constant) return null;
  const list = (i: number, name: string): number[] | null =>
    intsOf(node, name) ?? (given[i] ? [...given[i].values] : null);
  const [starts, ends] = [list(0, 'starts'), list(1, 'ends')];
  const axes = list(2, 'axes') ?? starts?.map((_, i) => i);
  const by = list(3, 'steps') ?? starts?.map(() => 1);
  const whole = [starts, ends, axes, by].every((l) => l?.length === starts?.length && l?.every(Number.isInteger));
  if (!starts || !ends || !axes || !by || !whole || by.includes(0)) return null;
  const dims = [...constant.dims];
  const steps = stridesOf(constant.dims);
  let start = 0;
  for (const [i, signed] of axes.entries()) {
    const axis = fromFront(signed, dims.length);
    const range = { start: starts[i] ?? 0, end: ends[i] ?? 0, step: by[i] ?? 1 };
    const { from, count, step } = elementsOf(range, constant.dims[axis] ?? 0);
    dims[axis] = count;
    start += from * (steps[axis] ?? 0);
    steps[axis] = (steps[axis] ?? 0) * step;
  }
  return pick(constant, dims, steps, start);
};

/** The first element of a range along an axis of `size`, how many it takes, and their step. */
function elementsOf(
  range: { readonly start: number; readonly end: number; readonly step: number },
  size: number,
): { from: number; count: number; step: number } {
  // A step beyond the axis takes one element, as a step of its size does.
  const step = Math.min(Math.max(range.step, -size - 1), size + 1);
  const [lowest, highest] = step < 0 ? [-1, size - 1] : [0, size];
  const clamp = (x: number): number => Math.min(Math.max(fromFront(x, size), lowest), highest);
  const from = clamp(range.start);
  return { from, count: Math.max(0, Math.ceil((clamp(range.end) - from) / step)), step };
}

const transposed: ConstantRule = (node, [constant]) => {
  if (!constant) return null;
  const perm = intsOf(node, 'perm') ?? constant.dims.map((_, i) => constant.dims.length - 1 - i);
  const whole =
    perm.length === constant.dims.length &&
    new Set(perm).size === perm.length &&
    perm.every((axis) => constant.dims[axis] !== undefined);
  return whole ? transpose(constant, perm) : null;
};

const reshaped: ConstantRule = (node, [constant, shape]) => {
  const target = shape ? [...shape.values] : intsOf(node, 'shape');
  return constant && target && !intOf(node, 'allowzero', 0) ? reshape(constant, target) : null;
};

const flatten: ConstantRule = (node, [constant]) => {
  const axis = constant ? axisOf(node, 1, constant.dims.length) : 0;
  return constant
    ? reshape(constant, [product(constant.dims.slice(0, axis)), product(constant.dims.slice(axis))])
    : null;
};

const squeeze: ConstantRule = (node, [constant, given]) => {
  if (!constant) return null;
  const axes = axesOf(node, given, constant.dims.length);
  return reshape(
    constant,
    constant.dims.filter((dim, i) => (axes ? !axes.includes(i) : dim !== 1)),
  );
};

const unsqueeze: ConstantRule = (node, [constant, given]) => {
  const rank = (constant?.dims.length ?? 0) + (given?.values.length ?? intsOf(node, 'axes')?.length ?? 0);
  const axes = axesOf(node, given, rank);
  if (!constant || !axes || rank > MAX_RANK) return null;
  const rest = [...constant.dims];
  return reshape(
    constant,
    Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : (rest.shift() ?? 1))),
  );
};

const expand: ConstantRule = (_, [constant, shape]) => {
  if (!constant || !shape) return null;
  const dims = common(constant.dims, [...shape.values]);
  return isRoom([...shape.values]) && isRoom(dims) ? broadcast(constant, dims) : null;
};

/** By operator; the elements come from the first input, in Concat from all. */
export const MOVEMENT: Readonly<Record<string, ConstantRule>> = {
  Identity: (_, [constant]) => (constant ? { ...constant, stored: null } : null),
  Concat: concat,
  Gather: gather,
  Slice: slice,
  Transpose: transposed,
  Reshape: reshaped,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Expand: expand,
};

/** The inputs that a movement takes its elements from. */
export function movedInputs(node: Node): number[] {
  return node.opType === 'Concat' ? node.inputs.map((_, i) => i) : [0];
}
