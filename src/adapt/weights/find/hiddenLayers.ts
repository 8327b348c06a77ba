import type { StoredTensor } from '../../../tensors/storedTensor.ts';
import { sameNumbers } from '../../../bytes/sameNumbers.ts';
import { byName, isOptimizerState, lastPart, weightAxes } from '../tensorNames.ts';
import {
  channelsOf,
  isConvolution,
  isOtherwiseNamed,
  isQuantised,
  isWeightPart,
  runtimePart,
  storedText,
} from './convolutionWeights.ts';
import type { ImageTensor } from './imageTensor.ts';
import { hasTrainingName } from './likelyLayers.ts';

/** What other layers call a weight that has an image's channels where a convolution's has them. */
const OTHER_LAYERS = new Set(['depthwise_kernel', 'transposed_kernel', 'pointwise_kernel']);

/** A tensor that may be what sees the image in place of the one that is found, and why that can't be taken. */
export interface HiddenLayer {
  readonly tensor: StoredTensor;
  /** It can take a map in if a person names it. */
  readonly canFold: boolean;
  /** A sentence without its full stop. */
  readonly reason: string;
}

/**
 * A tensor with an input layer's shape that is no candidate by its name or type, beside the one candidate: a weight in
 * parts, a standardised or a quantised one, one of another name in front. The candidate may then be a later layer that
 * reads as many channels. null where there is none.
 */
export function hiddenLayer(only: ImageTensor, tensors: readonly StoredTensor[], channels: number): HiddenLayer | null {
  if (channels === 1) return null;
  const names = byName(tensors);
  const place = tensors.findIndex(({ name }) => name === only.name);
  for (const [at, tensor] of tensors.entries()) {
    if (only.names.includes(tensor.name) || isOptimizerState(tensor.name) || hasTrainingName(tensor.name)) continue;
    const hidden = hiddenText(tensor, channels, names);
    if (hidden) return { tensor, canFold: false, reason: reasonOf(tensor, only, hidden) };
    // What has the very shape of the candidate is a copy of it, or a mask.
    if (at < place && !sameNumbers(tensor.dims, only.dims) && isNamedLayer(tensor, channels))
      return { tensor, canFold: true, reason: reasonOf(tensor, only, ['stands in front of it', 'name it']) };
  }
  return null;
}

type HiddenText = readonly [what: string, advice: string];

/** What a tensor is that can't be a candidate, and what to do; null of others. */
function hiddenText(
  tensor: StoredTensor,
  channels: number,
  names: ReadonlyMap<string, StoredTensor>,
): HiddenText | null {
  if (channelsOf(tensor) !== channels || tensor.dims.length < 4) return null;
  if (isWeightPart(tensor))
    return [
      'is a part of a weight that is put together when the network runs',
      'save the network again without that (remove_weight_norm, remove_spectral_norm, prune.remove or ' +
        'remove_parametrizations)',
    ];
  if (lastPart(tensor.name) === 'weight' && isQuantised(tensor, channels))
    return [`holds ${storedText(tensor)}`, 'convert the network as it was before it was quantised'];
  const part = isConvolution(tensor) ? runtimePart(tensor, names) : null;
  return part === null ? null : [`is standardised or rounded with ${part} when it runs`, 'convert an ONNX export'];
}

function isNamedLayer(tensor: StoredTensor, channels: number): boolean {
  const outputs = tensor.dims[weightAxes(tensor).outputs] ?? 0;
  return outputs > 1 && !OTHER_LAYERS.has(lastPart(tensor.name)) && isOtherwiseNamed(tensor, channels);
}

function reasonOf({ name, dims }: StoredTensor, only: ImageTensor, [what, advice]: HiddenText): string {
  return (
    `${name} [${dims.join(', ')}] has the shape of an input layer's weight too, and ${what}, so ${only.name} may be a ` +
    `later layer. If ${name} reads the image, ${advice}`
  );
}
