import { entries, items, member, memberAt, number, text, type Json } from '../../../bytes/json/json.ts';

/** A tensor: which layer makes it, in which of its calls, as which of its outputs. */
export interface TensorRef {
  readonly layer: string;
  readonly node: number;
  readonly tensor: number;
}

/** One call of a layer: the tensors among what it was given, in order, and all it was given. */
export interface InboundCall {
  readonly inputs: readonly TensorRef[];
  readonly json: Json;
}

/** How deep lists lie in the arguments of a call. */
const MAX_DEPTH = 8;

/** The calls of a layer in a functional model: nested lists before Keras 3, "args" and "kwargs" since. */
export function inboundCalls(layer: Json): InboundCall[] {
  return items(member(layer, 'inbound_nodes')).map((json) => ({ inputs: tensorsIn(json, 0), json }));
}

/** The tensors of `input_layers` and `output_layers`: one of them, a list, or a map by name. */
export function outputRefs(json: Json | undefined): TensorRef[] {
  if (!json) return [];
  return tensorsIn(json, 0);
}

/** All tensors in a value, in the order in which they stand there. */
export function tensorsIn(json: Json, depth: number): TensorRef[] {
  const own = tensorRef(json);
  if (own) return [own, ...keywordTensors(json, depth)];
  if (depth > MAX_DEPTH) return [];
  const inner = Array.isArray(json.value) ? items(json) : [...entries(json).values()];
  return inner.flatMap((item) => tensorsIn(item, depth + 1));
}

/** The tensor that a value stands for; null when it is something else. */
export function tensorRef(json: Json | undefined): TensorRef | null {
  if (!json) return null;
  const history =
    text(member(json, 'class_name')) === '__keras_tensor__' ? memberAt(json, 'config', 'keras_history') : json;
  const [layer, node, tensor] = items(history);
  const ref = { layer: text(layer), node: number(node), tensor: number(tensor) };
  if (ref.layer === undefined || ref.node === undefined || ref.tensor === undefined || ref.node < 0) return null;
  return { layer: ref.layer, node: ref.node, tensor: ref.tensor };
}

/** Before Keras 3, arguments by name stand behind the tensor, and may be tensors themselves. */
function keywordTensors(json: Json, depth: number): TensorRef[] {
  const named = items(json)[3];
  if (!named || depth > MAX_DEPTH) return [];
  return [...entries(named).values()].flatMap((value) => tensorsIn(value, depth + 1));
}
