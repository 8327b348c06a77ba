import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageFold, PageStep } from '../../../src/protocol/adaptation.ts';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import { countOf, countText } from '../../../src/text/numbers.ts';
import type { SelectionKey } from '../../graph/graphModel.ts';
import { shapeText, sizeText } from '../../text/format.ts';
import { breakable } from '../breakable.ts';
import { mapTable } from './mapTable.ts';

const NOW: Readonly<Record<PageFold['now'], string>> = {
  same: '✓ as recorded',
  other: '✗ other shape',
  missing: '✗ no such weight',
  unknown: 'computed inside',
};

/** Whether a changed weight is in the file as its record says. */
export function isWrong({ now }: PageFold): boolean {
  return now === 'other' || now === 'missing';
}

/** What a step is shown with. */
export interface StepContext {
  readonly model: PageModel;
  /** Whether the file says what was done; else it is read from both files. */
  readonly isRecorded: boolean;
  /** Shows a layer in the graph. */
  readonly show: (key: SelectionKey) => void;
}

/** One conversion that made this file: its map, and what it changed, removed, rebuilt and added. */
export function stepCard(step: PageStep, context: StepContext): TemplateResult {
  return html`<div class="card step">
    <h3>${step.map || 'A map without a name'}</h3>
    <p>
      Made from <span class="name">${step.source.name || 'a file without a name'}</span>, ${sizeText(step.source.size)}.
    </p>
    ${step.warning ? html`<p class="warning">⚠ ${step.warning}</p>` : null}
    ${step.inputs.map((input) => mapTable(input))} ${changedWeights(step, context)}
    ${nodeGroups('Nodes removed, as the changed weights do what they did', step.absorbed)} ${rebuiltTensors(step)}
    ${nodeGroups('Nodes added', step.added)} ${step.notes.map((note) => html`<p>${note}</p>`)}
    <h4>Size and cost</h4>
    <p>${savings(step)}.</p>
    ${
      step.exactness
        ? html`<h4>Exactness</h4>
            <p>${step.exactness}</p>`
        : null
    }
  </div>`;
}

function changedWeights({ folds, foldCount }: PageStep, context: StepContext): TemplateResult | null {
  if (foldCount === 0) return null;
  return html`<h4>${countOf(foldCount, 'changed weight')}</h4>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Weight</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
            ${context.isRecorded ? html`<th scope="col">In the file now</th>` : null}
          </tr>
        </thead>
        <tbody>
          ${folds.map((fold) => foldRow(fold, context))}
        </tbody>
      </table>
    </div>
    ${more(folds.length, foldCount)}`;
}

function foldRow(fold: PageFold, context: StepContext): TemplateResult {
  return html`<tr>
    <td>${weightLink(fold.tensor, context)}</td>
    <td>${shapeText(fold.oldDims)}</td>
    <td>${shapeText(fold.newDims)}</td>
    ${context.isRecorded ? html`<td class=${isWrong(fold) ? 'bad' : ''}>${NOW[fold.now]}</td>` : null}
  </tr>`;
}

/** The weight's name, which leads to the layer that reads it. */
function weightLink(tensor: string, { model, show }: StepContext): TemplateResult {
  const node = model.nodes.find(({ inputs }) => inputs.some(({ name }) => name === tensor));
  if (!node) return html`<span class="name">${breakable(tensor)}</span>`;
  const title = `Show ${node.opType} ${node.name} in the graph`;
  return html`<button class="link" title=${title} @click=${() => show(`n${node.id}`)}>${breakable(tensor)}</button>`;
}

function rebuiltTensors({ rebuilt, rebuiltCount }: PageStep): TemplateResult | null {
  if (rebuiltCount === 0) return null;
  return html`<h4>${countOf(rebuiltCount, 'tensor')} rebuilt inside the model</h4>
    <ul>
      ${rebuilt.map(
        ({ tensor, node, reason }) =>
          html`<li>
            ${tensor}${node ? html` <span class="sub">for ${node}</span>` : null}
            <div class="reason">${reason}</div>
          </li>`,
      )}
    </ul>
    ${more(rebuilt.length, rebuiltCount)}`;
}

function nodeGroups(title: string, groups: PageStep['added']): TemplateResult | null {
  if (groups.length === 0) return null;
  const texts = groups.map(({ opType, count }) => (count === 1 ? opType : `${countText(count)} ${opType}`));
  return html`<h4>${title}</h4>
    <p>${texts.join(', ')}</p>`;
}

function more(shown: number, total: number): TemplateResult | null {
  return total > shown ? html`<p>… and ${countText(total - shown)} more</p>` : null;
}

function savings({ saved }: PageStep): string {
  const parameters = saving(saved.parameters, 'parameters');
  if (saved.multiplyAdds === null) return parameters;
  return `${parameters}, ${saving(saved.multiplyAdds, 'multiply-adds per image')}`;
}

function saving(saved: number | null, what: string): string {
  if (saved === null) return `${what} not recorded`;
  if (saved === 0) return `as many ${what} as before`;
  return `${countText(Math.abs(saved))} ${saved < 0 ? 'more' : 'fewer'} ${what}`;
}
