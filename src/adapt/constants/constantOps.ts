import {
  BFLOAT16,
  DOUBLE,
  FLOAT,
  FLOAT16,
  INT64,
  UINT8,
  integerRange,
  isComputedFloat,
  isNarrowInteger,
  isWideInteger,
} from '../../tensors/dtypes.ts';
import type { Node } from '../../formats/onnx/model.ts';
import { smallFloatPattern, smallFloatValues } from '../../tensors/smallFloat.ts';
import { product, type ConstantValue } from './constantValue.ts';

/** Computes a node's first output from constant inputs; null where it can't, or where the numbers don't fit. */
type ConstantRule = (node: Node, inputs: readonly (ConstantValue | null)[]) => ConstantValue | null;

const MAX_RANK = 64;
/** Sizes in a file have no bounds. */
export const MAX_EXPANDED = 1 << 24;

/** Each number as its type holds it; null where one leaves the range. */
function rounded(dtype: number, values: Float64Array): Float64Array | null {
  if (dtype === FLOAT) return values.map(Math.fround);
  if (dtype === DOUBLE) return values;
  if (dtype !== FLOAT16 && dtype !== BFLOAT16) return null;
  const table = smallFloatValues(dtype);
  const out = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const pattern = smallFloatPattern(dtype, values[i] ?? 0);
    if (pattern === null || !table) return null;
    out[i] = table[pattern] ?? 0;
  }
  return out;
}

function made(dtype: number, dims: readonly number[], values: Float64Array): ConstantValue | null {
  const list = isComputedFloat(dtype)
    ? rounded(dtype, values)
    : dtype === INT64 && values.every(Number.isSafeInteger)
      ? values
      : null;
  return list && { dtype, dims, values: list, stored: null };
}

function int(node: Node, name: string, otherwise: number): number {
  return Number(node.attributes.find((a) => a.name === name)?.int ?? BigInt(otherwise));
}

function axisOf(node: Node, otherwise: number, rank: number): number {
  const axis = int(node, 'axis', otherwise);
  return axis < 0 ? axis + rank : axis;
}

function axesOf(node: Node, given: ConstantValue | null | undefined, rank: number): number[] | null {
  const axes = given ? [...given.values] : node.attributes.find((a) => a.name === 'axes')?.ints?.map(Number);
  return axes?.map((a) => (a < 0 ? a + rank : a)) ?? null;
}

/** Sizes and indices in a damaged file may be anything. */
function isSize(d: number): boolean {
  return Number.isSafeInteger(d) && d >= 0;
}

function isRoom(dims: readonly number[]): boolean {
  return dims.length <= MAX_RANK && dims.every(isSize) && product(dims) <= MAX_EXPANDED;
}

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

function transpose(v: ConstantValue, perm: readonly number[]): ConstantValue {
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
function broadcast(v: ConstantValue, dims: readonly number[]): ConstantValue | null {
  const own = [...new Array<number>(Math.max(0, dims.length - v.dims.length)).fill(1), ...v.dims];
  if (own.length !== dims.length || own.some((d, i) => d !== dims[i] && d !== 1)) return null;
  return pick(
    v,
    dims,
    strides(own).map((s, i) => (own[i] === 1 ? 0 : s)),
  );
}

function common(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    return x === 1 ? y : x;
  });
}

const unary =
  (apply: (v: number) => number): ConstantRule =>
  (_, [v]) =>
    v && isComputedFloat(v.dtype) ? made(v.dtype, v.dims, v.values.map(apply)) : null;

const binary =
  (apply: (a: number, b: number) => number): ConstantRule =>
  (node, [a, b]) => {
    if (
      !a ||
      !b ||
      a.dtype !== b.dtype ||
      node.attributes.length ||
      (node.opType === 'Div' && !isComputedFloat(a.dtype))
    )
      return null;
    const dims = common(a.dims, b.dims);
    if (!isRoom(dims)) return null;
    const [x, y] = [broadcast(a, dims), broadcast(b, dims)];
    return (
      x &&
      y &&
      made(
        a.dtype,
        dims,
        x.values.map((v, i) => apply(v, y.values[i] ?? 0)),
      )
    );
  };

const reduction =
  (combine: (sum: number, v: number) => number, finish: (sum: number, count: number) => number): ConstantRule =>
  (node, [v, given]) => {
    if (!v || !isComputedFloat(v.dtype)) return null;
    const axes =
      axesOf(node, given, v.dims.length) ?? (int(node, 'noop_with_empty_axes', 0) ? null : v.dims.map((_, i) => i));
    if (!axes?.length || !axes.every((a) => isSize(a) && a < v.dims.length) || new Set(axes).size !== axes.length)
      return null;
    const stays = v.dims.map((_, i) => i).filter((i) => !axes.includes(i));
    const count = product(v.dims) / product(stays.map((i) => v.dims[i] ?? 1));
    const sorted = transpose(v, [...stays, ...axes]);
    const values = new Float64Array(sorted.values.length / count);
    for (let i = 0; i < values.length; i++)
      values[i] = finish(sorted.values.subarray(i * count, (i + 1) * count).reduce(combine, 0), count);
    return made(
      v.dtype,
      int(node, 'keepdims', 1) ? v.dims.map((d, i) => (axes.includes(i) ? 1 : d)) : stays.map((i) => v.dims[i] ?? 1),
      values,
    );
  };

const cast: ConstantRule = (node, [v]) => {
  const to = int(node, 'to', 0);
  if (!v || to === v.dtype) return v ? { ...v, stored: null } : null;
  if (to === FLOAT && isWideInteger(v.dtype)) return null;
  return to === FLOAT || isComputedFloat(v.dtype) ? made(to, v.dims, v.values) : null;
};

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

/** Starts, ends, axes and steps as inputs, or as attributes before opset 10: https://onnx.ai/onnx/operators/onnx__Slice.html */
const slice: ConstantRule = (node, [v, ...given]) => {
  if (!v) return null;
  const list = (i: number, name: string): number[] | null =>
    node.attributes.find((a) => a.name === name)?.ints?.map(Number) ?? (given[i] ? [...given[i].values] : null);
  const [starts, ends] = [list(0, 'starts'), list(1, 'ends')];
  const axes = list(2, 'axes') ?? starts?.map((_, i) => i);
  const by = list(3, 'steps') ?? starts?.map(() => 1);
  const whole = [starts, ends, axes, by].every((l) => l?.length === starts?.length && l?.every(Number.isSafeInteger));
  if (!starts || !ends || !axes || !by || !whole || by.includes(0)) return null;
  const dims = [...v.dims];
  const steps = strides(v.dims);
  let start = 0;
  for (const [i, given0] of axes.entries()) {
    const axis = given0 < 0 ? given0 + dims.length : given0;
    const size = v.dims[axis] ?? 0;
    const step = by[i] ?? 1;
    const clamp = (x: number): number =>
      Math.min(Math.max(x < 0 ? x + size : x, step < 0 ? -1 : 0), step < 0 ? size - 1 : size);
    const from = clamp(starts[i] ?? 0);
    dims[axis] = Math.max(0, Math.ceil((clamp(ends[i] ?? 0) - from) / step));
    start += from * (steps[axis] ?? 0);
    steps[axis] = (steps[axis] ?? 0) * step;
  }
  return pick(v, dims, steps, start);
};

/** Where the scale of an element lies: one for all, one per slice of an axis, or one per block of it. */
function scaleIndex(node: Node, v: ConstantValue, scale: ConstantValue): ((i: number) => number) | null {
  const block = int(node, 'block_size', 0);
  if (scale.values.length === 1) return () => 0;
  const axis = axisOf(node, 1, v.dims.length);
  const size = v.dims[axis] ?? 0;
  const inner = product(v.dims.slice(axis + 1));
  if (!block) return scale.values.length === size ? (i) => Math.floor(i / inner) % size : null;
  const blocks = Math.ceil(size / block);
  if (scale.dims.length !== v.dims.length || scale.dims.some((d, i) => d !== (i === axis ? blocks : v.dims[i])))
    return null;
  return (i) =>
    (Math.floor(i / (inner * size)) * blocks + Math.floor((Math.floor(i / inner) % size) / block)) * inner +
    (i % inner);
}

const dequantise: ConstantRule = (node, [v, scale, zero]) => {
  const at = v && scale && scaleIndex(node, v, scale);
  if (!v || !scale || !at) return null;
  const many = (zero?.values.length ?? 1) > 1;
  return made(
    scale.dtype,
    v.dims,
    v.values.map((q, i) => (q - (zero?.values[many ? at(i) : 0] ?? 0)) * (scale.values[at(i)] ?? 0)),
  );
};

/** Rounds half to even, then saturates: https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html */
const quantise: ConstantRule = (node, [v, scale, zero]) => {
  const at = v && scale && scaleIndex(node, v, scale);
  const dtype = zero?.dtype ?? UINT8;
  const range = isNarrowInteger(dtype) ? integerRange(dtype) : null;
  if (!v || !scale || !at || !range) return null;
  const many = (zero?.values.length ?? 1) > 1;
  const values = v.values.map((x, i) => {
    const steps = Math.fround(x / (scale.values[at(i)] ?? 1));
    const down = Math.floor(steps);
    const whole = steps - down === 0.5 ? down + (down % 2 === 0 ? 0 : 1) : Math.round(steps);
    return Math.min(Math.max(whole + (zero?.values[many ? at(i) : 0] ?? 0), range[0]), range[1]);
  });
  return { dtype, dims: v.dims, values, stored: null };
};

/** What exporters leave between stored numbers and a weight or a normalisation. */
export const COMPUTED: Readonly<Record<string, ConstantRule>> = {
  Identity: (_, [v]) => (v ? { ...v, stored: null } : null),
  Cast: cast,
  Concat: concat,
  Gather: gather,
  Slice: slice,
  Neg: unary((v) => -v),
  Abs: unary(Math.abs),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Reciprocal: unary((v) => 1 / v),
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b) => a / b),
  Pow: binary((a, b) => a ** b),
  ReduceSum: reduction(
    (s, v) => s + v,
    (s) => s,
  ),
  ReduceMean: reduction(
    (s, v) => s + v,
    (s, n) => s / n,
  ),
  ReduceSumSquare: reduction(
    (s, v) => s + v * v,
    (s) => s,
  ),
  ReduceL2: reduction((s, v) => s + v * v, Math.sqrt),
  Transpose: (node, [v]) => {
    const perm =
      v &&
      (node.attributes.find((a) => a.name === 'perm')?.ints?.map(Number) ??
        v.dims.map((_, i) => v.dims.length - 1 - i));
    return v &&
      perm?.length === v.dims.length &&
      new Set(perm).size === perm.length &&
      perm.every((p) => v.dims[p] !== undefined)
      ? transpose(v, perm)
      : null;
  },
  Reshape: (node, [v, shape]) => {
    const target = shape ? [...shape.values] : node.attributes.find((a) => a.name === 'shape')?.ints?.map(Number);
    return v && target && !int(node, 'allowzero', 0) ? reshape(v, target) : null;
  },
  Flatten: (node, [v]) => {
    const axis = v ? axisOf(node, 1, v.dims.length) : 0;
    return v ? reshape(v, [product(v.dims.slice(0, axis)), product(v.dims.slice(axis))]) : null;
  },
  Squeeze: (node, [v, given]) => {
    const axes = v && axesOf(node, given, v.dims.length);
    return v
      ? reshape(
          v,
          v.dims.filter((d, i) => (axes ? !axes.includes(i) : d !== 1)),
        )
      : null;
  },
  Unsqueeze: (node, [v, given]) => {
    const rank =
      (v?.dims.length ?? 0) +
      (given?.values.length ?? node.attributes.find((a) => a.name === 'axes')?.ints?.length ?? 0);
    const axes = axesOf(node, given, rank);
    if (!v || !axes || rank > MAX_RANK) return null;
    const rest = [...v.dims];
    return reshape(
      v,
      Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : (rest.shift() ?? 1))),
    );
  },
  Expand: (_, [v, shape]) =>
    v && shape && isRoom([...shape.values]) && isRoom(common(v.dims, [...shape.values]))
      ? broadcast(v, common(v.dims, [...shape.values]))
      : null,
  /** Filled by whoever reads its value. */
  ConstantOfShape: () => null,
  DequantizeLinear: dequantise,
  QuantizeLinear: quantise,
  'com.microsoft:DequantizeLinear': dequantise,
  'com.microsoft:QuantizeLinear': quantise,
};
