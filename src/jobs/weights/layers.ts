import type { ImageTensor } from '../../adapt/weights/find/imageTensor.ts';
import { imageTensors, type FoundTensors } from '../../adapt/weights/find/imageTensors.ts';
import type { OpenedFile } from '../../formats/format.ts';
import { hintsOf, type BesideWeights } from './besideWeights.ts';

/** Colour images; where no layer takes them, the file may be one that was made gray. */
const CHANNELS = [3, 1];

/**
 * The tensors that may see the image, those that are taken unless others are chosen, and why one has to choose or has
 * nothing to choose from.
 */
export interface LayerChoices {
  readonly candidates: readonly ImageTensor[];
  readonly chosen: readonly ImageTensor[];
  /** null where there is one and it is clear. */
  readonly reason: string | null;
}

/** The layer choices of a file of weights, for colour images or for gray ones. */
export function layersOf(file: OpenedFile, beside: BesideWeights): LayerChoices {
  const found = CHANNELS.map((channels) => imageTensors(file.tensors, channels, hintsOf(beside, file)));
  const clear = found.find(({ kind }) => kind === 'one') ?? found.find(({ kind }) => kind === 'several') ?? found[0];
  return clear ? choicesOf(clear) : { candidates: [], chosen: [], reason: null };
}

function choicesOf(found: FoundTensors): LayerChoices {
  switch (found.kind) {
    case 'one':
      return { candidates: [found.found], chosen: [found.found], reason: null };
    case 'several':
      return { candidates: found.candidates, chosen: found.chosen, reason: found.reason };
    case 'none':
      return { candidates: [], chosen: [], reason: found.reason };
  }
}
