import type { Normalisation } from '../adapt/channelMap.ts';
import type { ImageResult, RunKey, RunResult } from './evaluate.ts';

/** What an evaluation came to, in one sentence. */
export function evaluationStatement(runs: readonly RunResult[]): string {
  const get = (key: RunKey): RunResult | undefined => runs.find((r) => r.key === key);
  const [rgb, repeated, adapted, exact] = [get('rgb'), get('repeated'), get('adapted'), get('exact')];
  if (!rgb || !repeated || !adapted) return 'Nothing was run.';
  const images = `${rgb.images} image${rgb.images === 1 ? '' : 's'}`;
  const folded = exact ? `; with the normalisation folded ${exact.top1 === null ? share(exact.agreesWithRgb) : share(exact.top1)}` : '';
  if (rgb.top1 === null) return `On ${images} the top class is that of RGB for ${share(repeated.agreesWithRgb)} with gray repeated and ${share(adapted.agreesWithRgb)} with the adapted model${folded}.`;
  return `On ${images}, top-1: RGB ${share(rgb.top1)}, gray repeated ${share(repeated.top1 ?? 0)}, adapted model ${share(adapted.top1 ?? 0)}${folded}.`;
}

export interface EvaluationSummary {
  readonly statement: string;
  readonly preprocessing: { readonly name: string; readonly chosen: string; readonly normalisation: Normalisation; readonly height: number; readonly width: number; readonly crop: boolean; readonly order: string };
  readonly classes: number;
  readonly labels: string | null;
  readonly runs: readonly RunResult[];
  readonly warnings: readonly string[];
  readonly runtime: string;
}

/** The table, and how it came about. */
export function evaluationText(e: EvaluationSummary): string[] {
  const p = e.preprocessing;
  const rows = e.runs.map((r) => [
    r.title, r.top1 === null ? '–' : share(r.top1), r.top5 === null ? '–' : share(r.top5), share(r.agreesWithRgb), share(r.agreesWithRepeated), r.key === 'rgb' ? '–' : r.scoreDifference.toExponential(1),
  ]);
  const table = [['run', 'top-1', 'top-5', 'agrees with RGB', 'agrees with repeated', 'score difference'], ...rows];
  const widths = table[0]?.map((_, c) => Math.max(...table.map((row) => row[c]?.length ?? 0))) ?? [];
  return [
    e.statement,
    ...table.map((row) => row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c] ?? 0) : cell.padStart(widths[c] ?? 0))).join('  ')),
    `preprocessing ${p.name} (${p.chosen}): ${p.width}×${p.height} ${p.crop ? 'middle crop' : 'stretched'}, ${p.order}, scale ${short(p.normalisation.scale)}, mean ${p.normalisation.mean.map(short).join(' ')}, std ${p.normalisation.std.map(short).join(' ')}; bilinear with antialiasing, gray by BT.601`,
    e.labels === null ? `${e.classes} classes, no labels` : `${e.classes} classes, labels from ${e.labels}`,
    e.runtime,
    ...e.warnings.map((w) => `Note: ${w}`),
  ];
}

/** Comma-separated, every text quoted, so that any file name comes through. */
export function csvLines(runs: readonly RunResult[], images: readonly ImageResult[]): string[] {
  const quote = (text: string): string => `"${text.replace(/"/g, '""')}"`;
  const head = ['image', 'label', ...runs.flatMap((r) => [`${r.title} top-1`, `${r.title} top-5`])].map(quote).join(',');
  return [head, ...images.map((i) => [quote(i.image), i.label ?? '', ...runs.flatMap((r) => [i.top[r.key]?.[0] ?? '', quote(i.top[r.key]?.join(' ') ?? '')])].join(','))];
}

function share(v: number): string {
  return `${(v * 100).toFixed(1)} %`;
}

function short(v: number): string {
  return String(Number(v.toPrecision(6)));
}
