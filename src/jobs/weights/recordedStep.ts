import type { ProvenanceStep } from '../../adapt/report/provenance.ts';
import { plannedLayer, type LayerChoice } from '../../adapt/weights/patchOrder.ts';

/** The layers that took the map in, as a record tells; none where it is damaged. */
export function layersOfStep(step: ProvenanceStep | undefined): LayerChoice[] {
  const folds: readonly unknown[] = step?.folds ?? [];
  return folds.flatMap((fold) => {
    const { opType, tensor } = (fold ?? {}) as Record<string, unknown>;
    return typeof opType === 'string' && typeof tensor === 'string' ? (plannedLayer({ opType, tensor }) ?? []) : [];
  });
}
