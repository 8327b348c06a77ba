import { basename, dirname, resolve } from 'node:path';
import { adaptModel } from '../adapt/adaptModel.ts';
import { grayscale, type ChannelMap } from '../adapt/maps/channelMap.ts';
import { summary, type AdaptationPlan } from '../adapt/report/plan.ts';
import { ChannelwiseError } from '../bytes/errors.ts';
import { externalFiles } from '../formats/onnx/allTensors.ts';
import type { Model } from '../formats/onnx/model.ts';
import { realFolder } from '../files/realPath.ts';
import { saveBeside } from '../files/save.ts';
import { sourceDigest } from '../files/sourceDigest.ts';
import { withOpenModel } from './openModel.ts';
import { variantName, variantOf } from './variantName.ts';
import { VERSION } from './version.ts';

export interface AdaptOptions {
  readonly map: ChannelMap;
  /** Names of the inputs to adapt; all image inputs when absent. */
  readonly inputs?: readonly string[] | undefined;
  /** The file to write; beside the model under a free name when absent. */
  readonly out?: string | undefined;
  /** Plan only, write nothing. */
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

export interface AdaptResult {
  /** null for a dry run. */
  readonly outPath: string | null;
  readonly plan: AdaptationPlan;
  /** One sentence for the user. */
  readonly summary: string;
}

/**
 * Plans a channel map for a model file and writes the adapted model beside it. The original is never touched.
 * Throws ChannelwiseError: what can't be read, is refused, or can't be written.
 */
export async function adaptFile(path: string, options: AdaptOptions): Promise<AdaptResult> {
  return withOpenModel(path, options.signal, async ({ source, model, ctx }) => {
    const { plan, splices } = await adaptModel({
      ctx,
      model,
      map: options.map,
      inputs: options.inputs,
      version: VERSION,
      source: { name: basename(path), size: source.size, digest: await sourceDigest(source) },
      signal: options.signal,
    });
    const result = { plan, summary: summary(plan) };
    if (options.dryRun) return { ...result, outPath: null };
    const target = await targetOf(path, model, options);
    const outPath = await saveBeside({
      source,
      splices,
      ...target,
      signal: options.signal,
      onProgress: options.onProgress,
    });
    return { ...result, outPath };
  });
}

/** Grayscale by channel sum, as `NAME.gray.onnx` beside the model. */
export async function convertToGray(path: string, options: Omit<AdaptOptions, 'map'> = {}): Promise<AdaptResult> {
  return adaptFile(path, { ...options, map: grayscale() });
}

async function targetOf(
  path: string,
  model: Model,
  options: AdaptOptions,
): Promise<{ directory: string; candidates: (i: number) => string | null }> {
  if (options.out !== undefined) {
    const out = resolve(options.out);
    if (externalFiles(model).size > 0 && (await realFolder(out)) !== (await realFolder(resolve(path)))) {
      throw new ChannelwiseError(
        'refused',
        'external-elsewhere',
        `The model's weights lie in files beside it, so the adapted model must stay in ${dirname(resolve(path))}.`,
      );
    }
    return { directory: dirname(out), candidates: (i) => (i === 0 ? basename(out) : null) };
  }
  return { directory: dirname(resolve(path)), candidates: (i) => variantName(path, variantOf(options.map), i) };
}
