import { DTYPES } from '../../tensors/dtypes.ts';
import type { StoredTensor } from '../../tensors/storedTensor.ts';
import { isOptimizerState, lastPart, siblingName, weightAxes } from './tensorNames.ts';

/** A convolution over a picture or a video. */
const CONVOLUTION_RANKS = new Set([4, 5]);
/** What torch.nn.utils' weight_norm, spectral_norm, prune and parametrize keep in place of a weight. */
const WEIGHT_PARTS = /(weight_v|weight_orig|original[01]?)$/;
/** Flax calls its weights so and has their axes in another order; filters that are never trained are called so too. */
const OTHER_LAYOUT = 'kernel';

/** NFNets' ScaledStdConv2d and mmcv's ConvAWS2d. */
const GAINS = ['gain', 'weight_gamma'];

/** By its name, rank and type. */
export function isConvolution(tensor: StoredTensor): boolean {
  return lastPart(tensor.name) === 'weight' && hasRank(tensor) && kindOf(tensor) === 'float';
}

/** How many channels a convolution's weight reads. */
export function channelsOf(tensor: StoredTensor): number | undefined {
  return tensor.dims[weightAxes(tensor).channels];
}

/** A part of a weight that is put together when the network runs. */
export function isWeightPart({ name }: StoredTensor): boolean {
  return WEIGHT_PARTS.test(name);
}

/**
 * The gain beside a weight that is standardised when the network runs: minus its mean, over its deviation. A sum of its
 * channels has another deviation, so it would give another function.
 */
export function gainOf(
  tensor: StoredTensor,
  names: ReadonlyMap<string, Pick<StoredTensor, 'name' | 'dims'>>,
): string | null {
  const outputs = tensor.dims[weightAxes(tensor).outputs];
  const gains = GAINS.map((part) => names.get(siblingName(tensor.name, part)));
  return gains.find((gain) => gain?.dims[0] === outputs)?.name ?? null;
}

/** What has the shape of an input layer's weight under another name: `blocks.input.w`, constants of frozen code. */
export function isOtherwiseNamed(tensor: StoredTensor, channels: number): boolean {
  const part = lastPart(tensor.name);
  const isNamed = part !== 'weight' && part !== 'bias' && part !== OTHER_LAYOUT;
  return isNamed && hasRank(tensor) && kindOf(tensor) === 'float' && channelsOf(tensor) === channels;
}

/** A weight of whole numbers, with scales beside it. */
export function isQuantised(tensor: StoredTensor, channels: number): boolean {
  return hasRank(tensor) && kindOf(tensor) === 'int' && channelsOf(tensor) === channels;
}

function hasRank({ name, dims }: StoredTensor): boolean {
  return CONVOLUTION_RANKS.has(dims.length) && !isOptimizerState(name);
}

function kindOf({ dtype }: StoredTensor): string | undefined {
  return DTYPES[dtype]?.kind;
}
