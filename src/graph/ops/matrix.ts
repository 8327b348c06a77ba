import { INT32, INT64 } from '../../onnx/dtypes.ts';
import type { Dim } from '../../onnx/model.ts';
import { broadcastAll } from '../dims.ts';
import { axisOf, fixed, like, tensors, type Rule, type RuleInput, type ShapeRule } from '../shapeRule.ts';

/** Numpy's matmul: vectors gain an axis and lose it again. */
function matMul(b: number): ShapeRule {
  return (i) => {
    const [x, y] = [i.dims(0), i.dims(b)];
    if (!x || !y || !x.length || !y.length) return [null];
    const batch = broadcastAll([x.slice(0, -2), y.slice(0, -2)]);
    if (!batch) return [null];
    return [[...batch, ...(x.length > 1 ? [x.at(-2) ?? null] : []), ...(y.length > 1 ? [y.at(-1) ?? null] : [])]];
  };
}

const gemm: ShapeRule = (i) => {
  const [a, b] = [i.dims(0), i.dims(1)];
  const rows: Dim = a?.[i.int('transA', 0) ? 1 : 0] ?? null;
  const columns: Dim = b?.[i.int('transB', 0) ? 0 : 1] ?? null;
  return [[rows, columns]];
};

function reduced(i: RuleInput, axes: readonly number[] | null, known: boolean): (readonly Dim[] | null)[] {
  const x = i.dims(0);
  const keep = i.int('keepdims', 1) !== 0;
  if (!x) return [null];
  if (!known) return [keep ? x.map(() => null) : null];
  const gone = axes?.length ? axes.map((a) => axisOf(a, x.length)) : i.int('noop_with_empty_axes', 0) ? [] : x.map((_, k) => k);
  return [keep ? x.map((d, k): Dim => (gone.includes(k) ? 1 : d)) : x.filter((_, k) => !gone.includes(k))];
}

const reduce: ShapeRule = (i) => {
  const given = i.ints('axes') ?? (i.has(1) ? i.integers(1) : []);
  return reduced(i, given?.map((a) => a ?? 0) ?? null, given !== null && given.every((a) => a !== null));
};

const arg: ShapeRule = (i) => reduced(i, [i.int('axis', 0)], true);

const topK: ShapeRule = (i) => {
  const x = i.dims(0);
  const k = i.opset < 10 ? i.int('k', 0) : i.integers(1)?.[0] ?? null;
  const out = x?.map((d, axis): Dim => (axis === axisOf(i.int('axis', -1), x.length) ? k : d)) ?? null;
  return [out, out];
};

const REDUCTIONS = 'ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare'.split(' ');

export const MATRIX: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(REDUCTIONS.map((op) => [op, tensors(reduce, like(0))])),
  MatMul: tensors(matMul(1), like(0)), MatMulInteger: tensors(matMul(1), fixed(INT32)), QLinearMatMul: tensors(matMul(3), like(7)),
  'com.microsoft:FusedMatMul': tensors((i) => (i.int('transA', 0) || i.int('transB', 0) ? [null] : matMul(1)(i)), like(0)),
  Gemm: tensors(gemm, like(0)), ArgMax: tensors(arg, fixed(INT64)), ArgMin: tensors(arg, fixed(INT64)), TopK: tensors(topK, like(0), fixed(INT64)),
};
