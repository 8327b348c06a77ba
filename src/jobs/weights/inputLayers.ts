import type { ImageTensor } from '../../adapt/weights/find/imageTensor.ts';
import type { OpenFile } from '../open/openFile.ts';
import { besideWeights } from './besideWeights.ts';
import { layersOf } from './layers.ts';
import { likelyOriginal } from './likelyOriginal.ts';
import { layersOfStep, stepsOf } from './recordedStep.ts';

/** The layers that see the image: of an adapted file those that were adapted, of others the likely ones. */
export async function inputLayers(open: OpenFile): Promise<readonly ImageTensor[]> {
  const { candidates, chosen } = layersOf(open.file, await besideWeights(open.path));
  const adapted = await adaptedLayers(open, candidates);
  return adapted.length > 0 ? adapted : chosen;
}

/**
 * Of several layers that may see the image those that an adapted file's record names, or that differ from the original
 * beside it; none of other files. Names and shapes alone would take depthwise weights of a gray network for input
 * layers too.
 */
export async function adaptedLayers(
  open: OpenFile,
  candidates: readonly ImageTensor[],
): Promise<readonly ImageTensor[]> {
  if (candidates.length < 2) return [];
  const changed = await changedTensors(open);
  const adapted = new Map<string, ImageTensor>();
  // A matrix is a candidate for each order that it may read patches in; the likely order comes first.
  for (const layer of candidates)
    if (changed.has(layer.name) && !adapted.has(layer.name)) adapted.set(layer.name, layer);
  return [...adapted.values()];
}

/** Names of what took a map in; none of a file that neither a record nor a file beside it tells about. */
async function changedTensors(open: OpenFile): Promise<ReadonlySet<string>> {
  const steps = stepsOf(open);
  const changed = steps.length > 0 ? layersOfStep(steps.at(-1)) : ((await likelyOriginal(open))?.resized ?? []);
  return new Set(changed.map(({ name }) => name));
}
