import type { ImageInput } from '../../adapt/inputs/imageInputs.ts';
import type { ChannelMap } from '../../adapt/maps/channelMap.ts';
import type { ImageTensor } from '../../adapt/weights/find/imageTensor.ts';
import { layerText } from '../../adapt/weights/patchOrder.ts';
import { KERAS, kerasWeightsPython } from '../../adapt/weights/python/kerasWeightsPython.ts';
import type { WeightsReader } from '../../adapt/weights/python/readLines.ts';
import { weightsLibraries, weightsPython, type PythonLibrary } from '../../adapt/weights/python/weightsPython.ts';
import { basename } from '../../files/paths.ts';
import type { Format, OpenedFile } from '../../formats/format.ts';
import { adaptFile } from '../../jobs/convert.ts';
import { withOpenFile } from '../../jobs/open/openFile.ts';
import { variantName, variantOf } from '../../jobs/variantName.ts';
import { besideWeights } from '../../jobs/weights/besideWeights.ts';
import { layersOf } from '../../jobs/weights/layers.ts';
import { dtypeName } from '../../tensors/dtypes.ts';

/**
 * The layers of a file of weights that may see the image, as inputs to choose from; a file with none is refused with
 * the reason, and the likely one says why it has to be chosen.
 */
export async function layerInputs(path: string, signal: AbortSignal): Promise<ImageInput[]> {
  return withOpenFile(path, signal, async ({ file }) => {
    const { candidates, chosen, reason } = layersOf(file, await besideWeights(path));
    const dtypes = new Map(file.tensors.map(({ name, dtype }) => [name, dtypeName(dtype)]));
    const [none] = candidates.length === 0 ? [reason ?? 'there is no such layer'] : [];
    if (none !== undefined)
      return [{ name: basename(path), type: '', channels: [], open: false, why: none, isLikely: false }];
    const asked = (layer: ImageTensor): { asked?: string } =>
      reason !== null && layer === chosen[0] ? { asked: reason } : {};
    return candidates.map((layer) => ({
      name: layerText(layer),
      type: [`${dtypes.get(layer.name) ?? ''}[${layer.dims.join(', ')}]`, ...layer.why].join(', '),
      channels: [layer.channels],
      open: false,
      why: null,
      isLikely: chosen.includes(layer),
      ...asked(layer),
    }));
  });
}

export interface PythonOptions {
  readonly map: ChannelMap;
  readonly inputs?: readonly string[] | undefined;
  /** An id of `pythonLibraries`. */
  readonly framework: string;
  /** The file that is loaded, where it is written already; else it gets the name that a conversion would give it. */
  readonly adapted?: string | undefined;
  readonly signal: AbortSignal;
}

/** The libraries that there is Python for, the likely one first. */
export async function weightsFrameworks(path: string, signal: AbortSignal): Promise<readonly PythonLibrary[]> {
  return withOpenFile(path, signal, ({ file, format }) =>
    Promise.resolve(format.id === 'keras' ? [KERAS] : weightsLibraries(file.tensors.map(({ name }) => name))),
  );
}

/** Python that loads the adapted file. */
export async function pythonOfWeights(path: string, options: PythonOptions): Promise<string> {
  const { map, inputs, framework, signal } = options;
  const { plan } = await adaptFile(path, { map, inputs, dryRun: true, signal });
  const fileName = options.adapted ?? variantName(path, variantOf(map));
  return withOpenFile(path, signal, ({ file, format }) => {
    if (format.id === 'keras') return Promise.resolve(kerasWeightsPython(plan, fileName));
    return Promise.resolve(
      weightsPython(plan, { fileName, reader: readerOf(format, file), tensors: file.tensors }, framework),
    );
  });
}

/** How Python loads a file of weights. Throws RangeError for formats whose files no reader here takes. */
function readerOf({ id }: Format, { hasCode, shards }: OpenedFile): WeightsReader {
  switch (id) {
    case 'safetensors':
      return id;
    case 'pytorch':
      return hasCode ? 'script' : 'torch';
    case 'sharded':
      return shards?.some(({ name }) => name.endsWith('.safetensors')) ? 'safetensors-shards' : 'torch-shards';
    case 'keras':
    case 'onnx':
      throw new RangeError(`${id} has Python of its own`);
  }
}
