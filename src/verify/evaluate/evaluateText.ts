import type { Normalisation } from '../../adapt/maps/channelMap.ts';
import { csvLine } from '../../text/csv.ts';
import type { ImageResult, RunKey, RunResult } from './evaluate.ts';
import type { ImageInput, Preprocessing } from './preprocess.ts';
import { countOf, countText } from '../../text/numbers.ts';

/** What an evaluation came to, in one sentence. */
export function evaluationStatement(runs: readonly RunResult[]): string {
  const get = (key: RunKey): RunResult | undefined => runs.find((run) => run.key === key);
  const [rgb, repeated, adapted, exact] = [get('rgb'), get('repeated'), get('adapted'), get('exact')];
  if (!rgb || !repeated || !adapted) return 'Nothing was run.';
  const images = countOf(rgb.images, 'image');
  const builtIn = exact
    ? `; with built-in normalisation ${exact.top1 === null ? share(exact.agreesWithRgb) : share(exact.top1)}`
    : '';
  if (rgb.top1 === null)
    return (
      `On ${images} the top class is that of RGB for ${share(repeated.agreesWithRgb)} with gray repeated and ` +
      `${share(adapted.agreesWithRgb)} with the adapted model${builtIn}.`
    );
  return (
    `On ${images}, top-1: RGB ${share(rgb.top1)}, gray repeated ${share(repeated.top1 ?? 0)}, adapted model ` +
    `${share(adapted.top1 ?? 0)}${builtIn}.`
  );
}

export interface EvaluationSummary {
  readonly statement: string;
  readonly preprocessing: {
    readonly name: string;
    readonly chosen: string;
    readonly normalisation: Normalisation;
    readonly height: number;
    readonly width: number;
    readonly crop: boolean;
    readonly order: string;
  };
  readonly classes: number;
  readonly labels: string | null;
  readonly runs: readonly RunResult[];
  readonly warnings: readonly string[];
  readonly runtime: string;
}

/** Scores this close (as a part of the largest) differ by rounding only. */
const SAME_SCORES = 1e-4;
/** Below so many images one of them is worth more than a tenth of a point. */
const MANY_IMAGES = 1000;

/**
 * What the numbers come to, a plain sentence each: what gray costs, what the conversion costs, and how fine the
 * scale is.
 */
export function conclusions({
  runs,
  images,
}: Pick<EvaluationSummary, 'runs'> & { readonly images: readonly ImageResult[] }): string[] {
  const get = (key: RunKey): RunResult | undefined => runs.find((run) => run.key === key);
  const [rgb, repeated, adapted, exact] = [get('rgb'), get('repeated'), get('adapted'), get('exact')];
  if (!rgb || !repeated || !adapted) return [];
  const labelled = images.filter((image) => image.label !== null).length;
  const n = labelled || images.length;
  const said = [grayCost(rgb, repeated, n)];
  if (same(adapted))
    said.push(
      'Gray through the adapted model gives the scores of gray repeated (largest difference ' +
        `${adapted.scoreDifference.toExponential(1)} of the largest score): the conversion costs nothing.`,
    );
  else {
    const points = adapted.top1 === null || repeated.top1 === null ? '' : `, ${cost(repeated.top1 - adapted.top1)}`;
    said.push(
      'Gray through the adapted model with one mean and std has the top class of gray repeated on ' +
        `${outOf(adapted.agreesWithRepeated, images.length)} images${points}.`,
    );
    if (exact && same(exact))
      said.push(
        'With built-in normalisation the scores are those of gray repeated (largest difference ' +
          `${exact.scoreDifference.toExponential(1)}): that form costs nothing.`,
      );
  }
  if (n < MANY_IMAGES)
    said.push(
      `One of ${countOf(n, 'image')} is ${(100 / n).toFixed(1)} points, so differences of that size are chance.`,
    );
  return said;
}

function grayCost(rgb: RunResult, repeated: RunResult, images: number): string {
  if (rgb.top1 === null || repeated.top1 === null)
    return (
      `Without colours the top class stays the same on ${outOf(repeated.agreesWithRgb, images)} images; labels would ` +
      'tell what that costs.'
    );
  const points = cost(rgb.top1 - repeated.top1)
    .replace('costing', 'costs')
    .replace('gaining', 'gains');
  const before = Math.round(rgb.top1 * images);
  return `Without colours the original is right on ${outOf(repeated.top1, images)} images instead of ${before} (top-1): gray ${points}.`;
}

/** A share of some images as the count it came from: `7 of 24`. */
function outOf(part: number, images: number): string {
  return `${countText(Math.round(part * images))} of ${countText(images)}`;
}

function same(run: RunResult): boolean {
  return run.scoreDifference <= SAME_SCORES;
}

function cost(difference: number): string {
  const points = (Math.abs(difference) * 100).toFixed(1);
  return points === '0.0' ? 'costing nothing here' : `${difference > 0 ? 'costing' : 'gaining'} ${points} points`;
}

/** How an evaluation came about, a line each. */
export function evaluationDetails(
  e: Pick<EvaluationSummary, 'preprocessing' | 'classes' | 'labels' | 'runtime'>,
): string[] {
  return [
    preparedText(e.preprocessing),
    e.labels === null ? `${e.classes} classes, no labels` : `${e.classes} classes, labels from ${e.labels}`,
    e.runtime,
  ];
}

/** How pictures are prepared for an input, in one line. */
export function preprocessingText(
  { name, normalisation, margin, order }: Preprocessing,
  { height, width }: Pick<ImageInput, 'height' | 'width'>,
  chosen: string,
): string {
  return preparedText({ name, chosen, normalisation, height, width, crop: margin !== null, order });
}

function preparedText(how: EvaluationSummary['preprocessing']): string {
  const { scale, mean, std } = how.normalisation;
  const fitted = `${how.width}×${how.height} ${how.crop ? 'middle crop' : 'stretched'}`;
  const numbers = `scale ${short(scale)}, mean ${mean.map(short).join(' ')}, std ${std.map(short).join(' ')}`;
  return (
    `preprocessing ${how.name} (${how.chosen}): ${fitted}, ${how.order}, ${numbers}; bilinear with antialiasing, ` +
    'gray by BT.601'
  );
}

/** RGB is what the others are compared with; no difference is plain 0. */
function differenceText({ key, scoreDifference }: EvaluationSummary['runs'][number]): string {
  if (key === 'rgb') return '–';
  return scoreDifference === 0 ? '0' : scoreDifference.toExponential(1);
}

/** The table, what it comes to, and how it came about. */
export function evaluationText(e: EvaluationSummary & { readonly images: readonly ImageResult[] }): string[] {
  const labelled = e.images.filter(({ label }) => label !== null).length;
  const rows = e.runs.map((run) => [
    run.title,
    run.top1 === null ? '–' : outOf(run.top1, labelled),
    run.top5 === null ? '–' : outOf(run.top5, labelled),
    outOf(run.agreesWithRgb, run.images),
    outOf(run.agreesWithRepeated, run.images),
    differenceText(run),
  ]);
  const table = [['run', 'top-1', 'top-5', 'agrees with RGB', 'agrees with repeated', 'score difference'], ...rows];
  const widths = table[0]?.map((_, c) => Math.max(...table.map((row) => row[c]?.length ?? 0))) ?? [];
  return [
    e.statement,
    ...table.map((row) =>
      row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c] ?? 0) : cell.padStart(widths[c] ?? 0))).join('  '),
    ),
    ...conclusions(e),
    ...evaluationDetails(e),
    ...e.warnings.map((warning) => `Note: ${warning}`),
  ];
}

/** A line of CSV for each image, behind one that names the columns. */
export function evaluationCsv(runs: readonly RunResult[], images: readonly ImageResult[]): string {
  const head = ['image', 'label', ...runs.flatMap((run) => [`${run.title} top-1`, `${run.title} top-5`])];
  const line = ({ image, label, top }: ImageResult): (string | number | null)[] => [
    image,
    label,
    ...runs.flatMap((run) => [top[run.key]?.[0] ?? null, top[run.key]?.join(' ') ?? '']),
  ];
  return [head, ...images.map(line)].map(csvLine).join('');
}

function share(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
