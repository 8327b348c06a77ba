import type { WeightView } from '../formats/keras/present/graphBuilder.ts';
import type { PageFirstLayer } from '../protocol/messages.ts';

/** What each axis of a kernel holds in Keras, which the graph has in another order. */
function layoutOf({ depthwise, storedDims }: WeightView): string {
  if (depthwise) return '[spatial, in, multiplier]';
  return storedDims.length > 2 ? '[spatial, in/group, out]' : '[in, out]';
}

/** Input layers with their weights as a Keras file has them; those of other files as they are. */
export function asStored(
  layers: readonly PageFirstLayer[],
  weights: ReadonlyMap<string, WeightView> | undefined,
): PageFirstLayer[] {
  return layers.map((layer) => {
    const view = weights?.get(layer.weight);
    return view ? { ...layer, dims: [...view.storedDims], layout: layoutOf(view) } : layer;
  });
}
