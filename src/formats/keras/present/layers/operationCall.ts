import { entries, items, member, type Json } from '../../../../bytes/json/json.ts';
import { tensorRef } from '../../network/inbound.ts';
import type { LayerBuilder } from '../layerBuilder.ts';

/**
 * What an operation is given behind its first tensor. Keras 3 has `args` and `kwargs`; before, arguments by name stand
 * behind the tensor.
 */
export function argument(builder: LayerBuilder, place: number, ...names: readonly string[]): Json | undefined {
  const { given } = builder.call;
  const args = member(given, 'args');
  const named = args ? member(given, 'kwargs') : items(firstTensor(given))[3];
  const found = names.map((name) => member(named, name)).find((json) => json !== undefined);
  const json = found ?? (args ? items(args)[place] : undefined);
  return json === undefined || json.value === null ? undefined : json;
}

/** Everything an operation is given, in order: by place, then by name. */
export function allArguments(given: Json | undefined): Json[] {
  const args = member(given, 'args');
  if (args) return [...items(args), ...entries(member(given, 'kwargs')).values()].filter((json) => json.value !== null);
  const first = firstTensor(given);
  const named = [...entries(items(first)[3])].filter(([name, json]) => name !== 'name' && json.value !== null);
  return first ? [first, ...named.map(([, json]) => json)] : [];
}

/** Before Keras 3: [tensor], or the tensor. */
function firstTensor(given: Json | undefined): Json | undefined {
  return tensorRef(given) ? given : items(given)[0];
}
