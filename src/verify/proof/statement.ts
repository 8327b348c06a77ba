import { tally } from '../../adapt/report/planText.ts';
import type { TensorDifference } from './difference.ts';
import type { VerifyReport } from './verify.ts';

/** The report in one sentence. */
export function statement(report: Omit<VerifyReport, 'statement'>, why: string | null): string {
  if (report.verdict === 'failed') return `Not the same function: ${lower(why ?? 'the models differ.')}`;
  if (report.verdict === 'unproved') return `Unproved: ${lower(why ?? 'it could not be checked.')}${foldsPart(report)}`;
  const behind = report.seam?.identicalNodes ?? 0;
  const same = behind
    ? `; the ${behind} node${behind > 1 ? 's' : ''} behind ${behind > 1 ? 'are' : 'is'} the same, byte for byte`
    : '';
  if (report.maxAbs === null)
    return 'Proved: all outputs follow from nodes and weights that are the same, byte for byte.';
  return `Proved: max |Δ| ${number(report.maxAbs)} (${number(report.maxRel ?? 0)} of the largest value) at the seam${same}${report.full?.ok ? '; the whole models agree too' : ''}.`;
}

function foldsPart(report: Omit<VerifyReport, 'statement'>): string {
  const good = report.folds.filter((f) => f.ok).length;
  return good
    ? ` The ${good} folded weight${good > 1 ? 's that could be checked are' : ' that could be checked is'} the exact sum.`
    : '';
}

function lower(text: string): string {
  return /^[A-Z][a-z]/.test(text) && !text.startsWith('ONNX') ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

/** The report as lines for a terminal or a tab. */
export function verifyText(report: VerifyReport): string[] {
  const lines = [report.statement];
  for (const i of report.maps.inputs)
    lines.push(`input ${i.name}: original = ${matrix(i.map.m, i.map.b)} · adapted, along axis ${i.axis}`);
  for (const t of report.tensors) lines.push(tensorLine('seam', t));
  for (const f of report.folds)
    lines.push(
      `fold ${f.tensor} (${f.node}): ${f.ok === null ? `not checked, ${f.why}` : f.ok ? `exact sum, max |Δ| ${number(f.maxAbs ?? 0)}` : `wrong, ${f.why}`}`,
    );
  const runs = report.runs.map(
    (r) =>
      `on ${r.on}: ${Object.entries(r.sizes)
        .map(([name, dims]) => `${name} [${dims.join(', ')}]`)
        .join(', ')}`,
  );
  for (const { word, count } of tally(runs)) lines.push(`${count === 1 ? 'run' : `${count} runs`} ${word}`);
  if (report.seam) {
    const { identicalNodes, stemNodes, bytesCompared } = report.seam;
    lines.push(
      `${stemNodes} ${stemNodes === 1 ? 'node' : 'nodes'} run, ${identicalNodes} behind the seam are the same; ${bytesCompared} bytes of nodes and weights compared`,
    );
  }
  if (report.full) {
    lines.push(
      report.full.ok === null
        ? `whole models not run: ${report.full.why}`
        : report.full.ok
          ? 'whole models agree'
          : `whole models differ: ${report.full.why}`,
    );
    for (const t of report.full.tensors) lines.push(tensorLine('output', t));
  }
  lines.push(`${report.runtime ?? 'no runtime'}, seed ${report.seed}`, ...report.warnings.map((w) => `Note: ${w}`));
  return lines;
}

function tensorLine(kind: string, t: TensorDifference): string {
  const size = Number.isNaN(t.maxAbs)
    ? ''
    : `: max |Δ| ${number(t.maxAbs)}, relative ${number(t.maxRel)}, L2 ${number(t.relL2)}, rounding explains ${number(t.tolerance)}`;
  return `${kind} ${t.name} ${t.dtype}[${t.dims.join(', ')}]${size}${t.ok ? '' : ` — WRONG, ${t.why}`}`;
}

function matrix(m: readonly (readonly number[])[], b: readonly number[]): string {
  const rows =
    m.length > 8
      ? `${m.length}×${m[0]?.length} matrix`
      : `[${m.map((row) => `[${row.map(number).join(', ')}]`).join(', ')}]`;
  return b.some((v) => v !== 0) ? `[${b.map(number).join(', ')}] + ${rows}` : rows;
}

function number(v: number): string {
  return v === 0
    ? '0'
    : Math.abs(v) < 1e-3 || Math.abs(v) >= 1e5
      ? v.toExponential(1)
      : String(Number(v.toPrecision(3)));
}
