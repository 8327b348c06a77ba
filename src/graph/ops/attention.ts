import type { Dim } from '../../onnx/model.ts';
import { quotient, sum } from '../dims.ts';
import { each, like, sameAs, tensors, type Rule, type RuleInput, type ShapeRule } from '../shapeRule.ts';

interface Heads {
  readonly batch: Dim;
  readonly count: Dim;
  readonly length: Dim;
  readonly size: Dim;
}

/** Queries, keys or values: [batch, heads, length, size], or [batch, length, heads · size]. */
function headsOf(i: RuleInput, index: number, attribute: string): Heads {
  const x = i.dims(index);
  if (x?.length === 4) return { batch: x[0] ?? null, count: x[1] ?? null, length: x[2] ?? null, size: x[3] ?? null };
  if (x && x.length !== 3) throw new RangeError(`input ${index} has rank ${x.length}, and should have 3 or 4`);
  const given = i.int(attribute, 0);
  const count = given > 0 ? given : null;
  return { batch: x?.[0] ?? null, count, length: x?.[1] ?? null, size: quotient([x?.[2] ?? null], [count]) };
}

/** https://onnx.ai/onnx/operators/onnx__Attention.html */
const attention: ShapeRule = (i) => {
  const rank = i.dims(0)?.length;
  if (rank === undefined) return [];
  const [q, k, v] = [headsOf(i, 0, 'q_num_heads'), headsOf(i, 1, 'kv_num_heads'), headsOf(i, 2, 'kv_num_heads')];
  const total = i.has(4) ? sum([i.dims(4)?.[2] ?? null, k.length]) : k.length;
  const y = rank === 4 ? [q.batch, q.count, q.length, v.size] : [q.batch, q.length, typeof q.count === 'number' && typeof v.size === 'number' ? q.count * v.size : q.count === v.count ? i.dims(2)?.[2] ?? null : null];
  return [y, [q.batch, k.count, total, k.size], [q.batch, v.count, total, v.size], [q.batch, q.count, q.length, total]];
};

export const ATTENTION: Readonly<Record<string, Rule>> = {
  Attention: tensors(attention, like(0), like(1), like(2), like(0)),
  ...each('RotaryEmbedding com.microsoft:MRotaryEmbedding com.microsoft:RotaryEmbedding', tensors(sameAs(0), like(0))),
};
