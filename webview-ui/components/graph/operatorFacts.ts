import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageFormal, PageOperator } from '../../../src/protocol/messages.ts';
import { request } from '../../state/host.ts';

/** What the standard says of an operator: its version in this file, its formal inputs and outputs, what changed. */
export function operatorFacts(operator: PageOperator | undefined): TemplateResult | null {
  if (operator?.since === undefined) return null;
  const { since, first = since, changes = [] } = operator;
  return html`<h3>Operator</h3>
    <dl>
      <dt>Since opset</dt>
      <dd>${since} ${first < since ? html`<span class="sub">first in ${first}</span>` : null}</dd>
      <dt>Takes</dt>
      <dd>${formalsText(operator.inputs)}</dd>
      <dt>Gives</dt>
      <dd>${formalsText(operator.outputs)}</dd>
      ${
        first < since
          ? html`<dt>Changed in ${since}</dt>
              <dd>${changes.length > 0 ? changes.join('; ') : 'neither names, types nor defaults'}</dd>`
          : null
      }
    </dl>
    <button class="link" @click=${() => void request('openOperatorPage', pageOf(operator))}>
      ${operator.opType} in the ONNX documentation
    </button>`;
}

function pageOf({ domain, opType }: PageOperator): { domain: string; opType: string } {
  return { domain, opType };
}

function formalsText(formals: readonly PageFormal[]): string {
  const texts = formals.map(({ name, kind }) => (kind === 'single' ? name : `${name} (${kind})`));
  return texts.length > 0 ? texts.join(', ') : 'nothing';
}
