import { tally } from '../../adapt/report/planText.ts';
import { quoted } from '../names.ts';
import { matrixText, shortNumber } from './matrixText.ts';
import type { TensorDifference } from './measure/difference.ts';
import type { FullRun, VerifyReport } from './report.ts';
import type { FoldCheck } from './structure/foldCheck.ts';
import { countOf, countText } from '../../text/numbers.ts';

type Unstated = Omit<VerifyReport, 'statement'>;

const REBUILT: Readonly<Record<VerifyReport['rebuilt'], string | null>> = {
  bytes: 'adapting the original again gives this file, byte for byte',
  content: 'adapting the original again gives the same nodes and weights for every output',
  different: null,
  impossible: null,
};

/**
 * The report in one sentence. `why` says what keeps it from being verified; `misnamed` names a map that is not what its
 * record calls it.
 */
export function statement(report: Unstated, why: string | null, misnamed: string | null): string {
  const warning = misnamed === null ? '' : ` Mind that ${misnamed}.`;
  if (report.verdict === 'failed') return `Not the same function: ${lower(why ?? 'the models differ.')}${warning}`;
  if (report.verdict === 'unproved')
    return `Not verified: ${lower(why ?? 'it could not be checked.')}${foldsPart(report)}${rebuiltPart(report)}${warning}`;
  const again = REBUILT[report.rebuilt];
  const parts = [...measuredParts(report), ...(again === null ? [] : [again])];
  return `Verified: ${parts.join('; ')}.${warning}`;
}

function measuredParts(report: Unstated): string[] {
  if (report.maxAbs === null) return ['all outputs follow from nodes and weights that are byte-identical'];
  const error = errorText({ maxAbs: report.maxAbs, maxRel: report.maxRel ?? Infinity });
  const parts = [`${error} where both models become identical`];
  const behind = report.seam?.identicalNodes ?? 0;
  if (behind === 1) parts.push('the other node is byte-identical');
  if (behind > 1) parts.push(`the other ${countText(behind)} nodes are byte-identical`);
  if (report.full?.ok) parts.push('the whole models agree too');
  return parts;
}

function foldsPart(report: Unstated): string {
  const good = report.folds.filter((fold) => fold.ok).length;
  if (!good) return '';
  const which = good === 1 ? 'The changed weight' : `The ${good} changed weights`;
  return ` ${which} that could be recomputed ${good === 1 ? 'is' : 'are'} the exact sum.`;
}

/** What speaks for a model that could not be run: that it is what this version writes, and nobody changed it since. */
function rebuiltPart({ rebuilt }: Unstated): string {
  const again = REBUILT[rebuilt];
  return again === null ? '' : ` But ${again}.`;
}

function lower(text: string): string {
  return /^[A-Z][a-z]/.test(text) && !text.startsWith('ONNX') ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

/** The report as lines for a terminal or a tab. */
export function verifyText(report: VerifyReport): string[] {
  const lines = [report.statement];
  for (const { name, axis, map } of report.maps.inputs)
    lines.push(`input ${quoted(name)}: original = ${matrixText(map)} · adapted, along axis ${axis}`);
  for (const tensor of report.tensors) lines.push(tensorLine('tensor', tensor));
  for (const fold of report.folds)
    lines.push(`changed weight ${quoted(fold.tensor)} (${quoted(fold.node)}): ${foldText(fold)}`);
  const runs = report.runs.map((run) => `on ${pixelsText(run.on)}: ${sizesText(run.sizes)}`);
  for (const { word, count } of tally(runs)) lines.push(`${count === 1 ? 'run' : `${count} runs`} ${word}`);
  if (report.seam) {
    const { identicalNodes, stemNodes, bytesCompared } = report.seam;
    const others = identicalNodes === 0 ? '' : `, the other ${countText(identicalNodes)} byte-identical`;
    lines.push(
      `${countOf(stemNodes, 'node')} run${others}; ${countText(bytesCompared)} bytes of nodes and weights compared`,
    );
  }
  if (report.full)
    lines.push(fullText(report.full), ...report.full.tensors.map((tensor) => tensorLine('output', tensor)));
  lines.push(`${report.runtime ?? 'no runtime'}, seed ${report.seed}`);
  return [...lines, ...report.warnings.map((warning) => `Note: ${warning}`)];
}

const PIXELS = new Map([
  ['smooth', 'smooth pictures'],
  ['edges', 'pictures with edges'],
  ['random', 'random inputs'],
]);

/** What a run was on, in words; a picture by its name. */
export function pixelsText(on: string): string {
  return PIXELS.get(on) ?? on;
}

function sizesText(sizes: Readonly<Record<string, readonly number[]>>): string {
  return Object.entries(sizes)
    .map(([name, dims]) => `${quoted(name)} [${dims.join(', ')}]`)
    .join(', ');
}

function foldText({ ok, why, maxAbs }: FoldCheck): string {
  if (ok === null) return `not recomputed, ${why}`;
  return ok ? `the exact sum, largest error ${shortNumber(maxAbs ?? 0)}` : `wrong, ${why}`;
}

function fullText({ ok, why }: FullRun): string {
  if (ok === null) return `whole models not run: ${why}`;
  return ok ? 'whole models agree' : `whole models differ: ${why}`;
}

/** Where the original gives zeros alone, there is no relative error. */
function errorText({ maxAbs, maxRel }: Pick<TensorDifference, 'maxAbs' | 'maxRel'>): string {
  return Number.isFinite(maxRel) ? `relative error ${shortNumber(maxRel)}` : `${shortNumber(maxAbs)} in place of zeros`;
}

/** A larger relative error needs a word, where all is well: the values are about as small as what rounding leaves. */
const STARTLING_ERROR = 0.01;

function tensorLine(kind: string, difference: TensorDifference): string {
  const verdict = difference.ok ? '' : ` — WRONG, ${difference.why}`;
  const label = `${kind} ${quoted(difference.name)} ${difference.dtype}[${difference.dims.join(', ')}]`;
  if (Number.isNaN(difference.maxAbs)) return `${label}${verdict}`;
  const [largest, tolerance] = [shortNumber(difference.maxAbs), shortNumber(difference.tolerance)];
  const isStartling = difference.ok && difference.maxRel > STARTLING_ERROR && Number.isFinite(difference.maxRel);
  const error = `${errorText(difference)}${isStartling ? ` of values up to ${shortNumber(difference.peak)}` : ''}`;
  return `${label}: ${error}; largest difference ${largest}, rounding tolerance ${tolerance}${verdict}`;
}
