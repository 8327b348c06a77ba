import { LitElement, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { SelectionKey } from '../../graph/graphModel.ts';
import type { Heat } from '../../graph/heat.ts';
import type { Trace } from '../../graph/trace.ts';
import type { GraphSession } from '../../state/graphSession.ts';
import { GraphTools } from './graphTools.ts';
import { GraphView } from './graphView.ts';
import './legend.ts';

/** The Graph tab: the picture, its tools, and what its colours mean. Holds what the picture is coloured by. */
export class GraphPanel extends LitElement {
  static override properties = {
    session: { attribute: false },
    selected: { attribute: false },
    found: { attribute: false },
    trace: { attribute: false },
    bookmarks: { attribute: false },
    heat: { state: true },
  };
  declare session: GraphSession | null;
  declare selected: SelectionKey | null;
  declare found: readonly SelectionKey[];
  declare trace: Trace | null;
  declare bookmarks: readonly SelectionKey[];
  /** What colours the graph in place of operators. */
  declare heat: Heat | null;

  constructor() {
    super();
    this.session = null;
    this.selected = null;
    this.found = [];
    this.trace = null;
    this.bookmarks = [];
    this.heat = null;
  }

  /** No shadow root of its own: the panel is a part of the page, which places its tools. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener('dragover', (event) => event.preventDefault());
    this.addEventListener('drop', (event) => void this.#dropped(event));
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('session')) this.heat = null;
  }

  get graphView(): GraphView | null {
    const view = this.querySelector('cw-graph-view');
    return view instanceof GraphView ? view : null;
  }

  /** A file that is dropped on the graph colours it, if it holds numbers by layer. */
  async #dropped(event: DragEvent): Promise<void> {
    const [file] = event.dataTransfer?.files ?? [];
    const tools = this.querySelector('cw-graph-tools');
    if (!file || !(tools instanceof GraphTools)) return;
    event.preventDefault();
    await tools.readNumbers(file);
  }

  async #openAll(open: boolean): Promise<void> {
    if (!this.session?.setAll(open)) return;
    this.dispatchEvent(new CustomEvent('all-groups', { detail: open }));
    await this.graphView?.relayout(this.selected);
    if (!this.selected) this.graphView?.fit();
  }

  override render(): TemplateResult | null {
    const { session } = this;
    if (!session) return null;
    return html`<cw-graph-view
        .session=${session}
        .selected=${this.selected}
        .found=${this.found}
        .differing=${session.model.doubts}
        .heat=${this.heat}
        .trace=${this.trace}
        .bookmarks=${this.bookmarks}
      ></cw-graph-view>
      <cw-graph-tools
        .session=${session}
        .target=${this}
        @open-all=${() => void this.#openAll(true)}
        @close-all=${() => void this.#openAll(false)}
        @heat-chosen=${(event: CustomEvent<Heat | null>) => (this.heat = event.detail)}
      ></cw-graph-tools>
      <cw-legend .model=${session.model} .heat=${this.heat} .theme=${this.graphView?.theme ?? null}></cw-legend>`;
  }
}
customElements.define('cw-graph-panel', GraphPanel);
