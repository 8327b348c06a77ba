import { ChannelwiseError } from '../../../bytes/errors.ts';
import type { ExternalReader } from '../../onnx/externalData.ts';
import { permuted } from '../../../tensors/permuted.ts';
import type { Hdf5Tree } from '../hdf5/trees/tree.ts';
import type { WeightView } from './graphBuilder.ts';
import { datasetBytes } from './weightSource.ts';

/** Weights held with their axes turned; a comparison goes through one after another, in two files. */
const KEPT = 4;

/** Reads the data of a presented graph's weights: a weight's location is its own name. */
export class WeightReader implements ExternalReader {
  private readonly tree: Hdf5Tree;
  private readonly views: ReadonlyMap<string, WeightView>;
  private readonly held = new Map<string, Promise<Uint8Array>>();

  constructor(tree: Hdf5Tree, views: ReadonlyMap<string, WeightView>) {
    this.tree = tree;
    this.views = views;
  }

  async read(location: string, offset: number, length: number | null): Promise<Uint8Array> {
    const bytes = await this.whole(location);
    const end = length === null ? bytes.length : offset + length;
    if (offset < 0 || end > bytes.length || end < offset)
      throw new ChannelwiseError(
        'malformed',
        'tensor-size',
        `${location} has ${bytes.length} bytes, fewer than asked for.`,
      );
    return bytes.slice(offset, end);
  }

  private whole(location: string): Promise<Uint8Array> {
    const known = this.held.get(location);
    if (known) return known;
    const [oldest] = this.held.keys();
    if (this.held.size >= KEPT && oldest !== undefined) this.held.delete(oldest);
    const read = this.load(location);
    this.held.set(location, read);
    return read;
  }

  private async load(location: string): Promise<Uint8Array> {
    const view = this.views.get(location);
    const dataset = view ? this.tree.objects.get(view.dataset)?.dataset : null;
    if (!view || !dataset) throw new RangeError(`there is no weight ${location}`);
    return permuted(await datasetBytes(this.tree, dataset), dataset.datatype.size, {
      dims: view.storedDims,
      order: view.order,
    });
  }
}
