import { DTYPES } from '../../tensors/dtypes.ts';
import type { StoredTensor } from '../../tensors/storedTensor.ts';
import { byName, isOptimizerState, lastPart, moduleOf, networkName, siblingName, weightAxes } from './tensorNames.ts';

/** A tensor that may be the one that sees the image, with its copies in the same file. */
export interface ImageTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** Names of all tensors that stand for it: itself, and running averages or other copies of the network. */
  readonly names: readonly string[];
  /** What speaks for or against it, a clause each. */
  readonly why: readonly string[];
}

/** `one` is converted and named, `several` are asked for with `chosen` as the default, `none` is refused. */
export type FoundTensors =
  | { readonly kind: 'one'; readonly found: ImageTensor }
  | {
      readonly kind: 'several';
      readonly candidates: readonly ImageTensor[];
      readonly chosen: readonly ImageTensor[];
      readonly reason: string;
    }
  | { readonly kind: 'none'; readonly reason: string };

/** What files beside the weights say: names of first layers, as timm's `first_conv` does. */
export interface ConfigHints {
  readonly firstLayers: readonly string[];
}

/** A convolution over a picture or a video. */
const CONVOLUTION_RANKS = new Set([4, 5]);
/** What stands per channel in front of a first layer, by the last part of its name. */
const PER_CHANNEL =
  /^(weight|bias|running_mean|running_var|moving_mean|moving_variance|gamma|beta|mean|variance|std|scale|shift|.*(pixel|image|input|img)_(mean|std|scale))$/;
/** A linear layer over patches, by the names that networks give it. */
const PATCH_NAMES = /patch_?(embed|embedding|embeddings|projection)|to_patch_embedding|embed_patches/i;
const MAX_SIGNS = 3;

/**
 * Which tensors of a state dict see the image. Rule: a convolution's weight (rank 4 or 5, name ends in `weight`, or in
 * Keras's `kernel`) that reads as many channels as the image has. Of 1,214 timm models this is their own first convolution in 1,195, and
 * where there are several, the earliest one. A transposed output convolution has the same shape: its bias has the
 * image's channels, and its axis 0 has not.
 */
export function imageTensors(
  tensors: readonly StoredTensor[],
  channels: number,
  hints: ConfigHints = { firstLayers: [] },
): FoundTensors {
  const names = byName(tensors);
  const all = tensors.filter((tensor) => isCandidate(tensor, channels, names));
  const candidates = withCopies(all);
  const hinted = candidates.filter(({ name }) => hints.firstLayers.includes(moduleOf(networkName(name))));
  const [only, ...more] = hinted.length > 0 ? hinted : candidates;
  if (!only) return { kind: 'none', reason: noneReason(tensors, channels) };
  const signs = signsInFront(tensors, channels, names);
  if (more.length === 0 && (signs.length === 0 || hinted.length > 0)) return { kind: 'one', found: only };
  const chosen = hinted.length > 0 ? hinted : candidates.filter((candidate) => isSibling(candidate, only));
  return { kind: 'several', candidates, chosen, reason: severalReason(candidates.length, signs) };
}

function isCandidate(tensor: StoredTensor, channels: number, names: ReadonlyMap<string, StoredTensor>): boolean {
  const { name, dims, dtype } = tensor;
  const isWeight = CONVOLUTION_RANKS.has(dims.length) && lastPart(name) === 'weight' && channelsOf(tensor) === channels;
  if (!isWeight || DTYPES[dtype]?.kind !== 'float' || isOptimizerState(name)) return false;
  return !isTransposedOutput(tensor, names.get(siblingName(name, 'bias')), channels);
}

/** How many channels a convolution's weight reads. */
function channelsOf(tensor: StoredTensor): number | undefined {
  return tensor.dims[weightAxes(tensor).channels];
}

function isTransposedOutput(tensor: StoredTensor, bias: StoredTensor | undefined, channels: number): boolean {
  const outputs = tensor.dims[weightAxes(tensor).outputs];
  return bias?.dims.length === 1 && bias.dims[0] === channels && outputs !== channels;
}

/** Copies of one network hold the same tensor under names that differ in front: they are one candidate. */
function withCopies(tensors: readonly StoredTensor[]): ImageTensor[] {
  const groups = new Map<string, StoredTensor[]>();
  for (const tensor of tensors) {
    const key = `${networkName(tensor.name)} ${tensor.dims.join('×')}`;
    groups.set(key, [...(groups.get(key) ?? []), tensor]);
  }
  return [...groups.values()].map((group, i) => candidate(group, i));
}

function candidate(group: readonly StoredTensor[], place: number): ImageTensor {
  const [first] = group;
  const copies = group.length - 1;
  const why = [
    place === 0 ? 'the earliest in the file' : '',
    copies > 0 ? `with ${copies} ${copies === 1 ? 'copy' : 'copies'} in the same file` : '',
  ].filter(Boolean);
  return { name: first?.name ?? '', dims: first?.dims ?? [], names: group.map(({ name }) => name), why };
}

/** Parallel stems: the same shape, and the same last module. */
function isSibling(a: ImageTensor, b: ImageTensor): boolean {
  const suffix = ({ name }: ImageTensor): string => lastPart(moduleOf(name));
  return a.dims.join() === b.dims.join() && suffix(a) === suffix(b);
}

/**
 * Names of what works per channel, so perhaps in front of the first layer: a depthwise convolution, a norm, a mean or a
 * scale.
 */
function signsInFront(
  tensors: readonly StoredTensor[],
  channels: number,
  names: ReadonlyMap<string, StoredTensor>,
): string[] {
  const widths = outputWidths(names);
  const isSign = (tensor: StoredTensor): boolean => {
    const { name, dims } = tensor;
    if (isOptimizerState(name) || isCandidate(tensor, channels, names)) return false;
    if (isDepthwise(tensor, channels)) return true;
    const sizes = dims.filter((dim) => dim !== 1);
    const isPerChannel = sizes.length === 1 && sizes[0] === channels && PER_CHANNEL.test(lastPart(name));
    return isPerChannel && !widths.get(moduleOf(name))?.has(channels);
  };
  return channels === 1 ? [] : tensors.filter(isSign).map(({ name }) => name);
}

/** A filter of its own for each channel: [channels, 1, kernel…], or Keras's depthwise kernel [kernel…, channels, multiplier]. */
function isDepthwise(tensor: StoredTensor, channels: number): boolean {
  const { name, dims } = tensor;
  if (dims.length < 4 || channels === 1) return false;
  if (lastPart(name) === 'depthwise_kernel') return channelsOf(tensor) === channels;
  return lastPart(name) === 'weight' && dims[0] === channels && dims[1] === 1;
}

/** Of each module with a matrix or a convolution, how much it reads and makes: a bias of such a size belongs to it. */
function outputWidths(names: ReadonlyMap<string, StoredTensor>): Map<string, Set<number>> {
  const widths = new Map<string, Set<number>>();
  for (const tensor of names.values()) {
    const { name, dims } = tensor;
    if (dims.length < 2 || dims.filter((dim) => dim !== 1).length < 2) continue;
    const { channels, outputs } = weightAxes(tensor);
    const known = widths.get(moduleOf(name)) ?? [];
    widths.set(moduleOf(name), new Set([...known, dims[channels] ?? 0, dims[outputs] ?? 0]));
  }
  return widths;
}

function severalReason(count: number, signs: readonly string[]): string {
  const shown = signs.slice(0, MAX_SIGNS).join(', ');
  const sign = `${shown} ${signs.length === 1 ? 'holds' : 'hold'} one number per channel, so something may stand in front of the first layer`;
  if (count === 1) return sign;
  const several = `${count} tensors have the shape of a first layer`;
  return signs.length > 0 ? `${several}, and ${sign}` : several;
}

function noneReason(tensors: readonly StoredTensor[], channels: number): string {
  const patches = tensors.find(({ name, dims }) => isPatchMatrix(name, dims, channels));
  if (patches)
    return `${patches.name} [${patches.dims.join(', ')}] is a linear layer over patches, and the file does not say in which order it reads pixels and channels`;
  const split = tensors.find(({ name }) => /(weight_v|weight_orig|original[01])$/.test(name));
  const none = `No convolution's weight in this file has ${channels} input ${channels === 1 ? 'channel' : 'channels'}`;
  return split ? `${none}; ${split.name} is a part of a weight that is put together when the network runs` : none;
}

function isPatchMatrix(name: string, dims: readonly number[], channels: number): boolean {
  const [, width = 0] = dims;
  const side = Math.sqrt(width / channels);
  return dims.length === 2 && lastPart(name) === 'weight' && Number.isInteger(side) && PATCH_NAMES.test(name);
}
