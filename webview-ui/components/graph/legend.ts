import { LitElement, css, html, svg } from 'lit';
import type { PropertyValues, SVGTemplateResult, TemplateResult } from 'lit';
import type { NodeKind } from '../../../src/protocol/pageModel.ts';
import { countText } from '../../../src/text/numbers.ts';
import { heatColour } from '../../draw/boxColours.ts';
import type { Theme } from '../../draw/theme/theme.ts';
import type { GraphModel } from '../../graph/graphModel.ts';
import { heatShare, heaviest, knownCount, leastOf } from '../../graph/heat.ts';
import type { Heat, Heaviest } from '../../graph/heat.ts';
import type { ItemKind } from '../../graph/items.ts';
import { askToSelect } from '../announce.ts';

/** As many of the heaviest layers as are listed. */
const LISTED = 10;
const BAR_STEPS = 24;
/** Names of sizes that are explained; a damaged model may have any number. */
const MOST_NAMES = 40;

const KIND_NAMES: Readonly<Record<Exclude<ItemKind, 'input' | 'output' | 'constant'>, string>> = {
  inputLayer: 'input layer',
  layer: 'weights',
  norm: 'normalisation',
  activation: 'activation',
  pool: 'pooling, resizing',
  merge: 'arithmetic, concatenation',
  shape: 'shape, selection',
  quantise: 'quantisation',
  plain: 'other',
};

/** What the colours of the picture mean; for a heat map, the ten heaviest layers too. */
export class Legend extends LitElement {
  static override properties = {
    model: { attribute: false },
    heat: { attribute: false },
    theme: { attribute: false },
    open: { type: Boolean, reflect: true },
  };
  static override styles = css`
    :host {
      display: block;
      box-sizing: border-box;
      overflow-y: auto;
      font-size: 0.92em;
      background: var(--vscode-editorWidget-background);
    }
    :host(:not([open])) {
      border: 1px solid var(--vscode-contrastBorder, var(--vscode-editorWidget-border, var(--vscode-panel-border)));
    }
    summary {
      padding: 3px 8px;
      cursor: pointer;
    }
    summary:focus-visible,
    button:focus-visible {
      outline: 1px solid var(--vscode-focusBorder);
      outline-offset: -1px;
    }
    ul,
    ol {
      margin: 0;
      padding: 2px 10px 8px;
      list-style: none;
      columns: 230px;
    }
    li {
      display: flex;
      align-items: center;
      gap: 6px;
      padding: 1px 0;
      break-inside: avoid;
    }
    .swatch {
      flex: none;
      width: 18px;
      height: 10px;
      border: 1px solid var(--vscode-contrastBorder, transparent);
    }
    .bar {
      display: block;
      box-sizing: border-box;
      width: calc(100% - 20px);
      margin: 2px 10px;
    }
    .ends {
      display: flex;
      justify-content: space-between;
      padding: 0 10px 4px;
      color: var(--vscode-descriptionForeground);
    }
    button {
      flex: 1;
      min-width: 0;
      font: inherit;
      padding: 0;
      border: none;
      background: none;
      color: var(--vscode-textLink-foreground);
      cursor: pointer;
      text-align: left;
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
      direction: rtl;
    }
    .value {
      flex: none;
      color: var(--vscode-descriptionForeground);
    }
    p {
      margin: 0;
      padding: 2px 10px 8px;
      color: var(--vscode-descriptionForeground);
    }
  `;
  declare model: GraphModel | null;
  declare heat: Heat | null;
  declare theme: Theme | null;
  /** Folded at first for kinds of operators; a heat map is for reading its numbers. */
  declare open: boolean;

  constructor() {
    super();
    this.model = null;
    this.heat = null;
    this.theme = null;
    this.open = false;
  }

  protected override willUpdate(changed: PropertyValues<Legend>): void {
    const before = changed.get('heat')?.source;
    if (changed.has('heat') && before !== this.heat?.source) this.open = this.heat !== null;
  }

  #go({ key }: Heaviest): void {
    askToSelect(this, key, { reveal: true });
  }

  override render(): TemplateResult | null {
    const { model, theme, heat } = this;
    if (!model || !theme) return null;
    return html`<details
      ?open=${this.open}
      @toggle=${(event: Event) => (this.open = (event.target as HTMLDetailsElement).open)}
    >
      <summary>${heat ? heat.title : 'Colours'}</summary>
      ${heat ? this.#scale(model, heat) : this.#kinds(model, theme)} ${sizeKey(model)}
    </details>`;
  }

  #kinds(model: GraphModel, theme: Theme): TemplateResult {
    const present = new Set<ItemKind>(model.flat.items.map(({ kind }) => kind));
    const kinds = Object.entries(KIND_NAMES).filter(([kind]) => present.has(kind as NodeKind));
    return html`<ul aria-label="Colours by what operators do">
      ${kinds.map(([kind, name]) => html`<li>${swatch(theme.fill[kind as NodeKind])} ${name}</li>`)}
    </ul>`;
  }

  #scale(model: GraphModel, heat: Heat): TemplateResult {
    const top = heaviest(model, heat, LISTED);
    const [first] = top;
    if (!first) return html`<p>No layer has a number. Named sizes may need numbers: see Sizes.</p>`;
    const known = knownCount(heat);
    const least = leastOf(heat);
    const layers = model.page.nodes.length;
    return html`${bar()}
      <div class="ends"><span>${least === 0 ? '0' : heat.text(least)}</span><span>${heat.text(first.value)}</span></div>
      <ol aria-label="Heaviest layers">
        ${top.map(
          (layer) =>
            html`<li>
              ${swatch(heatColour(heatShare(heat, layer.value, first.value)))}
              <button title=${layer.name} @click=${() => this.#go(layer)}><bdi>${layer.name}</bdi></button>
              <span class="value">${heat.text(layer.value)}${shareText(heat, layer)}</span>
            </li>`,
        )}
      </ol>
      ${known < layers ? html`<p>${countText(known)} of ${countText(layers)} layers have a number.</p>` : null}
      ${heat.note ? html`<p>${heat.note}</p>` : null}`;
  }
}
customElements.define('cw-legend', Legend);

function shareText({ together }: Heat, { share }: Heaviest): string {
  return together === 'sum' ? ` · ${(share * 100).toFixed(1)} %` : '';
}

function swatch(colour: string): TemplateResult {
  return html`<svg class="swatch" aria-hidden="true" viewBox="0 0 1 1" preserveAspectRatio="none">
    <rect width="1" height="1" fill=${colour}></rect>
  </svg>`;
}

function bar(): TemplateResult {
  const steps = Array.from({ length: BAR_STEPS }, (_, i) => i / (BAR_STEPS - 1));
  return html`<svg class="bar" aria-hidden="true" height="10" viewBox="0 0 ${BAR_STEPS} 1" preserveAspectRatio="none">
    ${steps.map((share, i) => barStep(i, share))}
  </svg>`;
}

/** Shares are drawn by their square roots, as the boxes are. */
function barStep(i: number, share: number): SVGTemplateResult {
  return svg`<rect x=${i} width="1.05" height="1" fill=${heatColour(Math.sqrt(share))}></rect>`;
}

/** What the short names of sizes on the lines stand for. */
function sizeKey({ page }: GraphModel): TemplateResult | null {
  if (!page.sizeKey) return null;
  return html`<ul aria-label="Names of sizes">
    ${page.sizeKey.slice(0, MOST_NAMES).map(({ short, name }) => html`<li>${short}<span class="value">${name}</span></li>`)}
  </ul>`;
}
