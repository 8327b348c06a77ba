import { ChannelwiseError } from '../../bytes/errors.ts';
import { basename } from '../../files/paths.ts';
import { writeFileWhole } from '../../files/writing.ts';
import { markWritten, sameAsWritten, type Written } from '../../files/written.ts';
import { parseNumber, parseNumbers } from '../../jobs/maps/mapOptions.ts';
import type { EvaluateArgs } from '../../page/evaluateArgs.ts';
import type {
  PageEvaluated,
  PageEvaluation,
  PageEvaluationChoice,
  PageEvaluationSetup,
  PageGrayByLayer,
} from '../../protocol/evaluation.ts';
import type { CallOptions } from '../../rpc/messages.ts';
import { besideModel, placeOf, uriOf } from '../modelFiles.ts';
import type { ModelJobs } from '../modelJobs.ts';
import { askToSave } from '../window/dialogs.ts';
import type { EvaluatedOn, ModelDocument } from './modelDocument.ts';

/** What there is to choose for the folder that a person chose; null where none was chosen. */
export async function evaluationSetup(
  jobs: ModelJobs,
  { evaluatedOn }: ModelDocument,
  options: CallOptions,
): Promise<PageEvaluationSetup | null> {
  if (!evaluatedOn) return null;
  const { models, folder } = evaluatedOn;
  return jobs.run('evaluationSetup', { models, folder }, options);
}

/** Runs the models on the folder's images, and keeps a line per image to be saved. */
export async function evaluate(
  jobs: ModelJobs,
  document: ModelDocument,
  choice: PageEvaluationChoice,
  options: CallOptions,
): Promise<PageEvaluation> {
  const args = evaluateArgs(document, choice);
  const of = await modelsNow(args);
  const { evaluation, csv } = await jobs.run('evaluate', args, options);
  keep(document, args, { csv, last: { found: { choice, evaluation, gray: null }, of } });
  return evaluation;
}

/** Measures how far each layer moves on the folder's images, and keeps a line per layer to be saved. */
export async function grayByLayer(
  jobs: ModelJobs,
  document: ModelDocument,
  choice: PageEvaluationChoice,
  options: CallOptions,
): Promise<PageGrayByLayer> {
  const args = evaluateArgs(document, choice);
  const of = await modelsNow(args);
  const { gray, csv } = await jobs.run('grayByLayer', args, options);
  keep(document, args, { csv, last: { found: { choice, evaluation: null, gray }, of } });
  return gray;
}

/** What the last run found; null where there is none, or a model is another one now. */
export async function lastEvaluation({
  evaluatedOn,
}: Pick<ModelDocument, 'evaluatedOn'>): Promise<PageEvaluated | null> {
  const last = evaluatedOn?.last;
  if (!last) return null;
  const same = await Promise.all(last.of.map(sameAsWritten));
  return same.every(Boolean) ? last.found : null;
}

function modelsNow({ models: { original, adapted } }: EvaluateArgs): Promise<Written[]> {
  return Promise.all([original, adapted ?? []].flat().map(markWritten));
}

/** Keeps what was found, and has all pages of the model show it; not where another folder was chosen meanwhile. */
function keep(
  document: ModelDocument,
  { models, folder }: EvaluateArgs,
  found: Required<Pick<EvaluatedOn, 'csv' | 'last'>>,
): void {
  if (document.evaluatedOn?.folder !== folder) return;
  document.evaluatedOn = { models, folder, ...found };
  document.findingsChanged();
}

/** What was chosen, with the typed numbers read. Throws `refused` where they are none. */
function evaluateArgs({ evaluatedOn }: ModelDocument, typed: PageEvaluationChoice): EvaluateArgs {
  if (!evaluatedOn) throw new ChannelwiseError('refused', 'no-folder', 'Choose a folder of images first.');
  const { models, folder } = evaluatedOn;
  const { preset, stretch, order, mean, std, scale, labels } = typed;
  const choice = {
    preset,
    stretch,
    order,
    mean: isBlank(mean) ? undefined : parseNumbers(mean, 'mean'),
    std: isBlank(std) ? undefined : parseNumbers(std, 'std'),
    scale: isBlank(scale) ? undefined : parseNumber(scale, 'scale'),
    typedLabels: isBlank(labels) ? undefined : labels,
  };
  return { models, folder, choice };
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}

/** Writes one line per image where the person says, whole or not at all; the file's name, or null. */
export async function saveEvaluation({
  uri,
  evaluatedOn,
}: Pick<ModelDocument, 'uri' | 'evaluatedOn'>): Promise<string | null> {
  if (!evaluatedOn?.csv) throw new ChannelwiseError('refused', 'no-evaluation', 'There is no evaluation to save yet.');
  const target = await askToSave({
    defaultUri: uriOf(besideModel(placeOf(uri), '.evaluation.csv')),
    filters: { CSV: ['csv'] },
  });
  if (!target) return null;
  const lines = new TextEncoder().encode(evaluatedOn.csv);
  await writeFileWhole(placeOf(target), (write) => Promise.resolve(write(lines)));
  return basename(target.path);
}
