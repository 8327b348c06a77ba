import { textOf } from '../../formats/onnx/attributes.ts';
import type { Dim } from '../../formats/onnx/model.ts';
import { multiply, quotient, sum } from '../sizes/dims.ts';
import { KERAS_MACS, KERAS_NOT_COUNTED } from './kerasMacs.ts';
import { elements, type MacsRule } from './macsRule.ts';

/** Every output element of a convolution sums over the input channels of its group times the kernel. */
const convolution =
  (weight: number): MacsRule =>
  (node) =>
    multiply([elements(node.output(0)), elements(node.input(weight)?.slice(1) ?? null)]);

/** In a transposed one, every input element spreads over the output channels of its group times the kernel. */
const transposed: MacsRule = (node) => multiply([elements(node.input(0)), elements(node.input(1)?.slice(1) ?? null)]);

/**
 * Every output element of a product sums over the axis that both operands share: all of the first operand for each
 * column.
 */
const matrix =
  (b: number): MacsRule =>
  (node) => {
    const [x, y, out] = [node.input(0), node.input(b), node.output(0)];
    if (!x?.length || !y?.length || !out) return null;
    return multiply([elements(out), x.at(-1) ?? null]);
  };

/** The inner size is what the first operand has besides the rows, whichever way it lies. */
const gemm: MacsRule = (node) => {
  const out = node.output(0);
  return multiply([elements(node.input(0)), out?.[1] ?? null]);
};

/** FusedMatMul may turn its first operand. */
const fused: MacsRule = (node) => {
  const [x, out] = [node.input(0), node.output(0)];
  const inner = x && out && x.length === out.length ? quotient([elements(x)], [elements(out.slice(0, -1))]) : null;
  return multiply([elements(out), inner]);
};

/**
 * Weights and recurrent weights of all directions, once per step and image:
 * https://onnx.ai/onnx/operators/onnx__LSTM.html
 */
const recurrent: MacsRule = (node) => {
  const steps = elements(node.input(0)?.slice(0, 2) ?? null);
  return sum([multiply([steps, elements(node.input(1))]), multiply([steps, elements(node.input(2))])]);
};

/** Every label of the equation counts once: https://onnx.ai/onnx/operators/onnx__Einsum.html */
const einsum: MacsRule = (node) => {
  const [operands = ''] = textOf(node.node, 'equation', '').replace(/\s/g, '').split('->');
  const terms = operands === '' ? [] : operands.split(',');
  if (terms.length < 2) return terms.length ? 0 : null;
  const sizes = new Map<string, Dim>();
  for (const [k, term] of terms.entries()) {
    const dims = node.input(k);
    if (!dims || term.includes('.') || dims.length !== term.length) return null;
    [...term].forEach((label, axis) => {
      if (sizes.get(label) === undefined || sizes.get(label) === 1) sizes.set(label, dims[axis] ?? null);
    });
  }
  return multiply([...sizes.values()]);
};

/** Multiply-adds by operator; other domains as `domain:Operator`. */
export const MACS: ReadonlyMap<string, MacsRule> = new Map([
  ['Conv', convolution(1)],
  ['ConvInteger', convolution(1)],
  ['QLinearConv', convolution(3)],
  ['DeformConv', convolution(1)],
  ['com.microsoft:FusedConv', convolution(1)],
  ['ConvTranspose', transposed],
  ['com.microsoft:ConvTransposeWithDynamicPads', transposed],
  ['Gemm', gemm],
  ['com.microsoft:FusedGemm', gemm],
  ['com.microsoft:QGemm', gemm],
  ['com.microsoft:GemmFloat8', gemm],
  ['com.microsoft:GemmFastGelu', gemm],
  ['MatMul', matrix(1)],
  ['MatMulInteger', matrix(1)],
  ['QLinearMatMul', matrix(3)],
  ['com.microsoft:DynamicQuantizeMatMul', matrix(1)],
  ['com.microsoft:MatMulIntegerToFloat', matrix(1)],
  ['com.microsoft:MatMulInteger16', matrix(1)],
  ['com.microsoft:FusedMatMul', fused],
  ['com.microsoft:TransposeMatMul', fused],
  ['com.microsoft:FusedMatMulActivation', fused],
  ['RNN', recurrent],
  ['GRU', recurrent],
  ['LSTM', recurrent],
  ['com.microsoft:DynamicQuantizeLSTM', recurrent],
  ['Einsum', einsum],
  ...KERAS_MACS,
]);

/** Operators that multiply in ways that have no rule here: they say so instead of zero. */
export const NOT_COUNTED: ReadonlySet<string> = new Set([
  'Attention',
  'CausalConvWithState',
  'DFT',
  'LinearAttention',
  'STFT',
  'ai.onnx.preview:FlexAttention',
  ...KERAS_NOT_COUNTED,
  ...[
    'Attention',
    'AttnLSTM',
    'BeamSearch',
    'CausalConvWithState',
    'CDist',
    'DecoderAttention',
    'DecoderMaskedSelfAttention',
    'GreedySearch',
    'GroupQueryAttention',
    'Irfft',
    'LinearAttention',
    'LongformerAttention',
    'MatMulBnb4',
    'MatMulFpQ4',
    'MatMulNBits',
    'MatMulNBitsMlp',
    'MatMulNBitsQkv',
    'MoE',
    'MultiHeadAttention',
    'NhwcConv',
    'NhwcFusedConv',
    'PackedAttention',
    'QAttention',
    'QLinearConv',
    'QMoE',
    'Rfft',
    'Sampling',
    'SparseAttention',
    'SparseToDenseMatMul',
  ].map((operator) => `com.microsoft:${operator}`),
]);
