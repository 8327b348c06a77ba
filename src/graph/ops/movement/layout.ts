import type { Dim } from '../../../formats/onnx/model.ts';
import { multiply, quotient, times } from '../../sizes/dims.ts';
import {
  atRunTime,
  axisOf,
  like,
  openDims,
  tensors,
  type Rule,
  type RuleInput,
  type Shape,
  type ShapeRule,
  MAX_RANK,
} from '../../shapes/shapeRule.ts';
import { fromFront } from '../../../tensors/dims.ts';
import { range } from '../../../bytes/lists.ts';

/** https://onnx.ai/onnx/operators/onnx__Transpose.html */
const transpose: ShapeRule = (input) => {
  const x = input.dims(0);
  if (!x) return [null];
  const perm = input.ints('perm') ?? x.map((_, k) => x.length - 1 - k);
  if (perm.length !== x.length)
    throw new RangeError(`perm has ${perm.length} entries for a tensor of rank ${x.length}`);
  const axes = perm.map((axis) => axisOf(axis, x.length));
  if (new Set(axes).size !== axes.length) throw new RangeError(`perm [${perm.join(', ')}] names an axis twice`);
  return [axes.map((axis) => x[axis] ?? null)];
};

/** Two axes, cut in front of `axis`: https://onnx.ai/onnx/operators/onnx__Flatten.html */
const flatten: ShapeRule = (input) => {
  const x = input.dims(0);
  if (!x) return [openDims(2)];
  const given = input.int('axis', 1);
  const axis = fromFront(given, x.length);
  if (axis < 0 || axis > x.length) throw new RangeError(`axis ${given} does not exist in a tensor of rank ${x.length}`);
  return [[multiply(x.slice(0, axis)), multiply(x.slice(axis))]];
};

/** The length of a list that an input holds, null when it is unknown. */
export function lengthOf(input: RuleInput, index: number): number | null {
  const length = input.dims(index)?.[0];
  return input.sizes(index)?.length ?? (typeof length === 'number' ? length : null);
}

/** https://onnx.ai/onnx/operators/onnx__Reshape.html; Reshape-1 has the shape as an attribute. */
const reshape: ShapeRule = (input) => {
  const x = input.dims(0);
  const target = input.ints('shape') ?? input.sizes(1);
  const rank = lengthOf(input, 1);
  if (!target)
    return [atRunTime('the sizes it is given are', rank === null || rank > MAX_RANK ? null : openDims(rank))];
  const copies = input.int('allowzero', 0) === 0;
  const dims = target.map((dim, k): Dim => {
    if (dim !== 0 || !copies) return dim === -1 ? null : dim;
    if (x && k >= x.length) throw new RangeError(`its size ${k} should be copied from a tensor of rank ${x.length}`);
    return x?.[k] ?? null;
  });
  const open = target.flatMap((dim, k) => (dim === -1 || dim === null ? [k] : []));
  const [at] = open;
  if (target.filter((dim) => dim === -1).length > 1) throw new RangeError('more than one of its sizes is left open');
  if (x && open.length === 0) checkCount(x, dims);
  if (at === undefined || !x) return [dims];
  // Whatever stands in the one place that is open, the count of elements says its size.
  const others = dims.filter((_, k) => k !== at);
  if (open.length === 1) dims[at] = rest(x, others);
  return [dims.includes(null) && target.includes(null) ? atRunTime('the sizes it is given are', dims) : dims];
};

/** Throws RangeError where a reshaped tensor would hold more or fewer elements. */
function checkCount(x: readonly Dim[], dims: readonly Dim[]): void {
  const [from, to] = [multiply(x), multiply(dims)];
  if (typeof from === 'number' && typeof to === 'number' && from !== to)
    throw new RangeError(`${from} elements do not fit a shape of ${to}`);
}

/** The one size that is left open, so that the number of elements stays. Throws RangeError where there is none. */
function rest(x: readonly Dim[], others: readonly Dim[]): Dim {
  const [from, to] = [multiply(x), multiply(others)];
  if (typeof from === 'number' && typeof to === 'number' && (to === 0 ? from !== 0 : from % to !== 0))
    throw new RangeError(`${from} elements do not fit a shape of a multiple of ${to}`);
  return quotient(x, others);
}

/** Axes from an attribute or, later, from an input: null when they are unknown. */
function axesOf(input: RuleInput, index: number, rank: number): number[] | null {
  const axes = input.ints('axes') ?? (input.has(index) ? input.integers(index) : null);
  return axes && axes.every((axis) => axis !== null) ? axes.map((axis) => axisOf(axis ?? 0, rank)) : null;
}

/** https://onnx.ai/onnx/operators/onnx__Squeeze.html: without axes, all of size 1 go. */
const squeeze: ShapeRule = (input) => {
  const x = input.dims(0);
  if (!x) return [null];
  const axes = axesOf(input, 1, x.length);
  if (axes) {
    for (const axis of axes)
      if (typeof x[axis] === 'number' && x[axis] !== 1)
        throw new RangeError(`axis ${axis} has size ${x[axis]}, so it can't be squeezed`);
    return [x.filter((_, k) => !axes.includes(k))];
  }
  if (input.has(1)) {
    const count = lengthOf(input, 1);
    return [
      atRunTime('the axes it squeezes are', count === null || count > x.length ? null : openDims(x.length - count)),
    ];
  }
  return [
    x.some((dim) => typeof dim !== 'number')
      ? atRunTime('which of its axes have size 1 is')
      : x.filter((dim) => dim !== 1),
  ];
};

/** https://onnx.ai/onnx/operators/onnx__Unsqueeze.html: axes count in the output. */
const unsqueeze: ShapeRule = (input) => {
  const x = input.dims(0);
  const count = input.ints('axes')?.length ?? lengthOf(input, 1);
  if (!x) return [null];
  if (count === null || count > MAX_RANK) return [atRunTime('the axes it inserts are')];
  const rank = x.length + count;
  const axes = axesOf(input, 1, rank);
  if (!axes) return [atRunTime('the axes it inserts are', openDims(rank))];
  if (new Set(axes).size !== axes.length) throw new RangeError('it inserts an axis twice');
  let next = 0;
  return [Array.from({ length: rank }, (_, k): Dim => (axes.includes(k) ? 1 : (x[next++] ?? null)))];
};

/** https://onnx.ai/onnx/operators/onnx__Expand.html */
const expand: ShapeRule = (input) => {
  const x = input.dims(0);
  const target = input.sizes(1);
  if (!x) return [null];
  const length = lengthOf(input, 1);
  if (!target) {
    const isKnown = length !== null && length <= MAX_RANK;
    return [atRunTime('the sizes it is given are', isKnown ? openDims(Math.max(x.length, length)) : null)];
  }
  const rank = Math.max(x.length, target.length);
  const fromBack = (dims: readonly Dim[], axis: number): Dim => {
    const at = axis - (rank - dims.length);
    return at < 0 ? 1 : (dims[at] ?? null);
  };
  const dims = range(0, rank).map((axis) => stretched(fromBack(x, axis), fromBack(target, axis)));
  return [dims.includes(null) && target.includes(null) ? atRunTime('the sizes it is given are', dims) : dims];
};

/** One axis of Expand, which broadcasts both ways. A size that is a symbol may be 1. */
function stretched(old: Dim, wanted: Dim): Dim {
  if (old === wanted || wanted === 1) return old;
  if (old === 1) return wanted;
  if (typeof old === 'number' && typeof wanted === 'number')
    throw new RangeError(`size ${old} does not stretch to ${wanted}`);
  if (typeof old === 'number') return old;
  return typeof wanted === 'number' ? wanted : null;
}

/** Tile-1 repeats one axis; later ones have a count for every axis: https://onnx.ai/onnx/operators/onnx__Tile.html */
const tile: ShapeRule = (input) => {
  const x = input.dims(0);
  if (!x) return [null];
  const repeats = input.sizes(1);
  if (!repeats) return [atRunTime('how often it repeats the axes is', openDims(x.length))];
  if (input.opset < 6) {
    const axis = input.integers(2)?.[0];
    return [
      typeof axis === 'number'
        ? x.map((dim, k) => (k === axis ? multiply([dim, repeats[0] ?? null]) : dim))
        : atRunTime('the axis it repeats is', openDims(x.length)),
    ];
  }
  if (repeats.length !== x.length)
    throw new RangeError(`it has ${repeats.length} counts for a tensor of rank ${x.length}`);
  return [x.map((dim, k) => multiply([dim, repeats[k] ?? null]))];
};

/** Larger blocks than any image has pixels; their squares stay safe integers. */
const MAX_BLOCK = 2 ** 20;

function blockOf(input: RuleInput): number {
  const block = input.int('blocksize', 0);
  if (!Number.isSafeInteger(block) || block < 1 || block > MAX_BLOCK)
    throw new RangeError(`its block size is ${block}`);
  return block;
}

function divided(dim: Dim, by: number): Dim {
  if (typeof dim === 'number' && dim % by !== 0) throw new RangeError(`size ${dim} is no multiple of ${by}`);
  return quotient([dim], [by]);
}

/** [N, C, H, W] to [N, C·b², H/b, W/b]: https://onnx.ai/onnx/operators/onnx__SpaceToDepth.html */
const spaceToDepth: ShapeRule = (input): Shape[] => {
  const x = input.dims(0);
  if (!x) return [openDims(4)];
  const b = blockOf(input);
  if (x.length !== 4) throw new RangeError(`it takes tensors of rank 4, not ${x.length}`);
  return [[x[0] ?? null, times(x[1] ?? null, b * b), divided(x[2] ?? null, b), divided(x[3] ?? null, b)]];
};

/** [N, C, H, W] to [N, C/b², H·b, W·b]: https://onnx.ai/onnx/operators/onnx__DepthToSpace.html */
const depthToSpace: ShapeRule = (input) => {
  const x = input.dims(0);
  if (!x) return [openDims(4)];
  const b = blockOf(input);
  if (x.length !== 4) throw new RangeError(`it takes tensors of rank 4, not ${x.length}`);
  return [[x[0] ?? null, divided(x[1] ?? null, b * b), times(x[2] ?? null, b), times(x[3] ?? null, b)]];
};

/**
 * Non-axis sizes of tensors that are joined; a number is better than a symbol, and two different numbers contradict.
 */
export function agreed(sizes: readonly Dim[]): Dim {
  let best: Dim = null;
  for (const size of sizes) {
    if (typeof size === 'number' && typeof best === 'number' && size !== best)
      throw new RangeError(`sizes ${best} and ${size} should be equal`);
    if (typeof size === 'number' || best === null) best = size ?? best;
  }
  return best;
}

export const LAYOUT: Readonly<Record<string, Rule>> = {
  Transpose: tensors(transpose, like(0)),
  Flatten: tensors(flatten, like(0)),
  Reshape: tensors(reshape, like(0)),
  Squeeze: tensors(squeeze, like(0)),
  Unsqueeze: tensors(unsqueeze, like(0)),
  Expand: tensors(expand, like(0)),
  Tile: tensors(tile, like(0)),
  SpaceToDepth: tensors(spaceToDepth, like(0)),
  DepthToSpace: tensors(depthToSpace, like(0)),
};
