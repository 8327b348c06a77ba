import { layerText } from '../../adapt/weights/patchOrder.ts';
import { basename } from '../../files/paths.ts';
import type { Fact } from '../../formats/format.ts';
import { readCost, type OpenFile } from '../../jobs/open/openFile.ts';
import { besideWeights } from '../../jobs/weights/besideWeights.ts';
import { adaptedLayers } from '../../jobs/weights/inputLayers.ts';
import { layersOf } from '../../jobs/weights/layers.ts';
import { dtypeName } from '../../tensors/dtypes.ts';
import { elementCount } from '../../tensors/storedTensor.ts';
import { countOf, countText } from '../../text/numbers.ts';

/** A one-channel network has a depthwise convolution per block, and all have an input layer's shape. */
const MAX_LAYERS = 8;

/** What a file of weights is, as `inspect` prints it. */
export interface WeightsInspection {
  readonly file: string;
  readonly format: string;
  readonly facts: readonly Fact[];
  readonly warnings: readonly string[];
  readonly tensorCount: number;
  readonly parameterCount: number;
  readonly tensors: readonly { readonly name: string; readonly dtype: string; readonly dims: readonly number[] }[];
  /** Tensors that may be the ones that see the image; of an adapted file those that were adapted. */
  readonly firstLayers: readonly { readonly weight: string; readonly dims: readonly number[]; readonly why: string }[];
  /** Why there is none, or why one has to be chosen; null where one was found. */
  readonly reason: string | null;
  readonly io: { readonly bytesRead: number; readonly fileSize: number; readonly reads: number };
}

/** Reads what a file of weights and the files beside it say, and no number of any weight. */
export async function inspectWeights(open: OpenFile): Promise<WeightsInspection> {
  const { path, format, file } = open;
  const { candidates, reason } = layersOf(file, await besideWeights(path));
  const adapted = await adaptedLayers(open, candidates);
  const isAdapted = adapted.length > 0;
  return {
    file: basename(path),
    format: format.title,
    facts: file.facts,
    warnings: file.warnings,
    tensorCount: file.tensors.length,
    parameterCount: file.tensors.reduce((sum, tensor) => sum + elementCount(tensor), 0),
    tensors: file.tensors.map(({ name, dtype, dims }) => ({ name, dtype: dtypeName(dtype), dims })),
    firstLayers: (isAdapted ? adapted : candidates).map((layer) => ({
      weight: layerText(layer),
      dims: layer.dims,
      why: isAdapted ? '' : layer.why.join(', '),
    })),
    reason: isAdapted ? null : reason,
    io: readCost(open),
  };
}

/** What was found, as lines for a terminal. */
export function weightsText(found: WeightsInspection): string[] {
  const { file, format, tensorCount, parameterCount, io } = found;
  return [
    `${file}: ${format}`,
    ...found.facts.map(({ label, value }) => `${label}: ${value}`),
    `${countOf(tensorCount, 'tensor')}, ${countOf(parameterCount, 'number')}, ` +
      `${countOf(io.fileSize, 'byte')} (${countText(io.bytesRead)} read)`,
    ...found.warnings.map((warning) => `warning: ${warning}`),
    ...layerLines(found),
    ...(found.reason === null ? [] : [`${found.reason}.`]),
  ];
}

/** One that is clear is the input layer; of several the first ones are listed, the earliest of which it mostly is. */
function layerLines({ firstLayers, reason }: WeightsInspection): string[] {
  const label = reason === null ? 'input layer' : 'may see the image';
  const lines = firstLayers.map(
    ({ weight, dims, why }) => `${label}: ${weight} [${dims.join(', ')}]${why && `, ${why}`}`,
  );
  const more = lines.length - MAX_LAYERS;
  return more > 0 ? [...lines.slice(0, MAX_LAYERS), `… and ${more} more, which --json lists`] : lines;
}
