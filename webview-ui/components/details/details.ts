import { LitElement, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageModel, PageTensor, PageWeight } from '../../../src/protocol/pageModel.ts';
import type { PageBinding } from '../../../src/protocol/sizes.ts';
import type { SelectionKey } from '../../graph/graphModel.ts';
import type { GraphSession } from '../../state/graphSession.ts';
import '../inputLayers/inputLayer.ts';
import { partOf } from '../partOf.ts';
import '../tensors/tensorCard.ts';
import './bookmarks.ts';
import './inspector.ts';
import { Metadata } from './metadata.ts';
import './sizesCard.ts';
import './summary.ts';

/**
 * What the side panel holds: the selected layer or tensor, summary, the input layers, sizes and metadata.
 * `bookmark-removed` carries a key.
 */
export class Details extends LitElement {
  static override properties = {
    model: { attribute: false },
    session: { attribute: false },
    selected: { attribute: false },
    tensor: { attribute: false },
    opened: { attribute: false },
    traced: { attribute: false },
    pathAsked: { attribute: false },
    bookmarks: { attribute: false },
    bind: { attribute: false },
  };
  declare model: PageModel | null;
  declare session: GraphSession | null;
  declare selected: SelectionKey | null;
  declare tensor: string | null;
  declare opened: number;
  declare traced: boolean;
  declare pathAsked: boolean;
  declare bookmarks: readonly SelectionKey[];
  declare bind: PageBinding;

  constructor() {
    super();
    this.model = null;
    this.session = null;
    this.selected = null;
    this.tensor = null;
    this.opened = 0;
    this.traced = false;
    this.pathAsked = false;
    this.bookmarks = [];
    this.bind = {};
  }

  #removed(key: SelectionKey): void {
    this.dispatchEvent(new CustomEvent('bookmark-removed', { detail: key }));
  }

  #selectedLayer(): TemplateResult {
    return html`<cw-inspector
      .session=${this.session}
      .selected=${this.selected}
      .opened=${this.opened}
      .traced=${this.traced}
      .pathAsked=${this.pathAsked}
      .bookmarks=${this.bookmarks}
    ></cw-inspector>`;
  }

  #ofGraph(model: PageModel): TemplateResult {
    const layer = this.#selectedLayer();
    return html`${this.selected ? layer : null}
      <cw-bookmarks
        .model=${this.session?.model ?? null}
        .keys=${this.bookmarks}
        @bookmark-removed=${(event: CustomEvent<SelectionKey>) => this.#removed(event.detail)}
      ></cw-bookmarks>
      ${this.#summary(model)}
      <cw-input-layer
        .model=${model}
        @show-filters=${() => this.dispatchEvent(new CustomEvent('show-filters'))}
      ></cw-input-layer>
      <cw-sizes .model=${model} .bind=${this.bind}></cw-sizes>
      ${this.selected ? null : layer}`;
  }

  #summary(model: PageModel): TemplateResult {
    return html`<cw-summary .model=${model} @show-classes=${this.#showClasses}></cw-summary>`;
  }

  #showClasses(): void {
    void partOf(this.renderRoot, 'cw-metadata', Metadata)?.showClasses();
  }

  override render(): TemplateResult | null {
    const { model } = this;
    if (!model) return null;
    return html`${model.hasGraph ? this.#ofGraph(model) : this.#ofTensors(model)}
      <cw-metadata .model=${model}></cw-metadata>`;
  }

  #ofTensors(model: PageModel): TemplateResult {
    const chosen = model.tensors?.find(({ name }) => name === this.tensor) ?? null;
    return html`<cw-tensor-card .weight=${chosen && asWeight(chosen)}></cw-tensor-card> ${this.#summary(model)}`;
  }
}
customElements.define('cw-details', Details);

function asWeight({ name, dtype, dims }: PageTensor): PageWeight {
  return { name, dtype, dims, storage: '' };
}
