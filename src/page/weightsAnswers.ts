import type { ImageInput } from '../adapt/inputs/imageInputs.ts';
import type { ChannelMap } from '../adapt/maps/channelMap.ts';
import { readProvenance } from '../adapt/report/provenance.ts';
import { weightAxes } from '../adapt/weights/tensorNames.ts';
import { weightsPython } from '../adapt/weights/weightsPython.ts';
import { canWrite } from '../formats/format.ts';
import { adaptFile } from '../jobs/convert.ts';
import { withOpenFile } from '../jobs/openFile.ts';
import { besideWeights } from '../jobs/weights/besideWeights.ts';
import { layersOf } from '../jobs/weights/layers.ts';
import { dtypeName } from '../tensors/dtypes.ts';
import { madeFromSteps, type MadeFrom } from './adaptation.ts';
import { basename } from '../files/paths.ts';

/**
 * The layers of a file of weights that may see the image, as inputs to choose from; a file with none is refused with
 * the reason.
 */
export async function layerInputs(path: string, signal: AbortSignal): Promise<ImageInput[]> {
  return withOpenFile(path, signal, async ({ file }) => {
    const { candidates, reason } = layersOf(file.tensors, await besideWeights(path));
    const dtypes = new Map(file.tensors.map(({ name, dtype }) => [name, dtypeName(dtype)]));
    if (candidates.length === 0)
      return [{ name: basename(path), type: '', channels: [], open: false, why: reason ?? 'there is no such layer' }];
    return candidates.map(({ name, dims, why }) => ({
      name,
      type: [`${dtypes.get(name) ?? ''}[${dims.join(', ')}]`, ...why].join(', '),
      channels: [dims[weightAxes({ name, dims }).channels] ?? 0],
      open: false,
      why: null,
    }));
  });
}

/** What the file records of its last adaptation, and the original that it names. */
export async function weightsMadeFrom(path: string, signal: AbortSignal): Promise<MadeFrom | null> {
  return withOpenFile(path, signal, ({ file: { writer } }) =>
    madeFromSteps(readProvenance(canWrite(writer) ? writer.record : null), path),
  );
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
