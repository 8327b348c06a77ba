import type { Call } from '../../network/network.ts';
import type { LayerRule } from '../layerBuilder.ts';
import { ACTIVATION_LAYERS } from './activation.ts';
import { ATTENTION_LAYERS } from './attention.ts';
import { CONVOLUTIONS } from './convolution.ts';
import { CORE } from './core.ts';
import { ENCODINGS } from './encoding.ts';
import { MERGING } from './merging.ts';
import { NORMALISATION } from './normalisation.ts';
import { operationName, operationRule } from './operations/operation.ts';
import { POOLING } from './pooling.ts';
import { PREPROCESSING } from './preprocessing.ts';
import { RECURRENT_LAYERS } from './recurrent.ts';
import { RESHAPING } from './reshaping.ts';
import { SPECTROGRAMS } from './spectrogram.ts';
import { wrapping } from './wrapping.ts';

/**
 * Rules by Keras class. A new class goes into its family's file, with the page of Keras's documentation that describes
 * it.
 */
const LAYERS: ReadonlyMap<string, LayerRule> = new Map(
  [
    CORE,
    CONVOLUTIONS,
    POOLING,
    NORMALISATION,
    ACTIVATION_LAYERS,
    MERGING,
    RESHAPING,
    RECURRENT_LAYERS,
    ATTENTION_LAYERS,
    PREPROCESSING,
    ENCODINGS,
    SPECTROGRAMS,
    wrapping((className) => LAYERS.get(className)),
  ].flatMap((family) => Object.entries(family)),
);
/** Classes of Keras itself; one of the same name from elsewhere is someone's own code. */
const OWN_MODULES = /^$|^(tf_)?keras(\.|$)/;

/** The rule for a call; undefined where the layer is not known. */
export function layerRule(call: Call): LayerRule | undefined {
  const operation = operationName(call);
  if (operation !== null) return operationRule(operation);
  return OWN_MODULES.test(call.layer.module) ? LAYERS.get(call.layer.className) : undefined;
}
