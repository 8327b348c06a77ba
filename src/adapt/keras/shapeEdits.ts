import { memberAt, type Json } from '../../bytes/json/json.ts';
import type { TextEdit } from '../../bytes/json/jsonEdit.ts';
import { shapeIn } from '../../formats/keras/network/inputShape.ts';
import type { OpenedNetwork } from '../../formats/keras/openNetwork.ts';
import type { Walk } from '../flow/walk.ts';
import { entries, items, member, text } from '../../bytes/json/json.ts';

/** An axis of a value, in the order of Keras, that has another size now. */
interface ChangedAxis {
  readonly axis: number;
  readonly before: number;
  readonly after: number;
}

/** Where the shape of a layer's or model's input stands in its entry of the configuration. */
const SHAPES: readonly (readonly string[])[] = [
  ['config', 'batch_shape'],
  ['config', 'batch_input_shape'],
  ['config', 'build_input_shape'],
  ['build_config', 'input_shape'],
];

/**
 * Edits of every shape in the configuration that has other channels now: of inputs, of models, of layers in front of
 * the first weights, of tensors.
 */
export function shapeEdits({ network, presented }: OpenedNetwork, walk: Walk): TextEdit[] {
  const edits = new Map<number, TextEdit>();
  const put = (shape: Json | undefined, change: ChangedAxis): void => {
    const edit = shapeEdit(shape, change);
    if (edit) edits.set(edit.start, edit);
  };
  const changed = (value: string): ChangedAxis | null => changedAxis(presented.values.get(value), walk);
  for (const { layer, value } of network.declared) {
    const change = changed(value);
    if (change) for (const path of SHAPES) put(memberAt(layer.json, ...path), change);
  }
  for (const { layer, inputs, given } of network.calls) {
    const changes = inputs.map(changed);
    changes.forEach((change, i) => {
      if (!change) return;
      const shape = memberAt(layer.json, 'build_config', 'input_shape');
      // A layer with several inputs has a list of shapes.
      put(inputs.length > 1 ? items(shape)[i] : shape, change);
      // A layer in a wrapper, as SpectralNormalization, has a shape of its own.
      put(memberAt(layer.json, 'config', 'layer', 'build_config', 'input_shape'), change);
      put(tensorShapes(given)[i], change);
    });
  }
  return [...edits.values()];
}

/** How a value's channel axis changes; null where it does not. */
function changedAxis(
  value: { name: string; rank: number | null; moved: boolean } | undefined,
  walk: Walk,
): ChangedAxis | null {
  const flow = value ? walk.flows.get(value.name) : undefined;
  if (!value || !flow || flow.gone || value.rank === null) return null;
  const before = flow.dims[flow.axis];
  const after = flow.base.channels * flow.outer * flow.inner;
  if (typeof before !== 'number' || before === after) return null;
  return { axis: value.moved ? movedBack(flow.axis, value.rank) : flow.axis, before, after };
}

/** Where an axis of the graph's order stands in Keras's, whose channels come last. */
function movedBack(axis: number, rank: number): number {
  if (axis === 0) return 0;
  return axis === 1 ? rank - 1 : axis - 1;
}

function shapeEdit(json: Json | undefined, { axis, before, after }: ChangedAxis): TextEdit | null {
  const shape = shapeIn(json);
  const size = shape ? items(shape.json)[axis] : undefined;
  return size?.value === before ? { start: size.start, end: size.end, text: String(after) } : null;
}

/** How deep tensors lie in what a layer is called with. */
const MAX_DEPTH = 8;

/** Since Keras 3, each tensor that a layer is called with carries its shape; in the order of the call's inputs. */
function tensorShapes(given: Json | undefined, depth = 0): Json[] {
  if (!given || depth > MAX_DEPTH) return [];
  if (text(member(given, 'class_name')) === '__keras_tensor__') {
    const shape = memberAt(given, 'config', 'shape');
    return shape ? [shape] : [];
  }
  const inner = Array.isArray(given.value) ? items(given) : [...entries(given).values()];
  return inner.flatMap((item) => tensorShapes(item, depth + 1));
}
