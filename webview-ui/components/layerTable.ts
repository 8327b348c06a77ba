import { LitElement, css, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { PageModel } from '../../src/protocol/messages.ts';
import { nodeLabel, shapeText } from '../state/format.ts';

export class LayerTable extends LitElement {
  static properties = { model: { attribute: false }, selected: { attribute: false } };
  static styles = css`
    :host { display: block; overflow: auto; height: 100%; }
    table { border-collapse: collapse; width: 100%; }
    caption { text-align: left; padding: 8px 14px; color: var(--vscode-descriptionForeground); }
    th, td { text-align: left; padding: 4px 14px; border-bottom: 1px solid var(--vscode-contrastBorder, var(--vscode-panel-border)); overflow-wrap: anywhere; font-weight: inherit; }
    thead th { position: sticky; top: 0; background: var(--vscode-editor-background); font-weight: 600; }
    td.shape { font-family: var(--vscode-editor-font-family, monospace); }
    tbody tr { cursor: pointer; }
    tbody tr:hover { background: var(--vscode-list-hoverBackground); outline: 1px dashed var(--vscode-contrastActiveBorder, transparent); outline-offset: -1px; }
    tbody tr[aria-selected='true'] { background: var(--vscode-list-activeSelectionBackground); color: var(--vscode-list-activeSelectionForeground); outline: 1px solid var(--vscode-contrastActiveBorder, transparent); outline-offset: -1px; }
    tbody tr:focus-visible { outline: 2px solid var(--vscode-focusBorder); outline-offset: -2px; }
  `;
  declare model: PageModel | null;
  declare selected: number | null;

  constructor() {
    super();
    this.model = null;
    this.selected = null;
  }

  protected updated(changed: PropertyValues): void {
    if (changed.has('selected')) this.renderRoot.querySelector('tr[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }

  #select(id: number): void {
    this.dispatchEvent(new CustomEvent('select-node', { detail: { id, reveal: false }, bubbles: true, composed: true }));
  }

  #key(event: KeyboardEvent, id: number): void {
    const row = event.currentTarget as HTMLElement;
    const next = event.key === 'ArrowDown' ? row.nextElementSibling : event.key === 'ArrowUp' ? row.previousElementSibling : null;
    if (event.key === 'Enter' || event.key === ' ') this.#select(id);
    else if (next instanceof HTMLElement) next.focus();
    else return;
    event.preventDefault();
  }

  render(): TemplateResult | null {
    const m = this.model;
    if (!m) return null;
    // One tab stop for the whole table; arrows move between its rows.
    const stop = m.nodes.some((n) => n.id === this.selected) ? this.selected : m.nodes[0]?.id;
    return html`<table role="grid" aria-label="Layers">
      <caption>${m.nodes.length} layers in file order</caption>
      <thead><tr><th scope="col">Name</th><th scope="col">Operator</th><th scope="col">Output shape</th></tr></thead>
      <tbody>
        ${m.nodes.map((node) => html`<tr
          data-node-id=${node.id}
          tabindex=${node.id === stop ? 0 : -1}
          aria-selected=${node.id === this.selected ? 'true' : 'false'}
          @click=${() => this.#select(node.id)}
          @keydown=${(e: KeyboardEvent) => this.#key(e, node.id)}
        ><th scope="row">${nodeLabel(node)}</th><td>${node.opType}</td><td class="shape">${shapeText(node.outputs[0]?.dims ?? null) || 'unknown'}</td></tr>`)}
      </tbody>
    </table>`;
  }
}
customElements.define('cw-layer-table', LayerTable);
