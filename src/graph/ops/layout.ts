import { INT64 } from '../../onnx/dtypes.ts';
import type { Dim } from '../../onnx/model.ts';
import { multiply, plus, times } from '../dims.ts';
import { axisOf, fixed, like, tensors, type Rule, type RuleInput, type ShapeRule } from '../shapeRule.ts';

const transpose: ShapeRule = (i) => {
  const x = i.dims(0);
  if (!x) return [null];
  const perm = i.ints('perm') ?? x.map((_, k) => x.length - 1 - k);
  if (perm.length !== x.length) throw new RangeError(`perm has ${perm.length} entries for a tensor of rank ${x.length}`);
  return [perm.map((p) => x[axisOf(p, x.length)] ?? null)];
};

const flatten: ShapeRule = (i) => {
  const x = i.dims(0);
  if (!x) return [[null, null]];
  const given = i.int('axis', 1);
  const axis = given < 0 ? given + x.length : given;
  return [[multiply(x.slice(0, axis)), multiply(x.slice(axis))]];
};

const reshape: ShapeRule = (i) => {
  const x = i.dims(0);
  const target = i.ints('shape') ?? i.integers(1);
  const rank = i.dims(1)?.[0];
  if (!target) return [typeof rank === 'number' && rank <= 64 ? new Array<Dim>(rank).fill(null) : null];
  const copies = i.int('allowzero', 0) === 0;
  const dims = target.map((d, k): Dim => (d === 0 && copies ? x?.[k] ?? null : d === -1 ? null : d));
  const open = target.indexOf(-1);
  if (open >= 0 && x) dims[open] = quotient(x, dims.filter((_, k) => k !== open));
  return [dims];
};

/** What is left of `all` divided by `parts`, where symbols cancel. */
function quotient(all: readonly Dim[], parts: readonly Dim[]): Dim {
  const left = [...all];
  let divisor = 1;
  for (const part of parts) {
    if (typeof part === 'number') divisor *= part;
    else {
      const at = part === null ? -1 : left.indexOf(part);
      if (at < 0) return null;
      left.splice(at, 1);
    }
  }
  const numbers = left.reduce((n: number, d) => (typeof d === 'number' ? n * d : n), 1);
  const symbols = left.filter((d) => typeof d !== 'number');
  return divisor > 0 && numbers % divisor === 0 ? multiply([numbers / divisor, ...symbols]) : null;
}

function axesOf(i: RuleInput, index: number, rank: number): number[] | null {
  const axes = i.ints('axes') ?? (i.has(index) ? i.integers(index) : null);
  return axes && axes.every((a) => a !== null) ? axes.map((a) => axisOf(a ?? 0, rank)) : null;
}

const squeeze: ShapeRule = (i) => {
  const x = i.dims(0);
  if (!x) return [null];
  const axes = axesOf(i, 1, x.length);
  if (axes) return [x.filter((_, k) => !axes.includes(k))];
  return [i.has(1) || x.some((d) => typeof d !== 'number') ? null : x.filter((d) => d !== 1)];
};

const unsqueeze: ShapeRule = (i) => {
  const x = i.dims(0);
  const count = i.ints('axes')?.length ?? i.integers(1)?.length;
  if (!x || count === undefined) return [null];
  const axes = axesOf(i, 1, x.length + count);
  if (!axes) return [new Array<Dim>(x.length + count).fill(null)];
  const rest = [...x];
  return [Array.from({ length: x.length + count }, (_, k): Dim => (axes.includes(k) ? 1 : rest.shift() ?? null))];
};

const concat: ShapeRule = (i) => {
  const shapes = i.node.inputs.map((_, k) => i.dims(k));
  const first = shapes.find((s) => s !== null);
  if (!first) return [null];
  const axis = axisOf(i.int('axis', 1), first.length);
  return [first.map((_, k): Dim => {
    const column = shapes.map((s) => s?.[k] ?? null);
    if (k !== axis) return column.find((d) => typeof d === 'number') ?? column.find((d) => d !== null) ?? null;
    if (column.some((d) => d === null)) return null;
    const total = column.reduce((n: number, d) => (typeof d === 'number' ? n + d : n), 0);
    const symbols = column.filter((d): d is string => typeof d === 'string');
    if (symbols.length === 0) return total;
    return symbols.every((s) => s === symbols[0]) ? plus(times(symbols[0] ?? null, symbols.length), total) : null;
  })];
};

const split: ShapeRule = (i) => {
  const x = i.dims(0);
  const count = i.node.outputs.length;
  if (!x) return i.node.outputs.map(() => null);
  const axis = axisOf(i.int('axis', 0), x.length);
  const sizes = i.ints('split') ?? (i.has(1) ? i.integers(1) : null);
  const size = x[axis];
  const each = typeof size === 'number' ? Math.ceil(size / count) : null;
  return i.node.outputs.map((_, o) => x.map((d, k): Dim => {
    if (k !== axis) return d;
    if (sizes) return sizes[o] ?? null;
    return i.has(1) || each === null || typeof size !== 'number' ? null : Math.max(0, Math.min(each, size - o * each));
  }));
};

/** How many elements a Slice keeps: https://onnx.ai/onnx/operators/onnx__Slice.html */
function kept(size: Dim, start: number | null, end: number | null, step: number | null): Dim {
  if (start === null || end === null || step === null || step === 0) return null;
  if (typeof size !== 'number') {
    const whole = step === 1 && start === 0 && end >= 2 ** 31 - 1;
    return whole ? size : step === 1 && start >= 0 && end < 0 ? plus(size, end - start) : null;
  }
  const clamp = (v: number, low: number, high: number): number => Math.min(Math.max(v < 0 ? v + size : v, low), high);
  const [from, to] = step > 0 ? [clamp(start, 0, size), clamp(end, 0, size)] : [clamp(start, 0, size - 1), clamp(end, -1, size - 1)];
  return Math.max(0, Math.ceil((to - from) / step));
}

const slice: ShapeRule = (i) => {
  const x = i.dims(0);
  if (!x) return [null];
  const starts = i.ints('starts') ?? i.integers(1);
  const ends = i.ints('ends') ?? i.integers(2);
  const axes = i.ints('axes') ?? (i.has(3) ? i.integers(3) : starts?.map((_, k) => k));
  const steps = i.has(4) ? i.integers(4) : starts?.map(() => 1);
  if (!axes || !axes.every((a) => a !== null)) return [x.map(() => null)];
  const at = axes.map((a) => axisOf(a ?? 0, x.length));
  return [x.map((d, k) => (at.includes(k) ? kept(d, starts?.[at.indexOf(k)] ?? null, ends?.[at.indexOf(k)] ?? null, steps?.[at.indexOf(k)] ?? null) : d))];
};

const gather: ShapeRule = (i) => {
  const x = i.dims(0);
  const indices = i.dims(1);
  if (!x || !indices) return [null];
  const axis = axisOf(i.int('axis', 0), x.length);
  return [[...x.slice(0, axis), ...indices, ...x.slice(axis + 1)]];
};

const gatherNd: ShapeRule = (i) => {
  const x = i.dims(0);
  const indices = i.dims(1);
  const depth = indices?.at(-1);
  return [x && indices && typeof depth === 'number' ? [...indices.slice(0, -1), ...x.slice(i.int('batch_dims', 0) + depth)] : null];
};

const expand: ShapeRule = (i) => {
  const x = i.dims(0);
  const target = i.integers(1);
  if (!x || !target) return [null];
  const rank = Math.max(x.length, target.length);
  return [Array.from({ length: rank }, (_, k): Dim => {
    const old = k < rank - x.length ? 1 : x[k - (rank - x.length)] ?? null;
    const wanted = k < rank - target.length ? 1 : target[k - (rank - target.length)] ?? null;
    return wanted === 1 ? old : wanted ?? (typeof old === 'number' && old !== 1 ? old : null);
  })];
};

const tile: ShapeRule = (i) => {
  const repeats = i.integers(1);
  return [i.dims(0)?.map((d, k) => (typeof repeats?.[k] === 'number' ? times(d, repeats[k] ?? 1) : null)) ?? null];
};

const shapes: Readonly<Record<string, ShapeRule>> = {
  Transpose: transpose, Flatten: flatten, Reshape: reshape, Squeeze: squeeze, Unsqueeze: unsqueeze, Concat: concat, Split: split,
  Slice: slice, Gather: gather, GatherND: gatherNd, GatherElements: (i) => [i.dims(1)], Expand: expand, Tile: tile,
};

export const LAYOUT: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(Object.entries(shapes).map(([op, rule]) => [op, tensors(rule, like(0))])),
  NonZero: tensors((i) => [[i.dims(0)?.length ?? null, null]], fixed(INT64)),
};
