import { DTYPES, dtypeName, isInteger, isSummable } from '../../../tensors/dtypes.ts';
import type { StoredTensor } from '../../../tensors/storedTensor.ts';
import { isOptimizerState, lastPart, siblingName, weightAxes } from '../tensorNames.ts';

/** A convolution over a picture or a video. */
const CONVOLUTION_RANKS = new Set([4, 5]);
/** What torch.nn.utils' weight_norm, spectral_norm, prune and parametrize keep in place of a weight. */
const WEIGHT_PARTS = /(weight_v|weight_orig|original[01]?)$/;
/** Flax calls its weights so and has their axes in another order; filters that are never trained are called so too. */
const OTHER_LAYOUT = 'kernel';

/**
 * What stands beside a weight that is standardised when the network runs (NFNets' ScaledStdConv2d, mmcv's ConvAWS2d),
 * or rounded as a quantised network would round it (torch.ao, pytorch-quantization, brevitas).
 */
const RUNTIME_PARTS = [
  ...['gain', 'weight_gamma'],
  ...['weight_fake_quant.scale', '_weight_quantizer._amax', 'weight_quant.tensor_quant.scaling_impl.value'],
];

/** By its name, rank and type. */
export function isConvolution(tensor: StoredTensor): boolean {
  return lastPart(tensor.name) === 'weight' && hasRank(tensor) && isSummable(tensor.dtype);
}

/** How many channels a convolution's weight reads. */
export function channelsOf(tensor: StoredTensor): number | undefined {
  return tensor.dims[weightAxes(tensor).channels];
}

/** Kinds of elements that no weight of a convolution has, quantised or not. */
const OTHER_KINDS = new Set<string>(['bool', 'complex', 'string']);

/** A part of a weight that is put together when the network runs. */
export function isWeightPart({ name }: StoredTensor): boolean {
  return WEIGHT_PARTS.test(name);
}

/**
 * A tensor that shows that a weight is standardised or rounded when the network runs; null where there is none. A sum
 * of the channels has another deviation and is rounded otherwise, so it would give another function.
 */
export function runtimePart(tensor: StoredTensor, names: ReadonlyMap<string, unknown>): string | null {
  return RUNTIME_PARTS.map((part) => siblingName(tensor.name, part)).find((name) => names.has(name)) ?? null;
}

/** What has the shape of an input layer's weight under another name: `blocks.input.w`, constants of frozen code. */
export function isOtherwiseNamed(tensor: StoredTensor, channels: number): boolean {
  const part = lastPart(tensor.name);
  const isNamed = part !== 'weight' && part !== 'bias' && part !== OTHER_LAYOUT;
  // A mean per channel has its rank, and no filters.
  const isMatrix = tensor.dims.some((dim, axis) => dim > 1 && axis !== weightAxes(tensor).channels);
  return isNamed && isMatrix && hasRank(tensor) && isSummable(tensor.dtype) && channelsOf(tensor) === channels;
}

/** A weight of whole numbers or of few bits, with scales beside it. */
export function isQuantised(tensor: StoredTensor, channels: number): boolean {
  const isNumeric = !OTHER_KINDS.has(DTYPES[tensor.dtype]?.kind ?? '');
  return hasRank(tensor) && isNumeric && storedText(tensor) !== null && channelsOf(tensor) === channels;
}

/** What a tensor holds in place of numbers that can be summed, as `whole numbers`; null where it can take a map in. */
export function storedText({ dtype }: StoredTensor): string | null {
  if (isSummable(dtype)) return null;
  return isInteger(dtype) ? 'whole numbers' : `numbers of type ${dtypeName(dtype)}`;
}

function hasRank({ name, dims }: StoredTensor): boolean {
  return CONVOLUTION_RANKS.has(dims.length) && !isOptimizerState(name);
}
