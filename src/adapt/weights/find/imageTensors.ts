import { addTo } from '../../../bytes/lists.ts';
import { isSummable } from '../../../tensors/dtypes.ts';
import type { StoredTensor } from '../../../tensors/storedTensor.ts';
import { codeDoubt, layerDoubt, severalReason } from './askReasons.ts';
import { channelsOf, isConvolution, isOtherwiseNamed, isWeightPart, runtimePart } from './convolutionWeights.ts';
import { copyKey } from '../copyNames.ts';
import { hiddenLayer, type HiddenLayer } from './hiddenLayers.ts';
import { depthwiseInside, hasTrainingName, isSibling, isTrainingOnly } from './likelyLayers.ts';
import { isHinted, type LayerHints } from './layerHints.ts';
import { noLayerReason, readReason } from './noLayerReason.ts';
import { isPatchMatrix, normOfPatches, PATCH_ORDERS } from '../patchOrder.ts';
import { byName, isOptimizerState, layerPlace, lastPart, moduleOf, siblingName, weightAxes } from '../tensorNames.ts';
import type { ImageTensor } from './imageTensor.ts';
import { countOf } from '../../../text/numbers.ts';

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

/** What stands per channel in front of an input layer, by the last part of its name. */
const PER_CHANNEL =
  /^(weight|bias|running_mean|running_var|moving_mean|moving_variance|gamma|beta|mean|variance|std|scale|shift|.*(pixel|image|input|img)_(mean|std|scale))$/;

/**
 * Which tensors of a state dict see the image. Rule: a convolution's weight (rank 4 or 5, name ends in `weight`, or in
 * Keras's `kernel`) that reads as many channels as the image has. Of 1,214 timm models this is their own first
 * convolution in 1,195, and where there are several, the earliest one. A transposed output convolution has the same
 * shape: its bias has the image's channels, and its axis 0 has not. A linear layer over patches is a candidate too,
 * once for each order in which it may read them, so it is always asked about.
 */
export function imageTensors(
  tensors: readonly StoredTensor[],
  channels: number,
  hints: LayerHints = { inputLayers: [] },
): FoundTensors {
  const names = byName(tensors);
  const all = tensors.filter((tensor) => isCandidate(tensor, channels, names));
  const convolutions = withCopies(all, names).map((group) => convolution(group, channels));
  const candidates = inPlaces([...convolutions, ...patchLayers(tensors, channels)]);
  const known = knownLayer(candidates, tensors, channels, hints);
  if (known) return known;
  const hinted = candidates.filter((candidate) => isHinted(candidate, hints));
  const possible = hinted.length > 0 ? hinted : candidates;
  const inside = depthwiseInside(tensors.filter(isConvolution));
  const notTraining = possible.filter((candidate) => !isTrainingOnly(candidate, tensors));
  const only = notTraining.find(({ name }) => !inside.has(name)) ?? notTraining[0] ?? possible[0];
  if (!only) return otherwiseNamed(tensors, channels, hints);
  const signs = signsInFront(tensors, channels, names);
  const hidden = hinted.length > 0 ? null : hiddenLayer(only, tensors, channels);
  const doubt = hidden?.reason ?? (possible.length === 1 ? layerDoubt(only, tensors) : null);
  const isClear = possible.length === 1 && signs.length === 0;
  const reason = codeDoubt(hints.imageUses) ?? doubt ?? (isClear ? null : severalReason(candidates, signs));
  if (reason === null) return { kind: 'one', found: only };
  if (hidden) return besideHidden(candidates, hidden, reason);
  const likely = hinted.length > 0 ? hinted : candidates.filter((one) => one === only || isSibling(one, only, inside));
  // One matrix can be read in one order only.
  const chosen = only.order === null ? likely : [only];
  return { kind: 'several', candidates, chosen, reason };
}

/** None is taken unless a person names it: what is hidden is likelier to see the image. */
function besideHidden(
  candidates: readonly ImageTensor[],
  { tensor, canFold }: HiddenLayer,
  reason: string,
): FoundTensors {
  const own = convolution([tensor], channelsOf(tensor) ?? 0);
  return {
    kind: 'several',
    candidates: canFold ? [own, ...candidates] : candidates,
    chosen: canFold ? [own] : [],
    reason,
  };
}

function isCandidate(tensor: StoredTensor, channels: number, names: ReadonlyMap<string, StoredTensor>): boolean {
  if (!isConvolution(tensor) || channelsOf(tensor) !== channels) return false;
  const bias = names.get(siblingName(tensor.name, 'bias'));
  const isSummed = !isModulated(tensor) && runtimePart(tensor, names) === null;
  return isSummed && !isTransposedOutput(tensor, bias, channels);
}

/** StyleGAN's weights that a style scales, [1, outputs, inputs, kernel…]: an image's channels are outputs there. */
function isModulated({ dims }: StoredTensor): boolean {
  return dims.length === 5 && dims[0] === 1;
}

function isTransposedOutput(tensor: StoredTensor, bias: StoredTensor | undefined, channels: number): boolean {
  const outputs = tensor.dims[weightAxes(tensor).outputs];
  return bias?.dims.length === 1 && bias.dims[0] === channels && outputs !== channels;
}

/**
 * Copies of one network hold the same tensor under names that differ in front, and a tensor may have several names
 * (nnU-Net keeps each layer under four): they are one candidate.
 */
function withCopies(tensors: readonly StoredTensor[], names: ReadonlyMap<string, StoredTensor>): StoredTensor[][] {
  const groups = new Map<string, StoredTensor[]>();
  /** The group of a place in the file, and of a name without what differs. */
  const known = new Map<string, string>();
  for (const tensor of tensors) {
    const key = `${copyKey(tensor.name)} ${tensor.dims.join('×')}`;
    const place = layerPlace(tensor, names) ?? key;
    const group = known.get(place) ?? known.get(key) ?? key;
    known.set(place, group);
    known.set(key, group);
    addTo(groups, group, tensor);
  }
  return [...groups.values()];
}

function convolution(group: readonly StoredTensor[], channels: number): ImageTensor {
  return { ...namesOf(group), channels, order: null, why: copiesText(group) };
}

/** A linear layer over patches, once for each order. What normalises whole patches in front of one rules it out. */
function patchLayers(tensors: readonly StoredTensor[], channels: number): ImageTensor[] {
  const matrices = tensors.filter(
    (tensor) =>
      isPatchMatrix(tensor, channels) &&
      isSummable(tensor.dtype) &&
      !isOptimizerState(tensor.name) &&
      normOfPatches(tensor, tensors) === null,
  );
  return withCopies(matrices, byName(tensors)).flatMap((group) =>
    [...PATCH_ORDERS].map(([order, words]) => ({
      ...namesOf(group),
      ...{ channels, order },
      why: [words, ...copiesText(group)],
    })),
  );
}

function namesOf(group: readonly StoredTensor[]): Pick<ImageTensor, 'name' | 'dims' | 'names'> {
  const [first] = group;
  return { name: first?.name ?? '', dims: first?.dims ?? [], names: group.map(({ name }) => name) };
}

function copiesText(group: readonly StoredTensor[]): string[] {
  const copies = group.length - 1;
  return copies > 0 ? [`with ${countOf(copies, 'copy', 'copies')} in the same file`] : [];
}

/** The first candidate says so, where there are others. */
function inPlaces(candidates: readonly ImageTensor[]): readonly ImageTensor[] {
  const earliest = candidates[0]?.name;
  if (candidates.every(({ name }) => name === earliest)) return candidates;
  return candidates.map((candidate) =>
    candidate.name === earliest ? { ...candidate, why: ['the earliest in the file', ...candidate.why] } : candidate,
  );
}

/**
 * Names of what works per channel, so perhaps in front of the input layer: a depthwise convolution, a norm, a mean or a
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
    if (isOptimizerState(name) || hasTrainingName(name) || isCandidate(tensor, channels, names)) return false;
    if (isDepthwise(tensor, channels)) return true;
    const sizes = dims.filter((dim) => dim !== 1);
    const isPerChannel = sizes.length === 1 && sizes[0] === channels && PER_CHANNEL.test(lastPart(name));
    return isPerChannel && !widths.get(moduleOf(name))?.has(channels) && !isBehind(name, channels, names);
  };
  return channels === 1 ? [] : tensors.filter(isSign).map(({ name }) => name);
}

/** Whether the layer in front of a norm in the same Sequential makes as many channels: it stands behind that one. */
function isBehind(name: string, channels: number, names: ReadonlyMap<string, StoredTensor>): boolean {
  const module = moduleOf(name);
  const before = names.get(`${moduleOf(module)}.${Number(lastPart(module)) - 1}.weight`);
  return before !== undefined && before.dims.length > 1 && before.dims[weightAxes(before).outputs] === channels;
}

/**
 * A filter of its own for each channel: [channels, 1, kernel…], or Keras's depthwise kernel [kernel…, channels,
 * multiplier].
 */
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

/** Where a config or the network's own code says which layer it is, or that there is none; null where neither does. */
function knownLayer(
  candidates: readonly ImageTensor[],
  tensors: readonly StoredTensor[],
  channels: number,
  hints: LayerHints,
): FoundTensors | null {
  if (codeDoubt(hints.imageUses) !== null) return null;
  const hinted = candidates.filter((candidate) => isHinted(candidate, hints));
  if (hinted.length === 1 && hinted[0]) return { kind: 'one', found: hinted[0] };
  if (!hints.imageUses || hinted.length > 0) return null;
  const read = tensors.filter((tensor) => isHinted(tensor, hints));
  const found = otherwiseNamed(read, channels, hints);
  if (found.kind !== 'several') return { kind: 'none', reason: readReason(read, channels) };
  const [only, ...others] = found.candidates;
  return only && others.length === 0 ? { kind: 'one', found: only } : found;
}

/** What has the shape under another name is asked about, where nothing is called a weight; else there is no layer. */
function otherwiseNamed(tensors: readonly StoredTensor[], channels: number, hints: LayerHints): FoundTensors {
  const none: FoundTensors = { kind: 'none', reason: noLayerReason(tensors, channels) };
  if (channels === 1 || tensors.some(isWeightPart)) return none;
  const alike = tensors.filter((tensor) => isOtherwiseNamed(tensor, channels));
  const candidates = inPlaces(alike.map((tensor) => convolution([tensor], channels)));
  const [first] = candidates;
  if (!first) return none;
  const others = candidates.length === 1 ? 'one with another name has' : `${candidates.length} with other names have`;
  const named = `No tensor called weight has the shape of an input layer, and ${others}`;
  return { kind: 'several', candidates, chosen: [first], reason: codeDoubt(hints.imageUses) ?? named };
}
