import { entries, items, member, number, text, type Json } from '../../../../../bytes/json/json.ts';
import { tensorRef } from '../../../network/inbound.ts';
import { numberList } from '../../../network/inputShape.ts';
import type { LayerBuilder } from '../../layerBuilder.ts';

/** No argument stands there: it is given by name alone. */
export const BY_NAME = Number.MAX_SAFE_INTEGER;
/** What tf_keras/engine/node.py writes in place of a first argument that is no tensor. */
const CONSTANT_FIRST = '_CONSTANT_VALUE';

/**
 * What an operation is given behind its first tensor. Keras 3 has `args` and `kwargs` of the call, and in the
 * configuration what the operation was made with (keras/src/ops/operation.py, get_config); before, arguments by name
 * stand behind the tensor.
 */
export function argument(builder: LayerBuilder, place: number, ...names: readonly string[]): Json | undefined {
  const { given } = builder.call;
  const args = member(given, 'args');
  const named = args ? member(given, 'kwargs') : items(firstArgument(given))[3];
  const inCall = names.map((name) => member(named, name)).find((json) => json !== undefined);
  const json = inCall ?? (args ? (items(args)[place] ?? builder.setting(...names)) : undefined);
  return json === undefined || json.value === null ? undefined : json;
}

/** Everything an operation is called with, in order: by place, then by name. */
export function allArguments(given: Json | undefined): Json[] {
  const args = member(given, 'args');
  if (args) return [...items(args), ...entries(member(given, 'kwargs')).values()].filter((json) => json.value !== null);
  const first = firstArgument(given);
  if (!first) return [];
  const named = [...entries(items(first)[3])].filter(([name, json]) => name !== 'name' && json.value !== null);
  const [kind, , value] = items(first);
  const start = text(kind) === CONSTANT_FIRST ? value : first;
  return [...(start ? [start] : []), ...named.map(([, json]) => json)];
}

/** Before Keras 3: [tensor], or the tensor; where a constant comes first, that in the tensor's form. */
function firstArgument(given: Json | undefined): Json | undefined {
  const isOne = tensorRef(given) !== null || text(items(given)[0]) === CONSTANT_FIRST;
  return isOne ? given : items(given)[0];
}

/** Numbers that may be given as one. */
export function numbersOf(json: Json | undefined): number[] | undefined {
  const one = number(json);
  return one === undefined ? numberList(json) : [one];
}
