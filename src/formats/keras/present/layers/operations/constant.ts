import { items, member, memberAt, number, text, type Json } from '../../../../../bytes/json/json.ts';

/** Numbers of a shape, as a configuration has them among what an operation is called with. */
export interface Constant {
  readonly dims: readonly number[];
  readonly values: readonly number[];
}

/** Tensors that stand in a configuration are means and deviations by channel, not weights. */
const MAX_VALUES = 65_536;
const MAX_RANK = 8;
/** How keras/src/saving/serialization_lib.py writes a tensor and an array. */
const ARRAYS = new Set(['__tensor__', '__numpy__']);

/** A number, nested lists of numbers, or one of these as Keras 3 writes a tensor; null for anything else. */
export function constantOf(json: Json | undefined): Constant | null {
  const isArray = ARRAYS.has(text(member(json, 'class_name')) ?? '');
  return nested(isArray ? memberAt(json, 'config', 'value') : (member(json, 'items') ?? json));
}

/** Level by level: every list of one level has as many entries. */
function nested(json: Json | undefined): Constant | null {
  const dims: number[] = [];
  let level = json ? [json] : [];
  while (level[0] && Array.isArray(level[0].value)) {
    const lists = level.map((list) => items(list));
    const count = lists[0]?.length ?? 0;
    const isEven = lists.every((list) => list.length === count);
    if (!isEven || count === 0 || level.length * count > MAX_VALUES || dims.length === MAX_RANK) return null;
    dims.push(count);
    level = lists.flat();
  }
  const values = level.map((one) => number(one));
  const isNumbers = values.length > 0 && values.every((value) => value !== undefined);
  return isNumbers ? { dims, values } : null;
}
