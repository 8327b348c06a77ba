import { isSummable } from '../../../tensors/dtypes.ts';
import type { StoredTensor } from '../../../tensors/storedTensor.ts';
import { mapOfPictures, RGB } from '../../maps/mapOfPictures.ts';
import { channelsOf, isConvolution, isQuantised, isWeightPart, runtimePart, storedText } from './convolutionWeights.ts';
import { isPatchMatrix, normOfPatches } from '../patchOrder.ts';
import { byName, lastPart, weightAxes } from '../tensorNames.ts';
import { countOf } from '../../../text/numbers.ts';

/** An input layer reads up to 16 pictures, or parts of one that is taken apart in front of it (YOLOX, TResNet). */
const MAX_PICTURES = 16;
/** Smaller images are not classified. */
const MIN_SIDE = 8;

/** Why a file has no layer that sees an image of so many channels. */
export function noLayerReason(tensors: readonly StoredTensor[], channels: number): string {
  const matrix = tensors.find((tensor) => isPatchMatrix(tensor, channels));
  const norm = matrix && normOfPatches(matrix, tensors);
  if (norm) return normReason(matrix.name, norm.name);
  const none = `No convolution's weight in this file has ${countOf(channels, 'input channel')}`;
  const names = byName(tensors);
  const alike = tensors.find((tensor) => isConvolution(tensor) && channelsOf(tensor) === channels);
  const runtime = alike && runtimePart(alike, names);
  if (runtime) return runtimeReason(alike.name, runtime);
  const part = tensors.find(isWeightPart);
  if (part)
    return (
      `${none}; ${part.name} is a part of a weight that is put together when the network runs. Save the network again ` +
      'without that (remove_weight_norm, remove_spectral_norm, prune.remove or remove_parametrizations)'
    );
  const quantised = tensors.find((tensor) => isQuantised(tensor, channels));
  if (quantised) return `${none} in floating point; ${storedReason(quantised)}`;
  if (tensors.length === 0) return 'This file has no tensors that can be read, so there is nothing to convert';
  const first = tensors.find(isConvolution);
  const flat = first ? undefined : tensors.find((tensor) => mayReadFlatImage(tensor, channels));
  if (flat)
    return (
      `${none}. If ${shown(flat)} reads an image whose numbers stand one after the other, channel by channel, say so: ` +
      `--layer ${flat.name}:channels-first`
    );
  const has = first ? ` (the first, ${shown(first)}, has ${channelsOf(first) ?? 'none'})` : '';
  const advice = channels === RGB && first ? otherMap(channelsOf(first) ?? 0) : null;
  return `${none}${has}${advice ? `. ${advice}` : ', so there is nothing to convert'}`;
}

/** A linear layer as wide as a square image of so many channels. */
function mayReadFlatImage(tensor: StoredTensor, channels: number): boolean {
  const { name, dims, dtype } = tensor;
  const side = Math.sqrt((dims[1] ?? 0) / channels);
  const isMatrix = dims.length === 2 && lastPart(name) === 'weight' && weightAxes(tensor).outputs === 0;
  return isMatrix && isSummable(dtype) && Number.isInteger(side) && side >= MIN_SIDE;
}

/** The map that an input layer of several pictures would take, a sentence without its full stop; null for another. */
function otherMap(channels: number): string | null {
  const isOther = channels > RGB && channels <= MAX_PICTURES * RGB;
  return isOther ? (mapOfPictures(channels)?.replace(/\.$/, '') ?? null) : null;
}

/** Why a weight that holds no numbers to sum can't take a map in, and what can be done. */
export function storedReason(tensor: StoredTensor): string {
  return (
    `${shown(tensor)} holds ${storedText(tensor)}, whose scales would not fit a sum. Convert the network as it was ` +
    'before it was quantised'
  );
}

/** Why a weight that is standardised or rounded when the network runs can't take a map in, and what can be done. */
export function runtimeReason(weight: string, part: string): string {
  return (
    `${part} belongs to a layer that standardises or rounds its weight when it runs, so a sum over the channels of ` +
    `${weight} is not the same function. Convert an ONNX export of the network`
  );
}

/** Why the tensors that the network's code reads the image with are no layer for so many channels. */
export function readReason(read: readonly StoredTensor[], channels: number): string {
  const names = read.length === 0 ? 'no tensor of its own' : read.map(shown).join(', ');
  return `The code in this file reads the image with ${names}, not with ${channels} channels, so there is nothing to convert`;
}

function shown({ name, dims }: StoredTensor): string {
  return `${name} [${dims.join(', ')}]`;
}

/** Why a linear layer behind a norm over whole patches can't take a map in, and what can be done. */
export function normReason(matrix: string, norm: string): string {
  return (
    `${norm} normalises whole patches in front of ${matrix}, with a number of its own for each pixel and channel, so ` +
    `${matrix} can't take a map in by itself. Convert an ONNX export of the network: there the old channels are ` +
    'rebuilt in front of the norm'
  );
}
