import { ChannelwiseError } from '../../bytes/errors.ts';
import { dtypeName } from '../../tensors/dtypes.ts';
import { encodeRaw } from '../../tensors/elements.ts';
import type { StoredTensor } from '../../tensors/storedTensor.ts';
import { readNumbers } from '../../tensors/tensorElements.ts';
import type { ImageUses, TensorChange } from '../../formats/format.ts';
import type { ChannelMap } from '../maps/channelMap.ts';
import type { AdaptationPlan } from '../report/plan.ts';
import { codeDoubt } from './find/askReasons.ts';
import { chosenLayers } from './find/chosenLayers.ts';
import { formlessCopies } from './formlessCopies.ts';
import { foldMoment, foldShift, foldWeight, type ChannelTensor } from './foldTensor.ts';
import { optimizerMoments } from './optimizerMoments.ts';
import {
  channelView,
  layerType,
  withImageChannels,
  type ChannelView,
  type LayerChoice,
  type PatchOrder,
} from './patchOrder.ts';
import { byName, isOptimizerState, moduleOf, siblingName, weightAxes, withoutFurtherNames } from './tensorNames.ts';
import { product } from '../../tensors/dims.ts';
import { newChannels } from '../maps/channelMap.ts';
import type { WeightsRequest } from './find/chosenLayers.ts';
import { sameNumbers } from '../../bytes/sameNumbers.ts';

export interface AdaptedWeights {
  readonly plan: AdaptationPlan;
  readonly changes: readonly TensorChange[];
}

/** Element types of fewer digits than float32, whose rounding is the bound. */
const EXACT_TYPES = new Set(['float32', 'float64']);
/** These cut the image into patches and do not pad it. */
const UNPADDED = /patch_?embed/i;
const IMAGE = 'image';

const PROMISE =
  'The new network is the same function if its code hands the image to that layer unchanged, which weights alone ' +
  "can't show. Where mean and std differ by channel, gray has to be normalised with one number for all, which is " +
  'nearly but not exactly the same.';
const CODE =
  'The code in this file hands the image to that layer and does nothing else with it, so the new network is the same ' +
  'function. Where mean and std differ by channel in front of it, gray has to be normalised with one number for all, ' +
  'which is nearly but not exactly the same.';
const MOMENTS =
  "The optimizer's averages for that layer are the mean over the old channels, so the layer moves differently in " +
  'further training than it did before.';

/**
 * Folds a channel map into the weights that see the image, in the type they are stored in: summed in double precision,
 * rounded once. Their copies and the optimizer's moments follow. Throws `refused`: code `choose-layer` where several
 * tensors may be meant, `no-layer` where none is or a given one does not fit, `shift`, `overflow`.
 */
export async function adaptWeights(request: WeightsRequest): Promise<AdaptedWeights> {
  const { tensors, map } = request;
  const names = byName(tensors);
  const chosen = chosenLayers(request).flatMap(({ name, order }): Weight[] => {
    const tensor = names.get(name);
    return tensor ? [{ tensor, order }] : [];
  });
  const copies = formlessCopies(
    tensors,
    chosen.map(({ tensor }) => tensor),
  );
  const weights = [...chosen, ...copies.map((tensor): Weight => ({ tensor, order: null }))];
  const changes: TensorChange[] = [];
  for (const weight of weights) changes.push(...(await weightChanges(weight, map, names)));
  const moments = optimizerMoments(tensors, new Set(weights.map(({ tensor }) => tensor.name)));
  for (const { tensor, power } of moments) {
    const order = weights.find((weight) => sameNumbers(weight.tensor.dims, tensor.dims))?.order ?? null;
    const moment = { tensor, order };
    const values = foldMoment(await channelNumbers(moment, map), map, power);
    changes.push(changeOf(tensor, newDims(moment, map), values));
  }
  const uses = request.hints?.imageUses;
  return { plan: weightsPlan({ map, weights, changes, names, uses, hasMoments: moments.length > 0 }), changes };
}

/** A tensor that has the image's channels on one axis. */
interface Weight {
  readonly tensor: StoredTensor;
  readonly order: PatchOrder | null;
}

/** The dims of such a tensor on the new channels. */
function newDims({ tensor, order }: Weight, map: ChannelMap): number[] {
  return withImageChannels(tensor, order, { from: map.matrix.length, to: newChannels(map) });
}

async function channelNumbers({ tensor, order }: Weight, { matrix }: ChannelMap): Promise<ChannelTensor & ChannelView> {
  return { values: await readNumbers(tensor), ...channelView(tensor, order, matrix.length) };
}

async function weightChanges(
  weight: Weight,
  map: ChannelMap,
  names: ReadonlyMap<string, StoredTensor>,
): Promise<TensorChange[]> {
  const old = await channelNumbers(weight, map);
  const changes = [changeOf(weight.tensor, newDims(weight, map), foldWeight(old, map))];
  if (map.shift.every((b) => b === 0)) return changes;
  const bias = shiftedBias(weight, names);
  const added = foldShift(old, old.outputs, map);
  const shifted = (await readNumbers(bias)).map((value, o) => value + (added[o] ?? 0));
  return [...changes, changeOf(bias, bias.dims, shifted)];
}

/**
 * The bias that takes a shift in. Where a layer pads, the border would need another one, and the file does not say
 * whether it does.
 */
function shiftedBias({ tensor: weight, order }: Weight, names: ReadonlyMap<string, StoredTensor>): StoredTensor {
  const bias = names.get(siblingName(weight.name, 'bias'));
  const { channels, outputs } = weightAxes(weight);
  const isPoint = weight.dims.every((size, axis) => axis === channels || axis === outputs || size === 1);
  const refuse = (why: string): ChannelwiseError =>
    new ChannelwiseError(
      'refused',
      'shift',
      `The map shifts the channels, and ${why}. An ONNX export of the network takes it in exactly.`,
      weight.place,
    );
  if (!bias || bias.dims.join() !== String(weight.dims[outputs]))
    throw refuse(`${weight.name} has no bias to take that in`);
  if (order === null && !isPoint && !UNPADDED.test(weight.name))
    throw refuse(`a bias takes that in exactly only where the layer does not pad, which the file does not say`);
  return bias;
}

function changeOf(tensor: StoredTensor, dims: readonly number[], values: Float64Array): TensorChange {
  return { tensor: tensor.name, dims, bytes: encodeRaw(tensor.dtype, values, tensor.name) };
}

interface PlanParts {
  readonly map: ChannelMap;
  readonly weights: readonly Weight[];
  readonly changes: readonly TensorChange[];
  readonly names: ReadonlyMap<string, StoredTensor>;
  /** What the network's code does with the image, where it is known. */
  readonly uses: ImageUses | undefined;
  readonly hasMoments: boolean;
}

/** How many parameters fewer there are; a tensor of several names counts once. */
function savedParameters(weights: readonly Weight[], map: ChannelMap): number {
  const once = new Set(withoutFurtherNames(weights.map(({ tensor }) => tensor)));
  return weights
    .filter(({ tensor }) => once.has(tensor))
    .reduce((sum, weight) => sum + product(weight.tensor.dims) - product(newDims(weight, map)), 0);
}

function weightsPlan({ map, weights, changes, names, uses, hasMoments }: PlanParts): AdaptationPlan {
  const layers = new Map(weights.map(({ tensor: { name }, order }): [string, LayerChoice] => [name, { name, order }]));
  const doubt = codeDoubt(uses);
  const read = uses?.weights ?? [];
  const isShown = doubt === null && read.length > 0 && read.every((name) => layers.has(name));
  const promise = isShown ? CODE : PROMISE;
  const coarse = weights.map(({ tensor }) => dtypeName(tensor.dtype)).find((name) => !EXACT_TYPES.has(name));
  const axis = weights[0] ? weightAxes(weights[0].tensor).channels : 1;
  const input = { name: IMAGE, axis, oldChannels: map.matrix.length, newChannels: newChannels(map) };
  const typeOf = (tensor: string): string => {
    const layer = layers.get(tensor);
    if (layer) return layerType(layer);
    return isOptimizerState(tensor) ? 'kept by' : 'of';
  };
  return {
    map,
    inputs: [{ ...input, matrix: map.matrix, shift: map.shift }],
    folds: changes.map(({ tensor, dims }) => ({
      node: moduleOf(tensor),
      opType: typeOf(tensor),
      tensor,
      oldDims: names.get(tensor)?.dims ?? [],
      newDims: dims,
      how: null,
    })),
    absorbed: [],
    writtenOut: [],
    rebuilt: [],
    addedNodes: [],
    removedNodes: [],
    removedInitializers: [],
    saved: { parameters: savedParameters(weights, map), multiplyAdds: null },
    exactness:
      'The new layer computes the old one on the mapped channels, up to ' +
      `${coarse === undefined ? 'floating-point rounding' : `the rounding of ${coarse}`}.`,
    warnings: [...(map.warning ? [map.warning] : []), ...(doubt === null ? [] : [`${doubt}.`])],
    inFront: [],
    notes: hasMoments ? [promise, MOMENTS] : [promise],
    metadata: [],
    seam: [],
  };
}
