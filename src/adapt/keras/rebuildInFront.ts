import { ChannelwiseError } from '../../bytes/errors.ts';
import { entries, items, member, memberAt, text, type Json } from '../../bytes/json/json.ts';
import type { TextEdit } from '../../bytes/json/jsonEdit.ts';
import { tensorRef } from '../../formats/keras/network/inbound.ts';
import { inputShape, inputType, shapeIn } from '../../formats/keras/network/inputShape.ts';
import type { Layer } from '../../formats/keras/network/network.ts';
import type { OpenedNetwork } from '../../formats/keras/openNetwork.ts';
import type { AdaptationPlan } from '../report/plan.ts';
import { rebuiltLayers, type Made, type NewLayer } from './rebuiltLayers.ts';

/** The network with layers in front that rebuild the old image, and nothing else changed. */
export interface InFront {
  readonly edits: readonly TextEdit[];
  readonly added: readonly NewLayer[];
}

type PlannedInput = AdaptationPlan['inputs'][number];

/**
 * Adds layers of Keras behind the adapted inputs that rebuild the old channels. What the network does with these stays
 * as it was, so this is exact for any network. Null where no layers can say it.
 */
export function rebuildInFront(opened: OpenedNetwork, inputs: readonly PlannedInput[]): InFront | null {
  const edits: TextEdit[] = [];
  const added: NewLayer[] = [];
  for (const planned of inputs) {
    const layer = opened.network.inputs.find((input) => nameOf(input) === planned.name);
    if (!layer) return null;
    const front = new Front(opened, layer, planned);
    const layers = front.layers(added);
    if (!layers) return null;
    edits.push(...front.edits(layers));
    added.push(...layers);
  }
  return { edits, added };
}

/** An input's name in the graph: a Sequential's first layer may be the input and a layer at once. */
function nameOf(layer: Layer): string {
  return layer.className === 'InputLayer' ? layer.path : `${layer.path}_input`;
}

type Version = readonly [major: number, minor: number];

function isBefore([major, minor]: Version, [otherMajor, otherMinor]: Version): boolean {
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

/** How deep tensors lie in what a layer is called with. */
const MAX_DEPTH = 12;
/** Rescaling is a layer since TensorFlow 2.3. */
const RESCALING_SINCE: Version = [2, 3];

/** One input and the layers behind it. */
class Front {
  private readonly config: Json;
  private readonly top: readonly Json[];
  private readonly version: Version;
  private readonly layer: Layer;
  private readonly planned: PlannedInput;

  constructor({ config, file }: OpenedNetwork, layer: Layer, planned: PlannedInput) {
    this.config = config.json;
    const inner = member(config.json, 'config');
    this.top = items(Array.isArray(inner?.value) ? inner : member(inner, 'layers'));
    const [major = 2, minor = 0] = file.version.split('.').map(Number);
    this.version = [major || 2, minor || 0];
    this.layer = layer;
    this.planned = planned;
  }

  /** Keras 3 says of each entry where its class is found. */
  private get isKeras3(): boolean {
    return this.top.some((json) => member(json, 'module') !== undefined);
  }

  private get isSequential(): boolean {
    return text(member(this.config, 'class_name')) === 'Sequential';
  }

  layers(before: readonly NewLayer[]): readonly NewLayer[] | null {
    const names = new Set([...this.top.map(layerName), ...before.map(({ name }) => name)]);
    const { matrix, shift, axis } = this.planned;
    const made = rebuiltLayers({
      input: { name: this.layer.name, shape: this.newShape() },
      matrix,
      shift,
      channelsFirst: axis === 1,
      // Keras 1 has no Concatenate.
      isSequential: this.isSequential || isBefore(this.version, [2, 0]),
      fresh: (name) => {
        let free = name;
        for (let i = 1; names.has(free); i++) free = `${name}_${i}`;
        names.add(free);
        return free;
      },
    });
    const isTooNew =
      isBefore(this.version, RESCALING_SINCE) && made?.some(({ className }) => className === 'Rescaling');
    return isTooNew ? null : made;
  }

  edits(layers: readonly NewLayer[]): TextEdit[] {
    const last = layers.at(-1)?.name ?? '';
    return [...this.shapes(), this.inserted(layers), ...this.references(last)];
  }

  /** The input's shape, and where the model repeats it. */
  private shapes(): TextEdit[] {
    const written = [
      inputShape(this.layer)?.json,
      memberAt(this.layer.json, 'build_config', 'input_shape'),
      memberAt(this.config, 'config', 'build_input_shape'),
      memberAt(this.config, 'build_config', 'input_shape'),
    ];
    const { axis, oldChannels, newChannels } = this.planned;
    const isOwn = this.layer.className === 'InputLayer';
    return written.flatMap((json, i) => {
      // A layer that is the input as well keeps its shape; the new first layer says the other one.
      if (!isOwn && i < 2) return [];
      const size = items(shapeIn(json)?.json)[axis];
      return size?.value === oldChannels ? [{ start: size.start, end: size.end, text: String(newChannels) }] : [];
    });
  }

  /** The new layers' entries behind that of the input, or in front of the first layer where it is the input itself. */
  private inserted(layers: readonly NewLayer[]): TextEdit {
    const entry = this.top.find((json) => layerName(json) === this.layer.name) ?? this.layer.json;
    const isOwn = this.layer.className === 'InputLayer';
    const input = isOwn ? [] : [this.newInput()];
    const texts = [...input, ...layers.map((layer) => this.entry(layer))].map((json) => JSON.stringify(json));
    const at = isOwn ? entry.end : entry.start;
    const list = texts.join(', ');
    return { start: at, end: at, text: isOwn ? `, ${list}` : `${list}, ` };
  }

  private newShape(): (number | null)[] {
    const { axis, newChannels } = this.planned;
    return (inputShape(this.layer)?.dims ?? []).map((dim, i) => (i === axis ? newChannels : dim));
  }

  /** An input layer of its own, under the name that Keras gives to the input of a first layer. */
  private newInput(): unknown {
    const name = nameOf(this.layer);
    const shape = this.newShape();
    const dtype = inputType(this.layer);
    if (this.isKeras3)
      return {
        module: 'keras.layers',
        class_name: 'InputLayer',
        config: { batch_shape: shape, dtype, sparse: false, name },
        registered_name: null,
      };
    const type = isBefore(this.version, [2, 0]) ? { input_dtype: dtype } : { dtype };
    return { class_name: 'InputLayer', config: { batch_input_shape: shape, ...type, sparse: false, name } };
  }

  /** As keras/src/saving/serialization_lib.py writes a layer, or Keras before it. */
  private entry(layer: NewLayer): unknown {
    const { className, name, inputs } = layer;
    const dtype = isBefore(this.version, [2, 0]) ? {} : { dtype: 'float32' };
    const config = { name, trainable: false, ...dtype, ...this.settings(layer.config) };
    if (this.isKeras3) return { ...this.keras3Entry(layer, config), ...this.keras3Call(layer) };
    if (this.isSequential) return { class_name: className, config };
    const call = inputs.map((input) => [input.name, 0, 0, {}]);
    return { class_name: className, name, config, inbound_nodes: [call] };
  }

  private keras3Entry({ className, inputs }: NewLayer, config: NewLayer['config']): object {
    const shapes = inputs.map(({ shape }) => shape);
    const build = { input_shape: shapes.length > 1 ? shapes : shapes[0] };
    return { module: 'keras.layers', class_name: className, config, registered_name: null, build_config: build };
  }

  /** What a layer of a functional model is called with. */
  private keras3Call({ name, inputs }: NewLayer): object {
    if (this.isSequential) return {};
    const tensors = inputs.map(tensorOf);
    return { name, inbound_nodes: [{ args: tensors.length > 1 ? [tensors] : tensors, kwargs: {} }] };
  }

  /** Keras 1 calls the order of axes by another name. */
  private settings({ data_format: order, ...config }: NewLayer['config']): Readonly<Record<string, unknown>> {
    if (order === undefined) return config;
    return isBefore(this.version, [2, 0]) ? { ...config, dim_ordering: 'tf' } : { ...config, data_format: order };
  }

  /** Everything that read the input reads the rebuilt image. */
  private references(last: string): TextEdit[] {
    if (this.isSequential) return [];
    const own = this.top.filter((json) => layerName(json) !== this.layer.name);
    const places = [
      ...own.map((json) => member(json, 'inbound_nodes')),
      memberAt(this.config, 'config', 'output_layers'),
    ];
    return places
      .flatMap((json) => this.namesIn(json, 0))
      .map((name) => ({ start: name.start, end: name.end, text: JSON.stringify(last) }));
  }

  /** Where the input's name stands in the references to its tensor. */
  private namesIn(json: Json | undefined, depth: number): Json[] {
    if (!json) return [];
    if (depth > MAX_DEPTH)
      throw new ChannelwiseError('refused', 'keras-depth', 'The calls of this model are nested too deep to change.');
    const inner = Array.isArray(json.value) ? items(json) : [...entries(json).values()];
    const [name] = inner;
    const isOwn = Array.isArray(json.value) && tensorRef(json)?.layer === this.layer.name;
    const deeper = inner.flatMap((value) => this.namesIn(value, depth + 1));
    return isOwn && name ? [name, ...deeper] : deeper;
  }
}

/** A tensor as Keras 3 writes it among what a layer is called with. */
function tensorOf({ name, shape }: Made): unknown {
  return { class_name: '__keras_tensor__', config: { shape, dtype: 'float32', keras_history: [name, 0, 0] } };
}

function layerName(json: Json): string {
  return text(memberAt(json, 'config', 'name')) ?? text(member(json, 'name')) ?? '';
}
