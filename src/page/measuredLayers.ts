import { grayByLayerOfFolder } from '../jobs/grayByLayer.ts';
import { measureTimeOfFile } from '../jobs/measureTime.ts';
import type { PageGrayByLayer, PageMeasuredTime } from '../protocol/evaluation.ts';
import type { PageBinding } from '../protocol/sizes.ts';
import type { CallOptions } from '../rpc/messages.ts';
import { layersCsv, layersStatement } from '../verify/evaluate/layers/layersText.ts';
import type { EvaluateArgs } from './evaluateArgs.ts';

/** How far each layer moves without colours, as the page shows it, and its lines as CSV. */
export async function grayByLayerPage(
  { models, folder, choice }: EvaluateArgs,
  options: CallOptions,
): Promise<{ gray: PageGrayByLayer; csv: string }> {
  const report = await grayByLayerOfFolder(models.original, folder, { ...choice, ...options });
  const { layers, input, images, found, details, warnings } = report;
  const gray = { statement: layersStatement(report), layers: [...layers], input, images, found };
  return { gray: { ...gray, details: [...details], notes: [...warnings] }, csv: layersCsv(report) };
}

/** How long a model and its layers take here, as the page shows it. */
export async function measuredTimePage(
  path: string,
  bound: PageBinding,
  options: CallOptions,
): Promise<PageMeasuredTime> {
  const { layers, sizes, ...measured } = await measureTimeOfFile(path, bound, options);
  const sized = Object.entries(sizes).map(([name, dims]) => `${name} ${dims.join('×')}`);
  return { ...measured, sizes: sized.join(', '), layers: Object.fromEntries(layers) };
}
