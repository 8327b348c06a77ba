import type { Model } from '../onnx/model.ts';
import type { ChannelMap } from './channelMap.ts';
import type { AdaptationPlan } from './plan.ts';

/** The metadata_props entry an adapted file carries: a JSON list of steps, newest last. */
export const PROVENANCE_KEY = 'channelwise.adaptation';

export interface ProvenanceStep {
  readonly version: string;
  readonly source: { readonly name: string; readonly size: number };
  readonly map: ChannelMap;
  readonly inputs: AdaptationPlan['inputs'];
  readonly folds: AdaptationPlan['folds'];
  readonly escapes: AdaptationPlan['escapes'];
  readonly seam: readonly string[];
}

/** The steps recorded in a file; entries that are no steps are left out. */
export function provenanceOf(model: Model): ProvenanceStep[] {
  const entry = model.metadata.findLast((m) => m.key === PROVENANCE_KEY);
  if (!entry) return [];
  try {
    const value: unknown = JSON.parse(entry.value);
    return Array.isArray(value) ? value.filter(isStep) : [];
  } catch {
    return [];
  }
}

function isStep(value: unknown): value is ProvenanceStep {
  if (typeof value !== 'object' || value === null) return false;
  const step = value as Record<string, unknown>;
  const list = (key: string): boolean => Array.isArray(step[key]);
  return typeof step.version === 'string' && typeof step.source === 'object' && step.source !== null && typeof step.map === 'object' && step.map !== null
    && list('inputs') && list('folds') && list('escapes') && list('seam');
}

export function provenanceText(model: Model, version: string, source: ProvenanceStep['source'], map: ChannelMap, plan: AdaptationPlan): string {
  const step: ProvenanceStep = { version, source, map, inputs: plan.inputs, folds: plan.folds, escapes: plan.escapes, seam: plan.seam };
  return JSON.stringify([...provenanceOf(model), step]);
}
