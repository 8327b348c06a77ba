import type { StoredTensor } from '../../tensors/storedTensor.ts';
import { lastPart, moduleOf, weightAxes } from './tensorNames.ts';

/**
 * In which order a linear layer over patches reads the numbers of a patch: all channels of a pixel together, or all
 * pixels of a channel.
 */
export type PatchOrder = 'channels-last' | 'channels-first';

/** The words for an order, the likelier one first: einops, SigLIP 2 and Pix2Struct put the channels last. */
export const PATCH_ORDERS: ReadonlyMap<PatchOrder, string> = new Map([
  ['channels-last', 'patches read pixel by pixel, (height width channels), as einops code mostly does'],
  ['channels-first', 'patches read channel by channel, (channels height width), as torch.nn.Unfold gives them'],
]);

/** A weight that sees the image; `order` of a linear layer over patches, null of a convolution. */
export interface LayerChoice {
  readonly name: string;
  readonly order: PatchOrder | null;
}

/** By these words a plan and a record say what kind of layer took the map in. */
const LAYER = 'layer';
const PATCHES = 'layer over patches, ';

/** A layer as a person names it: `conv1.weight`, `to_patch_embedding.1.weight:channels-last`. */
export function layerText({ name, order }: LayerChoice): string {
  return order === null ? name : `${name}:${order}`;
}

/** The layer that such a text names. */
export function readLayer(text: string): LayerChoice {
  for (const order of PATCH_ORDERS.keys())
    if (text.endsWith(`:${order}`)) return { name: text.slice(0, -order.length - 1), order };
  return { name: text, order: null };
}

/** What a plan calls a layer. */
export function layerType({ order }: LayerChoice): string {
  return order === null ? LAYER : `${PATCHES}${order}`;
}

/** The layer that a plan or a record tells of; null where it tells of something else than a layer. */
export function plannedLayer({ opType, tensor }: { opType: string; tensor: string }): LayerChoice | null {
  if (opType === LAYER) return { name: tensor, order: null };
  const order = [...PATCH_ORDERS.keys()].find((one) => opType === `${PATCHES}${one}`);
  return order === undefined ? null : { name: tensor, order };
}

/** A linear layer over patches, by the names that networks give it. */
const PATCH_NAMES = /patch_?(embed|embedding|embeddings|projection)|to_patch_embedding|embed_patches/i;
/** What a norm has a number of for each feature, one of which it always has. */
const NORM_PARTS = new Set(['weight', 'running_mean']);

/** True for a matrix that may read square patches of an image with so many channels. */
export function isPatchMatrix(tensor: StoredTensor, channels: number): boolean {
  const { name, dims } = tensor;
  const [, width = 0] = weightAxes(tensor).outputs === 0 ? dims : [];
  const side = Math.sqrt(width / channels);
  const isMatrix = dims.length === 2 && lastPart(name) === 'weight' && PATCH_NAMES.test(name);
  return isMatrix && Number.isInteger(side) && side > 1;
}

/**
 * A norm over whole patches in front of a matrix, by its scale or, of a batch norm without one, by its means: it has
 * one number for each pixel and channel, and a layer norm divides by what depends on all of them. null where there is
 * none.
 */
export function normOfPatches(matrix: StoredTensor, tensors: readonly StoredTensor[]): StoredTensor | null {
  const [outputs, width] = matrix.dims;
  const [parent, place] = placeOf(matrix.name);
  const isInFront = ({ name }: StoredTensor): boolean => {
    const [otherParent, otherPlace] = placeOf(name);
    // Behind the matrix a norm is as long as its outputs; a square matrix has both lengths alike.
    return parent !== '' && otherParent === parent && (outputs !== width || otherPlace < place);
  };
  const isNorm = ({ name, dims }: StoredTensor): boolean =>
    dims.join() === String(width) && NORM_PARTS.has(lastPart(name));
  return tensors.find((tensor) => isNorm(tensor) && isInFront(tensor)) ?? null;
}

/** The module that a tensor's module stands in, and its number there; NaN where it has a name. */
function placeOf(name: string): [parent: string, place: number] {
  const module = moduleOf(name);
  return [moduleOf(module), Number(lastPart(module))];
}

/** A weight with the channels on an axis of their own. */
export interface ChannelView {
  readonly dims: readonly number[];
  /** The axis of the outputs. */
  readonly outputs: number;
  /** The axis of the channels. */
  readonly axis: number;
}

/** How a weight's numbers lie: a convolution's as they are, those over patches apart by pixel and channel. */
export function channelView(tensor: StoredTensor, order: PatchOrder | null, channels: number): ChannelView {
  if (order === null) {
    const { outputs, channels: axis } = weightAxes(tensor);
    return { dims: tensor.dims, outputs, axis };
  }
  const [rows = 0, width = 0] = tensor.dims;
  const pixels = width / channels;
  return order === 'channels-last'
    ? { dims: [rows, pixels, channels], outputs: 0, axis: 2 }
    : { dims: [rows, channels, pixels], outputs: 0, axis: 1 };
}

/** The axes of such a view in the order [outputs, channels, kernel…]. */
export function viewOrder({ dims, outputs, axis }: ChannelView): number[] {
  const kernel = [...dims.keys()].filter((one) => one !== outputs && one !== axis);
  return [outputs, axis, ...kernel];
}

/** Dims of a weight with another number of channels. */
export function withImageChannels(
  tensor: StoredTensor,
  order: PatchOrder | null,
  { from, to }: { readonly from: number; readonly to: number },
): number[] {
  const { dims, axis } = channelView(tensor, order, from);
  if (order === null) return dims.map((dim, i) => (i === axis ? to : dim));
  const [rows = 0, width = 0] = tensor.dims;
  return [rows, (width / from) * to];
}
