import { decodeRaw } from '../../../tensors/elements.ts';
import { texts } from '../hdf5/attributes.ts';
import { streamDataset, type Dataset } from '../hdf5/dataset/dataset.ts';
import { swapped } from '../hdf5/edit/replaceDataset.ts';
import type { Hdf5Tree } from '../hdf5/trees/tree.ts';
import { elementType } from '../elementTypes.ts';
import type { Layer } from '../network/network.ts';
import { Unpresentable } from './unpresentable.ts';

/** A weight of a layer: Keras's name for it, and the dataset that holds it. */
export interface StoredWeight {
  readonly name: string;
  readonly dataset: string;
  readonly dims: readonly number[];
  readonly dtype: number;
}

/** Names in files of Keras 1, whose running_std holds the variance. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  kernel: 'W',
  bias: 'b',
  moving_mean: 'running_mean',
  moving_variance: 'running_std',
};
/** Where Keras 3, and TensorFlow's Keras 2.12 on, keep the layers of a model. */
const CONTAINERS = ['layers/', '_layer_checkpoint_dependencies/', 'layers\\', '_layer_checkpoint_dependencies\\'];

/**
 * Finds the datasets of a layer's weights, in files of both kinds: by class and number since Keras 3, by the layers'
 * names before.
 */
export class WeightSource {
  /** What was found so far, by the layer's path and the weight's name. */
  readonly found = new Map<string, StoredWeight>();
  private readonly tree: Hdf5Tree;
  /**
   * Paths of the datasets of each outermost layer, in the order of its weight_names; null for files that group by
   * class.
   */
  private readonly named: ReadonlyMap<string, readonly string[]> | null;

  constructor(tree: Hdf5Tree, named: ReadonlyMap<string, readonly string[]> | null) {
    this.tree = tree;
    this.named = named;
  }

  /** The weights with these names, in this order. Throws Unpresentable where the layer has others. */
  find(layer: Layer, names: readonly string[]): StoredWeight[] {
    const paths = this.named ? this.byName(layer, names) : this.byNumber(layer, names);
    return paths.map((path, i) => {
      const dataset = this.tree.objects.get(path)?.dataset;
      const dtype = dataset ? elementType(dataset.datatype) : null;
      if (!dataset || dtype === null) throw new Unpresentable(`its weight ${names[i] ?? ''} can't be read`);
      const stored = { name: names[i] ?? '', dataset: path, dims: dataset.space.dims, dtype };
      this.found.set(`${layer.path}/${stored.name}`, stored);
      return stored;
    });
  }

  /** The dataset at a path of the file; null where none lies there. */
  dataset(path: string): Dataset | null {
    return this.tree.objects.get(path)?.dataset ?? null;
  }

  /** All weights of a layer that no rule knows. */
  all(layer: Layer): string[] {
    const named = this.named?.get(layer.outermost);
    if (named)
      return layer.path === layer.outermost ? [...named] : named.filter((path) => path.split('/').includes(layer.name));
    return [...this.tree.objects.values()]
      .filter(
        (object) => object.dataset && CONTAINERS.some((c) => object.path.startsWith(`${inContainer(layer.group, c)}/`)),
      )
      .map((object) => object.path);
  }

  private byNumber(layer: Layer, names: readonly string[]): string[] {
    const group = CONTAINERS.map((container) => `${inContainer(layer.group, container)}/vars`).find((path) =>
      this.tree.objects.has(path),
    );
    const members = group === undefined ? [] : (this.tree.objects.get(group)?.members ?? []);
    if (members.length !== names.length)
      throw new Unpresentable(`the file has ${members.length} weights for it where ${names.length} are expected`);
    return names.map((_, i) => `${group ?? ''}/${i}`);
  }

  private byName(layer: Layer, names: readonly string[]): string[] {
    const all = this.named?.get(layer.outermost) ?? [];
    // Models inside the network keep their weights under the outermost one, named for the layer.
    const own = layer.path === layer.outermost ? all : ofLayer(all, layer);
    return names.map((name) => {
      const found = own.filter((path) => isWeight(path, name, layer.name));
      if (found.length !== 1 || found[0] === undefined)
        throw new Unpresentable(`the file has ${found.length} weights ${name} for it`);
      return found[0];
    });
  }

  /** The numbers of a small weight. */
  async numbers(stored: StoredWeight): Promise<Float64Array> {
    const dataset = this.tree.objects.get(stored.dataset)?.dataset;
    if (!dataset || dataset.count > MAX_NUMBERS) throw new Unpresentable(`its weight ${stored.name} is too large`);
    const values = new Float64Array(dataset.count);
    decodeRaw(stored.dtype, await datasetBytes(this.tree, dataset), values);
    return values;
  }
}

/** Numbers per channel that go into the graph as constants. */
const MAX_NUMBERS = 65536;

function inContainer(group: string, container: string): string {
  return group.replaceAll('layers/', container);
}

/**
 * Weights of a layer inside a model: those whose path has its name in front of the weight's own. Where that is not one
 * layer, the model's name decides.
 */
function ofLayer(paths: readonly string[], layer: Layer): string[] {
  const named = (name: string | undefined): string[] => paths.filter((path) => path.split('/').at(-2) === name);
  // Inside a wrapper, weights are named for it; for the layer itself where that was built before.
  const byName = named(layer.name);
  const own = byName.length > 0 ? byName : named(layer.path.split('/').at(-1));
  const model = layer.path.split('/').at(-2) ?? '';
  const groups = new Set(own.map((path) => path.slice(0, path.lastIndexOf('/'))));
  return groups.size <= 1 ? own : own.filter((path) => path.split('/').at(-3) === model);
}

/** Whether a path ends with a weight of this name: `kernel:0`, `kernel`, or before Keras 2 `conv_1_W`. */
function isWeight(path: string, name: string, layer: string): boolean {
  const last = (path.split('/').at(-1) ?? '').replace(/:\d+$/, '');
  return last === name || last === `${layer}_${OLD_NAMES[name] ?? name}`;
}

/** All elements of a dataset, little-endian. */
export async function datasetBytes(tree: Hdf5Tree, dataset: Dataset): Promise<Uint8Array> {
  const bytes = new Uint8Array(dataset.count * dataset.datatype.size);
  let at = 0;
  await streamDataset(tree.file, dataset, { from: 0, to: dataset.count }, (part) => {
    bytes.set(part, at);
    at += part.length;
  });
  const isSwapped = 'bigEndian' in dataset.datatype && dataset.datatype.bigEndian;
  return isSwapped ? swapped(bytes, dataset.datatype.size) : bytes;
}

/** Where files before Keras 3's own form keep weights: at the root, or beside the configuration. */
const WEIGHT_GROUPS = ['model_weights', ''];

/** The weights of each layer by its name, in the order of weight_names; null where the file has no such lists. */
export async function weightsByName(tree: Hdf5Tree): Promise<ReadonlyMap<string, readonly string[]> | null> {
  const root = WEIGHT_GROUPS.find((path) => hasList(tree, path, 'layer_names'));
  if (root === undefined) return null;
  const found = new Map<string, readonly string[]>();
  for (const layer of await listOf(tree, root, 'layer_names')) {
    const group = root === '' ? layer : `${root}/${layer}`;
    const names = await listOf(tree, group, 'weight_names');
    found.set(
      layer,
      names.map((name) => `${group}/${name}`),
    );
  }
  return found;
}

function hasList(tree: Hdf5Tree, path: string, name: string): boolean {
  const attributes = tree.objects.get(path)?.attributes;
  return attributes !== undefined && (attributes.has(name) || attributes.has(`${name}0`));
}

/** A list of names; one that is too long for an attribute is written in pieces, name0, name1 and so on. */
async function listOf(tree: Hdf5Tree, path: string, name: string): Promise<string[]> {
  const attributes = tree.objects.get(path)?.attributes;
  const whole = attributes?.get(name);
  if (whole) return readList(tree, whole);
  const pieces: string[] = [];
  for (let i = 0; ; i++) {
    const piece = attributes?.get(`${name}${i}`);
    if (!piece) return pieces;
    for (const text of await readList(tree, piece)) pieces.push(text);
  }
}

type AnyAttribute = Parameters<typeof texts>[1];

/** A list without names is written as an empty list of numbers. */
function readList(tree: Hdf5Tree, attribute: AnyAttribute): Promise<string[]> | string[] {
  return attribute.count === 0 ? [] : texts(tree.file, attribute);
}
