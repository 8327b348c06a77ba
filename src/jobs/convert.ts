import { adaptModel, type Adaptation } from '../adapt/adaptModel.ts';
import { adaptKeras } from '../adapt/keras/adaptKeras.ts';
import { grayscale, type ChannelMap } from '../adapt/maps/channelMap.ts';
import { summary, type AdaptationPlan } from '../adapt/report/plan.ts';
import { provenanceOf, provenanceText } from '../adapt/report/provenance.ts';
import { ChannelwiseError } from '../bytes/errors.ts';
import type { Splice } from '../bytes/splice.ts';
import { modelDigest } from '../files/digest/modelDigest.ts';
import { sourceDigest } from '../files/digest/sourceDigest.ts';
import { basename, dirname, resolve } from '../files/paths.ts';
import type { SaveRequest } from '../files/save/request.ts';
import { saveBeside } from '../files/writing.ts';
import { externalFiles } from '../formats/onnx/allTensors.ts';
import type { AdaptOptions, AdaptResult } from './adaptOptions.ts';
import { dataCopies, withDataCopies, type DataCopy, type WrittenWithCopies } from './dataCopies.ts';
import { holdsWeightsAlone, refuseLayers } from './open/openFile.ts';
import { withOpenModel, type OpenModel } from './open/openModel.ts';
import { variantName, variantOf } from './variantName.ts';
import { VERSION } from './version.ts';
import { adaptWeightsFile } from './weights/adaptWeightsFile.ts';

/**
 * Plans a channel map for a model file and writes the adapted model beside it. The original is never touched. Where the
 * model goes to another folder, the data files it still points to are copied along. Throws ChannelwiseError: what can't
 * be read, is refused, or can't be written.
 */
export async function adaptFile(path: string, options: AdaptOptions): Promise<AdaptResult> {
  return (await holdsWeightsAlone(path)) ? adaptWeightsFile(path, options) : adaptModelFile(path, options);
}

async function adaptModelFile(path: string, options: AdaptOptions): Promise<AdaptResult> {
  refuseLayers(options.layers);
  const { map, inputs, axis, keepIntegers, signal } = options;
  return withOpenModel(path, signal, async (open) => {
    const { plan, splices } = await adapted(open, { map, inputs, axis, keepIntegers, signal });
    const out = options.out === undefined ? null : resolve(options.out);
    const copies = out === null || open.keras ? [] : await dataCopies(open, splices, out);
    const result = { plan, summary: summary(plan), dataCopies: copies, madeFolders: [] };
    if (options.dryRun) return { ...result, outPath: null };
    return { ...result, ...(await write(open, splices, { ...options, out, copies })) };
  });
}

/** The adaptation in the form of the file. */
async function adapted(
  { path, source, model, ctx, data, keras }: OpenModel,
  choice: Pick<AdaptOptions, 'map' | 'inputs' | 'axis' | 'keepIntegers' | 'signal'>,
): Promise<Adaptation> {
  if (keras) {
    if (choice.keepIntegers)
      throw new ChannelwiseError(
        'refused',
        'keep-integers',
        'Keras files hold no int8 weights to keep (`--keep-integers`).',
      );
    const from = { name: basename(path), size: source.size, digest: await sourceDigest(source) };
    const record = (plan: AdaptationPlan): string =>
      provenanceText(provenanceOf(model), plan, { version: VERSION, source: from });
    return adaptKeras({ ...choice, opened: keras, record });
  }
  await data.watch(externalFiles(model).keys());
  const origin = { name: basename(path), size: source.size, digest: await modelDigest(source, model) };
  return adaptModel({ ...choice, ctx, model, version: VERSION, source: origin });
}

/** Grayscale by channel sum, as `NAME.gray.…` beside the model. */
export async function convertToGray(path: string, options: Omit<AdaptOptions, 'map'> = {}): Promise<AdaptResult> {
  return adaptFile(path, { ...options, map: grayscale() });
}

interface Target {
  readonly map: ChannelMap;
  /** null: beside the model, under a free name. */
  readonly out: string | null;
  readonly copies: readonly DataCopy[];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
  readonly onWritten?: SaveRequest['onWritten'];
}

async function write(open: OpenModel, splices: readonly Splice[], target: Target): Promise<WrittenWithCopies> {
  const { path, source } = open;
  const { map, out, copies, signal, onProgress, onWritten } = target;
  const copied = copies.reduce((sum, { size, present }) => sum + (present ? 0 : size), 0);
  const total = Math.max(copied + source.size, 1);
  const candidates = (i: number): string | null => {
    if (out === null) return variantName(path, variantOf(map), i);
    return i === 0 ? basename(out) : null;
  };
  const directory = dirname(out ?? resolve(path));
  return withDataCopies(copies, out ?? path, { signal, onProgress: (bytes) => onProgress?.(bytes / total) }, () =>
    saveBeside({
      source,
      splices,
      directory,
      candidates,
      watched: open.data,
      signal,
      onProgress: (fraction) => onProgress?.((copied + fraction * source.size) / total),
      onWritten,
    }),
  );
}
