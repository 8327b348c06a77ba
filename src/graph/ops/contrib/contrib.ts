import { BOOL, FLOAT, INT32, INT64, UINT32, UINT8 } from '../../../tensors/dtypes.ts';
import type { Dim } from '../../../formats/onnx/model.ts';
import { broadcastAll, floorDivide, multiply, quotient } from '../../sizes/dims.ts';
import {
  Unknown,
  axisOf,
  fixed,
  like,
  sameAs,
  tensors,
  each,
  type Rule,
  type ShapeRule,
} from '../../shapes/shapeRule.ts';
import { broadcasting } from '../arithmetic/elementwise.ts';
import { gemm, product } from '../arithmetic/matrix.ts';
import { layer } from '../layers/normalisation.ts';
import { gatherNd, pad } from '../movement/select.ts';

/*
 * Operators of ONNX Runtime: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
 * Those that resemble a standard operator stand with it.
 */

/**
 * The first output like the first input, the others like a mean over the last axis, and the fourth a sum of the inputs.
 */
const skipNormalized: ShapeRule = (input) => {
  const x = input.dims(0);
  const mean = x && x.map((dim, k) => (k < x.length - 1 ? dim : 1));
  return [x, mean, mean, x];
};

/** [batch, length] of words to [batch, length, hidden]; the mask becomes one index a row. */
const embedded: ShapeRule = (input) => {
  const words = input.dims(0);
  const all = words && [...words, input.dims(2)?.at(-1) ?? null];
  return [all, [words?.[0] ?? null], all];
};

/** One half of the last axis gates the other. */
const splitGelu: ShapeRule = (input) => {
  const x = input.dims(0);
  return [x && [...x.slice(0, -1), quotient([x.at(-1) ?? null], [2])]];
};

/** One bit for each element, in words of 32. */
const bitmask: ShapeRule = (input) => {
  const x = input.dims(0);
  return [x, [x && floorDivide(multiply(x), 31, 32)]];
};

/** One axis of size 1, where an input says. */
const expandDims: ShapeRule = (input) => {
  const x = input.dims(0);
  const axis = input.integers(1)?.[0];
  if (!x) return [null];
  if (typeof axis !== 'number')
    return [
      new Unknown('the axis it inserts is only known when the model runs', new Array<Dim>(x.length + 1).fill(null)),
    ];
  const at = axisOf(axis, x.length + 1);
  return [[...x.slice(0, at), 1, ...x.slice(at)]];
};

/** Slices of `size` along an axis, `step` apart, with their own axis behind. */
const unfold: ShapeRule = (input) => {
  const x = input.dims(0);
  if (!x) return [null];
  const axis = axisOf(input.int('dim', -1), x.length);
  const [size, step] = [input.int('size', 1), input.int('step', 1)];
  return [[...x.map((dim, k) => (k === axis ? floorDivide(dim, step - size, step) : dim)), size]];
};

/** The weight is stored in blocks; its true sizes are attributes. */
const blockProduct: ShapeRule = (input) => {
  const x = input.dims(0);
  const [inner, outer] = [input.int('K', 0), input.int('N', 0)];
  return [x && product(x, [inner > 0 ? inner : null, outer > 0 ? outer : null])];
};

/** One product for each name of a size, of the same rows; then the rows as they were summed. */
const blockProducts =
  (...sizes: readonly string[]): ShapeRule =>
  (input) => {
    const x = input.dims(0);
    return [...sizes.map((size) => x && [...x.slice(0, -1), input.int(size, 0) || null]), x];
  };

/** A bias for each head, query and key. */
const positionBias: ShapeRule = (input) => {
  const dims = [1, input.dims(0)?.[1] ?? null, input.sizes(1)?.[0] ?? null, input.sizes(2)?.[0] ?? null];
  return [
    dims.includes(null) ? new Unknown('how long queries and keys are is only known when the model runs', dims) : dims,
  ];
};

/** Like a Gather of the stored data; bytes hold several numbers along the last axis. */
const gatherBlocks: ShapeRule = (input) => {
  const [x, indices] = [input.dims(0), input.dims(1)];
  if (!x || !indices) return [null];
  const axis = axisOf(input.int('gather_axis', 0), x.length);
  const perByte = input.dtype(0) === UINT8 ? Math.floor(8 / Math.max(1, input.int('bits', 4))) : 1;
  const whole = x.map((dim, k) => (k === x.length - 1 ? multiply([dim, perByte]) : dim));
  return [[...whole.slice(0, axis), ...indices, ...whole.slice(axis + 1)]];
};

/** A row of the weight for each index. */
const embedding: ShapeRule = (input) => {
  const [weight, indices] = [input.dims(0), input.dims(1)];
  return [weight && indices && [...indices, weight.at(-1) ?? null]];
};

const TOKENS = 'how many tokens a text has depends on the text';
/** A row of tokens for each text. */
const tokens: ShapeRule = (input) => {
  const x = input.dims(0);
  return [x && new Unknown(TOKENS, [...x, null])];
};

const DISTINCT = 'how many different values there are depends on the data';
/** The different values, then where each element has gone, then how often each value came. */
const unique: ShapeRule = (input) => [new Unknown(DISTINCT, [null]), input.dims(0), new Unknown(DISTINCT, [null])];

/** Every row of one matrix against every row of the other. */
const pairs: ShapeRule = (input) => [[input.dims(0)?.[0] ?? null, input.dims(1)?.[0] ?? null]];

/** Two integer tensors, each with a zero point behind it. */
const mulInteger: ShapeRule = (input) => [broadcastAll([input.dims(0), input.dims(2)])];

/** [batch, beams, length], or without beams [batch, length]. */
const generated: ShapeRule = (input) => [
  new Unknown(
    'how long the generated text is depends on the data',
    input.node.opType === 'BeamSearch'
      ? [input.dims(0)?.[0] ?? null, input.sizes(4)?.[0] ?? null, input.sizes(1)?.[0] ?? null]
      : [input.dims(0)?.[0] ?? null, input.sizes(1)?.[0] ?? null],
  ),
];

const SAME = tensors(sameAs(0), like(0));

const rules: Readonly<Record<string, Rule>> = {
  ...each(
    `BiasAdd BiasGelu BiasSoftmax FastGelu GatedAdd GatedRMSNorm Gelu GroupNorm Inverse LinearAttentionGate LongformerAttention MoE QMoE QuickGelu
    SkipGroupNorm Trilu`,
    SAME,
  ),
  ...each(
    'SkipLayerNormalization SkipSimplifiedLayerNormalization',
    tensors(skipNormalized, like(0), fixed(FLOAT), fixed(FLOAT), like(0)),
  ),
  SimplifiedLayerNormalization: tensors(layer, like(0), fixed(FLOAT)),
  EmbedLayerNormalization: tensors(embedded, like(2), fixed(INT32), like(2)),
  QEmbedLayerNormalization: tensors(embedded, fixed(FLOAT), fixed(INT32)),
  BiasDropout: tensors(sameAs(0), like(0), fixed(BOOL)),
  ...each('BitmaskBiasDropout BitmaskDropout', tensors(bitmask, like(0), fixed(UINT32))),
  BiasSplitGelu: tensors(splitGelu, like(0)),
  ...each('ComplexMul ComplexMulConj', tensors(broadcasting, like(0))),
  ExpandDims: tensors(expandDims, like(0)),
  UnfoldTensor: tensors(unfold, like(0)),
  Pad: tensors(pad, like(0)),
  GatherND: tensors(gatherNd, like(0)),
  ...each('MatMulNBits MatMulBnb4 MatMulFpQ4', tensors(blockProduct, like(0))),
  MatMulNBitsMlp: tensors(blockProducts('N'), like(0)),
  MatMulNBitsQkv: tensors(blockProducts('Nq', 'Nkv', 'Nkv'), like(0)),
  RelativePositionBias: tensors(positionBias, like(0)),
  GatherBlockQuantized: tensors(gatherBlocks, like(2)),
  TorchEmbedding: tensors(embedding, like(0)),
  GemmFastGelu: tensors((input) => [product(input.dims(0), input.dims(1))], like(0)),
  GemmFloat8: tensors(gemm(1), (input) => input.int('dtype', FLOAT) || null),
  CDist: tensors(pairs, like(0)),
  MulInteger: tensors(mulInteger, fixed(INT32)),
  MurmurHash3: tensors(sameAs(0), (input) => (input.int('positive', 1) ? UINT32 : INT32)),
  NGramRepeatBlock: tensors(sameAs(1), like(1)),
  IsAllFinite: tensors(() => [[]], fixed(BOOL)),
  Tokenizer: tensors(tokens, like(0)),
  Unique: tensors(unique, like(0), fixed(INT64)),
  ...each('BeamSearch GreedySearch Sampling', tensors(generated, fixed(INT32))),
};

export const CONTRIB: Readonly<Record<string, Rule>> = Object.fromEntries(
  Object.entries(rules).map(([op, rule]) => [`com.microsoft:${op}`, rule]),
);
