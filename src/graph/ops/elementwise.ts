import { broadcastAll } from '../dims.ts';
import type { ShapeRule } from '../shapeRule.ts';

const same: ShapeRule = (i) => i.node.outputs.map((_, o) => (o === 0 ? i.dims(0) : null));
const broadcasting: ShapeRule = (i) => [broadcastAll(i.node.inputs.map((_, k) => i.dims(k)))];

const SAME = `Abs Acos Acosh Asin Asinh Atan Atanh Bernoulli BitwiseNot Cast CastLike Ceil Celu Clip Cos Cosh CumSum DequantizeLinear Elu Erf Exp Floor Gelu GroupNormalization Hardmax HardSigmoid
  HardSwish Identity InstanceNormalization IsInf IsNaN LayerNormalization LeakyRelu Log LogSoftmax LpNormalization LRN MeanVarianceNormalization Mish Neg Not PRelu QuantizeLinear
  RandomNormalLike RandomUniformLike Reciprocal Relu Round ScatterElements Scatter ScatterND Selu Shrink Sigmoid Sign SimplifiedLayerNormalization Sin Sinh Softmax Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu Trilu EyeLike
  ReverseSequence com.microsoft:FastGelu com.microsoft:Gelu com.microsoft:BiasGelu com.microsoft:QuickGelu com.microsoft:SkipLayerNormalization`.split(/\s+/);
const BROADCAST = 'Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or Pow Sub Sum Where Xor'.split(' ');

export const ELEMENTWISE: Readonly<Record<string, ShapeRule>> = {
  ...Object.fromEntries(SAME.map((op) => [op, same])),
  ...Object.fromEntries(BROADCAST.map((op) => [op, broadcasting])),
  Add: legacy, Sub: legacy, Mul: legacy, Div: legacy, Pow: legacy,
  Dropout: (i) => i.node.outputs.map(() => i.dims(0)),
  BatchNormalization: (i) => i.node.outputs.map((_, o) => (o === 0 ? i.dims(0) : i.dims(3))),
  DynamicQuantizeLinear: (i) => [i.dims(0), [], []],
};

/** Before opset 7 the second operand bends to the first. */
function legacy(i: Parameters<ShapeRule>[0]): ReturnType<ShapeRule> {
  return i.opset < 7 ? [i.dims(0)] : broadcasting(i);
}
