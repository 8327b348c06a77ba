import { mapOfRecord } from '../adapt/maps/mapOfRecord.ts';
import { candidates, realInputs, typeText } from '../adapt/inputs/candidates.ts';
import { mapFromJson, type ChannelMap } from '../adapt/maps/channelMap.ts';
import { provenanceOf, type ProvenanceStep } from '../adapt/report/provenance.ts';
import { modelDigest } from '../files/digest/modelDigest.ts';
import { sourceDigest } from '../files/digest/sourceDigest.ts';
import { basename, dirname, join, resolve } from '../files/paths.ts';
import { knownEnding } from '../formats/endings.ts';
import type { WeightView } from '../formats/keras/present/graphBuilder.ts';
import type { Model } from '../formats/onnx/model.ts';
import type { Shapes } from '../graph/shapes/inferredShapes.ts';
import { holdsWeightsAlone, withOpenFile } from '../jobs/open/openFile.ts';
import { withOpenModel } from '../jobs/open/openModel.ts';
import { weightsMark } from '../jobs/weights/originOf.ts';
import type { PageAdaptation, PageFold, PageMappedInput, PageOriginal, PageStep } from '../protocol/adaptation.ts';
import { RecordedWeights, type RecordedWeight } from './recordedWeights.ts';
import { count, integer, items, list, object, sizes, text, type RawRecord } from './recordText.ts';

/** A longer story is told from its end. */
const MAX_STEPS = 20;
/** A larger matrix is no picture of a map. */
const MAX_MATRIX = 16;

/**
 * What a file records about its adaptation, reduced to plain checked data, with what can be checked at once beside it;
 * null when it records nothing. `views` are the weights of a Keras file.
 */
export async function adaptationOf(
  model: Model,
  path: string,
  shapes: Shapes,
  views?: ReadonlyMap<string, WeightView>,
): Promise<PageAdaptation | null> {
  const steps = provenanceOf(model);
  if (steps.length === 0) return null;
  const weights = new RecordedWeights(model, shapes, views);
  return storyOf(steps, path, {
    state: (recorded) => weights.state(recorded),
    inputNow: (input) => inputNow(model, input),
  });
}

/** What a file holds now of what its record names. */
export interface FileNow {
  readonly state: (recorded: RecordedWeight) => PageFold['now'];
  readonly inputNow: (recorded: PageMappedInput) => PageAdaptation['inputs'][number];
}

/** The steps that a file of any format records, as plain checked data; null where there are none. */
export async function storyOf(
  steps: readonly ProvenanceStep[],
  path: string,
  now: FileNow,
): Promise<PageAdaptation | null> {
  const last = steps.at(-1);
  if (!last) return null;
  const shown = steps.slice(-MAX_STEPS).map((step) => pageStep(step, now));
  return {
    isRecorded: true,
    steps: shown,
    stepCount: steps.length,
    inputs: shown.at(-1)?.inputs.map(now.inputNow) ?? [],
    original: await originalOf(path, last),
  };
}

/**
 * The file beside `path` that the last step says it was made from, or the one in a folder beside its folder. Only a
 * plain name with a model's ending counts, and a plain folder name: a record can't point anywhere else.
 */
export async function originalOf(path: string, step: ProvenanceStep): Promise<PageOriginal> {
  const { name, size, digest, folder } = step.source as unknown as RawRecord;
  const shown = text(name);
  const place = originalPlace(path, name, folder);
  if (place === null) return { name: shown, path: null, state: 'unnamed' };
  try {
    const found = await fileMark(place);
    const same = found.size === size && typeof digest === 'string' && found.digest === digest;
    return { name: shown, path: place, state: same ? 'same' : 'changed' };
  } catch {
    return { name: shown, path: null, state: 'missing' };
  }
}

/** null for a record that names no file, or none of this place. */
function originalPlace(path: string, name: unknown, folder: unknown): string | null {
  if (typeof name !== 'string' || !isPlainName(name) || knownEnding(name) === '') return null;
  const own = dirname(resolve(path));
  if (folder === undefined) return name === basename(path) ? null : join(own, name);
  const isElsewhere = typeof folder === 'string' && isPlainName(folder) && folder !== basename(own);
  return isElsewhere ? join(dirname(own), folder, name) : null;
}

function isPlainName(name: string): boolean {
  return name === basename(name) && name !== '..' && name !== '.' && !/[\\/:\0]/.test(name);
}

/** Size and digest of a file as a conversion of it records them: with its data files where it is a model. */
async function fileMark(path: string): Promise<{ readonly size: number; readonly digest: string }> {
  if (await holdsWeightsAlone(path)) return withOpenFile(path, undefined, weightsMark);
  return withOpenModel(path, undefined, async ({ source, model, keras }) => ({
    size: source.size,
    // The weights that a Keras network's graph names lie in its own file.
    digest: keras ? await sourceDigest(source) : await modelDigest(source, model),
  }));
}

/** How the newest recorded step can be repeated: on which file, with which map. */
export interface MadeFrom {
  readonly original: PageOriginal;
  /** null where the record is damaged. */
  readonly map: ChannelMap | null;
  readonly inputs: readonly string[];
}

/** The newest step of a model's record; null where it records none. */
export async function madeFrom(model: Model, path: string): Promise<MadeFrom | null> {
  return madeFromSteps(provenanceOf(model), path);
}

/** The same of the steps that a file of any format records. */
export async function madeFromSteps(steps: readonly ProvenanceStep[], path: string): Promise<MadeFrom | null> {
  const last = steps.at(-1);
  if (!last) return null;
  const inputs = items(last.inputs);
  return {
    original: await originalOf(path, last),
    map: recordedMap(inputs[0], text(object(last.map).name)),
    inputs: inputs.map((input) => text(input.name)),
  };
}

function recordedMap(input: RawRecord | undefined, name: string): ChannelMap | null {
  try {
    return mapFromJson(input, name);
  } catch {
    return null;
  }
}

function pageStep(step: ProvenanceStep, now: FileNow): PageStep {
  const raw = step as unknown as RawRecord;
  const source = raw.source as Record<string, unknown>;
  const counts = object(raw.counts);
  const saved = object(raw.saved);
  return {
    version: text(raw.version),
    source: { name: text(source.name), size: count(source.size) },
    map: text(object(raw.map).name),
    warning: text(object(raw.map).warning),
    inputs: items(raw.inputs).map(mappedInput),
    folds: items(raw.folds).map((item) => pageFold(item, now)),
    foldCount: Math.max(count(counts.folds), items(raw.folds).length),
    rebuilt: items(raw.escapes).map((item) => ({
      tensor: text(item.tensor),
      node: text(item.node),
      reason: text(item.reason),
    })),
    rebuiltCount: Math.max(count(counts.escapes), items(raw.escapes).length),
    absorbed: groups(raw.absorbed),
    added: groups(raw.added),
    saved: { parameters: integer(saved.parameters), multiplyAdds: integer(saved.multiplyAdds) },
    exactness: text(raw.exactness),
    notes: list(raw.notes).map(text).filter(Boolean),
  };
}

function mappedInput(raw: RawRecord): PageMappedInput {
  const small = mapOfRecord(raw.matrix, raw.shift, MAX_MATRIX);
  return {
    name: text(raw.name),
    axis: count(raw.axis),
    oldChannels: count(raw.oldChannels),
    newChannels: count(raw.newChannels),
    matrix: small && small.m.map((row) => [...row]),
    shift: small && [...small.b],
  };
}

function pageFold(raw: RawRecord, now: FileNow): PageFold {
  const recorded = {
    tensor: text(raw.tensor),
    node: text(raw.node),
    opType: text(raw.opType),
    oldDims: sizes(raw.oldDims),
    newDims: sizes(raw.newDims),
  };
  return { ...recorded, now: now.state(recorded) };
}

/** What an adapted input takes by the file's own declaration, beside what the record says. */
function inputNow(model: Model, recorded: PageMappedInput): PageAdaptation['inputs'][number] {
  const input = realInputs(model.graph).find((i) => i.name === recorded.name);
  if (!input) return { name: recorded.name, type: null, agrees: false };
  const dim = input.type?.kind === 'tensor' ? input.type.dims?.[recorded.axis] : undefined;
  return {
    name: recorded.name,
    type: typeText(input),
    agrees: typeof dim === 'number' ? dim === recorded.newChannels : candidates(input, recorded.newChannels).length > 0,
  };
}

function groups(value: unknown): { opType: string; count: number }[] {
  return list(value).flatMap((pair) => (Array.isArray(pair) ? [{ opType: text(pair[0]), count: count(pair[1]) }] : []));
}
