import { ChannelwiseError } from '../../bytes/errors.ts';
import { encodeRaw } from '../../tensors/elements.ts';
import { inverse, permuted } from '../../tensors/permuted.ts';
import type { NewData } from '../../formats/keras/hdf5/edit/replaceDataset.ts';
import type { WeightView } from '../../formats/keras/present/graphBuilder.ts';
import type { Replacement } from '../flow/rewrite.ts';

/**
 * A weight of the graph with its new values, in the form of its dataset. `groups` are those of the convolution that
 * reads it.
 */
export function foldedDataset(view: WeightView, { dims, values }: Replacement, groups: number): NewData {
  const inOrder = view.depthwise ? depthwiseDims(view, dims, groups) : dims;
  const width = encodeRaw(view.dtype, [0], view.dataset).length;
  const raw = encodeRaw(view.dtype, values, view.dataset);
  const back = inverse(view.order);
  return { dims: back.map((axis) => inOrder[axis] ?? 1), bytes: permuted(raw, width, { dims: inOrder, order: back }) };
}

/**
 * A depthwise kernel [groups · multiplier, 1, k…] as [groups, multiplier, k…]. Throws `refused` where its filters see
 * more than one channel now.
 */
function depthwiseDims(view: WeightView, dims: readonly number[], groups: number): number[] {
  const [filters = 1, seen, ...kernel] = dims;
  if (seen !== 1 || filters % groups !== 0)
    throw new ChannelwiseError(
      'refused',
      'keras-depthwise',
      `The depthwise kernel ${view.dataset} would have to mix channels, which a depthwise layer can't.`,
      { tensor: view.dataset },
    );
  return [groups, filters / groups, ...kernel];
}
