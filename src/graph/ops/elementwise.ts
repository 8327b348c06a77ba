import { BOOL, INT64, UINT8 } from '../../onnx/dtypes.ts';
import { broadcastAll } from '../dims.ts';
import { fixed, like, named, tensors, type Rule, type ShapeRule } from '../shapeRule.ts';

const same: ShapeRule = (i) => i.node.outputs.map((_, o) => (o === 0 ? i.dims(0) : null));
const broadcasting: ShapeRule = (i) => [broadcastAll(i.node.inputs.map((_, k) => i.dims(k)))];

const SAME = `Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Ceil Celu Clip Cos Cosh CumSum Elu Erf Exp Floor Gelu GroupNormalization Hardmax HardSigmoid
  HardSwish Identity InstanceNormalization LayerNormalization LeakyRelu Log LogSoftmax LpNormalization LRN MeanVarianceNormalization Mish Neg Not PRelu
  Reciprocal Relu Round ScatterElements Scatter ScatterND Selu Shrink Sigmoid Sign SimplifiedLayerNormalization Sin Sinh Softmax Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu Trilu
  ReverseSequence com.microsoft:FastGelu com.microsoft:Gelu com.microsoft:BiasGelu com.microsoft:QuickGelu com.microsoft:SkipLayerNormalization`.split(/\s+/);
const BROADCAST = 'BitShift BitwiseAnd BitwiseOr BitwiseXor Max Mean Min Mod Sum'.split(' ');
const COMPARE = 'And Equal Greater GreaterOrEqual Less LessOrEqual Or Xor'.split(' ');

export const ELEMENTWISE: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(SAME.map((op) => [op, tensors(same, like(0))])),
  ...Object.fromEntries(BROADCAST.map((op) => [op, tensors(broadcasting, like(0))])),
  ...Object.fromEntries(COMPARE.map((op) => [op, tensors(broadcasting, fixed(BOOL))])),
  ...Object.fromEntries(['Add', 'Sub', 'Mul', 'Div', 'Pow'].map((op) => [op, tensors(legacy, like(0))])),
  IsInf: tensors(same, fixed(BOOL)), IsNaN: tensors(same, fixed(BOOL)),
  Cast: tensors(same, named('to', () => null)), CastLike: tensors(same, like(1)),
  Bernoulli: tensors(same, named('dtype', like(0))), EyeLike: tensors(same, named('dtype', like(0))),
  RandomNormalLike: tensors(same, named('dtype', like(0))), RandomUniformLike: tensors(same, named('dtype', like(0))),
  Where: tensors(broadcasting, like(1)),
  QuantizeLinear: tensors(same, (i) => (i.has(2) ? i.dtype(2) : UINT8)), DequantizeLinear: tensors(same, like(1)),
  Dropout: tensors((i) => i.node.outputs.map(() => i.dims(0)), like(0), (i) => (i.opset < 10 ? i.dtype(0) : BOOL)),
  BatchNormalization: tensors((i) => i.node.outputs.map((_, o) => (o === 0 ? i.dims(0) : i.dims(3))), like(0), like(3)),
  DynamicQuantizeLinear: tensors((i) => [i.dims(0), [], []], fixed(UINT8), like(0), fixed(UINT8)),
  Shape: tensors((i) => [[i.dims(0) ? shapeLength(i) : null]], fixed(INT64)), Size: tensors(() => [[]], fixed(INT64)),
};

/** Before opset 7 the second operand bends to the first. */
function legacy(i: Parameters<ShapeRule>[0]): ReturnType<ShapeRule> {
  return i.opset < 7 ? [i.dims(0)] : broadcasting(i);
}

function shapeLength(i: Parameters<ShapeRule>[0]): number {
  const rank = i.dims(0)?.length ?? 0;
  const clamp = (v: number): number => Math.min(Math.max(v < 0 ? v + rank : v, 0), rank);
  return Math.max(0, clamp(i.int('end', rank)) - clamp(i.int('start', 0)));
}
