import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageModel, PageTensor, PageWeight } from '../../../src/protocol/messages.ts';
import type { PageBinding } from '../../../src/protocol/sizes.ts';
import type { SelectionKey } from '../../graph/graphModel.ts';
import type { GraphSession } from '../../state/graphSession.ts';
import { request } from '../../state/host.ts';
import '../firstLayer/firstLayer.ts';
import '../graph/inspector.ts';
import '../graph/sizesCard.ts';
import '../tensors/tensorCard.ts';
import './metadata.ts';
import './summary.ts';

/**
 * What the side panel holds: the selected layer or tensor, the input layers, sizes, summary and metadata. `said` and
 * `failed` carry a sentence.
 */
export class Details extends LitElement {
  static override properties = {
    model: { attribute: false },
    session: { attribute: false },
    selected: { attribute: false },
    tensor: { attribute: false },
    opened: { attribute: false },
    traced: { attribute: false },
    bind: { attribute: false },
  };
  static override styles = css`
    .link {
      margin: 0;
      padding: 10px 14px 12px;
      border-bottom: 1px solid var(--edge);
    }
  `;
  declare model: PageModel | null;
  declare session: GraphSession | null;
  declare selected: SelectionKey | null;
  declare tensor: string | null;
  declare opened: number;
  declare traced: boolean;
  declare bind: PageBinding;

  constructor() {
    super();
    this.model = null;
    this.session = null;
    this.selected = null;
    this.tensor = null;
    this.opened = 0;
    this.traced = false;
    this.bind = {};
  }

  #tell(type: 'said' | 'failed', sentence: string): void {
    this.dispatchEvent(new CustomEvent(type, { detail: sentence }));
  }

  async #copyLink(node: string): Promise<void> {
    try {
      await request('copyLink', { node });
      this.#tell('said', 'Copied a link to this layer');
    } catch (error) {
      this.#tell('failed', error instanceof Error ? error.message : String(error));
    }
  }

  #linkButton(): TemplateResult | null {
    const node = this.selected ? this.session?.model.linkName(this.selected) : '';
    if (!node) return null;
    return html`<p class="link">
      <vscode-button appearance="secondary" @click=${() => void this.#copyLink(node)}
        >Copy link to this layer</vscode-button
      >
    </p>`;
  }

  #selectedLayer(): TemplateResult {
    return html`<cw-inspector
        .session=${this.session}
        .selected=${this.selected}
        .opened=${this.opened}
        .traced=${this.traced}
      ></cw-inspector>
      ${this.#linkButton()}`;
  }

  #ofGraph(model: PageModel): TemplateResult {
    const layer = this.#selectedLayer();
    return html`${this.selected ? layer : null}
      <cw-first-layer
        .model=${model}
        @show-filters=${() => this.dispatchEvent(new CustomEvent('show-filters'))}
      ></cw-first-layer>
      ${this.selected ? null : layer}
      <cw-sizes .model=${model} .bind=${this.bind}></cw-sizes>`;
  }

  override render(): TemplateResult | null {
    const { model } = this;
    if (!model) return null;
    const chosen = model.tensors?.find(({ name }) => name === this.tensor) ?? null;
    return html`${model.hasGraph ? this.#ofGraph(model) : html`<cw-tensor-card .weight=${chosen && asWeight(chosen)}></cw-tensor-card>`}
      <cw-summary .model=${model}></cw-summary>
      <cw-metadata .model=${model}></cw-metadata>`;
  }
}
customElements.define('cw-details', Details);

function asWeight({ name, dtype, dims }: PageTensor): PageWeight {
  return { name, dtype, dims, storage: '' };
}
