import { LitElement, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageNode } from '../../src/protocol/messages.ts';
import { listText, nodeLabel } from '../state/format.ts';
import { cardStyles } from './styles.ts';

export class Inspector extends LitElement {
  static properties = { node: { attribute: false } };
  static styles = cardStyles;
  declare node: PageNode | null;

  constructor() {
    super();
    this.node = null;
  }

  render(): TemplateResult {
    const node = this.node;
    if (!node) {
      return html`<section aria-labelledby="t"><h2 id="t">Selected layer</h2><p>Select a layer in the graph or in the table.</p></section>`;
    }
    return html`<section aria-labelledby="t">
      <h2 id="t">Selected layer</h2>
      <dl>
        <dt>Name</dt><dd>${nodeLabel(node)}</dd>
        <dt>Operator</dt><dd>${node.opType}</dd>
        ${node.domain ? html`<dt>Domain</dt><dd>${node.domain}</dd>` : null}
      </dl>
      ${node.attributes.length === 0
        ? null
        : html`<h3>Attributes</h3><dl>${node.attributes.map((a) => html`<dt title=${a.type}>${a.name}</dt><dd>${a.value}</dd>`)}</dl>`}
      <h3>Inputs</h3>
      <ul>${node.inputs.map((input) => html`<li>${input.name || '(omitted)'}
        <span class="sub">${input.weight
          ? `weight ${input.weight.dtype} ${listText(input.weight.dims)} ${input.weight.storage}`
          : input.dims ? listText(input.dims) : ''}</span></li>`)}</ul>
      <h3>Outputs</h3>
      <ul>${node.outputs.map((output) => html`<li>${output.name || '(omitted)'} <span class="sub">${output.dims ? listText(output.dims) : ''}</span></li>`)}</ul>
    </section>`;
  }
}
customElements.define('cw-inspector', Inspector);
