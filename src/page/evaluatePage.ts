import { imageInputs } from '../adapt/inputs/imageInputs.ts';
import { base64 } from '../bytes/base64.ts';
import { readPicture } from '../files/images/images.ts';
import { imageFiles } from '../files/images/labels.ts';
import { basename, join } from '../files/paths.ts';
import { evaluateFolder, type EvaluateOptions } from '../jobs/evaluate.ts';
import { withOpenModel } from '../jobs/open/openModel.ts';
import type { PageChangedImage, PageEvaluation, PageEvaluationSetup } from '../protocol/evaluation.ts';
import { changedImages, type ImageResult } from '../verify/evaluate/evaluate.ts';
import { conclusions, evaluationCsv, evaluationDetails } from '../verify/evaluate/evaluateText.ts';
import { ownPreset } from '../verify/evaluate/ownSteps.ts';
import { thumbnail } from '../verify/evaluate/picture.ts';
import { PREPROCESSINGS } from '../verify/evaluate/preprocess.ts';
import { wiring } from '../verify/wiring.ts';
import type { EvaluateArgs, EvaluatedModels } from './evaluateArgs.ts';

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
      ...numbersOf(name),
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

/** A preset's numbers, as a person would type them. */
function numbersOf(preset: string): { mean: string; std: string; scale: string } {
  const { mean = [], std = [], scale = 1 } = PREPROCESSINGS[preset]?.normalisation ?? {};
  return { mean: mean.join(', '), std: std.join(', '), scale: scale === 1 / 255 ? '1/255' : String(scale) };
}

/** A person looks at a few pictures. */
const MOST_CHANGED = 24;
const THUMBNAIL_SIDE = 64;

/** An evaluation as the page shows it, and its lines as CSV. Throws as `evaluateFolder` does. */
export async function evaluatePage(
  { models, folder, choice }: EvaluateArgs,
  options: Pick<EvaluateOptions, 'signal' | 'onProgress'>,
): Promise<{ evaluation: PageEvaluation; csv: string }> {
  const { original, adapted } = models;
  const report = await evaluateFolder(original, adapted, folder, { ...choice, ...options });
  const { runs, images, classes, warnings } = report;
  const changed = changedImages(images);
  const shown: PageChangedImage[] = [];
  for (const image of changed.slice(0, MOST_CHANGED)) shown.push(await changedImage(folder, image));
  const evaluation: PageEvaluation = {
    original: report.model,
    adapted: report.adapted,
    images: images.length,
    labelled: images.filter((i) => i.label !== null).length,
    classes,
    conclusions: conclusions(report),
    details: evaluationDetails(report),
    notes: [...warnings],
    changed: changed.length,
    changedImages: shown,
    runs: runs.map(({ title, top1, top5, agreesWithRgb, agreesWithRepeated, scoreDifference }) => ({
      title,
      top1,
      top5,
      agreesWithRgb,
      agreesWithRepeated,
      scoreDifference,
    })),
  };
  return { evaluation, csv: evaluationCsv(report.runs, report.images) };
}

async function changedImage(folder: string, { image, label, top }: ImageResult): Promise<PageChangedImage> {
  const classes = { label, colour: top.rgb?.[0] ?? 0, gray: top.repeated?.[0] ?? 0 };
  // It was read a moment ago; a picture that is gone since is told without its thumbnail.
  const picture = await readPicture(join(folder, image)).catch(() => null);
  const pixels = picture && base64(thumbnail(picture, THUMBNAIL_SIDE).rgb);
  return { image, ...classes, side: THUMBNAIL_SIDE, pixels };
}
