import { readProvenance, type ProvenanceStep } from '../../adapt/report/provenance.ts';
import { plannedLayer, type LayerChoice } from '../../adapt/weights/patchOrder.ts';
import { canWrite } from '../../formats/format.ts';
import type { OpenFile } from '../open/openFile.ts';

/** What a file's record says of its adaptations; none where its format keeps no record. */
export function stepsOf({ file: { writer } }: Pick<OpenFile, 'file'>): ProvenanceStep[] {
  return readProvenance(canWrite(writer) ? writer.record : null);
}

/** The layers that took the map in, as a record tells; none where it is damaged. */
export function layersOfStep(step: ProvenanceStep | undefined): LayerChoice[] {
  const folds: readonly unknown[] = step?.folds ?? [];
  return folds.flatMap((fold) => {
    const { opType, tensor } = (fold ?? {}) as Record<string, unknown>;
    return typeof opType === 'string' && typeof tensor === 'string' ? (plannedLayer({ opType, tensor }) ?? []) : [];
  });
}
