import { integerRange, isNarrowInteger, UINT8 } from '../../tensors/dtypes.ts';
import { intOf } from '../../formats/onnx/attributes.ts';
import type { Node } from '../../formats/onnx/model.ts';
import { roundHalfEven } from '../../tensors/smallFloat.ts';
import { axisOf, made, type ConstantRule } from './constantRule.ts';
import type { ConstantValue } from './constantValue.ts';
import { product } from '../../tensors/dims.ts';

/** Where the scale of an element lies: one for all, one per slice of an axis, or one per block of it. */
function scaleIndex(node: Node, constant: ConstantValue, scale: ConstantValue): ((i: number) => number) | null {
  const block = intOf(node, 'block_size', 0);
  if (scale.values.length === 1) return () => 0;
  const axis = axisOf(node, 1, constant.dims.length);
  const size = constant.dims[axis] ?? 0;
  const inner = product(constant.dims.slice(axis + 1));
  if (!block) return scale.values.length === size ? (i) => Math.floor(i / inner) % size : null;
  const blocks = Math.ceil(size / block);
  if (
    scale.dims.length !== constant.dims.length ||
    scale.dims.some((dim, i) => dim !== (i === axis ? blocks : constant.dims[i]))
  )
    return null;
  return (i) =>
    (Math.floor(i / (inner * size)) * blocks + Math.floor((Math.floor(i / inner) % size) / block)) * inner +
    (i % inner);
}

const dequantise: ConstantRule = (node, [constant, scale, zero]) => {
  const at = constant && scale && scaleIndex(node, constant, scale);
  if (!constant || !scale || !at) return null;
  const many = (zero?.values.length ?? 1) > 1;
  return made(
    scale.dtype,
    constant.dims,
    constant.values.map((value, i) => (value - (zero?.values[many ? at(i) : 0] ?? 0)) * (scale.values[at(i)] ?? 0)),
  );
};

/** Rounds half to even, then saturates: https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html */
const quantise: ConstantRule = (node, [constant, scale, zero]) => {
  const at = constant && scale && scaleIndex(node, constant, scale);
  const dtype = zero?.dtype ?? UINT8;
  const range = isNarrowInteger(dtype) ? integerRange(dtype) : null;
  if (!constant || !scale || !at || !range) return null;
  const many = (zero?.values.length ?? 1) > 1;
  const values = constant.values.map((x, i) => {
    const steps = Math.fround(x / (scale.values[at(i)] ?? 1));
    return Math.min(Math.max(roundHalfEven(steps) + (zero?.values[many ? at(i) : 0] ?? 0), range[0]), range[1]);
  });
  return { dtype, dims: constant.dims, values, stored: null };
};

export const QUANTISATION: Readonly<Record<string, ConstantRule>> = {
  DequantizeLinear: dequantise,
  QuantizeLinear: quantise,
  'com.microsoft:DequantizeLinear': dequantise,
  'com.microsoft:QuantizeLinear': quantise,
};
