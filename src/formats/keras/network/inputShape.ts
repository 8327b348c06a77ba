import type { Dim } from '../../onnx/model.ts';
import { items, member, numbers, text, type Json } from '../../../bytes/json/json.ts';
import type { Layer } from './network.ts';

/** Where a configuration writes the shape of an input: under which name in which value. */
export interface WrittenShape {
  readonly json: Json;
  readonly dims: readonly (number | null)[];
}

/** Models inside models, as deep as networks are read. */
const MAX_NESTING = 32;

/**
 * The shape of a network's input, batch included; null where the configuration has none. Keras 3 says batch_shape,
 * Keras 1 and 2 batch_input_shape.
 */
export function inputShape(layer: Layer): WrittenShape | null {
  let json: Json | undefined = layer.json;
  for (let depth = 0; json && depth < MAX_NESTING; depth++) {
    const config: Json | undefined = member(json, 'config');
    for (const name of ['batch_shape', 'batch_input_shape']) {
      const found = shapeIn(member(config, name));
      if (found) return found;
    }
    json = items(Array.isArray(config?.value) ? config : member(config, 'layers'))[0];
  }
  return null;
}

/** The element type of an input, as Keras names it. */
export function inputType(layer: Layer): string {
  return text(member(layer.config, 'dtype')) ?? 'float32';
}

/** A shape: a list of numbers and null. Keras 3 may write it as {"class_name": "__tuple__", "items": […]}. */
export function shapeIn(json: Json | undefined): WrittenShape | null {
  const list = member(json, 'items') ?? json;
  if (!list || !Array.isArray(list.value)) return null;
  const dims = items(list).map((item) => item.value);
  return dims.every((dim) => dim === null || typeof dim === 'number')
    ? { json: list, dims: dims as (number | null)[] }
    : null;
}

/** A shape as the graph has it: the batch by name, other open sizes unknown. */
export function graphDims(dims: readonly (number | null)[]): Dim[] {
  return dims.map((dim, axis) => dim ?? (axis === 0 ? 'batch' : null));
}

/** The numbers of a list that may stand alone or as a tuple. */
export function numberList(json: Json | undefined): number[] | undefined {
  return numbers(member(json, 'items') ?? json);
}
