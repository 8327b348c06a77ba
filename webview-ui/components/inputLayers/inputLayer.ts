import { LitElement, css, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { PageInputLayer, PageModel } from '../../../src/protocol/pageModel.ts';
import { countText } from '../../../src/text/numbers.ts';
import { Fold } from '../../state/kept/folds.ts';
import { listText, shapeText } from '../../text/format.ts';
import { askToSelect } from '../announce.ts';
import { breakable } from '../breakable.ts';
import { cardStyles, linkStyles } from '../styles.ts';

/** More than these are a list that opens: a transformer's residual path leads its input past every block. */
const MOST_CARDS = 2;
/** Nobody reads more of that list; the Input layers tab has all. */
const MOST_LISTED = 200;

/** What the input layers are, beside the graph. */
export class InputLayer extends LitElement {
  static override properties = { model: { attribute: false }, listed: { state: true } };
  static override styles = [
    cardStyles,
    linkStyles,
    css`
      summary {
        cursor: pointer;
        color: var(--vscode-foreground);
      }
      summary:focus-visible {
        outline: 1px solid var(--vscode-focusBorder);
        outline-offset: 1px;
      }
      ul {
        margin-top: 6px;
      }
    `,
  ];
  declare model: PageModel | null;
  /** The list is open. */
  declare listed: boolean;
  readonly #fold = new Fold(this, 'input layers');

  constructor() {
    super();
    this.model = null;
    this.listed = false;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('model')) this.listed = false;
  }

  override render(): TemplateResult | null {
    const layers = this.model?.inputLayers;
    if (!layers) return null;
    if (layers.length === 0)
      return html`<section class="input-layer" aria-labelledby="f" ?data-folded=${!this.#fold.open}>
        ${this.#fold.heading('Input layer', 'f')}
        <p>No layer that reads the image channels was found.</p>
      </section>`;
    const cards = layers.length > MOST_CARDS ? 1 : layers.length;
    const title = (i: number): string =>
      layers.length > 1 ? `Input layer ${i + 1} of ${countText(layers.length)}` : 'Input layer';
    return html` ${layers.slice(0, cards).map((layer, i) => this.#card(layer, title(i), `f${i}`))}
    ${cards < layers.length ? this.#others(layers.slice(cards)) : null}`;
  }

  #others(layers: readonly PageInputLayer[]): TemplateResult {
    return html`<section aria-label="Other input layers">
      <details
        .open=${this.listed}
        @toggle=${(event: Event) => (this.listed = (event.target as HTMLDetailsElement).open)}
      >
        <summary>${countText(layers.length)} other input layers</summary>
        ${
          this.listed
            ? html`<ul>
                ${layers.slice(0, MOST_LISTED).map((layer) => this.#item(layer))}
              </ul>`
            : null
        }
        ${this.listed && layers.length > MOST_LISTED ? html`<p>The Input layers tab has all.</p>` : null}
      </details>
    </section>`;
  }

  #item(layer: PageInputLayer): TemplateResult {
    return html`<li>
      <button class="link" @click=${() => this.#show(layer)}>${breakable(layer.node || layer.weight)}</button>
      <span class="sub">${layer.opType} ${shapeText(layer.dims)}</span>
    </li>`;
  }

  #show(inputLayer: PageInputLayer): void {
    askToSelect(this, `n${inputLayer.nodeId}`, { reveal: true });
  }

  #card(inputLayer: PageInputLayer, title: string, id: string): TemplateResult {
    // A matrix product slides over nothing.
    const slides = inputLayer.strides.length > 0;
    return html`<section class="input-layer" aria-labelledby=${id} ?data-folded=${!this.#fold.open}>
      ${this.#fold.heading(title, id)}
      <dl>
        <dt>Weight</dt>
        <dd>${breakable(inputLayer.weight)}</dd>
        <dt>Shape</dt>
        <dd><strong>${shapeText(inputLayer.dims)}</strong> <span class="sub">${listText(inputLayer.dims)}</span></dd>
        ${
          inputLayer.node === ''
            ? null
            : html`<dt>Node</dt>
                <dd>${breakable(inputLayer.node)}</dd>`
        }
        <dt>Operator</dt>
        <dd>${inputLayer.opType}</dd>
        <dt>Type</dt>
        <dd>${inputLayer.dtype}</dd>
        <dt>Layout</dt>
        <dd>${inputLayer.layout}</dd>
        ${
          slides
            ? html` <dt>Strides</dt>
                <dd>${listText(inputLayer.strides)}</dd>
                <dt>Pads</dt>
                <dd>${listText(inputLayer.pads)}</dd>
                <dt>Dilations</dt>
                <dd>${listText(inputLayer.dilations)}</dd>
                <dt>auto_pad</dt>
                <dd>${inputLayer.autoPad}</dd>
                <dt>Group</dt>
                <dd>${inputLayer.group}</dd>`
            : null
        }
      </dl>
      <vscode-button appearance="secondary" @click=${() => this.dispatchEvent(new CustomEvent('show-filters'))}
        >Show filters</vscode-button
      >
      <vscode-button appearance="secondary" @click=${() => this.#show(inputLayer)}>Show in graph</vscode-button>
    </section>`;
  }
}
customElements.define('cw-input-layer', InputLayer);
