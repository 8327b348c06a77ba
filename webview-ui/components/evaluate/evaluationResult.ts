import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageEvaluation, PageEvaluationRun } from '../../../src/protocol/evaluation.ts';
import { countText } from '../../../src/text/numbers.ts';
import './changedImages.ts';

/** What an evaluation came to: sentences, the table of runs, the pictures that change, and how it was measured. */
export function evaluationResult(
  found: PageEvaluation,
  classes: readonly string[],
  save: TemplateResult,
): TemplateResult {
  const labels = found.labelled ? `${countText(found.labelled)} with labels` : 'no labels';
  return html`<div class="result" role="region" aria-label="Result">
    ${found.conclusions.map((text, i) => html`<p class=${i === 0 ? 'first' : ''} role=${i === 0 ? 'status' : 'none'}>${text}</p>`)}
    <div class="scroll" tabindex="0" aria-label="Table of runs" role="group">
      <table>
        <thead>
          <tr>
            <th scope="col">n = ${countText(found.images)}, ${labels}</th>
            <th scope="col">Top-1</th>
            <th scope="col">Top-5</th>
            <th scope="col">Agrees with RGB</th>
            <th scope="col">Agrees with gray repeated</th>
            <th scope="col">Score difference</th>
          </tr>
        </thead>
        <tbody>
          ${found.runs.map((run, i) => runRow(run, found, i === 0))}
        </tbody>
      </table>
    </div>
    ${save} ${changedPictures(found, classes)}
    ${listed('How it was measured', [
      `${found.original}${found.adapted === null ? ', adapted in memory' : ` and ${found.adapted}`}`,
      ...found.details,
      'A score difference is the largest from gray repeated, as a part of the largest score.',
    ])}
    ${listed('Notes', found.notes)}
  </div>`;
}

function runRow(run: PageEvaluationRun, { images, labelled }: PageEvaluation, first: boolean): TemplateResult {
  return html`<tr>
    <th scope="row">${run.title}</th>
    <td>${counted(run.top1, labelled)}</td>
    <td>${counted(run.top5, labelled)}</td>
    <td>${counted(run.agreesWithRgb, images)}</td>
    <td>${counted(run.agreesWithRepeated, images)}</td>
    <td>${first ? '–' : scoreText(run.scoreDifference)}</td>
  </tr>`;
}

function changedPictures({ changed, changedImages, images }: PageEvaluation, classes: readonly string[]): unknown {
  if (changed === 0) return null;
  const shown = changedImages.length < changed ? `, the ${countText(changedImages.length)} that change most` : '';
  return html`<h2>${countText(changed)} of ${countText(images)} images change their class without colours${shown}</h2>
    <cw-changed-images .images=${changedImages} .classes=${classes}></cw-changed-images>`;
}

/** A heading and lines; nothing where there is no line. */
export function listed(heading: string, lines: readonly string[]): TemplateResult | null {
  if (lines.length === 0) return null;
  return html`<h2>${heading}</h2>
    <ul>
      ${lines.map((line) => html`<li>${line}</li>`)}
    </ul>`;
}

/** Below so many images the count says more than the share. */
const MANY = 1000;

function counted(part: number | null, of: number): string {
  if (part === null) return '–';
  return of < MANY ? `${countText(Math.round(part * of))} of ${countText(of)}` : `${(part * 100).toFixed(1)} %`;
}

function scoreText(difference: number): string {
  return difference === 0 ? '0' : difference.toExponential(1);
}
