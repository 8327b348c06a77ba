import { grayscale, normalize, type ChannelMap, type Normalisation } from '../adapt/maps/channelMap.ts';
import { ChannelwiseError } from '../bytes/errors.ts';
import { readPicture } from '../files/images/images.ts';
import {
  classIndex,
  imageFiles,
  type FoundClasses,
  type LabelledFile,
  type LabelSource,
} from '../files/images/labels.ts';
import { basename } from '../files/paths.ts';
import {
  choosePreprocessing,
  type ChosenPreprocessing,
  type PreprocessingChoice,
} from '../verify/evaluate/choosePreprocessing.ts';
import {
  evaluate,
  type EvaluationImage,
  type EvaluationRun,
  type ImageResult,
  type RunResult,
} from '../verify/evaluate/evaluate.ts';
import { evaluationStatement } from '../verify/evaluate/evaluateText.ts';
import { declaredInput, grayInput, openRuns } from '../verify/evaluate/evaluationRuns.ts';
import { colourFeed, fitPicture, type ImageInput, type Preprocessing } from '../verify/evaluate/preprocess.ts';
import { runtimeVersion, type Session } from '../verify/session.ts';
import { wiring, type ModelFile } from '../verify/wiring.ts';
import { adaptedInMemory } from './adaptedInMemory.ts';
import { refuseWeightsAlone } from './open/openFile.ts';
import { withOpenModel, withOpenModels, type OpenModel } from './open/openModel.ts';

/** Reasons for skipped images that are spelt out. */
const MAX_REASONS = 3;

export interface EvaluateOptions extends PreprocessingChoice {
  /** A JSON file that says which class each sub-folder is. */
  readonly labels?: string | undefined;
  /** The same as text, in place of a file; or folder names in class order, with commas. */
  readonly typedLabels?: string | undefined;
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
    readonly chosen: ChosenPreprocessing['chosen'];
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
 * What grayscale costs on a folder of images: the original on colours, on gray repeated, and the adapted model on gray;
 * where its normalisation is only approximate, also the exact form. Without an adapted file the model is adapted in
 * memory. Throws ChannelwiseError for what can't be read, run or counted.
 */
export async function evaluateFolder(
  modelPath: string,
  adaptedPath: string | null,
  dir: string,
  options: EvaluateOptions = {},
): Promise<EvaluationReport> {
  await refuseWeightsAlone(modelPath);
  if (adaptedPath !== null) await refuseWeightsAlone(adaptedPath);
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
    for (const session of sessions) await session.close();
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

const ONE_MEAN =
  'The adapted model gets one mean and one std, the averages, so it is not quite the original on repeated gray; the ' +
  'form with built-in normalisation is.';

/** A size that was asked for and can't be had. */
function refuseOtherSize({ height, width }: ImageInput, wanted: number | undefined): void {
  if (wanted === undefined || height === wanted || width === wanted) return;
  throw new ChannelwiseError(
    'refused',
    'size',
    `The model takes images of ${height}×${width} and no other size, so the size ${wanted} has no use.`,
  );
}

async function run(parts: Parts): Promise<EvaluationReport> {
  const { options, original, adapted, files, sessions } = parts;
  const warnings: string[] = [];
  const { mapped, assumption } = grayInput(original, adapted);
  if (assumption) warnings.push(assumption);
  const { preprocessing, chosen } = await choosePreprocessing(wiring(original), mapped.name, options);
  const channels = mapped.map.m.length;
  // Building the map checks mean, std and scale.
  normalize(preprocessing.normalisation, channels);
  const input = declaredInput(original, { name: mapped.name, channels, size: preprocessing.size });
  refuseOtherSize(input, options.size);
  const adapt = (map: ChannelMap): Promise<ModelFile> => adaptedInMemory(original, map, options.signal);
  const opened = await openRuns({ original, adapted, mapped, input, preprocessing, adapt }, (session) =>
    sessions.push(session),
  );
  const { runs } = opened;
  warnings.push(...opened.warnings);
  if (!opened.exact) warnings.push(ONE_MEAN);
  const classes = runs[0] ? await countClasses(runs[0], input, preprocessing) : 0;
  const { index, how } = await labelling(parts, classes, warnings);
  const found = await evaluate({
    runs,
    images: files.map((file) => labelledImage(file, index)),
    signal: options.signal,
    onProgress: (done, total) => options.onProgress?.(done / total),
  });
  if (found.skipped.length) warnings.push(skippedText(found.skipped));
  return {
    model: basename(parts.modelPath),
    adapted: parts.adaptedPath && basename(parts.adaptedPath),
    statement: evaluationStatement(found.runs),
    preprocessing: usedPreprocessing(preprocessing, input, chosen),
    classes,
    labels: index ? how : null,
    runs: found.runs,
    images: found.images,
    skipped: found.skipped,
    warnings,
    runtime: await runtimeVersion(),
  };
}

function labelledImage({ path, name, folder }: LabelledFile, index: FoundClasses['index']): EvaluationImage {
  return { name, label: folder === null || !index ? null : index(folder), load: () => readPicture(path) };
}

function usedPreprocessing(
  { name, normalisation, margin, order }: Preprocessing,
  { height, width }: ImageInput,
  chosen: ChosenPreprocessing['chosen'],
): EvaluationReport['preprocessing'] {
  return { name, chosen, normalisation, height, width, crop: margin !== null, order };
}

/** Counts the classes with a black picture. */
async function countClasses(run: EvaluationRun, input: ImageInput, preprocessing: Preprocessing): Promise<number> {
  const side = Math.max(input.height, input.width);
  const black = { width: side, height: side, rgb: new Uint8Array(side * side * 3) };
  const feed = (): ReturnType<typeof colourFeed> =>
    colourFeed(fitPicture(black, input, preprocessing), input, preprocessing);
  const probe = await evaluate({
    runs: [{ ...run, feed }],
    images: [{ name: '', label: null, load: async () => black }],
  });
  return probe.classes;
}

/** Matches sub-folders to classes. */
async function labelling(parts: Parts, classes: number, warnings: string[]): Promise<FoundClasses> {
  const folders = [...new Set(parts.files.flatMap((file) => file.folder ?? []))];
  if (!folders.length) return { index: null, how: '' };
  const { index, how } = await classIndex({ dir: parts.dir, labels: labelSource(parts.options), folders, classes });
  if (!index) {
    warnings.push(how);
    return { index, how };
  }
  for (const folder of folders)
    if (index(folder) === null)
      warnings.push(`Sub-folder ${folder} is no known class; its images count as unlabelled.`);
  return { index, how };
}

function labelSource({ labels, typedLabels }: EvaluateOptions): LabelSource | undefined {
  if (labels !== undefined) return { file: labels };
  return typedLabels === undefined ? undefined : { typed: typedLabels };
}

/** Images that could not be used, counted, with the first reasons. */
export function skippedText(skipped: EvaluationReport['skipped']): string {
  const shown = skipped
    .slice(0, MAX_REASONS)
    .map((s) => s.why.replace(/^The image (.*)\.$/s, '$1'))
    .join('; ');
  const more = skipped.length - MAX_REASONS;
  return (
    `${skipped.length} image${skipped.length > 1 ? 's were' : ' was'} skipped: ` +
    `${shown}${more > 0 ? `; and ${more} more` : ''}.`
  );
}
