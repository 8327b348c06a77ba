import { ChannelwiseError } from '../../bytes/errors.ts';
import { parseJsonValue } from '../../bytes/json/jsonValue.ts';
import { RECORD_KEY } from '../../formats/format.ts';
import type { Model } from '../../formats/onnx/model.ts';
import { cutText } from '../../text/cutText.ts';
import type { AdaptationPlan } from './plan.ts';
import { tally } from './planText.ts';

/** The metadata_props entry an adapted file carries: a JSON list of steps, newest last. */
export const PROVENANCE_KEY = RECORD_KEY;

/** The file an adaptation started from. */
export interface ProvenanceSource {
  readonly name: string;
  /** The folder it lies in, beside that of the adapted file; absent where both lie in one. */
  readonly folder?: string | undefined;
  readonly size: number;
  /** SHA-256 over samples of the file and its data files, as `modelDigest` takes them. */
  readonly digest?: string | undefined;
}

/**
 * A record of one adaptation. Lists are cut, their counts are not. Whoever reads one from a file must check it: anybody
 * can write metadata.
 */
export interface ProvenanceStep {
  readonly version: string;
  readonly source: ProvenanceSource;
  readonly map: { readonly name: string; readonly warning?: string | undefined };
  /** Weights that are stored as integers stayed so; absent where that was not asked for. */
  readonly keepIntegers?: true | undefined;
  readonly inputs: AdaptationPlan['inputs'];
  readonly folds: readonly Omit<AdaptationPlan['folds'][number], 'how'>[];
  /** Tensors that are rebuilt. Files have carried this word from the start. */
  readonly escapes: AdaptationPlan['rebuilt'];
  /** Operators and how many of them. */
  readonly absorbed: readonly (readonly [opType: string, count: number])[];
  readonly added: readonly (readonly [opType: string, count: number])[];
  readonly counts: { readonly folds: number; readonly escapes: number };
  readonly saved: AdaptationPlan['saved'];
  readonly exactness: string;
  readonly notes: readonly string[];
  readonly seam: readonly string[];
}

/** A record tells the story of a change; one that lists 30,000 folds would be a second model. */
const MAX_FOLDS = 100;
const MAX_ESCAPES = 50;
const MAX_WORDS = 20;
const MAX_SEAM = 200;
/** Longer names are no names, and would be repeated in the record. */
const MAX_TEXT = 300;

/** The steps recorded in a model; entries that are no steps are left out. */
export function provenanceOf(model: Model): ProvenanceStep[] {
  return stepsOf(recordOf(model));
}

/** The same of a record as a file of any format holds it; none where it holds none. */
export function readProvenance(record: string | null): ProvenanceStep[] {
  return record === null ? [] : stepsOf(parsed(record));
}

function stepsOf(record: unknown): ProvenanceStep[] {
  return Array.isArray(record) ? record.filter(isStep) : [];
}

/** A sentence where a file has a record of earlier adaptations that can't be read, and so is left out; else none. */
export function unreadableRecord(model: Model): readonly string[] {
  const record = recordOf(model);
  if (!(record instanceof ChannelwiseError)) return [];
  return [`The file's record of earlier adaptations can't be read (${record.message}), so it is left out.`];
}

/** The value of the record; the error where it can't be read, null where there is none. */
function recordOf(model: Model): unknown {
  const entry = model.metadata.findLast((m) => m.key === PROVENANCE_KEY);
  return entry ? parsed(entry.value) : null;
}

function parsed(record: string): unknown {
  try {
    return parseJsonValue(record);
  } catch (error) {
    return error;
  }
}

/**
 * What a reader relies on without looking again: the lists are lists, the objects objects. What they hold is for each
 * reader to check.
 */
function isStep(value: unknown): value is ProvenanceStep {
  if (!isObject(value) || typeof value.version !== 'string') return false;
  const hasObjects = [value.source, value.map].every(isObject);
  return hasObjects && [value.inputs, value.folds, value.escapes, value.seam].every(Array.isArray);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** What a plan doesn't say and its record does. */
interface Recorded extends Pick<ProvenanceStep, 'version' | 'source'> {
  readonly keepIntegers?: boolean | undefined;
}

/** A record with one more step behind those that the file had before. */
export function provenanceText(
  before: readonly ProvenanceStep[],
  plan: AdaptationPlan,
  { version, source, keepIntegers }: Recorded,
): string {
  const { map } = plan;
  const groups = (words: readonly string[]): [string, number][] =>
    tally(words)
      .slice(0, MAX_WORDS)
      .map(({ word, count }) => [cut(word), count]);
  const step: ProvenanceStep = {
    version,
    source: { ...source, name: cut(source.name) },
    map: { name: map.name, warning: map.warning },
    ...(keepIntegers ? { keepIntegers: true } : {}),
    inputs: plan.inputs,
    folds: plan.folds
      .slice(0, MAX_FOLDS)
      .map(({ how: _, ...f }) => ({ ...f, node: cut(f.node), opType: cut(f.opType), tensor: cut(f.tensor) })),
    escapes: plan.rebuilt
      .slice(0, MAX_ESCAPES)
      .map((e) => ({ tensor: cut(e.tensor), node: cut(e.node), reason: cut(e.reason) })),
    absorbed: groups(plan.absorbed.map((a) => a.opType)),
    added: groups(plan.addedNodes.map((addedNode) => addedNode.opType)),
    counts: { folds: plan.folds.length, escapes: plan.rebuilt.length },
    saved: plan.saved,
    exactness: plan.exactness,
    notes: plan.notes.slice(0, MAX_WORDS).map(cut),
    seam: plan.seam.filter((name) => name.length <= MAX_TEXT).slice(0, MAX_SEAM),
  };
  return JSON.stringify([...before, step]);
}

function cut(text: string): string {
  return cutText(text, MAX_TEXT);
}
