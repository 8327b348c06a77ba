import { FLOAT, INT64, STRING } from '../../onnx/dtypes.ts';
import { tensors, type DtypeRule, type Rule, type Shape, type ShapeRule } from '../shapeRule.ts';

/** A Constant's forms: https://onnx.ai/onnx/operators/onnx__Constant.html */
const constantShape: ShapeRule = (i) => {
  for (const a of i.node.attributes) {
    if (a.tensor) return [a.tensor.dims];
    if (a.sparseTensor) return [a.sparseTensor.dims];
    if (a.ints || a.floats || a.strings) return [[i.count(a.name)]];
    if (a.name.startsWith('value_') && !a.refAttrName) return [a.name.endsWith('s') ? [0] : []];
  }
  return [null];
};

const constantDtype: DtypeRule = (i) => {
  for (const a of i.node.attributes) {
    if (a.tensor ?? a.sparseTensor) return a.tensor?.dtype ?? a.sparseTensor?.values.dtype ?? null;
    if (a.name.startsWith('value_')) return a.name.startsWith('value_int') ? INT64 : a.name.startsWith('value_string') ? STRING : FLOAT;
  }
  return null;
};

const filled: ShapeRule = (i): Shape[] => [i.sizes(0)];

export const CONSTANTS: Readonly<Record<string, Rule>> = {
  Constant: tensors(constantShape, constantDtype),
  ConstantOfShape: tensors(filled, (i) => i.attribute('value')?.tensor?.dtype ?? FLOAT),
};
