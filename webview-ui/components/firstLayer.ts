import { LitElement, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageFirstLayer, PageModel } from '../../src/protocol/messages.ts';
import { listText, shapeText } from '../state/format.ts';
import { cardStyles } from './styles.ts';

export class FirstLayer extends LitElement {
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
    const many = m.firstLayers.length > 1;
    return html`
      ${m.firstLayers.length === 0
        ? html`<section class="first-layer" aria-labelledby="f"><h2 id="f">First layer</h2><p>No layer that reads the image channels was found.</p></section>`
        : m.firstLayers.map((layer, i) => this.#card(layer, many ? `First layer ${i + 1} of ${m.firstLayers.length}` : 'First layer', `f${i}`))}
    `;
  }

  #card(l: PageFirstLayer, title: string, id: string): TemplateResult {
    const show = (): void => {
      this.dispatchEvent(new CustomEvent('select-thing', { detail: { key: `n${l.nodeId}`, reveal: true }, bubbles: true, composed: true }));
    };
    return html`<section class="first-layer" aria-labelledby=${id}>
      <h2 id=${id}>${title}</h2>
      <dl>
        <dt>Weight</dt><dd>${l.weight}</dd>
        <dt>Shape</dt><dd><strong>${shapeText(l.dims)}</strong> <span class="sub">${listText(l.dims)}</span></dd>
        <dt>Node</dt><dd>${l.node}</dd>
        <dt>Operator</dt><dd>${l.opType}</dd>
        <dt>Type</dt><dd>${l.dtype}</dd>
        <dt>Layout</dt><dd>${l.layout}</dd>
        <dt>Strides</dt><dd>${listText(l.strides)}</dd>
        <dt>Pads</dt><dd>${listText(l.pads)}</dd>
        <dt>Dilations</dt><dd>${listText(l.dilations)}</dd>
        <dt>auto_pad</dt><dd>${l.autoPad}</dd>
        <dt>Group</dt><dd>${l.group}</dd>
      </dl>
      <vscode-button appearance="secondary" @click=${() => this.dispatchEvent(new CustomEvent('show-filters'))}>Show filters</vscode-button>
      <vscode-button appearance="secondary" @click=${show}>Show in graph</vscode-button>
    </section>`;
  }
}
customElements.define('cw-first-layer', FirstLayer);
