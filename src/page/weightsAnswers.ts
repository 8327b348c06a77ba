import { basename } from '../files/paths.ts';
import type { ImageInput } from '../adapt/inputs/imageInputs.ts';
import type { ChannelMap } from '../adapt/maps/channelMap.ts';
import { layerText } from '../adapt/weights/patchOrder.ts';
import { weightsPython } from '../adapt/weights/weightsPython.ts';
import { adaptFile } from '../jobs/convert.ts';
import { withOpenFile } from '../jobs/openFile.ts';
import { besideWeights } from '../jobs/weights/besideWeights.ts';
import { layersOf } from '../jobs/weights/layers.ts';
import { dtypeName } from '../tensors/dtypes.ts';

/**
 * The layers of a file of weights that may see the image, as inputs to choose from; a file with none is refused with
 * the reason.
 */
export async function layerInputs(path: string, signal: AbortSignal): Promise<ImageInput[]> {
  return withOpenFile(path, signal, async ({ file }) => {
    const { candidates, chosen, reason } = layersOf(file.tensors, await besideWeights(path));
    const dtypes = new Map(file.tensors.map(({ name, dtype }) => [name, dtypeName(dtype)]));
    const [none] = candidates.length === 0 ? [reason ?? 'there is no such layer'] : [];
    if (none !== undefined)
      return [{ name: basename(path), type: '', channels: [], open: false, why: none, isLikely: false }];
    return candidates.map((layer) => ({
      name: layerText(layer),
      type: [`${dtypes.get(layer.name) ?? ''}[${layer.dims.join(', ')}]`, ...layer.why].join(', '),
      channels: [layer.channels],
      open: false,
      why: null,
      isLikely: chosen.includes(layer),
    }));
  });
}

export interface PythonOptions {
  readonly map: ChannelMap;
  readonly inputs?: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

/** Python that loads the adapted file. */
export async function pythonOfWeights(path: string, { map, inputs, signal }: PythonOptions): Promise<string> {
  const { plan } = await adaptFile(path, { map, inputs, dryRun: true, signal });
  return withOpenFile(path, signal, async ({ file, format }) =>
    weightsPython(plan, {
      fileName: basename(path),
      reader: format.id === 'safetensors' ? 'safetensors' : 'torch',
      names: file.tensors.map(({ name }) => name),
    }),
  );
}
