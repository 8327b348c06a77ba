import { ChannelwiseError } from '../../bytes/errors.ts';
import { dtypeName } from '../../tensors/dtypes.ts';
import { encodeRaw } from '../../tensors/elements.ts';
import type { StoredTensor } from '../../tensors/storedTensor.ts';
import { readNumbers } from '../../tensors/tensorElements.ts';
import type { TensorChange } from '../../formats/format.ts';
import type { ChannelMap } from '../maps/channelMap.ts';
import type { AdaptationPlan } from '../report/plan.ts';
import { foldMoment, foldShift, foldWeight, withChannels, type ChannelTensor } from './foldTensor.ts';
import { imageTensors, type ConfigHints, type ImageTensor } from './imageTensors.ts';
import { optimizerMoments } from './optimizerMoments.ts';
import { byName, lastPart, moduleOf, networkName, siblingName, weightAxes } from './tensorNames.ts';

export interface WeightsRequest {
  readonly tensors: readonly StoredTensor[];
  readonly map: ChannelMap;
  /** Names of the layers that see the image; found by their shape when absent. */
  readonly layers?: readonly string[] | undefined;
  readonly hints?: ConfigHints | undefined;
}

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
  'This holds if the network hands the image to that layer unchanged: the file has no code that shows it. Where mean and std differ by channel, gray has to be normalised with one number for all, which is nearly but not exactly the same.';
const MOMENTS =
  "The optimizer's averages for that layer are the mean over the old channels, so the layer moves differently in further training than it did before.";

/**
 * Folds a channel map into the weights that see the image, in the type they are stored in: summed in double precision,
 * rounded once. Their copies and the optimizer's moments follow. Throws `refused`: code `choose-layer` where several
 * tensors may be meant, `no-layer` where none is or a given one does not fit, `shift`, `overflow`.
 */
export async function adaptWeights({ tensors, map, layers, hints }: WeightsRequest): Promise<AdaptedWeights> {
  const channels = map.matrix.length;
  const layerNames = layers?.length ? givenLayers(tensors, layers, channels) : foundLayers(tensors, channels, hints);
  const names = byName(tensors);
  const weights = layerNames.flatMap((name) => names.get(name) ?? []);
  const changes: TensorChange[] = [];
  for (const weight of weights) changes.push(...(await weightChanges(weight, map, names)));
  const moments = optimizerMoments(tensors, new Set(layerNames));
  for (const { tensor, power } of moments) {
    const old = await channelTensor(tensor);
    changes.push(changeOf(tensor, withChannels(old, newChannels(map)), foldMoment(old, map, power)));
  }
  return { plan: weightsPlan({ map, weights, changes, names, hasMoments: moments.length > 0 }), changes };
}

function newChannels({ matrix }: ChannelMap): number {
  return matrix[0]?.length ?? 0;
}

/** The layers a person named, by a weight's own name or that of its module, and their copies in the same file. */
function givenLayers(tensors: readonly StoredTensor[], layers: readonly string[], channels: number): string[] {
  const names = byName(tensors);
  const given = layers.flatMap((layer) => {
    const tensor = names.get(layer) ?? tensors.find((other) => isWeightOf(other, layer));
    if (!tensor) throw noLayer(`The file has no tensor ${layer}.`, layer);
    const { name, dims } = tensor;
    const axis = weightAxes(tensor).channels;
    if (dims.length < 3 || dims[axis] !== channels)
      throw noLayer(
        `${name} [${dims.join(', ')}] has no ${channels} channels on axis ${axis}, so it can't take the map.`,
        name,
      );
    return tensors.filter((other) => isCopy(other, tensor)).map((other) => other.name);
  });
  return [...new Set(given)];
}

/** Whether a tensor is the weight of a module, which may be named without the groups that Keras puts around it. */
function isWeightOf({ name }: StoredTensor, layer: string): boolean {
  const module = moduleOf(name);
  return lastPart(name) === 'weight' && (module === layer || module.split(/[/\\]/).at(-1) === layer);
}

function isCopy(a: StoredTensor, b: StoredTensor): boolean {
  return networkName(a.name) === networkName(b.name) && a.dims.join() === b.dims.join();
}

function noLayer(message: string, tensor: string): ChannelwiseError {
  return new ChannelwiseError('refused', 'no-layer', message, { tensor });
}

function foundLayers(tensors: readonly StoredTensor[], channels: number, hints: ConfigHints | undefined): string[] {
  const found = imageTensors(tensors, channels, hints);
  switch (found.kind) {
    case 'one':
      return [...found.found.names];
    case 'none':
      throw new ChannelwiseError('refused', 'no-layer', `${found.reason}, so there is nothing to convert.`);
    case 'several':
      throw new ChannelwiseError(
        'refused',
        'choose-layer',
        `${found.reason}. Say which sees the image: ${found.candidates.map(candidateText).join('; ')}.`,
      );
  }
}

function candidateText({ name, dims }: ImageTensor): string {
  return `${name} [${dims.join(', ')}]`;
}

async function weightChanges(
  weight: StoredTensor,
  map: ChannelMap,
  names: ReadonlyMap<string, StoredTensor>,
): Promise<TensorChange[]> {
  const old = await channelTensor(weight);
  const changes = [changeOf(weight, withChannels(old, newChannels(map)), foldWeight(old, map))];
  if (map.shift.every((b) => b === 0)) return changes;
  const bias = shiftedBias(weight, names);
  const added = foldShift(old, weightAxes(weight).outputs, map);
  const shifted = (await readNumbers(bias)).map((value, o) => value + (added[o] ?? 0));
  return [...changes, changeOf(bias, bias.dims, shifted)];
}

async function channelTensor(tensor: StoredTensor): Promise<ChannelTensor> {
  return { values: await readNumbers(tensor), dims: tensor.dims, axis: weightAxes(tensor).channels };
}

/**
 * The bias that takes a shift in. Where a layer pads, the border would need another one, and the file does not say
 * whether it does.
 */
function shiftedBias(weight: StoredTensor, names: ReadonlyMap<string, StoredTensor>): StoredTensor {
  const bias = names.get(siblingName(weight.name, 'bias'));
  const { channels, outputs } = weightAxes(weight);
  const isPoint = weight.dims.every((size, axis) => axis === channels || axis === outputs || size === 1);
  const refuse = (why: string): ChannelwiseError =>
    new ChannelwiseError('refused', 'shift', `The map shifts the channels, and ${why}.`, weight.place);
  if (!bias || bias.dims.join() !== String(weight.dims[outputs]))
    throw refuse(`${weight.name} has no bias to take that in`);
  if (!isPoint && !UNPADDED.test(weight.name))
    throw refuse(`a bias takes that in exactly only where the layer does not pad, which the file does not say`);
  return bias;
}

function changeOf(tensor: StoredTensor, dims: readonly number[], values: Float64Array): TensorChange {
  return { tensor: tensor.name, dims, bytes: encodeRaw(tensor.dtype, values, tensor.name) };
}

interface PlanParts {
  readonly map: ChannelMap;
  readonly weights: readonly StoredTensor[];
  readonly changes: readonly TensorChange[];
  readonly names: ReadonlyMap<string, StoredTensor>;
  readonly hasMoments: boolean;
}

function weightsPlan({ map, weights, changes, names, hasMoments }: PlanParts): AdaptationPlan {
  const coarse = weights.map(({ dtype }) => dtypeName(dtype)).find((name) => !EXACT_TYPES.has(name));
  const axis = weights[0] ? weightAxes(weights[0]).channels : 1;
  const input = { name: IMAGE, axis, oldChannels: map.matrix.length, newChannels: newChannels(map) };
  const size = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);
  const saved = weights.reduce(
    (sum, { dims }) => sum + size(dims) - size(withChannels({ dims, axis }, newChannels(map))),
    0,
  );
  return {
    map,
    inputs: [{ ...input, matrix: map.matrix, shift: map.shift }],
    folds: changes.map(({ tensor, dims }) => ({
      node: moduleOf(tensor),
      opType: weights.some(({ name }) => name === tensor) ? 'layer' : 'of',
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
    saved: { parameters: saved, multiplyAdds: null },
    exactness: `The new layer computes the old one on the mapped channels, up to ${coarse === undefined ? 'floating-point rounding' : `the rounding of ${coarse}`}.`,
    warnings: map.warning ? [map.warning] : [],
    inFront: [],
    notes: hasMoments ? [PROMISE, MOMENTS] : [PROMISE],
    metadata: [],
    seam: [],
  };
}
