import type { Node } from '../../formats/onnx/model.ts';
import {
  axesOf,
  axisOf,
  int,
  ints,
  isRoom,
  isSize,
  MAX_EXPANDED,
  MAX_RANK,
  type ConstantRule,
} from './constantRule.ts';
import { product, type ConstantValue } from './constantValue.ts';

/** Operators that put elements in other places and change none. */

function strides(dims: readonly number[]): number[] {
  return dims.map((_, i) => product(dims.slice(i + 1)));
}

/** The elements of `v` at `start + Σ index·step`, over an output of `dims`. */
function pick(v: ConstantValue, dims: readonly number[], steps: readonly number[], start = 0): ConstantValue {
  const values = new Float64Array(product(dims));
  const index = new Array<number>(dims.length).fill(0);
  let from = start;
  for (let i = 0; i < values.length; i++) {
    values[i] = v.values[from] ?? 0;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] ?? 0) + 1;
      from += steps[axis] ?? 0;
      if ((index[axis] ?? 0) < (dims[axis] ?? 1)) break;
      from -= (steps[axis] ?? 0) * (dims[axis] ?? 1);
      index[axis] = 0;
    }
  }
  return { dtype: v.dtype, dims, values, stored: null };
}

export function transpose(v: ConstantValue, perm: readonly number[]): ConstantValue {
  const from = strides(v.dims);
  return pick(
    v,
    perm.map((p) => v.dims[p] ?? 1),
    perm.map((p) => from[p] ?? 1),
  );
}

function reshape(v: ConstantValue, target: readonly number[]): ConstantValue | null {
  const dims = target.map((d, i) => (d === 0 ? (v.dims[i] ?? 0) : d));
  const open = dims.indexOf(-1);
  if (open >= 0) dims[open] = v.values.length / product(dims.filter((_, i) => i !== open));
  return dims.every(isSize) && product(dims) === v.values.length ? { ...v, dims, stored: null } : null;
}

/** Repeats axes of size one: https://onnx.ai/onnx/repo-docs/Broadcasting.html */
export function broadcast(v: ConstantValue, dims: readonly number[]): ConstantValue | null {
  const own = [...new Array<number>(Math.max(0, dims.length - v.dims.length)).fill(1), ...v.dims];
  if (own.length !== dims.length || own.some((d, i) => d !== dims[i] && d !== 1)) return null;
  return pick(
    v,
    dims,
    strides(own).map((s, i) => (own[i] === 1 ? 0 : s)),
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

const concat: ConstantRule = (node, parts) => {
  const all = parts.filter((p): p is ConstantValue => p !== null);
  const first = all[0];
  if (!first || all.some((p) => p.dtype !== first.dtype || p.dims.length !== first.dims.length)) return null;
  const axis = axisOf(node, 1, first.dims.length);
  if (!isSize(axis) || axis >= first.dims.length) return null;
  const blocks = product(first.dims.slice(0, axis));
  const values = new Float64Array(all.reduce((n, p) => n + p.values.length, 0));
  let at = 0;
  for (let block = 0; block < blocks; block++) {
    for (const p of all) {
      const run = p.values.length / blocks;
      values.set(p.values.subarray(block * run, (block + 1) * run), at);
      at += run;
    }
  }
  const dims = first.dims.map((d, i) => (i === axis ? all.reduce((n, p) => n + (p.dims[i] ?? 0), 0) : d));
  return product(dims) === values.length ? { dtype: first.dtype, dims, values, stored: null } : null;
};

const gather: ConstantRule = (node, [v, indices]) => {
  if (!v || !indices) return null;
  const axis = axisOf(node, 0, v.dims.length);
  const size = v.dims[axis] ?? 0;
  if (
    !indices.values.every((i) => isSize(i < 0 ? i + size : i) && i < size) ||
    (indices.values.length * product(v.dims)) / Math.max(size, 1) > MAX_EXPANDED
  )
    return null;
  const [outer, inner] = [product(v.dims.slice(0, axis)), product(v.dims.slice(axis + 1))];
  const values = new Float64Array(outer * indices.values.length * inner);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const i of indices.values) {
      const from = (o * size + (i < 0 ? i + size : i)) * inner;
      values.set(v.values.subarray(from, from + inner), at);
      at += inner;
    }
  }
  return {
    dtype: v.dtype,
    dims: [...v.dims.slice(0, axis), ...indices.dims, ...v.dims.slice(axis + 1)],
    values,
    stored: null,
  };
};

/**
 * Starts, ends, axes and steps as inputs, or as attributes before opset 10:
 * https://onnx.ai/onnx/operators/onnx__Slice.html. Starts and ends are clamped to the axis, so that INT64_MAX, rounded
 * or not, is its end.
 */
const slice: ConstantRule = (node, [v, ...given]) => {
  if (!v) return null;
  const list = (i: number, name: string): number[] | null =>
    ints(node, name) ?? (given[i] ? [...given[i].values] : null);
  const [starts, ends] = [list(0, 'starts'), list(1, 'ends')];
  const axes = list(2, 'axes') ?? starts?.map((_, i) => i);
  const by = list(3, 'steps') ?? starts?.map(() => 1);
  const whole = [starts, ends, axes, by].every((l) => l?.length === starts?.length && l?.every(Number.isInteger));
  if (!starts || !ends || !axes || !by || !whole || by.includes(0)) return null;
  const dims = [...v.dims];
  const steps = strides(v.dims);
  let start = 0;
  for (const [i, signed] of axes.entries()) {
    const axis = signed < 0 ? signed + dims.length : signed;
    const size = v.dims[axis] ?? 0;
    // A step beyond the axis takes one element, as a step of its size does.
    const step = Math.min(Math.max(by[i] ?? 1, -size - 1), size + 1);
    const clamp = (x: number): number =>
      Math.min(Math.max(x < 0 ? x + size : x, step < 0 ? -1 : 0), step < 0 ? size - 1 : size);
    const from = clamp(starts[i] ?? 0);
    dims[axis] = Math.max(0, Math.ceil((clamp(ends[i] ?? 0) - from) / step));
    start += from * (steps[axis] ?? 0);
    steps[axis] = (steps[axis] ?? 0) * step;
  }
  return pick(v, dims, steps, start);
};

const transposed: ConstantRule = (node, [v]) => {
  if (!v) return null;
  const perm = ints(node, 'perm') ?? v.dims.map((_, i) => v.dims.length - 1 - i);
  const whole =
    perm.length === v.dims.length && new Set(perm).size === perm.length && perm.every((p) => v.dims[p] !== undefined);
  return whole ? transpose(v, perm) : null;
};

const reshaped: ConstantRule = (node, [v, shape]) => {
  const target = shape ? [...shape.values] : ints(node, 'shape');
  return v && target && !int(node, 'allowzero', 0) ? reshape(v, target) : null;
};

const flatten: ConstantRule = (node, [v]) => {
  const axis = v ? axisOf(node, 1, v.dims.length) : 0;
  return v ? reshape(v, [product(v.dims.slice(0, axis)), product(v.dims.slice(axis))]) : null;
};

const squeeze: ConstantRule = (node, [v, given]) => {
  if (!v) return null;
  const axes = axesOf(node, given, v.dims.length);
  return reshape(
    v,
    v.dims.filter((d, i) => (axes ? !axes.includes(i) : d !== 1)),
  );
};

const unsqueeze: ConstantRule = (node, [v, given]) => {
  const rank = (v?.dims.length ?? 0) + (given?.values.length ?? ints(node, 'axes')?.length ?? 0);
  const axes = axesOf(node, given, rank);
  if (!v || !axes || rank > MAX_RANK) return null;
  const rest = [...v.dims];
  return reshape(
    v,
    Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : (rest.shift() ?? 1))),
  );
};

const expand: ConstantRule = (_, [v, shape]) => {
  if (!v || !shape) return null;
  const dims = common(v.dims, [...shape.values]);
  return isRoom([...shape.values]) && isRoom(dims) ? broadcast(v, dims) : null;
};

/** By operator; the elements come from the first input, in Concat from all. */
export const MOVEMENT: Readonly<Record<string, ConstantRule>> = {
  Identity: (_, [v]) => (v ? { ...v, stored: null } : null),
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
