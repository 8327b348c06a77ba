import type { Dim } from '../../../formats/onnx/model.ts';
import { multiply, plus, quotient, sum } from '../../sizes/dims.ts';
import { each, like, sameAs, tensors, type Rule, type RuleInput, type ShapeRule } from '../../shapes/shapeRule.ts';

interface Heads {
  readonly batch: Dim;
  readonly count: Dim;
  readonly length: Dim;
  readonly size: Dim;
}

/** Queries, keys or values: [batch, heads, length, size], or [batch, length, heads · size]. */
function headsOf(input: RuleInput, index: number, attribute: string): Heads {
  const x = input.dims(index);
  if (x?.length === 4) return { batch: x[0] ?? null, count: x[1] ?? null, length: x[2] ?? null, size: x[3] ?? null };
  if (x && x.length !== 3) throw new RangeError(`input ${index} has rank ${x.length}, and should have 3 or 4`);
  const given = input.int(attribute, 0);
  const count = given > 0 ? given : null;
  return { batch: x?.[0] ?? null, count, length: x?.[1] ?? null, size: quotient([x?.[2] ?? null], [count]) };
}

/** What all heads give together, where the query's heads and the value's are as many or both sizes are known. */
function allHeads(count: Dim, heads: Heads, values: Dim): Dim {
  if (typeof count === 'number' && typeof heads.size === 'number') return count * heads.size;
  return count === heads.count ? values : null;
}

/** https://onnx.ai/onnx/operators/onnx__Attention.html */
const attention: ShapeRule = (input) => {
  const rank = input.dims(0)?.length;
  if (rank === undefined) return [];
  const [heads, k, v] = [
    headsOf(input, 0, 'q_num_heads'),
    headsOf(input, 1, 'kv_num_heads'),
    headsOf(input, 2, 'kv_num_heads'),
  ];
  const total = input.has(4) ? sum([input.dims(4)?.[2] ?? null, k.length]) : k.length;
  const y =
    rank === 4
      ? [heads.batch, heads.count, heads.length, v.size]
      : [heads.batch, heads.length, allHeads(heads.count, v, input.dims(2)?.[2] ?? null)];
  return [
    y,
    [heads.batch, k.count, total, k.size],
    [heads.batch, v.count, total, v.size],
    [heads.batch, heads.count, heads.length, total],
  ];
};

/** Only heads apart: https://onnx.ai/onnx/operators/onnx_aionnxpreview_FlexAttention.html */
const flexAttention: ShapeRule = (input) => {
  const [q, v] = [input.dims(0), input.dims(2)];
  return [q && [q[0] ?? null, q[1] ?? null, q[2] ?? null, v?.[3] ?? null]];
};

/**
 * The state is a matrix for each head; heads are packed in the last axes:
 * https://onnx.ai/onnx/operators/onnx__LinearAttention.html. ONNX Runtime's own also keeps a window of states, in an
 * axis before all others.
 */
const linearAttention: ShapeRule = (input) => {
  const [q, k, v] = [
    headsOf(input, 0, 'q_num_heads'),
    headsOf(input, 1, 'kv_num_heads'),
    headsOf(input, 2, 'kv_num_heads'),
  ];
  const heads = typeof q.count === 'number' && typeof v.count === 'number' ? Math.max(q.count, v.count) : null;
  const window = input.int('state_window', 0);
  return [
    [q.batch, q.length, multiply([heads, v.size])],
    [...(window > 0 ? [window] : []), q.batch, k.count, k.size, v.size],
  ];
};

/**
 * The state is what the kernel reads before the first step:
 * https://onnx.ai/onnx/operators/onnx__CausalConvWithState.html
 */
const causalConv: ShapeRule = (input) => {
  const [x, w] = [input.dims(0), input.dims(1)];
  const window = input.int('state_window', 0);
  const before = multiply([plus(w?.[2] ?? null, -1), input.int('dilation', 1)]);
  const known = x && input.int('ndim', 1) === 1;
  if (!known) return [x, input.dims(3)];
  const batch = x[0] ?? null;
  const state = input.int('channels_last', 0) ? [batch, before, ...x.slice(2)] : [batch, x[1] ?? null, before];
  return [x, window > 0 ? [window, ...state] : state];
};

export const ATTENTION: Readonly<Record<string, Rule>> = {
  Attention: tensors(attention, like(0), like(1), like(2), like(0)),
  ...each('LinearAttention com.microsoft:LinearAttention', tensors(linearAttention, like(0), like(3, 0))),
  ...each('CausalConvWithState com.microsoft:CausalConvWithState', tensors(causalConv, like(0))),
  'ai.onnx.preview:FlexAttention': tensors(flexAttention, like(0)),
  ...each('RotaryEmbedding com.microsoft:MRotaryEmbedding com.microsoft:RotaryEmbedding', tensors(sameAs(0), like(0))),
};
