import { LitElement, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { PageInputLayerFacts } from '../../../src/protocol/inputLayer.ts';
import type { PageInputLayer, PageModel } from '../../../src/protocol/pageModel.ts';
import { messageOf } from '../../../src/text/messageOf.ts';
import { countText, numberText } from '../../../src/text/numbers.ts';
import { MOST_CHANNELS, filterCount, filterStats, picturesOf, statsOf } from '../../draw/filterPicture.ts';
import type { Filters } from '../../draw/filterPicture.ts';
import { loadFilters } from '../../state/host/filterLoad.ts';
import type { FilterPage } from '../../state/host/filterLoad.ts';
import { isCancel, request } from '../../state/host/host.ts';
import { shapeText } from '../../text/format.ts';
import { cardStyles } from '../styles.ts';
import './filterGrid.ts';
import type { Tile } from './filterGrid.ts';
import { filterTable } from './filterTable.ts';
import { inputLayerFacts } from './inputLayerFacts.ts';
import { inputLayerStyles } from './inputLayerStyles.ts';

/** What stands above and below the pictures, in CSS pixels: they are drawn as large as the rest of the tab allows. */
const AROUND_PICTURES = 180;

/**
 * The input layer's filters as pictures, before and after, and what the layer wants to be fed. Reads weights only while
 * it is shown.
 */
export class InputLayerTab extends LitElement {
  static override properties = {
    model: { attribute: false },
    shown: { attribute: false },
    layer: { state: true },
    facts: { state: true },
    page: { state: true },
    error: { state: true },
    slider: { state: true },
    wipe: { state: true },
    together: { state: true },
    at: { state: true },
    height: { state: true },
  };
  static override styles = [cardStyles, inputLayerStyles];
  declare model: PageModel | null;
  declare shown: boolean;
  declare layer: number;
  declare facts: PageInputLayerFacts | null;
  declare page: FilterPage | null;
  declare error: string;
  declare slider: boolean;
  declare wipe: number;
  /** Scale all filters alike. */
  declare together: boolean;
  declare at: number;
  declare height: number;
  readonly #heightWatch = new ResizeObserver(() => (this.height = this.clientHeight));
  #loaded: PageModel | null = null;
  #loading: AbortController | null = null;
  #tiles: { before: Tile[]; after: Tile[]; over: Tile[] | null } = { before: [], after: [], over: null };

  constructor() {
    super();
    this.model = null;
    this.shown = false;
    this.slider = false;
    this.wipe = 50;
    this.together = false;
    this.height = 0;
    this.#reset(0);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#heightWatch.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#heightWatch.disconnect();
    this.#loading?.abort();
  }

  #reset(layer: number): void {
    this.#loading?.abort();
    this.layer = layer;
    this.facts = null;
    this.page = null;
    this.error = '';
    this.at = 0;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (this.shown && this.model && this.#loaded !== this.model) {
      this.#loaded = this.model;
      this.#reset(0);
      void this.#load(0);
    }
    if (changed.has('page') || changed.has('together')) this.#arrange();
  }

  /** Loads the facts where they are missing, and the filters from `from` on. */
  async #load(from: number): Promise<void> {
    this.#loading?.abort();
    const { signal } = (this.#loading = new AbortController());
    if (!this.model?.inputLayers.length) return;
    try {
      this.facts ??= await request('inputLayerFacts', { layer: this.layer }, { signal });
      const page = await loadFilters(this.layer, from, this.facts, signal);
      if (signal.aborted) return;
      this.page = page;
      this.at = 0;
    } catch (error) {
      if (!signal.aborted && !isCancel(error)) this.error = messageOf(error);
    }
  }

  #arrange(): void {
    const { page } = this;
    if (!page) return;
    const tiles = (filters: Filters): Tile[] => {
      const all = this.together ? statsOf(filters.values) : null;
      return Array.from({ length: filterCount(filters) }, (_, i) => ({
        label: this.#label(page, filters, i),
        pictures: picturesOf(filters, i, all),
        over: null,
      }));
    };
    const before = tiles(page.before);
    const after = page.after ? tiles(page.after) : [];
    const wipes = page.after !== null && areAlike(before[0], after[0]);
    this.#tiles = {
      before,
      after,
      over: wipes ? before.map((tile, i) => ({ ...tile, over: after[i]?.pictures[0] ?? null })) : null,
    };
  }

  #label(page: FilterPage, filters: Filters, i: number): string {
    const { min, max } = filterStats(filters, i);
    return `Filter ${page.from + i}, ${numberText(min)} to ${numberText(max)}`;
  }

  #status(page: FilterPage): string {
    const text = (filters: Filters): string => {
      const { min, max, mean } = filterStats(filters, this.at);
      return `${numberText(min)} to ${numberText(max)}, mean ${numberText(mean)}`;
    };
    const name = `Filter ${page.from + this.at}`;
    return page.after
      ? `${name}: ${text(page.before)}; ${page.afterTitle.startsWith('Now') ? 'now' : 'summed'} ${text(page.after)}`
      : `${name}: ${text(page.before)}`;
  }

  override render(): TemplateResult | null {
    const page = this.model;
    if (!page || !this.shown) return null;
    const layers = page.inputLayers;
    const layer = layers[this.layer];
    if (!layer)
      return html`<section>
        <h2>Input layer</h2>
        <p>No layer that reads the image channels was found.</p>
      </section>`;
    const pick = (event: Event): void => {
      this.#reset(Number((event.target as HTMLSelectElement).value));
      void this.#load(0);
    };
    return html` <header>
        <h2>${layer.opType} <span class="name">${layer.node || layer.weight}</span></h2>
        ${
          layers.length > 1
            ? html`<label
                >Input layer
                <select @change=${pick}>
                  ${layers.map((_, i) => this.#option(layers, i))}
                </select></label
              >`
            : null
        }
      </header>
      <div class="columns">
        <div class="facts">${inputLayerFacts(layer, this.facts, this.model)}</div>
        <section class="pictures" aria-label="Filters">
          ${this.error ? html`<p role="alert" class="why">${this.error}</p>` : this.#pictures()}
        </section>
      </div>`;
  }

  #pictures(): TemplateResult {
    const { facts, page } = this;
    if (facts?.why) return html`<p class="why">No pictures: ${facts.why}</p>`;
    if (!facts || !page) return html`<p role="status">Reading the filters…</p>`;
    const over = this.#tiles.over;
    const wiping = over !== null && this.slider;
    const { channels } = page.before.set;
    return html` <div class="bar">
        ${over ? this.#views() : null} ${wiping ? this.#wipe() : null}
        <div role="group" aria-label="Brightness">
          ${this.#switch('Scale each filter', !this.together, () => (this.together = false))}
          ${this.#switch('Scale all alike', this.together, () => (this.together = true))}
        </div>
      </div>
      <p class="status" role="status">${this.#status(page)}</p>
      ${facts.original?.why ? html`<p class="why">${facts.original.why}</p>` : null}
      <div class="pair" @filter-at=${(event: CustomEvent<number>) => (this.at = event.detail)}>
        ${wiping ? this.#panel(`${page.beforeTitle} | ${page.afterTitle}`, over) : this.#sideBySide(page)}
      </div>
      ${channels > MOST_CHANNELS ? html`<p>Only the first ${MOST_CHANNELS} of ${channels} channels are drawn.</p>` : null}
      ${this.#pager(page)} ${filterTable(page)}`;
  }

  #option(layers: readonly PageInputLayer[], i: number): TemplateResult | null {
    const layer = layers[i];
    if (!layer) return null;
    const text = `${i + 1} of ${layers.length}: ${layer.node || layer.weight} ${shapeText(layer.dims)}`;
    return html`<option value=${i} ?selected=${i === this.layer}>${text}</option>`;
  }

  #views(): TemplateResult {
    return html`<div role="group" aria-label="View">
      ${this.#switch('Side by side', !this.slider, () => (this.slider = false))}
      ${this.#switch('Slider', this.slider, () => (this.slider = true))}
    </div>`;
  }

  #wipe(): TemplateResult {
    const move = (event: InputEvent): void => {
      this.wipe = Number((event.target as HTMLInputElement).value);
    };
    const label = 'How much of each picture is shown as before';
    const value = String(this.wipe);
    return html`<label class="wipe">
      colour <input type="range" min="0" max="100" aria-label=${label} .value=${value} @input=${move} /> gray
    </label>`;
  }

  #sideBySide(page: FilterPage): TemplateResult {
    return html`${this.#panel(page.beforeTitle, this.#tiles.before)}
    ${page.after ? this.#panel(page.afterTitle, this.#tiles.after) : null}`;
  }

  #switch(text: string, on: boolean, set: () => void): TemplateResult {
    return html`<button class="switch" aria-pressed=${on ? 'true' : 'false'} @click=${set}>${text}</button>`;
  }

  #panel(title: string, tiles: readonly Tile[]): TemplateResult {
    const room = this.height - AROUND_PICTURES;
    return html`<div class="panel">
      <h3>${title}</h3>
      <cw-filter-grid .name=${title} .tiles=${tiles} .at=${this.at} .wipe=${this.wipe} .room=${room}></cw-filter-grid>
    </div>`;
  }

  #pager(page: FilterPage): TemplateResult | null {
    const { count } = page.before.set;
    const shown = filterCount(page.before);
    if (shown >= count) return null;
    return html`<div class="pager">
      <button
        class="switch"
        ?disabled=${page.from === 0}
        @click=${() => void this.#load(Math.max(0, page.from - shown))}
      >
        Previous
      </button>
      <span>Filters ${countText(page.from)} to ${countText(page.from + shown - 1)} of ${countText(count)}</span>
      <button class="switch" ?disabled=${page.from + shown >= count} @click=${() => void this.#load(page.from + shown)}>
        Next
      </button>
    </div>`;
  }
}

/** Whether both have one picture of one size, so that one can lie over the other. */
function areAlike(one: Tile | undefined, other: Tile | undefined): boolean {
  const [a, b] = [one?.pictures[0], other?.pictures[0]];
  if (one?.pictures.length !== 1 || other?.pictures.length !== 1) return false;
  return a?.width === b?.width && a?.height === b?.height;
}
customElements.define('cw-input-layer-tab', InputLayerTab);
