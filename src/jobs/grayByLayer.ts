import { imageInputs } from '../adapt/inputs/imageInputs.ts';
import { normalize } from '../adapt/maps/channelMap.ts';
import { ChannelwiseError } from '../bytes/errors.ts';
import { readPicture } from '../files/images/images.ts';
import { imageFiles, type LabelledFile } from '../files/images/labels.ts';
import { basename } from '../files/paths.ts';
import { choosePreprocessing } from '../verify/evaluate/choosePreprocessing.ts';
import { preprocessingText } from '../verify/evaluate/evaluateText.ts';
import { declaredInput } from '../verify/evaluate/evaluationRuns.ts';
import { grayByLayer, type GrayByLayer } from '../verify/evaluate/layers/grayByLayer.ts';
import { layersText } from '../verify/evaluate/layers/layersText.ts';
import { runtimeVersion } from '../verify/session.ts';
import { wiring } from '../verify/wiring.ts';
import { skippedText, type EvaluateOptions } from './evaluate.ts';
import { refuseWeightsAlone } from './open/openFile.ts';
import { withOpenModel, type OpenModel } from './open/openModel.ts';

/** More pictures tell little more about layers: each is run twice for every portion of layers. */
const USUAL_PICTURES = 24;

export interface GrayByLayerOptions extends EvaluateOptions {
  /** How many pictures are run, spread evenly over the folder; 24 when absent. */
  readonly pictures?: number | undefined;
}

export interface GrayByLayerReport extends GrayByLayer {
  readonly model: string;
  /** How many images lie in the folder. */
  readonly found: number;
  /** How pictures were prepared, and what ran them. */
  readonly details: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * How far each layer's activations move when a folder's pictures lose their colours. Throws ChannelwiseError for what
 * can't be read or run, and where the model takes no colours.
 */
export async function grayByLayerOfFolder(
  modelPath: string,
  dir: string,
  options: GrayByLayerOptions = {},
): Promise<GrayByLayerReport> {
  await refuseWeightsAlone(modelPath);
  const files = await imageFiles(dir);
  return withOpenModel(modelPath, options.signal, async (model) => {
    const w = wiring(model);
    const { name, channels } = colourInput(model);
    const { preprocessing, chosen } = await choosePreprocessing(w, name, options);
    // Building the map checks mean, std and scale.
    normalize(preprocessing.normalisation, channels);
    const input = declaredInput(model, { name, channels, size: preprocessing.size });
    const chosenFiles = spread(files, options.pictures ?? USUAL_PICTURES);
    const images = chosenFiles.map((file) => ({ name: file.name, label: null, load: () => readPicture(file.path) }));
    const { signal, onProgress } = options;
    const found = await grayByLayer({ model: w, input, preprocessing, images, signal, onProgress });
    return {
      ...found,
      model: basename(modelPath),
      found: files.length,
      details: [preprocessingText(preprocessing, input, chosen), await runtimeVersion()],
      warnings: found.skipped.length > 0 ? [skippedText(found.skipped)] : [],
    };
  });
}

/** The first input that may take colours. */
function colourInput({ model }: OpenModel): { name: string; channels: number } {
  const usable = imageInputs(model.graph).filter(({ why }) => why === null);
  const colours = usable.find(({ channels, open }) => (channels[0] ?? (open ? 3 : 1)) > 1);
  if (colours) return { name: colours.name, channels: colours.channels[0] ?? 3 };
  throw new ChannelwiseError(
    'refused',
    'no-colours',
    usable.length > 0
      ? 'The model takes one channel, so it has no colours to lose; measure the model it was made from.'
      : 'The model takes no images, so there are no colours to lose.',
  );
}

/** So many of a list, spread evenly over it. */
export function spread(files: readonly LabelledFile[], most: number): LabelledFile[] {
  if (!Number.isSafeInteger(most) || most < 1)
    throw new ChannelwiseError('refused', 'pictures', 'The number of pictures must be a whole number of at least 1.');
  if (files.length <= most) return [...files];
  return Array.from({ length: most }, (_, i) => files[Math.floor((i * files.length) / most)]).filter(
    (file) => file !== undefined,
  );
}

/** The report, as lines for a terminal. */
export function grayByLayerText(report: GrayByLayerReport): string[] {
  const left = report.found > report.images + report.skipped.length;
  return [
    ...layersText(report),
    'A layer moves by ‖gray − colour‖ / ‖colour‖ (L2) of what it gives, over all images.',
    ...(left ? [`${report.images} of ${report.found} images, spread over the folder.`] : []),
    ...report.details,
    ...report.warnings.map((warning) => `Note: ${warning}`),
  ];
}
