import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { Blocks } from '../../state/host/blocks.ts';

/** A cell of the grid, from its first row and column on. */
export type CellPlace = readonly [row: number, column: number];

/** What of a grid of values is shown. */
export interface ShownValues {
  readonly blocks: Blocks;
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  /** The chosen cell. */
  readonly at: CellPlace;
  readonly choose: (at: CellPlace) => void;
}

/** The cells in view with their numbers; what is still loading is an ellipsis. */
export function valuesTable(shown: ShownValues): TemplateResult {
  return html`<table role="presentation">
    <thead role="rowgroup">
      <tr role="row" aria-rowindex="1">
        <th class="corner" role="columnheader">row</th>
        ${shown.columns.map((column) => html`<th role="columnheader" aria-colindex=${column + 2}>${column}</th>`)}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${shown.rows.map(
        (row) =>
          html`<tr role="row" aria-rowindex=${row + 2}>
            <th class="row" role="rowheader">${row}</th>
            ${shown.columns.map((column) => cell(shown, [row, column]))}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function cell({ blocks, at, choose }: ShownValues, place: CellPlace): TemplateResult {
  const [row, column] = place;
  const text = blocks.cell(row, column);
  const chosen = row === at[0] && column === at[1];
  return html`<td
    role="gridcell"
    id=${chosen ? 'at' : ''}
    aria-colindex=${column + 2}
    aria-selected=${chosen ? 'true' : 'false'}
    title=${text ?? ''}
    @click=${() => choose(place)}
  >
    ${text ?? '…'}
  </td>`;
}
