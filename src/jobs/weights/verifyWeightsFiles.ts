import { mapFromJson, type ChannelMap } from '../../adapt/maps/channelMap.ts';
import { readProvenance, type ProvenanceStep } from '../../adapt/report/provenance.ts';
import { codeDoubt } from '../../adapt/weights/find/askReasons.ts';
import { readLayer } from '../../adapt/weights/patchOrder.ts';
import { canWrite, type OpenedFile } from '../../formats/format.ts';
import type { VerifyReport } from '../../verify/proof/report.ts';
import { verifyWeights } from '../../verify/weights/verifyWeights.ts';
import { withOpenFile } from '../open/openFile.ts';
import type { VerifyOptions } from '../verifyOptions.ts';
import { layersOfStep } from './recordedStep.ts';

const NO_WHOLE = 'A file of weights has no graph, so there is no whole model to run.';

/**
 * Proves an adapted file of weights against the original. Throws as verifyWeights does, and `io` for what can't be
 * read.
 */
export async function verifyWeightsFiles(
  originalPath: string,
  adaptedPath: string,
  { map, layers, seed, full, images, signal, onProgress }: VerifyOptions,
): Promise<VerifyReport> {
  return withOpenFile(originalPath, signal, (original) =>
    withOpenFile(adaptedPath, signal, async (adapted) => {
      const step = stepBetween(original.file, adapted.file);
      const report = await verifyWeights({
        original: original.file.tensors,
        adapted: adapted.file.tensors,
        map: map ?? recordedMap(step),
        layers: layers?.map(readLayer) ?? layersOfStep(step),
        seed,
        onProgress,
        letGo: async () => {
          for (const file of [adapted.source, ...adapted.shards.values()]) await file.letGo?.();
        },
      });
      const doubt = codeDoubt(original.file.imageUses);
      const asksMore = full === true || images !== undefined;
      const more = [...(doubt === null ? [] : [`${doubt}.`]), ...(asksMore ? [NO_WHOLE] : [])];
      return { ...report, warnings: [...report.warnings, ...more] };
    }),
  );
}

/** The one step by which the adapted file's record is longer; undefined where it has no record, or more lie between. */
function stepBetween(original: OpenedFile, adapted: OpenedFile): ProvenanceStep | undefined {
  const [before, after] = [original, adapted].map(({ writer }) =>
    readProvenance(canWrite(writer) ? writer.record : null),
  );
  return after?.length === (before?.length ?? 0) + 1 ? after.at(-1) : undefined;
}

function recordedMap(step: ProvenanceStep | undefined): ChannelMap | null {
  const [input] = step?.inputs ?? [];
  if (!step || !input) return null;
  try {
    return mapFromJson(input, step.map.name);
  } catch {
    return null;
  }
}
