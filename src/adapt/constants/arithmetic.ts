import { intOf } from '../../formats/onnx/attributes.ts';
import { FLOAT, isComputedFloat, isWideInteger } from '../../tensors/dtypes.ts';
import { axesOf, isRoom, isSize, made, type ConstantRule } from './constantRule.ts';
import { broadcast, common, transpose } from './movement.ts';
import { product } from '../../tensors/dims.ts';

const unary =
  (apply: (v: number) => number): ConstantRule =>
  (_, [constant]) =>
    constant && isComputedFloat(constant.dtype)
      ? made(constant.dtype, constant.dims, constant.values.map(apply))
      : null;

const binary =
  (apply: (a: number, b: number) => number): ConstantRule =>
  (node, [a, b]) => {
    if (a?.dtype !== b?.dtype || !a || !b) return null;
    const rounds = node.opType === 'Div' && !isComputedFloat(a.dtype);
    if (rounds || node.attributes.length) return null;
    const dims = common(a.dims, b.dims);
    if (!isRoom(dims)) return null;
    const [x, y] = [broadcast(a, dims), broadcast(b, dims)];
    if (!x || !y) return null;
    const values = x.values.map((value, i) => apply(value, y.values[i] ?? 0));
    return made(a.dtype, dims, values);
  };

const reduction =
  (combine: (sum: number, v: number) => number, finish: (sum: number, count: number) => number): ConstantRule =>
  (node, [constant, given]) => {
    if (!constant || !isComputedFloat(constant.dtype)) return null;
    const axes =
      axesOf(node, given, constant.dims.length) ??
      (intOf(node, 'noop_with_empty_axes', 0) ? null : constant.dims.map((_, i) => i));
    if (
      !axes?.length ||
      !axes.every((axis) => isSize(axis) && axis < constant.dims.length) ||
      new Set(axes).size !== axes.length
    )
      return null;
    const stays = constant.dims.map((_, i) => i).filter((i) => !axes.includes(i));
    const count = product(constant.dims) / product(stays.map((i) => constant.dims[i] ?? 1));
    const sorted = transpose(constant, [...stays, ...axes]);
    const values = new Float64Array(sorted.values.length / count);
    for (let i = 0; i < values.length; i++)
      values[i] = finish(sorted.values.subarray(i * count, (i + 1) * count).reduce(combine, 0), count);
    const keep = intOf(node, 'keepdims', 1) !== 0;
    const dims = keep
      ? constant.dims.map((dim, i) => (axes.includes(i) ? 1 : dim))
      : stays.map((i) => constant.dims[i] ?? 1);
    return made(constant.dtype, dims, values);
  };

const cast: ConstantRule = (node, [constant]) => {
  const to = intOf(node, 'to', 0);
  if (!constant || to === constant.dtype) return constant ? { ...constant, stored: null } : null;
  if (to === FLOAT && isWideInteger(constant.dtype)) return null;
  return to === FLOAT || isComputedFloat(constant.dtype) ? made(to, constant.dims, constant.values) : null;
};

/** Operators that compute numbers from numbers. */
export const ARITHMETIC: Readonly<Record<string, ConstantRule>> = {
  Cast: cast,
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
};
