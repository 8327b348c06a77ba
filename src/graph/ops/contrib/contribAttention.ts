import type { Dim } from '../../../formats/onnx/model.ts';
import { quotient, sum } from '../../sizes/dims.ts';
import {
  Unknown,
  fixed,
  like,
  tensors,
  type Rule,
  type RuleInput,
  type Shape,
  type ShapeRule,
} from '../../shapes/shapeRule.ts';
import { FLOAT } from '../../../tensors/dtypes.ts';

/* Attention operators of ONNX Runtime: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md */

const SHARED = 'whether the cache shares its memory is only known when the model runs';

/** The sizes of queries, keys and values; without the attribute a merged weight has three equal parts. */
function mergedSizes(input: RuleInput): readonly Dim[] {
  const given = input.ints('qkv_hidden_sizes');
  const third = quotient([input.dims(1)?.[1] ?? input.dims(2)?.[0] ?? null], [3]);
  return given ?? [third, third, third];
}

/** Attention with its own projection; `past` is the input that holds earlier keys and values. */
const merged =
  (past: number): ShapeRule =>
  (input) => {
    const x = input.dims(0);
    const [query = null, , value = null] = mergedSizes(input);
    const [batch, length] = [x?.[0] ?? null, x?.[1] ?? null];
    const heads = input.int('num_heads', 0);
    const before = input.has(past) ? (input.dims(past)?.[3] ?? null) : 0;
    const shared = input.int('past_present_share_buffer', 0) !== 0;
    return [
      [batch, length, value],
      [2, batch, heads, shared ? before : sum([before, length]), quotient([query], [heads])],
    ];
  };

/** Separate queries, keys and values, or packed ones of rank 5. */
const multiHead: ShapeRule = (input) => {
  const q = input.dims(0);
  const heads = input.int('num_heads', 0);
  if (!q) return [];
  const packed = q.length === 5;
  const key = input.dims(1);
  const [batch, length] = [q[0] ?? null, q[1] ?? null];
  const size = packed ? (q[4] ?? null) : quotient([q[2] ?? null], [heads]);
  const ownLength = key?.[key.length === 4 ? 2 : 1] ?? null;
  const keyLength = packed ? length : ownLength;
  const values = valueSize(input, size, heads);
  const total: Shape = cacheOf(input, input.has(8), 6, [batch, heads, keyLength, size]);
  const totalValues: Shape = cacheOf(input, input.has(8), 7, [batch, heads, keyLength, quotient([values], [heads])]);
  const all = total instanceof Unknown ? null : (total?.[2] ?? null);
  return [[batch, length, values], total, totalValues, [batch, heads, length, all]];
};

/** The hidden size of the values: their own last axis, or that of the heads they are split in. */
function valueSize(input: RuleInput, size: Dim, heads: number): Dim {
  const value = input.dims(2);
  const per = value?.length === 4 ? (value[3] ?? null) : null;
  if (value?.length === 3) return value[2] ?? null;
  const each = per ?? (input.has(2) ? null : size);
  return typeof each === 'number' ? each * heads : null;
}

/** What is kept for the next step: as long as the past and the new together, or as the buffer both share. */
function cacheOf(input: RuleInput, shared: boolean, past: number, now: readonly [Dim, Dim, Dim, Dim]): Shape {
  const before = input.has(past) ? (input.dims(past)?.[2] ?? null) : 0;
  return [now[0], now[1], shared ? before : sum([before, now[2]]), now[3]];
}

/** Queries share keys; a packed query holds all three. */
const groupQuery: ShapeRule = (input) => {
  const q = input.dims(0);
  if (!q) return [];
  const [heads, groups] = [input.int('num_heads', 0), input.int('kv_num_heads', 0)];
  const size = input.has(1) ? quotient([q[2] ?? null], [heads]) : quotient([q[2] ?? null], [heads + 2 * groups]);
  const packedHidden = typeof size === 'number' ? size * heads : null;
  const hidden = input.has(1) ? (q[2] ?? null) : packedHidden;
  const cache = input.has(3)
    ? new Unknown(SHARED, [q[0] ?? null, groups, null, input.dims(3)?.[3] ?? null])
    : [q[0] ?? null, groups, q[1] ?? null, size];
  return [
    [q[0] ?? null, q[1] ?? null, hidden],
    cache,
    cache,
    new Unknown(SHARED, [q[0] ?? null, heads, q[1] ?? null, null]),
  ];
};

/** Its caches are written in place. */
const sparse: ShapeRule = (input) => {
  const [query] = groupQuery(input);
  return [query ?? null, input.dims(3), input.dims(4)];
};

/** Time first; what the caches hold depends on flags that are inputs. */
const decoder: ShapeRule = (input) => {
  const x = input.dims(0);
  const heads = input.int('num_heads', 0);
  const cache = new Unknown(SHARED, [x?.[1] ?? null, heads, null, quotient([x?.[2] ?? null], [heads])]);
  return [x, cache, cache];
};

/** Two-dimensional rows of tokens without padding. */
const packed: ShapeRule = (input) => {
  const x = input.dims(0);
  return [x && [x[0] ?? null, mergedSizes(input)[2] ?? null]];
};

const rules: Readonly<Record<string, Rule>> = {
  Attention: tensors(merged(4), like(0)),
  DecoderMaskedSelfAttention: tensors(merged(4), like(0)),
  QAttention: tensors(merged(8), fixed(FLOAT)),
  MultiHeadAttention: tensors(multiHead, like(0)),
  GroupQueryAttention: tensors(groupQuery, like(0), like(3, 0), like(4, 0), like(0)),
  SparseAttention: tensors(sparse, like(0)),
  DecoderAttention: tensors(decoder, like(0)),
  PackedAttention: tensors(packed, like(0)),
  GemmaRotaryEmbedding: tensors((input) => [input.dims(1), input.dims(3)], like(1)),
  GatedRelativePositionBias: tensors(
    (input) => [
      [
        input.dims(0)?.length === 3 ? (input.dims(0)?.[0] ?? null) : null,
        ...(input.dims(2)?.slice(1) ?? [null, null, null]),
      ],
    ],
    like(0),
  ),
};

export const CONTRIB_ATTENTION: Readonly<Record<string, Rule>> = Object.fromEntries(
  Object.entries(rules).map(([op, rule]) => [`com.microsoft:${op}`, rule]),
);
