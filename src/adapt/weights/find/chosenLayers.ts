import { ChannelwiseError } from '../../../bytes/errors.ts';
import type { StoredTensor } from '../../../tensors/storedTensor.ts';
import { runtimePart, storedText } from './convolutionWeights.ts';
import { copyKey } from '../copyNames.ts';
import { imageTensors } from './imageTensors.ts';
import { normReason, runtimeReason, storedReason } from './noLayerReason.ts';
import { layerText, normOfPatches, PATCH_ORDERS, readLayer, type LayerChoice } from '../patchOrder.ts';
import { byName, layerPlace, lastPart, moduleOf, weightAxes } from '../tensorNames.ts';
import type { ChannelMap } from '../../maps/channelMap.ts';
import type { LayerHints } from './layerHints.ts';
import { candidateText } from './imageTensor.ts';
import { countOf } from '../../../text/numbers.ts';

/** A file of weights, and the map that they are to take. */
export interface WeightsRequest {
  readonly tensors: readonly StoredTensor[];
  readonly map: ChannelMap;
  /**
   * The layers that see the image, as `readLayer` reads them; found by their names and shapes when absent.
   */
  readonly layers?: readonly string[] | undefined;
  readonly hints?: LayerHints | undefined;
}

/**
 * The layers that take a map in: those a person named, else those that are found, each with its copies in the same
 * file. Throws `refused`: `choose-layer` where a person must say which, `no-layer` where there is none or a given one
 * does not fit.
 */
export function chosenLayers({ tensors, map, layers, hints }: WeightsRequest): readonly LayerChoice[] {
  const channels = map.matrix.length;
  if (layers?.length) return givenLayers(tensors, layers, channels);
  const found = imageTensors(tensors, channels, hints);
  switch (found.kind) {
    case 'one':
      return found.found.names.map((name) => ({ name, order: found.found.order }));
    case 'none':
      throw new ChannelwiseError('refused', 'no-layer', `${found.reason}.`);
    case 'several':
      throw new ChannelwiseError(
        'refused',
        'choose-layer',
        `${found.reason}. Say which sees the image (--layer on the command line): ${found.candidates.map(candidateText).join('; ')}.`,
      );
  }
}

/** By a weight's own name or that of its module. */
function givenLayers(tensors: readonly StoredTensor[], layers: readonly string[], channels: number): LayerChoice[] {
  const names = byName(tensors);
  const found = new Map<string, LayerChoice>();
  for (const given of layers) {
    const { name, order } = readLayer(given);
    const tensor = names.get(name) ?? tensors.find((other) => isWeightOf(other, name));
    if (!tensor) throw noLayer(`The file has no tensor ${name}.`, name);
    checkLayer(tensor, { name: tensor.name, order }, channels);
    checkInput(tensor, tensors);
    for (const copy of copiesOf(tensor, tensors)) {
      const before = found.get(copy.name);
      if (before && before.order !== order) throw noLayer(`${copy.name} can be read in one order only.`, copy.name);
      found.set(copy.name, { name: copy.name, order });
    }
  }
  return [...found.values()];
}

/** The layer's weight must have the image's channels where its kind has them. */
function checkLayer(tensor: StoredTensor, layer: LayerChoice, channels: number): void {
  const { name, dims } = tensor;
  const axis = weightAxes(tensor).channels;
  const shown = `${name} [${dims.join(', ')}]`;
  const isMatrix = dims.length === 2;
  if (isMatrix && (dims[1] ?? 0) % channels !== 0)
    throw noLayer(
      `${shown} can't read patches of ${channels} channels, whose numbers come in multiples of that.`,
      name,
    );
  if (isMatrix && layer.order === null)
    throw new ChannelwiseError(
      'refused',
      'choose-layer',
      `${shown} is a matrix. If it reads patches of the image, say in which order: ${orderTexts(name).join('; ')}.`,
    );
  if (!isMatrix && layer.order !== null)
    throw noLayer(
      `${shown} is no linear layer over patches, so it has no order of patches; give its name alone.`,
      name,
    );
  const found = dims.length < 3 ? undefined : dims[axis];
  if (!isMatrix && found !== channels)
    throw noLayer(
      `${shown} reads ${found === undefined ? 'no channels' : countOf(found, 'channel')}, and the map is for ${channels}.`,
      name,
    );
}

function orderTexts(name: string): string[] {
  return [...PATCH_ORDERS].map(([order, words]) => `${layerText({ name, order })} (${words})`);
}

function checkInput(tensor: StoredTensor, tensors: readonly StoredTensor[]): void {
  const norm = tensor.dims.length === 2 ? normOfPatches(tensor, tensors) : null;
  if (norm) throw noLayer(`${normReason(tensor.name, norm.name)}.`, tensor.name);
  if (storedText(tensor) !== null) throw noLayer(`${storedReason(tensor)}.`, tensor.name);
  const part = runtimePart(tensor, byName(tensors));
  if (part) throw noLayer(`${runtimeReason(tensor.name, part)}.`, tensor.name);
}

/** Whether a tensor is the weight of a module, which may be named without the groups that Keras puts around it. */
export function isWeightOf({ name }: StoredTensor, layer: string): boolean {
  const module = moduleOf(name);
  return lastPart(name) === 'weight' && (module === layer || module.split(/[/\\]/).at(-1) === layer);
}

/** A tensor under all of its names, and what has one of these names in another copy of the network. */
function copiesOf(tensor: StoredTensor, tensors: readonly StoredTensor[]): StoredTensor[] {
  const names = byName(tensors);
  const place = layerPlace(tensor, names);
  const isSame = (other: StoredTensor): boolean => place !== null && layerPlace(other, names) === place;
  const same = tensors.filter((other) => other === tensor || isSame(other));
  const keys = new Set(same.map(copyOf));
  return tensors.filter((other) => keys.has(copyOf(other)));
}

function copyOf({ name, dims }: StoredTensor): string {
  return `${copyKey(name)} ${dims.join('×')}`;
}

function noLayer(message: string, tensor: string): ChannelwiseError {
  return new ChannelwiseError('refused', 'no-layer', message, { tensor });
}
