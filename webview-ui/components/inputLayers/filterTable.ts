import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { numberText } from '../../../src/text/numbers.ts';
import { filterCount, filterStats } from '../../draw/filterPicture.ts';
import type { Filters } from '../../draw/filterPicture.ts';
import type { FilterPage } from '../../state/host/filterLoad.ts';

/** The pictures in numbers. */
export function filterTable(page: FilterPage): TemplateResult {
  const cells = (filters: Filters | null, i: number): TemplateResult | null => {
    if (!filters) return null;
    const { min, max, mean } = filterStats(filters, i);
    return html`<td>${numberText(min)}</td>
      <td>${numberText(max)}</td>
      <td>${numberText(mean)}</td>`;
  };
  const head = (title: string): TemplateResult =>
    html`<th scope="col">${title} min</th>
      <th scope="col">max</th>
      <th scope="col">mean</th>`;
  return html`<details>
    <summary>The filters as a table</summary>
    <div class="scroll" role="region" aria-label="The filters as a table" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">Filter</th>
            ${page.after ? html`${head('Before:')}${head('After:')}` : head('')}
          </tr>
        </thead>
        <tbody>
          ${Array.from(
            { length: filterCount(page.before) },
            (_, i) =>
              html`<tr>
                <th scope="row">${page.from + i}</th>
                ${cells(page.before, i)}${cells(page.after, i)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}
