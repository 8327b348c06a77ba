import { grayscale, type ChannelMap } from '../../adapt/maps/channelMap.ts';
import { layerText } from '../../adapt/weights/patchOrder.ts';
import { isOptimizerState, weightAxes } from '../../adapt/weights/tensorNames.ts';
import { basename } from '../../files/paths.ts';
import { withOpenFile, type OpenFile } from '../../jobs/open/openFile.ts';
import { likelyOriginal, type LikelyOriginal, type ResizedTensor } from '../../jobs/weights/likelyOriginal.ts';
import { layersOfStep, stepsOf } from '../../jobs/weights/recordedStep.ts';
import type { PageAdaptation, PageFold, PageMappedInput, PageOriginal, PageStep } from '../../protocol/adaptation.ts';
import { dtypeName } from '../../tensors/dtypes.ts';
import type { StoredTensor } from '../../tensors/storedTensor.ts';
import { madeFromSteps, storyOf, type MadeFrom } from '../adaptation.ts';

const NO_RECORD = 'No record says which map was used. Verify tries gray: the sum over the channels.';

/**
 * How a file of weights was adapted: by its record; where its format keeps none, by what differs between it and the
 * file that it was made from by their names. null where neither tells.
 */
export async function weightsAdaptation(open: OpenFile): Promise<PageAdaptation | null> {
  const { path, file } = open;
  const steps = stepsOf(open);
  const tensors = new Map(file.tensors.map((tensor) => [tensor.name, tensor]));
  if (steps.length > 0) {
    const layers = layersOfStep(steps.at(-1)).flatMap(({ name }) => tensors.get(name) ?? []);
    return storyOf(steps, path, {
      state: ({ tensor, newDims }) => stateNow(tensors.get(tensor), newDims),
      inputNow: (recorded) => layerNow(recorded, layers[0]),
    });
  }
  const likely = await likelyOriginal(open);
  return likely && likelyAdaptation(likely, tensors);
}

function stateNow(tensor: StoredTensor | undefined, dims: readonly number[]): PageFold['now'] {
  if (!tensor) return 'missing';
  return tensor.dims.join() === dims.join() ? 'same' : 'other';
}

/** The layer that sees the image stands for the input of a file without a graph. */
function layerNow(recorded: PageMappedInput, layer: StoredTensor | undefined): PageAdaptation['inputs'][number] {
  if (!layer) return { name: recorded.name, type: null, agrees: false };
  const size = layer.dims[weightAxes(layer).channels] ?? 0;
  const agrees = layer.dims.length === 2 ? size % recorded.newChannels === 0 : size === recorded.newChannels;
  return { name: layer.name, type: typeText(layer), agrees };
}

function typeText({ dtype, dims }: StoredTensor): string {
  return `${dtypeName(dtype)}[${dims.join(', ')}]`;
}

function likelyAdaptation(
  { path, size, resized }: LikelyOriginal,
  tensors: ReadonlyMap<string, StoredTensor>,
): PageAdaptation {
  const layers = layersIn(resized);
  const [layer] = layers;
  const map = layer ? likelyMap(layer) : null;
  const input = layer && map ? [mappedInput(layer, map)] : [];
  const step: PageStep = {
    version: '',
    source: { name: basename(path), size },
    map: map?.name ?? 'other channels',
    warning: '',
    inputs: input,
    folds: resized.map(pageFold),
    foldCount: resized.length,
    rebuilt: [],
    rebuiltCount: 0,
    absorbed: [],
    added: [],
    saved: {
      parameters: layers.reduce((sum, one) => sum + count(one.oldDims) - count(one.newDims), 0),
      multiplyAdds: null,
    },
    exactness: '',
    notes: [NO_RECORD],
  };
  const now = layer && tensors.get(layer.name);
  return {
    isRecorded: false,
    steps: [step],
    stepCount: 1,
    inputs: now && input.length > 0 ? [{ name: now.name, type: typeText(now), agrees: true }] : [],
    original: likelyPlace(path),
  };
}

function pageFold({ name, module, oldDims, newDims }: ResizedTensor): PageFold {
  return { tensor: name, node: module, opType: '', oldDims: [...oldDims], newDims: [...newDims], now: 'same' };
}

function layersIn(resized: readonly ResizedTensor[]): ResizedTensor[] {
  return resized.filter(({ name }) => !isOptimizerState(name));
}

function likelyPlace(path: string): PageOriginal {
  return { name: basename(path), path, state: 'likely' };
}

/** Gray where one channel is left; null where the sizes do not tell the map. */
function likelyMap({ name, oldDims, newDims }: ResizedTensor): ChannelMap | null {
  const { channels } = weightAxes({ name, dims: oldDims });
  const [was = 0, now = 0] = [oldDims[channels], newDims[channels]];
  const isMatrix = oldDims.length === 2;
  const before = isMatrix ? was / now : was;
  const isGray = isMatrix ? Number.isInteger(before) && before > 1 : now === 1;
  return isGray ? grayscale(before) : null;
}

function mappedInput({ name, oldDims }: ResizedTensor, { matrix, shift }: ChannelMap): PageMappedInput {
  const axis = weightAxes({ name, dims: oldDims }).channels;
  const rows = matrix.map((row) => [...row]);
  return { name, axis, oldChannels: rows.length, newChannels: rows[0]?.length ?? 0, matrix: rows, shift: [...shift] };
}

function count(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** How the last adaptation can be repeated: on the recorded original, or on the likely one. */
export async function weightsMadeFrom(path: string, signal?: AbortSignal): Promise<MadeFrom | null> {
  return withOpenFile(path, signal, async (open) => {
    const steps = stepsOf(open);
    const made = await madeFromSteps(steps, path);
    if (made) return { ...made, inputs: layersOfStep(steps.at(-1)).map(layerText) };
    const likely = await likelyOriginal(open);
    if (!likely) return null;
    const layers = layersIn(likely.resized);
    return {
      original: likelyPlace(likely.path),
      map: layers[0] ? likelyMap(layers[0]) : null,
      inputs: layers.map(({ name }) => name),
    };
  });
}
