import { dataFilePaths } from '../files/digest/modelDigest.ts';
import { verifyImages } from '../files/images/images.ts';
import { markWritten, type Written } from '../files/written.ts';
import type { VerifyReport } from '../verify/proof/report.ts';
import { verify } from '../verify/proof/verify.ts';
import { holdsWeightsAlone, holdWeightsAlone, refuseLayers, withOpenFile } from './open/openFile.ts';
import { withOpenModel, withOpenModels } from './open/openModel.ts';
import type { VerifyOptions } from './verifyOptions.ts';
import { verifyWeightsFiles } from './weights/verifyWeightsFiles.ts';

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
