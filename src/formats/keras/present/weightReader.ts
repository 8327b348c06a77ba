import { ChannelwiseError } from '../../../bytes/errors.ts';
import type { ExternalReader } from '../../onnx/externalData.ts';
import type { Hdf5Tree } from '../hdf5/tree.ts';
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

/** Elements of a row-major array with these dims, its axes put into another order. */
export function permuted(
  bytes: Uint8Array,
  width: number,
  { dims, order }: { dims: readonly number[]; order: readonly number[] },
): Uint8Array {
  if (order.every((axis, i) => axis === i)) return bytes;
  const strides = new Array<number>(dims.length).fill(width);
  for (let axis = dims.length - 2; axis >= 0; axis--) strides[axis] = (strides[axis + 1] ?? 1) * (dims[axis + 1] ?? 1);
  const sizes = order.map((axis) => dims[axis] ?? 1);
  const steps = order.map((axis) => strides[axis] ?? width);
  const out = new Uint8Array(bytes.length);
  const at = new Array<number>(order.length).fill(0);
  let from = 0;
  for (let to = 0; to < out.length; to += width) {
    for (let k = 0; k < width; k++) out[to + k] = bytes[from + k] ?? 0;
    for (let axis = order.length - 1; axis >= 0; axis--) {
      const next = (at[axis] ?? 0) + 1;
      from += steps[axis] ?? 0;
      at[axis] = next;
      if (next < (sizes[axis] ?? 1)) break;
      from -= next * (steps[axis] ?? 0);
      at[axis] = 0;
    }
  }
  return out;
}

/** The order that undoes another one. */
export function inverse(order: readonly number[]): number[] {
  return order.map((_, axis) => order.indexOf(axis));
}
