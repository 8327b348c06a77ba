import { imageInputs } from '../adapt/inputs/imageInputs.ts';
import type { PageEvaluation, PageEvaluationChoice, PageEvaluationSetup } from '../protocol/evaluation.ts';
import { conclusions, evaluationDetails } from '../verify/evaluate/evaluateText.ts';
import { ownPreset } from '../verify/evaluate/ownSteps.ts';
import { PREPROCESSINGS } from '../verify/evaluate/preprocess.ts';
import { wiring } from '../verify/wiring.ts';
import { evaluateFolder, reportCsv, type EvaluateOptions } from '../jobs/evaluate.ts';
import { imageFiles } from '../files/images/labels.ts';
import { basename } from '../files/paths.ts';
import { withOpenModel } from '../jobs/openModel.ts';

/** The models to evaluate: without an adapted file the original is adapted in memory. */
export interface EvaluatedModels {
  readonly original: string;
  readonly adapted: string | null;
}

const PRESET_TEXTS: Readonly<Record<string, string>> = {
  imagenet: 'ImageNet: mean 0.485 0.456 0.406, std 0.229 0.224 0.225, pixels 0 to 1',
  'plus-minus-one': 'pixels −1 to 1',
  'zero-to-one': 'pixels 0 to 1',
  raw: 'raw pixels, 0 to 255',
};

/**
 * Counts a folder's images and reads which preprocessing the original's own first steps call for. Throws
 * ChannelwiseError for what can't be read.
 */
export async function evaluationSetup(
  { original }: EvaluatedModels,
  dir: string,
  signal?: AbortSignal,
): Promise<PageEvaluationSetup> {
  const files = await imageFiles(dir);
  return withOpenModel(original, signal, async (file) => {
    const image = imageInputs(file.model.graph).find((i) => i.why === null);
    const found = image ? await ownPreset(wiring(file), image.name) : null;
    const names = Object.keys(PREPROCESSINGS).sort((x, y) => Number(y === found) - Number(x === found));
    const presets = names.map((name) => ({
      name,
      text: `${PRESET_TEXTS[name] ?? name}${name === found ? ' (read from the model)' : ''}`,
    }));
    return {
      folder: basename(dir),
      images: files.length,
      subFolders: new Set(files.flatMap((labelledFile) => labelledFile.folder ?? [])).size,
      presets,
      found,
    };
  });
}

/** An evaluation as the page shows it, and its lines as CSV. Throws as `evaluateFolder` does. */
export async function evaluatePage(
  { original, adapted }: EvaluatedModels,
  dir: string,
  { preset, stretch, order }: PageEvaluationChoice,
  options: Pick<EvaluateOptions, 'signal' | 'onProgress'>,
): Promise<{ evaluation: PageEvaluation; csv: string }> {
  const report = await evaluateFolder(original, adapted, dir, { preset, stretch, order, ...options });
  const { runs, images, classes, warnings } = report;
  const evaluation: PageEvaluation = {
    original: report.model,
    adapted: report.adapted,
    images: images.length,
    labelled: images.filter((i) => i.label !== null).length,
    classes,
    conclusions: conclusions(report),
    details: evaluationDetails(report),
    notes: [...warnings],
    runs: runs.map(({ title, top1, top5, agreesWithRgb, agreesWithRepeated, scoreDifference }) => ({
      title,
      top1,
      top5,
      agreesWithRgb,
      agreesWithRepeated,
      scoreDifference,
    })),
  };
  return { evaluation, csv: reportCsv(report) };
}
