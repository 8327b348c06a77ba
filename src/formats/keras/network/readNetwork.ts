import { ChannelwiseError } from '../../../bytes/errors.ts';
import { items, member, text, type Json } from '../../../bytes/json/json.ts';
import { inboundCalls, outputRefs, type TensorRef } from './inbound.ts';
import {
  isModel,
  isSequence,
  snakeCase,
  valueName,
  type Call,
  type Declared,
  type Layer,
  type Network,
} from './network.ts';
import { hasSteps } from './steps.ts';

/** Models inside models: transfer learning nests once or twice. */
const MAX_NESTING = 32;
/** Shared models multiply when they are written out. */
const MAX_CALLS = 100_000;
/**
 * Reads a network from its configuration, Keras 1 to 3. Throws `unsupported` where the graph is code (subclassed
 * models), `malformed` where it is none.
 */
export function readNetwork(json: Json): Network {
  const className = text(member(json, 'class_name')) ?? '';
  if (!isModel(json))
    throw new ChannelwiseError(
      'unsupported',
      'keras-code',
      `The layers of this model (${className || 'of no class'}) are connected by Python code, which the file does ` +
        'not hold; only its weights are shown.',
    );
  const writer = new NetworkWriter();
  const top: Layer = { ...layerOf(json), path: '', group: '', outermost: '' };
  const { inputs, outputs } = writer.write(top, null, 0);
  return { name: top.name, className, inputs, calls: writer.calls, outputs, declared: writer.declared };
}

function layerOf(json: Json): Pick<Layer, 'name' | 'className' | 'module' | 'json' | 'config'> {
  const config = member(json, 'config');
  const className = text(member(json, 'class_name')) ?? '';
  const name = text(member(config, 'name')) ?? text(member(json, 'name')) ?? className;
  return { name, className, module: text(member(json, 'module')) ?? '', json, config };
}

/** The values that a model is called with, null for the outermost one, and how deep it lies in others. */
interface Given {
  readonly given: readonly string[] | null;
  readonly depth: number;
}

interface Written {
  readonly inputs: readonly Layer[];
  readonly outputs: readonly string[];
}

/** Collects the calls of a network, models inside it written out. */
class NetworkWriter {
  readonly calls: Call[] = [];
  readonly declared: Declared[] = [];
  private readonly counts = new Map<string, number>();

  /** Writes out a model; `given` are the values it is called with, null for the outermost one. */
  write(model: Layer, given: readonly string[] | null, depth: number): Written {
    if (depth > MAX_NESTING) throw broken('models are nested too deep');
    const layers = this.layersOf(model);
    return isSequence(model)
      ? this.sequence(model, layers, { given, depth })
      : this.graph(model, layers, { given, depth });
  }

  /** Layers get their groups in a Keras 3 file by class and number, in this order. */
  private layersOf(model: Layer): Layer[] {
    const list = Array.isArray(model.config?.value) ? model.config : member(model.config, 'layers');
    const used = new Map<string, number>();
    return items(list).map((json) => {
      const layer = layerOf(json);
      const snake = snakeCase(layer.className);
      const count = used.get(snake) ?? 0;
      // Operations are no layers to Keras, and have no weights.
      if (!layer.module.startsWith('keras.src.ops') && !layer.module.startsWith('keras.ops'))
        used.set(snake, count + 1);
      return {
        ...layer,
        path: model.path === '' ? layer.name : `${model.path}/${layer.name}`,
        group: `${model.group === '' ? '' : `${model.group}/`}layers/${snake}${count === 0 ? '' : `_${count}`}`,
        outermost: model.outermost === '' ? layer.name : model.outermost,
      };
    });
  }

  private sequence(model: Layer, layers: readonly Layer[], { given, depth }: Given): Written {
    const inputs: Layer[] = [];
    let values = given;
    if (given) this.declare(model, given);
    for (const layer of layers) {
      const isInput = layer.className === 'InputLayer';
      if (values === null) {
        inputs.push(layer);
        values = [this.input(layer)];
        this.declare(model, values);
      }
      if (isInput || layer === layers[0]) this.declare(layer, values);
      if (!isInput) values = this.call(layer, values, { depth, given: undefined }).slice(0, 1);
    }
    return { inputs, outputs: values ?? [] };
  }

  private declare(layer: Layer, values: readonly string[]): void {
    const [value] = values;
    if (value !== undefined) this.declared.push({ layer, value });
  }

  /**
   * The value of a network's input: an InputLayer, or the first layer of a Sequential, which says its input shape
   * itself.
   */
  private input(layer: Layer): string {
    return layer.className === 'InputLayer' ? layer.path : `${layer.path}_input`;
  }

  /** The layers of a functional model in the order in which they can run, whatever the order of their entries. */
  private graph(model: Layer, layers: readonly Layer[], { given, depth }: Given): Written {
    const { inputs, values } = this.graphInputs(model, layers, given);
    const pending = layers
      .filter((layer) => !values.has(key(layer.name, 0)))
      .flatMap((layer) => inboundCalls(layer.json).map((call, i) => ({ layer, call, id: key(layer.name, i) })));
    const outputs = outputRefs(member(model.config, 'output_layers'));
    const offsets = firstNodes([...pending.flatMap(({ call }) => call.inputs), ...outputs], pending);
    const find = (ref: TensorRef): string | undefined => {
      const node = ref.node - (offsets.get(ref.layer) ?? 0);
      return values.get(key(ref.layer, node))?.[ref.tensor];
    };
    for (let waiting = pending; waiting.length > 0;) {
      const later = waiting.filter(({ layer, call, id }) => {
        const found = call.inputs.map(find);
        if (!areFound(found)) return true;
        values.set(id, this.call(layer, found, { depth, given: call.json }));
        return false;
      });
      if (later.length === waiting.length)
        throw broken(`the layer ${later[0]?.layer.name ?? ''} reads what no layer makes`);
      waiting = later;
    }
    const made = outputs.map(find);
    if (!areFound(made)) throw broken('an output is missing');
    return { inputs, outputs: made };
  }

  /** The input layers of a functional model, and the values that they stand for, by layer and call. */
  private graphInputs(
    model: Layer,
    layers: readonly Layer[],
    given: readonly string[] | null,
  ): { inputs: Layer[]; values: Map<string, readonly string[]> } {
    const byName = new Map(layers.map((layer) => [layer.name, layer]));
    const refs = outputRefs(member(model.config, 'input_layers'));
    const values = new Map<string, readonly string[]>();
    const inputs = refs.map((ref, i) => {
      const layer = byName.get(ref.layer);
      if (!layer) throw broken(`the input ${ref.layer} is missing`);
      const value = given === null ? this.input(layer) : given[i];
      if (value === undefined) throw broken(`the model ${model.name} is called with too few values`);
      values.set(key(layer.name, 0), [value]);
      this.declare(layer, [value]);
      // Of a model with several inputs, Keras writes down a list of shapes, which says nothing that loading needs.
      if (refs.length === 1) this.declare(model, [value]);
      return layer;
    });
    return { inputs, values };
  }

  /** Calls a layer: a model is written out, anything else is one call. */
  private call(
    layer: Layer,
    inputs: readonly string[],
    { depth, given }: { depth: number; given: Json | undefined },
  ): readonly string[] {
    if (isModel(layer.json)) return this.write(layer, inputs, depth + 1).outputs;
    if (hasSteps(layer)) return this.eachStep(layer, inputs, { depth, given });
    return this.add(layer, inputs, given);
  }

  /** TimeDistributed: every step becomes an image of the batch, goes through the layer or model inside, and back. */
  private eachStep(
    layer: Layer,
    inputs: readonly string[],
    { depth, given }: { depth: number; given: Json | undefined },
  ): readonly string[] {
    const json = member(layer.config, 'layer');
    if (!json || inputs.length !== 1) return this.add(layer, inputs, given);
    const inside = { ...layerOf(json), group: `${layer.group}/layer`, outermost: layer.outermost };
    const [steps = ''] = this.add({ ...layer, path: `${layer.path}/steps` }, inputs, given, 'steps');
    // The weights of a model inside are named for its own layers, those of a single layer for the one around it.
    const made = isModel(json)
      ? this.write({ ...inside, path: layer.path }, [steps], depth + 1).outputs
      : this.call({ ...inside, path: `${layer.path}/${inside.name}`, name: layer.name }, [steps], {
          depth: depth + 1,
          given: undefined,
        });
    return this.add(layer, [...inputs, made[0] ?? ''], undefined, 'together');
  }

  /** Adds one call of a layer. */
  private add(
    layer: Layer,
    inputs: readonly string[],
    given: Json | undefined,
    part?: Call['part'],
  ): readonly string[] {
    const count = (this.counts.get(layer.path) ?? 0) + 1;
    this.counts.set(layer.path, count);
    if (this.calls.length >= MAX_CALLS) throw broken('it has too many layers');
    const name = count === 1 ? layer.path : `${layer.path}_call${count}`;
    this.calls.push({ layer, name, inputs, given, ...(part ? { part } : {}) });
    return Array.from({ length: MAX_OUTPUTS }, (_, i) => valueName(name, i));
  }
}

/** No layer of Keras gives more tensors: LSTMs with their states give three, twice that in both directions. */
const MAX_OUTPUTS = 8;

function areFound(values: readonly (string | undefined)[]): values is readonly string[] {
  return values.every((value) => value !== undefined);
}

/** The call of a layer, by its number. */
function key(layer: string, node: number): string {
  return `${node} ${layer}`;
}

/**
 * Models made by the functional API count their calls from 1, because their own layers are call 0; loaded ones may not.
 */
function firstNodes(
  refs: readonly TensorRef[],
  calls: readonly { readonly layer: Layer }[],
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { layer } of calls) counts.set(layer.name, (counts.get(layer.name) ?? 0) + 1);
  const offsets = new Map<string, number>();
  for (const { layer, node } of refs) {
    const count = counts.get(layer);
    if (count !== undefined && node >= count) offsets.set(layer, Math.max(offsets.get(layer) ?? 0, node - count + 1));
  }
  return offsets;
}

function broken(why: string): ChannelwiseError {
  return new ChannelwiseError(
    'malformed',
    'keras-config',
    `The configuration of this Keras model can't be read: ${why}.`,
  );
}
