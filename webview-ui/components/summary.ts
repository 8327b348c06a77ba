import { LitElement, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageModel, PageValue } from '../../src/protocol/messages.ts';
import { countText, listText, sizeText } from '../state/format.ts';
import { cardStyles } from './styles.ts';

function values(list: PageValue[]): TemplateResult {
  return html`<ul>${list.map((v) => html`<li>${v.name} <span class="sub">${v.dtype} ${v.dims ? listText(v.dims) : 'shape unknown'}</span></li>`)}</ul>`;
}

export class Summary extends LitElement {
  static properties = { model: { attribute: false } };
  static styles = cardStyles;
  declare model: PageModel | null;

  constructor() {
    super();
    this.model = null;
  }

  render(): TemplateResult | null {
    const m = this.model;
    if (!m) return null;
    return html`<section aria-labelledby="t">
      <h2 id="t">Summary</h2>
      <dl>
        <dt>Producer</dt><dd>${m.producer || 'not stated'}</dd>
        <dt>IR version</dt><dd>${m.irVersion}</dd>
        <dt>Opsets</dt><dd>${m.opsets.join(', ')}</dd>
        <dt>Nodes</dt><dd>${countText(m.nodes.length)}</dd>
        <dt>Parameters</dt><dd>${countText(m.parameterCount)}</dd>
        <dt>File size</dt><dd>${sizeText(m.fileSize)}</dd>
      </dl>
      <h3>Inputs</h3>${values(m.inputs)}
      <h3>Outputs</h3>${values(m.outputs)}
    </section>`;
  }
}
customElements.define('cw-summary', Summary);
