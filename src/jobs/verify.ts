import type { ChannelMap } from '../adapt/maps/channelMap.ts';
import { verifyText } from '../verify/proof/statement.ts';
import { verify } from '../verify/proof/verify.ts';
import type { VerifyReport } from '../verify/proof/report.ts';
import { dataFilePaths } from '../files/modelDigest.ts';
import { markWritten, type Written } from '../files/written.ts';
import { verifyImages } from '../files/images/images.ts';
import { holdsWeightsAlone, holdWeightsAlone, refuseLayers, withOpenFile } from './openFile.ts';
import { withOpenModel, withOpenModels } from './openModel.ts';
import { verifyWeightsFiles } from './weights/verifyWeightsFiles.ts';

export interface VerifyOptions {
  /** How the inputs belong together, where the adapted model does not record it. */
  readonly map?: ChannelMap | undefined;
  /** Of files of weights, the layers that took it in, where the adapted file does not record them. */
  readonly layers?: readonly string[] | undefined;
  readonly seed?: number | undefined;
  /** Run both whole models too. */
  readonly full?: boolean | undefined;
  /** A folder of pictures to run both models on, besides the random ones. */
  readonly images?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** Pictures used for a proof; more of them prove no more. */
const MAX_VERIFY_IMAGES = 8;

/**
 * Proves an adapted model file against the original. Throws ChannelwiseError as `verify` does, and `io` for what can't
 * be read.
 */
export async function verifyFiles(
  originalPath: string,
  adaptedPath: string,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  if (await holdWeightsAlone(originalPath, adaptedPath)) return verifyWeightsFiles(originalPath, adaptedPath, options);
  refuseLayers(options.layers);
  const found =
    options.images === undefined ? null : await verifyImages(options.images, MAX_VERIFY_IMAGES, options.signal);
  const report = await withOpenModels([originalPath, adaptedPath], options.signal, (original, adapted) =>
    verify({
      original,
      adapted,
      map: options.map,
      seed: options.seed,
      full: options.full,
      images: found?.images,
      signal: options.signal,
      onProgress: options.onProgress,
    }),
  );
  return found?.warnings.length ? { ...report, warnings: [...report.warnings, ...found.warnings] } : report;
}

/** The data files of models and the shards of indices, as they are now: what was found holds while they stay so. */
export async function markedDataFiles(paths: readonly string[], signal?: AbortSignal): Promise<Written[]> {
  const files = new Set<string>();
  for (const path of paths) for (const file of await filesBehind(path, signal)) files.add(file);
  return Promise.all([...files].map(markWritten));
}

async function filesBehind(path: string, signal: AbortSignal | undefined): Promise<readonly string[]> {
  if (await holdsWeightsAlone(path))
    return withOpenFile(path, signal, async ({ shards }) => [...shards.values()].map((shard) => shard.path));
  return withOpenModel(path, signal, ({ model }) => dataFilePaths(path, model));
}

export function reportText(report: VerifyReport): string[] {
  return verifyText(report);
}
