import { dirname, resolve } from 'node:path';
import type { ChannelMap } from '../adapt/maps/channelMap.ts';
import { scanModel } from '../formats/onnx/scan/scan.ts';
import { WireReader } from '../formats/onnx/scan/wire.ts';
import { verifyText } from '../verify/proof/statement.ts';
import { verify, type VerifyReport } from '../verify/proof/verify.ts';
import type { ModelFile } from '../verify/wiring.ts';
import { externalReader } from '../files/external.ts';
import { openFileSource, type FileSource } from '../files/fileSource.ts';
import { verifyImages } from '../files/images.ts';
import { realPath } from '../files/realPath.ts';

export interface VerifyOptions {
  /** How the inputs belong together, where the adapted model does not record it. */
  readonly map?: ChannelMap | undefined;
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

/** Proves an adapted model file against the original. Throws ChannelwiseError as `verify` does, and `io` for what can't be read. */
export async function verifyFiles(
  originalPath: string,
  adaptedPath: string,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const found =
    options.images === undefined ? null : await verifyImages(options.images, MAX_VERIFY_IMAGES, options.signal);
  const report = await withModels([originalPath, adaptedPath], options.signal, ([original, adapted]) =>
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

export function reportText(report: VerifyReport): string[] {
  return verifyText(report);
}

/** Opens and scans two model files, and closes them when `use` is done. */
export async function withModels<T>(
  paths: readonly [string, string],
  signal: AbortSignal | undefined,
  use: (models: [ModelFile, ModelFile]) => Promise<T>,
): Promise<T> {
  const first = await openFileSource(paths[0]);
  try {
    const second = await openFileSource(paths[1]);
    try {
      return await use([await modelFile(first, signal), await modelFile(second, signal)]);
    } finally {
      await second.close();
    }
  } finally {
    await first.close();
  }
}

export async function modelFile(source: FileSource, signal?: AbortSignal): Promise<ModelFile> {
  return {
    model: await scanModel(source, signal),
    ctx: { wire: new WireReader(source, signal), external: externalReader(source.path) },
    identity: (location) => realPath(resolve(dirname(resolve(source.path)), location)),
  };
}
