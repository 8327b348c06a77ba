import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageMappedInput } from '../../../src/protocol/adaptation.ts';
import { countOf, countText, numberText } from '../../../src/text/numbers.ts';

type Matrix = NonNullable<PageMappedInput['matrix']>;

/** The channel map of one input, as the matrix that makes the model's channels of the new ones. */
export function mapTable({ name, axis, oldChannels, newChannels, matrix, shift }: PageMappedInput): TemplateResult {
  const head = html`<h4>
    <span class="name">${name}</span>: ${countText(oldChannels)} → ${countOf(newChannels, 'channel')} on axis ${axis}
  </h4>`;
  if (!matrix || !shift)
    return html`${head}
      <p>The matrix is too large to show.</p>`;
  const shifts = shift.some((value) => value !== 0) ? shift : null;
  return html`${head}
    <p class="hint">old = M · new${shifts ? ' + shift' : ''}</p>
    <div class="scroll">
      <table class="map" aria-label="Channel map of ${name}">
        <thead>
          <tr>
            <td></td>
            ${matrix[0]?.map((_, k) => html`<th scope="col">new ${k + 1}</th>`)}
            ${shifts ? html`<th scope="col">shift</th>` : null}
          </tr>
        </thead>
        <tbody>
          ${rows(matrix, shifts)}
        </tbody>
      </table>
    </div>`;
}

function rows(matrix: Matrix, shifts: readonly number[] | null): TemplateResult[] {
  return matrix.map(
    (row, c) =>
      html`<tr>
        <th scope="row">old ${c + 1}</th>
        ${row.map((value) => html`<td class=${value === 0 ? 'zero' : ''}>${numberText(value)}</td>`)}
        ${shifts ? html`<td>${numberText(shifts[c] ?? 0)}</td>` : null}
      </tr>`,
  );
}
