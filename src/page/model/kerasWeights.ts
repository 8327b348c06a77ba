import type { WeightView } from '../../formats/keras/present/graphBuilder.ts';
import type { PageInputLayer, PageWeight } from '../../protocol/pageModel.ts';

type Views = ReadonlyMap<string, WeightView> | undefined;

/** Spatial axes of a kernel by Keras's names. */
const SPATIAL: Readonly<Record<number, string>> = { 1: 'kW', 2: 'kH, kW', 3: 'kD, kH, kW' };

/** What each axis of a kernel holds in Keras, which the graph has in another order. */
function layoutOf({ depthwise, storedDims }: WeightView): string {
  const spatial = SPATIAL[storedDims.length - 2];
  if (spatial === undefined) return '[in, out]';
  return depthwise ? `[${spatial}, in, multiplier]` : `[${spatial}, in/group, out]`;
}

/** Input layers with their weights as a Keras file has them; those of other files as they are. */
export function asStored(layers: readonly PageInputLayer[], views: Views): PageInputLayer[] {
  return layers.map((layer) => {
    const view = views?.get(layer.weight);
    return view ? { ...layer, dims: [...view.storedDims], layout: layoutOf(view) } : layer;
  });
}

/** The graph's weights with their place in a Keras file, and their dims there where its axes have another order. */
export function weightsAsStored(weights: Map<string, PageWeight>, views: Views): Map<string, PageWeight> {
  for (const [name, view] of views ?? []) {
    const weight = weights.get(name);
    if (!weight) continue;
    const isTurned = view.order.some((axis, i) => axis !== i);
    const stored = isTurned ? { stored: [...view.storedDims] } : {};
    weights.set(name, { ...weight, storage: `dataset ${view.dataset}`, ...stored });
  }
  return weights;
}
