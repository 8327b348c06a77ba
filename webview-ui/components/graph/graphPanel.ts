import { LitElement, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { messageOf } from '../../../src/text/messageOf.ts';
import { onThemeChange } from '../../draw/theme/readTheme.ts';
import type { SelectionKey } from '../../graph/graphModel.ts';
import { heatFrom } from '../../graph/heat.ts';
import type { Heat, HeatSource } from '../../graph/heat.ts';
import type { LayerNumbers } from '../../graph/tables/layerNumbers.ts';
import type { Trace } from '../../graph/trace.ts';
import type { GraphSession } from '../../state/graphSession.ts';
import { isCancel } from '../../state/host/host.ts';
import { measureTime } from '../../state/host/measuredTime.ts';
import { announce } from '../announce.ts';
import '../longWork.ts';
import { partOf } from '../partOf.ts';
import { GraphTools } from './graphTools.ts';
import './legend.ts';
import { GraphView } from './view/graphView.ts';

/** The Graph tab: the picture, its tools, and what its colours mean. Holds what the picture is coloured by. */
export class GraphPanel extends LitElement {
  static override properties = {
    session: { attribute: false },
    selected: { attribute: false },
    found: { attribute: false },
    trace: { attribute: false },
    bookmarks: { attribute: false },
    heat: { state: true },
    measured: { state: true },
  };
  declare session: GraphSession | null;
  declare selected: SelectionKey | null;
  declare found: readonly SelectionKey[];
  declare trace: Trace | null;
  declare bookmarks: readonly SelectionKey[];
  /** What colours the graph in place of operators. */
  declare heat: Heat | null;
  /** How far a measurement is, 0 to 1; null while there is none. */
  declare measured: number | null;
  #measuring: AbortController | null = null;
  #stop: () => void = () => undefined;

  constructor() {
    super();
    this.session = null;
    this.selected = null;
    this.found = [];
    this.trace = null;
    this.bookmarks = [];
    this.heat = null;
    this.measured = null;
  }

  /** No shadow root of its own: the panel is a part of the page, which places its tools. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener('dragover', (event) => event.preventDefault());
    this.addEventListener('drop', (event) => void this.#dropped(event));
    this.#stop = onThemeChange(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop();
  }

  protected override willUpdate(changed: PropertyValues): void {
    // Sizes were given, titles changed, or the file was read again: the numbers go to the layers there are now.
    if (changed.has('session') && this.heat) this.colourBy(this.heat.source);
  }

  /** Colours the graph by what it was coloured by before. */
  colourBy(source: HeatSource): void {
    this.heat = this.session && heatFrom(this.session.model, source);
  }

  get graphView(): GraphView | null {
    return partOf(this, 'cw-graph-view', GraphView);
  }

  get #tools(): GraphTools | null {
    return partOf(this, 'cw-graph-tools', GraphTools);
  }

  /** A file that is dropped on the graph colours it, if it holds numbers by layer. */
  async #dropped(event: DragEvent): Promise<void> {
    const [file] = event.dataTransfer?.files ?? [];
    if (!file) return;
    event.preventDefault();
    await this.#tools?.readNumbers(file);
  }

  /** Colours the graph by numbers that were measured for its layers. */
  showNumbers(numbers: LayerNumbers): void {
    try {
      this.#tools?.showNumbers(numbers);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #measureTime(): Promise<void> {
    const { session } = this;
    if (!session || this.#measuring) return;
    const measuring = new AbortController();
    this.#measuring = measuring;
    this.measured = 0;
    const onProgress = (fraction: number): void => void (this.measured = fraction);
    try {
      this.showNumbers(await measureTime(session.model.page, { signal: measuring.signal, onProgress }));
    } catch (error) {
      if (!isCancel(error)) this.#fail(error);
    }
    this.#measuring = null;
    this.measured = null;
  }

  #measureAsked(event: CustomEvent<'time' | 'gray'>): void {
    if (event.detail !== 'time') return;
    event.stopPropagation();
    void this.#measureTime();
  }

  #fail(error: unknown): void {
    announce(this, 'heat-failed', messageOf(error));
  }

  fit(): void {
    this.graphView?.camera.fit();
  }

  async setAllOpen(open: boolean): Promise<void> {
    if (!this.session?.setAll(open)) return;
    this.dispatchEvent(new CustomEvent('all-groups', { detail: open }));
    await this.graphView?.relayout(this.selected);
    if (!this.selected) this.graphView?.camera.showBeginning();
  }

  #picture(session: GraphSession): TemplateResult {
    return html`<cw-graph-view
        .session=${session}
        .selected=${this.selected}
        .found=${this.found}
        .differing=${session.model.doubts}
        .heat=${this.heat}
        .trace=${this.trace}
        .bookmarks=${this.bookmarks}
      ></cw-graph-view>
      ${session.model.flat.items.length === 0 ? html`<p class="nothing">The graph of this model is empty.</p>` : null}
      <cw-graph-tools
        .session=${session}
        .target=${this}
        .heat=${this.heat}
        @open-all=${() => void this.setAllOpen(true)}
        @close-all=${() => void this.setAllOpen(false)}
        @measure-asked=${this.#measureAsked}
        @heat-chosen=${(event: CustomEvent<Heat | null>) => (this.heat = event.detail)}
      ></cw-graph-tools>
      ${
        this.measured === null
          ? null
          : html`<cw-long-work
              class="measuring"
              .text=${'Running the model to measure its layers'}
              .fraction=${this.measured}
              @stop=${() => this.#measuring?.abort()}
            ></cw-long-work>`
      }`;
  }

  override render(): TemplateResult | null {
    const { session } = this;
    if (!session) return null;
    return html`<div class="picture">${this.#picture(session)}</div>
      <cw-legend .model=${session.model} .heat=${this.heat} .theme=${this.graphView?.theme ?? null}></cw-legend>`;
  }
}
customElements.define('cw-graph-panel', GraphPanel);
