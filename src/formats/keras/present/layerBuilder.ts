import type { NewAttribute } from '../../onnx/edit/encode.ts';
import { flag, member, number, text, type Json } from '../../../bytes/json/json.ts';
import { valueName, type Call, type Layer } from '../network/network.ts';
import { numberList } from '../network/inputShape.ts';
import { elementType } from '../elementTypes.ts';
import { KERAS_DOMAIN, type GraphBuilder, type WeightView } from './graphBuilder.ts';
import type { StoredWeight, WeightSource } from './weightSource.ts';
import { range } from '../../../bytes/lists.ts';
import { Unpresentable } from './unpresentable.ts';

/**
 * A value of the network in the graph. `moved`: its last axis (the channels) stands second there, as ONNX's operators
 * want it; layers that don't mind pass it on so, and it is moved back where one needs the order of Keras.
 */
export interface Value {
  readonly name: string;
  /** null behind layers that can't be presented. */
  readonly rank: number | null;
  readonly moved: boolean;
}

/** How one class of layers is put into the graph: what it makes of its inputs, one value for each output. */
export type LayerRule = (layer: LayerBuilder, inputs: readonly Value[]) => Value[] | Promise<Value[]>;

/** What all layers of a network share. */
export interface Presentation {
  readonly graph: GraphBuilder;
  readonly weights: WeightSource;
  /** Transposes that were made, by what they turn and how. */
  readonly turned: Map<string, string>;
  /** 1, 2 or 3: some functions changed with Keras 3. */
  readonly major: number;
}

/** A layer by its class alone. */
interface LayerNode {
  /** The class where it is absent. */
  readonly opType?: string;
  readonly inputs: readonly string[];
  readonly attributes?: readonly NewAttribute[];
  /** Of each output; null where it is not known. */
  readonly ranks: readonly (number | null)[];
}

/** The order of axes that moves channels from behind the batch to the end: 0, 2, …, 1. */
export function channelsToLast(rank: number): number[] {
  return [0, ...range(2, rank), 1];
}

/** What a rule needs to put one call of a layer into the graph. */
export class LayerBuilder {
  readonly call: Call;
  readonly config: Json | undefined;
  readonly major: number;
  private readonly presentation: Presentation;
  private readonly graph: GraphBuilder;
  private readonly weights: WeightSource;
  private readonly turned: Map<string, string>;
  private readonly counts = new Map<string, number>();

  constructor(presentation: Presentation, call: Call) {
    const { graph, weights, turned, major } = presentation;
    this.presentation = presentation;
    this.graph = graph;
    this.weights = weights;
    this.call = call;
    this.config = call.layer.config;
    this.turned = turned;
    this.major = major;
  }

  /** The same call as that of a layer inside this one. */
  forLayer(layer: Layer): LayerBuilder {
    return new LayerBuilder(this.presentation, { ...this.call, layer });
  }

  /** What the configuration has under one of these names; an entry of null counts as none. */
  setting(...names: readonly string[]): Json | undefined {
    for (const name of names) {
      const found = member(this.config, name);
      if (found && found.value !== null) return found;
    }
    return undefined;
  }

  /** A number of the configuration under one of its names in the versions of Keras. */
  number(fallback: number, ...names: readonly string[]): number {
    return number(this.setting(...names)) ?? fallback;
  }

  /** A text of the configuration under one of these names. */
  text(fallback: string, ...names: readonly string[]): string {
    return text(this.setting(...names)) ?? fallback;
  }

  /** A flag of the configuration under one of these names. */
  flag(fallback: boolean, ...names: readonly string[]): boolean {
    return flag(this.setting(...names)) ?? fallback;
  }

  /** A size for each of `rank` axes, which may be given as one number for all. */
  sizes(rank: number, fallback: number | readonly number[], ...names: readonly string[]): number[] {
    const found = this.setting(...names);
    const one = number(found) ?? (typeof fallback === 'number' ? fallback : undefined);
    const list = numberList(found) ?? (one === undefined ? [...(fallback as readonly number[])] : undefined);
    if (list && list.length !== rank) throw new Unpresentable(`${names[0]} has ${list.length} numbers, not ${rank}`);
    return list ?? new Array<number>(rank).fill(one ?? 1);
  }

  /** The axes order that the layer was made for. Keras 1 says dim_ordering, and th for channels first. */
  channelsFirst(): boolean {
    const order = this.text('channels_last', 'data_format', 'dim_ordering');
    return order === 'channels_first' || order === 'th';
  }

  /**
   * The layer's weights by Keras's names, in the order in which the layer makes them. Throws Unpresentable where the
   * file's are others.
   */
  stored(...names: readonly string[]): StoredWeight[] {
    return this.weights.find(this.call.layer, names);
  }

  /** The weights under the first of these lists of names that the file has; versions of Keras differ. */
  storedAs(...lists: readonly (readonly string[])[]): StoredWeight[] {
    for (const names of lists.slice(0, -1)) {
      try {
        return this.stored(...names);
      } catch (error) {
        if (!(error instanceof Unpresentable)) throw error;
      }
    }
    return this.stored(...(lists.at(-1) ?? []));
  }

  /** A stored weight in the graph, its axes in this order. */
  weight(stored: StoredWeight, order: readonly number[] = range(0, stored.dims.length)): string {
    const dims = order.map((axis) => stored.dims[axis] ?? 1);
    return this.view(stored, { order, dims, depthwise: false });
  }

  /**
   * A depthwise kernel [k…, channels, multiplier] as the filters [channels · multiplier, 1, k…] of a convolution in
   * groups.
   */
  depthwiseWeight(stored: StoredWeight): string {
    const spatial = stored.dims.length - 2;
    const [channels = 1, multiplier = 1] = stored.dims.slice(spatial);
    const dims = [channels * multiplier, 1, ...stored.dims.slice(0, spatial)];
    return this.view(stored, { order: [spatial, spatial + 1, ...range(0, spatial)], dims, depthwise: true });
  }

  private view(stored: StoredWeight, seen: Pick<WeightView, 'order' | 'dims' | 'depthwise'>): string {
    const { dataset, dims: storedDims, dtype } = stored;
    return this.graph.weight(`${this.call.layer.path}/${stored.name}`, { ...seen, dataset, storedDims, dtype });
  }

  /** The numbers of a small weight. */
  numbers(stored: StoredWeight): Promise<Float64Array> {
    return this.weights.numbers(stored);
  }

  /** A float32 constant, named for the layer and this part of it. */
  floats(part: string, dims: readonly number[], values: readonly number[]): string {
    return this.graph.floats(`${this.call.name}/${part}`, dims, values);
  }

  /** A float32 constant without axes. */
  scalar(part: string, value: number): string {
    return this.floats(part, [], [value]);
  }

  /** A list of int64, named for the layer and this part of it. */
  ints(part: string, values: readonly number[]): string {
    return this.graph.ints(`${this.call.name}/${part}`, values);
  }

  /** Adds a node named for the layer and its operator, and gives what it makes. */
  node(opType: string, inputs: readonly string[], attributes: readonly NewAttribute[] = []): string {
    const name = this.fresh(opType);
    this.graph.node({ name, opType, inputs, outputs: [name], attributes, className: this.call.layer.className });
    return name;
  }

  /** Adds a node that makes several tensors. */
  nodeOfSeveral(
    opType: string,
    inputs: readonly string[],
    { attributes, count }: { readonly attributes: readonly NewAttribute[]; readonly count: number },
  ): string[] {
    const name = this.fresh(opType);
    const outputs = range(0, count).map((i) => valueName(name, i));
    this.graph.node({ name, opType, inputs, outputs, attributes, className: this.call.layer.className });
    return outputs;
  }

  /**
   * Adds a node by the layer's class, which no operator stands for, with all its weights behind its inputs; one output
   * for each rank. Its shapes are those of `src/graph/ops/kerasLayers.ts`.
   */
  layerNode({ opType, inputs, attributes = [], ranks }: LayerNode): Value[] {
    const { className } = this.call.layer;
    const name = this.fresh(opType ?? className);
    const outputs = ranks.map((rank, i) => ({ name: valueName(name, i), rank, moved: false }));
    this.graph.node({
      name,
      opType: opType ?? className,
      domain: KERAS_DOMAIN,
      inputs: [...inputs, ...this.allWeights()],
      outputs: outputs.map((output) => output.name),
      attributes,
      className,
    });
    return outputs;
  }

  /** The dims of every weight of the layer, in the order in which it makes them. */
  weightDims(): (readonly number[])[] {
    return this.weights.all(this.call.layer).map((path) => this.weights.dataset(path)?.space.dims ?? []);
  }

  /** Every weight of the layer, as the file has it. */
  private allWeights(): string[] {
    return this.weights.all(this.call.layer).flatMap((path) => {
      const stored = this.weights.dataset(path);
      const dtype = stored ? elementType(stored.datatype) : null;
      if (!stored || dtype === null) return [];
      const { dims } = stored.space;
      const order = range(0, dims.length);
      return [this.graph.weight(path, { dataset: path, storedDims: dims, order, dims, depthwise: false, dtype })];
    });
  }

  private fresh(opType: string): string {
    const count = (this.counts.get(opType) ?? 0) + 1;
    this.counts.set(opType, count);
    const name = `${this.call.name}/${opType}`;
    return count === 1 ? name : `${name}_${count}`;
  }

  /** The one value a layer reads. */
  only(inputs: readonly Value[]): Value {
    const [value] = inputs;
    if (!value || inputs.length !== 1) throw new Unpresentable(`it reads ${inputs.length} tensors`);
    return value;
  }

  /** A value with its axes in the order of Keras. */
  plain(value: Value): string {
    if (!value.moved) return value.name;
    const rank = this.rank(value);
    return this.turn(value, channelsToLast(rank));
  }

  /** A value with its last axis behind the batch. */
  moved(value: Value): string {
    if (value.moved) return value.name;
    const rank = this.rank(value);
    return rank < 3 ? value.name : this.turn(value, [0, rank - 1, ...range(1, rank - 1)]);
  }

  /** Throws where the rank is not known. */
  rank(value: Value): number {
    if (value.rank === null) throw new Unpresentable('the shape in front of it is not known');
    return value.rank;
  }

  /** One Transpose for all who want the value so. */
  private turn(value: Value, perm: readonly number[]): string {
    const id = `${value.name} ${perm.join()}`;
    const known = this.turned.get(id);
    if (known !== undefined) return known;
    const made = this.node('Transpose', [value.name], [{ name: 'perm', ints: perm }]);
    this.turned.set(id, made);
    return made;
  }
}
