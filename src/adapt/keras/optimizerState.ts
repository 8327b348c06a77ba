import { ChannelwiseError } from '../../bytes/errors.ts';
import { decodeRaw, encodeRaw } from '../../tensors/elements.ts';
import { elementType } from '../../formats/keras/elementTypes.ts';
import type { NewData } from '../../formats/keras/hdf5/edit/replaceDataset.ts';
import type { Hdf5Object, Hdf5Tree } from '../../formats/keras/hdf5/trees/tree.ts';
import { kerasMoments } from '../weights/kerasMoments.ts';
import { datasetBytes } from '../../formats/keras/present/weightSource.ts';
import { product } from '../../tensors/dims.ts';
import { columnCount } from '../maps/affine.ts';

const WRAPPED_KERNEL = /^(.+)[/\\]layer[/\\]vars[/\\]0$/;

/** A weight with other dims now: how its channel axis, in the order of the dataset, follows from the new channels. */
export interface ChangedWeight {
  readonly path: string;
  readonly layer: string;
  readonly oldDims: readonly number[];
  readonly newDims: readonly number[];
  readonly axis: number;
  /** The axis holds outer · channels · inner entries. */
  readonly outer: number;
  readonly inner: number;
  /** Old × new. */
  readonly matrix: readonly (readonly number[])[];
}

/**
 * The variables of the optimizer that have the shape of a changed weight: a weighted mean over the channels that a new
 * one stands for, because each old channel's gradient becomes a part of its gradient. Throws `refused` where it can't
 * be told which variables belong to the weight.
 */
export async function optimizerState(tree: Hdf5Tree, changed: readonly ChangedWeight[]): Promise<Map<string, NewData>> {
  const tensors = [...tree.objects.values()].flatMap((object) =>
    object.dataset ? [{ name: object.path, dims: object.dataset.space.dims, object }] : [],
  );
  const names = new Set(changed.map(({ path }) => path));
  const out = new Map<string, NewData>();
  for (const weight of changed) {
    const { path: name, layer, oldDims: dims } = weight;
    refuseSecondCopy(tree, name);
    for (const { object } of kerasMoments(tensors, { name, layer, dims }, names)) {
      const made = await meanOf(tree, object, weight);
      if (made) out.set(object.path, made);
    }
  }
  return out;
}

/** `.keras` keeps the kernel of a SpectralNormalization twice: as its layer's and as its own. */
function refuseSecondCopy(tree: Hdf5Tree, path: string): void {
  const [, wrapper] = WRAPPED_KERNEL.exec(path) ?? [];
  if (wrapper === undefined || !tree.objects.has(`${wrapper}/vars/0`)) return;
  throw new ChannelwiseError('refused', 'keras-copy', `${wrapper} keeps the kernel of the layer in it a second time.`);
}

async function meanOf(tree: Hdf5Tree, { path, dataset }: Hdf5Object, weight: ChangedWeight): Promise<NewData | null> {
  const dtype = dataset ? elementType(dataset.datatype) : null;
  if (!dataset || dtype === null) return null;
  const values = new Float64Array(dataset.count);
  decodeRaw(dtype, await datasetBytes(tree, dataset), values);
  const { oldDims, newDims, axis, outer, inner, matrix } = weight;
  const before = product(oldDims.slice(0, axis)) * outer;
  const behind = product(oldDims.slice(axis + 1)) * inner;
  const out = new Float64Array(product(newDims));
  const channels = columnCount(matrix);
  for (let k = 0; k < channels; k++) {
    const parts = matrix.map((row) => Math.abs(row[k] ?? 0));
    const whole = parts.reduce((sum, part) => sum + part, 0);
    for (const [c, part] of parts.entries()) {
      if (part === 0) continue;
      for (let o = 0; o < before; o++)
        for (let i = 0; i < behind; i++) {
          const to = (o * channels + k) * behind + i;
          out[to] = (out[to] ?? 0) + ((values[(o * matrix.length + c) * behind + i] ?? 0) * part) / whole;
        }
    }
  }
  return { dims: newDims, bytes: encodeRaw(dtype, out, path) };
}
