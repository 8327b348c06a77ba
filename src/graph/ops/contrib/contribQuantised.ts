import { FLOAT, INT32 } from '../../../tensors/dtypes.ts';
import { broadcastAll } from '../../sizes/dims.ts';
import { each, fixed, like, sameAs, tensors, type Rule, type ShapeRule } from '../../shapes/shapeRule.ts';
import { gemm, matMul } from '../arithmetic/matrix.ts';
import { reduce } from '../arithmetic/reduce.ts';
import { joined } from '../movement/select.ts';
import { globalPool, pool, type ChannelOrder } from '../layers/spatial.ts';

/*
 * Quantised operators of ONNX Runtime: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md.
 * Scales and zero points stand between the tensors.
 */

/** The tensors at these inputs broadcast; the others are their scales and zero points. */
const between =
  (...indices: readonly number[]): ShapeRule =>
  (input) => [broadcastAll(indices.map((index) => input.dims(index)))];
/** A rule for the order of channels that the attribute says. */
const inOrder =
  (rule: (order: ChannelOrder) => ShapeRule): ShapeRule =>
  (input) =>
    rule(input.int('channels_last', 0) !== 0 ? 'last' : 'first')(input);

/** The output's scale and zero point come first, then a tensor, its scale and its zero point for each part. */
const concat: ShapeRule = (input) => {
  const parts = input.node.inputs.flatMap((_, k) => (k >= 2 && (k - 2) % 3 === 0 ? [input.dims(k)] : []));
  return [joined(parts, input.int('axis', 0))];
};

/** Reduces by its attribute; its second input is a scale. */
const reduceMean: ShapeRule = (input) =>
  input.ints('axes') ? reduce(input) : [input.int('keepdims', 1) ? (input.dims(0)?.map(() => 1) ?? null) : []];

const rules: Readonly<Record<string, Rule>> = {
  ...each('QLinearAdd QLinearMul', tensors(between(0, 3), like(0))),
  QLinearWhere: tensors(between(0, 1, 4), like(1)),
  ...each('QLinearLeakyRelu QLinearSigmoid QLinearSoftmax', tensors(sameAs(0), like(0))),
  QLinearConcat: tensors(concat, like(1, 2)),
  QLinearReduceMean: tensors(reduceMean, like(0)),
  QLinearAveragePool: tensors(inOrder(pool), like(0)),
  QLinearGlobalAveragePool: tensors(inOrder(globalPool), like(0)),
  QGemm: tensors(gemm(3), (input) => (input.has(8) ? input.dtype(8) : FLOAT)),
  ...each('DynamicQuantizeMatMul MatMulIntegerToFloat', tensors(matMul(1), fixed(FLOAT))),
  MatMulInteger16: tensors(matMul(1), fixed(INT32)),
  ReduceSumInteger: tensors(reduce, fixed(INT32)),
};

export const CONTRIB_QUANTISED: Readonly<Record<string, Rule>> = Object.fromEntries(
  Object.entries(rules).map(([op, rule]) => [`com.microsoft:${op}`, rule]),
);
