import { LitElement, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PackedModel } from '../../../src/protocol/packed.ts';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import type { PageBinding } from '../../../src/protocol/sizes.ts';
import { unpackModel } from '../../../src/protocol/unpack.ts';
import { messageOf } from '../../../src/text/messageOf.ts';
import { clearMenus } from '../../state/contextMenu.ts';
import { GraphSession } from '../../state/graphSession.ts';
import { keptState, onHost, request } from '../../state/host/host.ts';
import { asSaved } from '../../state/kept/saved.ts';
import type { Saved } from '../../state/kept/saved.ts';
import { loadSettings, onSettings } from '../../state/settings.ts';
import { partOf } from '../partOf.ts';
import { appStyles } from './appStyles.ts';
import { ModelPage } from './modelPage.ts';

/** Loads the model, again whenever its file changes, and shows its page or why there is none. */
export class App extends LitElement {
  static override properties = {
    model: { state: true },
    session: { state: true },
    error: { state: true },
    bind: { state: true },
  };
  static override styles = appStyles;
  declare model: PageModel | null;
  declare session: GraphSession | null;
  declare error: string;
  declare bind: PageBinding;
  #load = 0;
  #settings: Promise<void> = Promise.resolve();
  #saved = asSaved(keptState());
  #stops: (() => void)[] = [];

  constructor() {
    super();
    this.model = null;
    this.session = null;
    this.error = '';
    this.bind = this.#saved.bind ?? {};
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stops = [
      onHost('changed', () => void this.#fetch()),
      clearMenus(),
      onSettings((now, before) => {
        if (now.titles !== before.titles) void this.#drawAnew();
      }),
    ];
    this.#settings = loadSettings();
    void this.#fetch();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.#stops) stop();
    this.session?.close();
  }

  get #page(): ModelPage | null {
    return partOf(this.renderRoot, 'cw-model-page', ModelPage);
  }

  async #fetch(): Promise<void> {
    const turn = ++this.#load;
    try {
      const packed = await request('model', Object.keys(this.bind).length ? { bind: this.bind } : null);
      await this.#settings;
      // A newer request has gone out meanwhile; its answer is the one to show.
      if (turn === this.#load) await this.#show(packed);
    } catch (error) {
      if (turn !== this.#load) return;
      this.model = null;
      this.error = messageOf(error);
    }
  }

  async #show(packed: PackedModel | null): Promise<void> {
    performance.mark('channelwise:model');
    this.error = packed ? '' : 'The file holds no model.';
    await this.#begin(packed && unpackModel(packed));
  }

  /** The same model with other texts on its boxes. */
  async #drawAnew(): Promise<void> {
    if (this.model) await this.#begin(this.model);
  }

  /** The same file in a new version keeps its reader's place; a tab that comes back finds it again. */
  async #begin(model: PageModel | null): Promise<void> {
    const before = this.#page;
    const place: Partial<Saved> = before?.place ?? this.#saved;
    const known = model !== null && place.file === model.fileName && place.nodes === model.nodes.length;
    this.session?.close();
    this.model = model;
    this.session = model ? new GraphSession(model, known ? (place.open ?? null) : null) : null;
    performance.mark('channelwise:graph');
    await this.updateComplete;
    const page = this.#page;
    if (!before) page?.restore(this.#saved);
    await page?.begin(known ? place : {});
  }

  #bound(event: CustomEvent<PageBinding>): void {
    this.bind = event.detail;
    void this.#fetch();
  }

  override render(): TemplateResult {
    if (this.error)
      return html`<div class="message" role="alert">
        <h1>This file can’t be shown</h1>
        <p>${this.error}</p>
        <p class="later">It is read again when it changes.</p>
      </div>`;
    if (!this.model || !this.session)
      return html`<div class="message" role="status">
        <vscode-progress-ring aria-label="Loading"></vscode-progress-ring>Reading the model…
      </div>`;
    return html`<cw-model-page
      .model=${this.model}
      .session=${this.session}
      .bind=${this.bind}
      @sizes-bound=${this.#bound}
    ></cw-model-page>`;
  }
}
customElements.define('cw-app', App);
