import { FLOAT, INT64, STRING } from '../../../tensors/dtypes.ts';
import type { Dim } from '../../../formats/onnx/model.ts';
import { stepsBetween } from '../../sizes/dims.ts';
import {
  atRunTime,
  each,
  fixed,
  like,
  named,
  openDims,
  sameAs,
  tensors,
  type DtypeRule,
  type Rule,
  type Shape,
  type ShapeRule,
  MAX_RANK,
} from '../../shapes/shapeRule.ts';
import { lengthOf } from './layout.ts';

/** A Constant's forms: https://onnx.ai/onnx/operators/onnx__Constant.html */
const constantShape: ShapeRule = (input) => {
  for (const attribute of input.node.attributes) {
    if (attribute.tensor) return [attribute.tensor.dims];
    if (attribute.sparseTensor) return [attribute.sparseTensor.dims];
    if (attribute.ints || attribute.floats || attribute.strings) return [[input.count(attribute.name)]];
    if (attribute.name.startsWith('value_') && !attribute.refAttrName) return [attribute.name.endsWith('s') ? [0] : []];
  }
  return [null];
};

/** Element types by how the attribute's name begins; others hold floats. */
const VALUE_DTYPES = [
  ['value_int', INT64],
  ['value_string', STRING],
] as const;
const constantDtype: DtypeRule = (input) => {
  for (const attribute of input.node.attributes) {
    if (attribute.tensor ?? attribute.sparseTensor)
      return attribute.tensor?.dtype ?? attribute.sparseTensor?.values.dtype ?? null;
    if (attribute.name.startsWith('value_'))
      return VALUE_DTYPES.find(([start]) => attribute.name.startsWith(start))?.[1] ?? FLOAT;
  }
  return null;
};

/** A shape that an input holds. */
const shapeInput: ShapeRule = (input) => {
  const sizes = input.sizes(0);
  const rank = lengthOf(input, 0);
  if (sizes) return [sizes.includes(null) ? atRunTime('the sizes it is given are', sizes) : sizes];
  return [atRunTime('the sizes it is given are', rank === null || rank > MAX_RANK ? null : openDims(rank))];
};

/**
 * GivenTensorFill and ConstantFill of opset 1: a shape from an attribute, from an input's values, or an input's own,
 * with more axes behind it.
 */
const fill: ShapeRule = (input): Shape[] => {
  const more = input.ints('extra_shape') ?? [];
  if (!input.has(0)) return [[...(input.ints('shape') ?? []), ...more]];
  const isGiven = input.int('input_as_shape', 0) !== 0;
  const sizes = isGiven ? input.sizes(0) : input.dims(0);
  if (sizes) return [[...sizes, ...more]];
  return [isGiven ? atRunTime('the sizes it is given are') : null];
};

/** max(⌈(limit − start) / delta⌉, 0): https://onnx.ai/onnx/operators/onnx__Range.html */
const range: ShapeRule = (input) => {
  const [start, limit, delta] = [0, 1, 2].map((k): Dim => input.sizes(k)?.[0] ?? (k === 2 && !input.has(2) ? 1 : null));
  if (delta === 0) throw new RangeError('its step is 0');
  const length = stepsBetween(start ?? null, limit ?? null, delta ?? null);
  return [length === null ? atRunTime('its ends are', [null]) : [length]];
};

export const CONSTANTS: Readonly<Record<string, Rule>> = {
  Constant: tensors(constantShape, constantDtype),
  ConstantOfShape: tensors(shapeInput, (input) => input.attribute('value')?.tensor?.dtype ?? FLOAT),
  GivenTensorFill: tensors(fill, fixed(FLOAT)),
  ConstantFill: tensors(fill, named('dtype', fixed(FLOAT))),
  EyeLike: tensors(sameAs(0), named('dtype', like(0))),
  ...each('Range com.microsoft:Range', tensors(range, like(0, 1, 2))),
};
