import { BOOL } from '../../../tensors/dtypes.ts';
import { unknownValue } from '../../shapes/inferred.ts';
import { broadcastAll } from '../../sizes/dims.ts';
import {
  each,
  fixed,
  like,
  likeAny,
  named,
  sameAs,
  tensors,
  type DtypeRule,
  type Rule,
  type ShapeRule,
} from '../../shapes/shapeRule.ts';

/** All inputs broadcast to one shape: https://onnx.ai/onnx/repo-docs/Broadcasting.html */
export const broadcasting: ShapeRule = (input) => [broadcastAll(input.node.inputs.map((_, k) => input.dims(k)))];
/**
 * Before opset 7 the second operand bends to the first: https://github.com/onnx/onnx/blob/main/docs/Changelog.md#Add-1
 */
const arithmetic: ShapeRule = (input) => (input.opset < 7 ? [input.dims(0)] : broadcasting(input));

/** Cast-1 names the type by its word, later ones by its number. */
const WORDS =
  'FLOAT UINT8 INT8 UINT16 INT16 INT32 INT64 STRING BOOL FLOAT16 DOUBLE UINT32 UINT64 COMPLEX64 COMPLEX128'.split(' ');
const castDtype: DtypeRule = (input) =>
  input.attribute('to')?.string
    ? WORDS.indexOf(input.text('to', '').toUpperCase()) + 1 || null
    : named('to', () => null)(input);

const UNARY = [
  'Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Ceil Celu Clip Cos Cosh CumProd CumSum Elu Erf Exp Floor',
  'Gelu Hardmax HardSigmoid HardSwish LeakyRelu Log LogSoftmax Mish Neg PRelu Reciprocal Relu ReverseSequence',
  'Round Scatter ScatterElements ScatterND Selu Shrink Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt',
  'SwiGLU Swish Tan Tanh TensorScatter ThresholdedRelu Trilu',
].join(' ');

export const ELEMENTWISE: Readonly<Record<string, Rule>> = {
  ...each(UNARY, tensors(sameAs(0), like(0))),
  ...each('Add Div Mul Sub', tensors(arithmetic, like(0, 1))),
  ...each('And Equal Greater Less Or Xor', tensors(arithmetic, fixed(BOOL))),
  ...each('GreaterOrEqual LessOrEqual', tensors(broadcasting, fixed(BOOL))),
  ...each('BitShift BitwiseAnd BitwiseOr BitwiseXor Max Mean Min Mod Sum', tensors(broadcasting, likeAny)),
  ...each('IsInf IsNaN Not', tensors(sameAs(0), fixed(BOOL))),
  Identity: (input) => [input.inferred(0) ?? unknownValue()],
  Pow: tensors(arithmetic, like(0)),
  Where: tensors(broadcasting, like(1, 2)),
  Cast: tensors(sameAs(0), castDtype),
  CastLike: tensors(sameAs(0), like(1)),
  BitCast: tensors(
    sameAs(0),
    named('to', () => null),
  ),
  Dropout: tensors(sameAs(0), like(0), (input) => (input.opset < 10 ? input.dtype(0) : BOOL)),
};
