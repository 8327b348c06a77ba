import { basename } from 'node:path';
import { composeMaps, grayscale, normalize, type Normalisation } from '../adapt/maps/channelMap.ts';
import { ChannelwiseError } from '../bytes/errors.ts';
import {
  evaluate,
  type EvaluationImage,
  type EvaluationRun,
  type ImageResult,
  type RunResult,
} from '../verify/evaluate/evaluate.ts';
import { evaluationCsv, evaluationStatement, evaluationText } from '../verify/evaluate/evaluateText.ts';
import { inputMaps, type MappedInput } from '../verify/proof/inputMap.ts';
import type { Picture } from '../verify/evaluate/picture.ts';
import { ownPreset } from '../verify/evaluate/ownSteps.ts';
import {
  PREPROCESSINGS,
  colourFeed,
  fitPicture,
  grayFeed,
  grayScaling,
  imageInput,
  repeatedFeed,
  type ImageInput,
  type Preprocessing,
} from '../verify/evaluate/preprocess.ts';
import { openSession, runtimeVersion, type Session } from '../verify/session.ts';
import { wholeModel } from '../verify/proof/measure/stem.ts';
import { wiring, type ModelFile, type Wiring } from '../verify/wiring.ts';
import { readPicture } from '../files/images/images.ts';
import { classIndex, imageFiles, type LabelledFile } from '../files/images/labels.ts';
import { adaptedInMemory } from './adaptedInMemory.ts';
import { withOpenModel, withOpenModels, type OpenModel } from './openModel.ts';

/** Reasons for skipped images that are spelt out. */
const MAX_REASONS = 3;

export interface EvaluateOptions {
  /** A preset's name: imagenet, plus-minus-one, zero-to-one, raw. Read from the model's first steps when absent, else imagenet. */
  readonly preset?: string | undefined;
  /** Overrides single values of the preset. */
  readonly mean?: readonly number[] | undefined;
  readonly std?: readonly number[] | undefined;
  readonly scale?: number | undefined;
  readonly size?: number | undefined;
  /** Stretch pictures to the input instead of cropping their middle. */
  readonly stretch?: boolean | undefined;
  readonly order?: 'rgb' | 'bgr' | undefined;
  /** A JSON file that says which class each sub-folder is. */
  readonly labels?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

export interface EvaluationReport {
  readonly model: string;
  /** null: adapted in memory. */
  readonly adapted: string | null;
  readonly statement: string;
  readonly preprocessing: {
    readonly name: string;
    readonly chosen: 'given' | 'read from the model' | 'default';
    readonly normalisation: Normalisation;
    readonly height: number;
    readonly width: number;
    readonly crop: boolean;
    readonly order: 'rgb' | 'bgr';
  };
  readonly classes: number;
  /** How sub-folders were matched to classes; null without labels. */
  readonly labels: string | null;
  readonly runs: readonly RunResult[];
  readonly images: readonly ImageResult[];
  readonly skipped: readonly { readonly image: string; readonly why: string }[];
  readonly warnings: readonly string[];
  readonly runtime: string;
}

/**
 * What grayscale costs on a folder of images: the original on colours, on gray repeated, and the adapted model on gray; where its normalisation is only approximate, also
 * the exact form. Without an adapted file the model is adapted in memory. Throws ChannelwiseError for what can't be read, run or counted.
 */
export async function evaluateFolder(
  modelPath: string,
  adaptedPath: string | null,
  dir: string,
  options: EvaluateOptions = {},
): Promise<EvaluationReport> {
  const files = await imageFiles(dir);
  const sessions: Session[] = [];
  const runWith = (original: OpenModel, adapted: ModelFile): Promise<EvaluationReport> =>
    run({ modelPath, adaptedPath, dir, options, files, original, adapted, sessions });
  try {
    if (adaptedPath !== null) return await withOpenModels([modelPath, adaptedPath], options.signal, runWith);
    return await withOpenModel(modelPath, options.signal, async (original) =>
      runWith(original, await adaptedInMemory(original, grayscale(), options.signal)),
    );
  } finally {
    for (const s of sessions) await s.close();
  }
}

interface Parts {
  readonly modelPath: string;
  readonly adaptedPath: string | null;
  readonly dir: string;
  readonly options: EvaluateOptions;
  readonly files: readonly LabelledFile[];
  readonly original: OpenModel;
  readonly adapted: ModelFile;
  readonly sessions: Session[];
}

async function run(parts: Parts): Promise<EvaluationReport> {
  const { options, original, adapted, files } = parts;
  const warnings: string[] = [];
  const w = wiring(original);
  const mapped = grayInput(original, adapted, warnings);
  const { preprocessing, chosen } = await choosePreprocessing(w, mapped.name, options);
  // Building the map checks mean, std and scale.
  normalize(preprocessing.normalisation, mapped.map.m.length);
  const input = declaredInput(original, mapped.name, mapped.map.m.length, preprocessing);
  if (options.size !== undefined && input.height !== options.size && input.width !== options.size) {
    throw new ChannelwiseError(
      'refused',
      'size',
      `The model takes images of ${input.height}×${input.width} and no other size, so the size ${options.size} has no use.`,
    );
  }
  const { runs, exact } = await openRuns(parts, w, mapped, input, preprocessing, warnings);
  if (!exact)
    warnings.push(
      'The adapted model gets one mean and one std, the averages, so it is not quite the original on repeated gray; the form with the normalisation folded into the weights is.',
    );
  const { classes, index, how } = await labelling(parts, runs[0], input, preprocessing, warnings);
  const images = files.map((f): EvaluationImage => ({
    name: f.name,
    label: f.folder === null ? null : (index?.(f.folder) ?? null),
    load: () => readPicture(f.path),
  }));
  const found = await evaluate({
    runs,
    images,
    signal: options.signal,
    onProgress: (done, total) => options.onProgress?.(done / total),
  });
  if (found.skipped.length) warnings.push(skippedText(found.skipped));
  return {
    model: basename(parts.modelPath),
    adapted: parts.adaptedPath && basename(parts.adaptedPath),
    statement: evaluationStatement(found.runs),
    preprocessing: {
      name: preprocessing.name,
      chosen,
      normalisation: preprocessing.normalisation,
      height: input.height,
      width: input.width,
      crop: preprocessing.margin !== null,
      order: preprocessing.order,
    },
    classes,
    labels: index ? how : null,
    runs: found.runs,
    images: found.images,
    skipped: found.skipped,
    warnings,
    runtime: await runtimeVersion(),
  };
}

function grayInput(original: ModelFile, adapted: ModelFile, warnings: string[]): MappedInput {
  const maps = inputMaps(original.model, adapted.model);
  const [mapped, ...more] = maps.inputs;
  if (maps.assumption) warnings.push(maps.assumption);
  if (!mapped || more.length || mapped.map.m[0]?.length !== 1) {
    throw new ChannelwiseError(
      'refused',
      'not-gray',
      `The adapted model should take one gray channel where the original takes ${mapped?.map.m.length ?? 3}, in one input; this one does not.`,
    );
  }
  return mapped;
}

async function choosePreprocessing(
  w: Wiring,
  input: string,
  o: EvaluateOptions,
): Promise<{ preprocessing: Preprocessing; chosen: EvaluationReport['preprocessing']['chosen'] }> {
  const own = o.preset === undefined ? await ownPreset(w, input) : null;
  const name = o.preset ?? own ?? 'imagenet';
  const preset = Object.hasOwn(PREPROCESSINGS, name) ? PREPROCESSINGS[name] : undefined;
  if (!preset)
    throw new ChannelwiseError(
      'refused',
      'preset',
      `There is no preset \`${name}\`; use ${Object.keys(PREPROCESSINGS).join(', ')}.`,
    );
  const given = o.preset !== undefined || o.mean !== undefined || o.std !== undefined || o.scale !== undefined;
  const normalisation = {
    mean: o.mean ?? preset.normalisation.mean,
    std: o.std ?? preset.normalisation.std,
    scale: o.scale ?? preset.normalisation.scale,
  };
  if (o.size !== undefined && !(Number.isSafeInteger(o.size) && o.size > 0 && o.size <= 4096))
    throw new ChannelwiseError('refused', 'size', 'size must be a whole number from 1 to 4096.');
  return {
    preprocessing: {
      ...preset,
      name: (o.mean ?? o.std ?? o.scale) ? 'own numbers' : preset.name,
      normalisation,
      size: o.size ?? preset.size,
      margin: o.stretch ? null : preset.margin,
      order: o.order ?? preset.order,
    },
    chosen: given ? 'given' : own ? 'read from the model' : 'default',
  };
}

function declaredInput(file: ModelFile, name: string, channels: number, { size }: Preprocessing): ImageInput {
  const value = file.model.graph.inputs.find((i) => i.name === name);
  if (!value)
    throw new ChannelwiseError('refused', 'no-image-input', `There is no input \`${name}\`.`, { tensor: name });
  return imageInput(value, channels, size);
}

async function openRuns(
  parts: Parts,
  w: Wiring,
  mapped: MappedInput,
  input: ImageInput,
  pre: Preprocessing,
  warnings: string[],
): Promise<{ runs: EvaluationRun[]; exact: boolean }> {
  const opened = async (file: Wiring): Promise<Session> => {
    const extra = [...file.inputs.keys()].filter((name) => name !== mapped.name);
    if (extra.length)
      throw new ChannelwiseError(
        'refused',
        'more-inputs',
        `The model needs more than an image: \`${extra[0]}\` too, so it can't be evaluated on images alone.`,
        { tensor: extra[0] ?? '' },
      );
    const session = await openSession((await wholeModel(file)).bytes, true);
    parts.sessions.push(session);
    return session;
  };
  const first = await opened(w);
  const one = declaredInput(parts.adapted, mapped.name, 1, pre);
  const gray: ImageInput = { ...one, height: input.height, width: input.width };
  const scaling = grayScaling(mapped.map, pre.normalisation);
  const fit = fitOnce(input, pre);
  const runs: EvaluationRun[] = [
    { key: 'rgb', title: 'RGB', session: first, input: mapped.name, feed: (p) => colourFeed(fit(p), input, pre) },
    {
      key: 'repeated',
      title: 'gray repeated',
      session: first,
      input: mapped.name,
      feed: (p) => repeatedFeed(fit(p), input, pre),
    },
    {
      key: 'adapted',
      title: scaling.exact ? 'adapted model' : 'adapted model, one mean and std',
      session: await opened(wiring(parts.adapted)),
      input: mapped.name,
      feed: (p) => grayFeed(fit(p), gray, scaling),
    },
  ];
  if (scaling.exact) return { runs, exact: true };
  const channels = mapped.map.m.length;
  try {
    const folded = await adaptedInMemory(
      parts.original,
      composeMaps(normalize(pre.normalisation, channels), grayscale(channels)),
      parts.options.signal,
    );
    runs.push({
      key: 'exact',
      title: 'adapted model, normalisation folded',
      session: await opened(wiring(folded)),
      input: mapped.name,
      feed: (p) => grayFeed(fit(p), gray, { gain: 1, offset: 0, exact: true }),
    });
  } catch (error) {
    if (!(error instanceof ChannelwiseError) || error.kind !== 'refused') throw error;
    warnings.push(`The form with the normalisation folded can't be built: ${error.message}`);
  }
  return { runs, exact: false };
}

/** All runs see the same resized picture, so it is resized once. */
function fitOnce(input: ImageInput, pre: Preprocessing): (picture: Picture) => Picture {
  let last: { from: Picture; to: Picture } | null = null;
  return (from) => {
    if (last?.from !== from) last = { from, to: fitPicture(from, input, pre) };
    return last.to;
  };
}

/** Counts the classes with a black picture, then matches sub-folders to them. */
async function labelling(
  parts: Parts,
  run: EvaluationRun | undefined,
  input: ImageInput,
  pre: Preprocessing,
  warnings: string[],
): Promise<{ classes: number; index: ((folder: string) => number | null) | null; how: string }> {
  if (!run) return { classes: 0, index: null, how: '' };
  const side = Math.max(input.height, input.width);
  const black = { width: side, height: side, rgb: new Uint8Array(side * side * 3) };
  const probe = await evaluate({
    runs: [{ ...run, feed: () => colourFeed(fitPicture(black, input, pre), input, pre) }],
    images: [{ name: '', label: null, load: async () => black }],
  });
  const folders = [...new Set(parts.files.flatMap((f) => f.folder ?? []))];
  if (!folders.length) return { classes: probe.classes, index: null, how: '' };
  const { index, how } = await classIndex(parts.dir, parts.options.labels, folders, probe.classes);
  if (!index) warnings.push(how);
  else
    for (const folder of folders)
      if (index(folder) === null)
        warnings.push(`Sub-folder ${folder} is no known class; its images count as unlabelled.`);
  return { classes: probe.classes, index, how };
}

export function reportText(report: EvaluationReport): string[] {
  return evaluationText(report);
}

/** Images that could not be used, counted, with the first reasons. */
function skippedText(skipped: EvaluationReport['skipped']): string {
  const shown = skipped
    .slice(0, MAX_REASONS)
    .map((s) => s.why.replace(/^The image (.*)\.$/s, '$1'))
    .join('; ');
  const more = skipped.length - MAX_REASONS;
  return `${skipped.length} image${skipped.length > 1 ? 's were' : ' was'} skipped: ${shown}${more > 0 ? `; and ${more} more` : ''}.`;
}

/** One line per image: its label and the best class of each run. */
export function reportCsv(report: EvaluationReport): string {
  return evaluationCsv(report.runs, report.images);
}
