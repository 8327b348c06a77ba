import { LitElement, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { PageModel } from '../../../src/protocol/messages.ts';
import type { PageBinding } from '../../../src/protocol/sizes.ts';
import type { SelectionKey } from '../../graph/graphModel.ts';
import { traceAll } from '../../graph/trace.ts';
import type { Direction, Trace } from '../../graph/trace.ts';
import { foldedSections, onFold, restoreFolds } from '../../state/folds.ts';
import type { GraphSession } from '../../state/graphSession.ts';
import { SelectionHistory } from '../../state/history.ts';
import { keepState, onHost, onShow, request } from '../../state/host.ts';
import type { Saved } from '../../state/saved.ts';
import { TABS, tabsOf } from '../../state/tabs.ts';
import type { Tab } from '../../state/tabs.ts';
import { shapeText } from '../../text/format.ts';
import { GraphPanel } from '../graph/graphPanel.ts';
import { GraphView } from '../graph/graphView.ts';
import type { TableState } from '../table/layerTable.ts';
import './details.ts';
import { FindBox } from './findBox.ts';
import './headerBar.ts';
import { modelPageStyles } from './modelPageStyles.ts';
import { shortcutOf } from './shortcuts.ts';
import { PANEL, SidePanel } from './sidePanel.ts';
import { TabBar } from './tabBar.ts';
import { TAB_PANELS } from './tabPanels.ts';

const SAVE_DELAY = 250;

/** The page of one model: what is selected, found and followed, and the views that show it. */
export class ModelPage extends LitElement {
  static override properties = {
    model: { attribute: false },
    session: { attribute: false },
    bind: { attribute: false },
    notice: { state: true },
    tab: { state: true },
    selected: { state: true },
    tensor: { state: true },
    found: { state: true },
    announcement: { state: true },
    table: { state: true },
    opened: { state: true },
    turn: { state: true },
    panel: { state: true },
    trace: { state: true },
  };
  static override styles = modelPageStyles;
  declare model: PageModel | null;
  declare session: GraphSession | null;
  /** Numbers for names of sizes: shapes and costs are for these. */
  declare bind: PageBinding;
  declare notice: string;
  declare tab: Tab;
  declare selected: SelectionKey | null;
  /** The tensor that is looked at in a file without a graph. */
  declare tensor: string | null;
  declare found: readonly SelectionKey[];
  declare announcement: string;
  declare table: TableState;
  /** How many groups are open: what shows a group's state follows this. */
  declare opened: number;
  /** How often a command has asked for a view: those views start anew. */
  declare turn: number;
  declare panel: Saved['panel'];
  declare trace: Trace | null;
  #saving = 0;
  #history = new SelectionHistory();
  /** A node that a link asks for, until the model is here. */
  #wanted: string | null = null;
  #stops: (() => void)[] = [];
  #shortcuts = (event: KeyboardEvent): void => this.#shortcut(event);

  constructor() {
    super();
    this.model = null;
    this.session = null;
    this.bind = {};
    this.notice = '';
    this.tab = 'graph';
    this.selected = null;
    this.tensor = null;
    this.found = [];
    this.announcement = '';
    this.opened = 0;
    this.turn = 0;
    this.panel = { width: PANEL.usual, hidden: false };
    this.trace = null;
    this.table = { sort: 'order', down: false, filter: '' };
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stops = [
      onHost('wanted', () => void this.#showView()),
      onFold(() => this.#save()),
      onShow((node) => {
        this.#wanted = node;
        void this.#showWanted();
      }),
    ];
    window.addEventListener('keydown', this.#shortcuts);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.#stops) stop();
    window.removeEventListener('keydown', this.#shortcuts);
  }

  /** What the reader chose in an earlier session, before the first model is shown. */
  restore(saved: Partial<Saved>): void {
    if (saved.tab) this.tab = saved.tab;
    if (saved.panel) this.panel = saved.panel;
    if (saved.table) this.table = saved.table;
    restoreFolds(saved.folds ?? []);
  }

  /** Begins on the model that was just set; `place` is where its reader was in the same file, if anywhere. */
  async begin(place: Partial<Saved>): Promise<void> {
    const { model, session } = this;
    if (!model || !session) return;
    const [firstTab = 'graph'] = tabsOf(model);
    if (!tabsOf(model).includes(this.tab)) this.tab = firstTab;
    this.selected = place.selected && session.model.has(place.selected) ? place.selected : null;
    this.tensor = null;
    this.notice = '';
    this.found = [];
    this.trace = null;
    this.#history = new SelectionHistory();
    await this.updateComplete;
    const graph = this.#graph;
    if (graph && place.view) graph.startView = place.view;
    await this.#showWanted();
    await this.#showView();
  }

  /** Where the reader is now. */
  get place(): Saved {
    return {
      file: this.model?.fileName ?? '',
      nodes: this.model?.nodes.length ?? 0,
      tab: this.tab,
      selected: this.selected,
      open: this.session?.openPaths ?? [],
      view: this.#graph?.view ?? null,
      query: '',
      table: this.table,
      bind: this.bind,
      panel: this.panel,
      folds: foldedSections(),
    };
  }

  async #showWanted(): Promise<void> {
    const model = this.session?.model;
    if (this.#wanted === null || !model) return;
    const key = model.named(this.#wanted);
    if (key) {
      this.tab = 'graph';
      this.notice = '';
      this.selected = key;
      this.announcement = `Selected ${model.nameOf(key)}`;
      await this.updateComplete;
      await this.#graph?.reveal(key);
    } else this.notice = `The model holds nothing named ${this.#wanted}.`;
    this.#wanted = null;
  }

  /** Shows the view that a command outside the page asked for, if one did. */
  async #showView(): Promise<void> {
    const view = this.model ? await request('wanted', null).catch(() => null) : null;
    if (!view) return;
    this.turn++;
    this.tab = view;
  }

  #save(): void {
    window.clearTimeout(this.#saving);
    this.#saving = window.setTimeout(() => {
      const drawn = !this.model?.hasGraph || this.#graph?.scene;
      if (this.model && drawn) keepState(this.place);
    }, SAVE_DELAY);
  }

  protected override updated(changed: PropertyValues<this>): void {
    // What is selected stands first in the details, which may have been scrolled.
    if (changed.has('selected')) this.#selectionChanged();
    this.#save();
  }

  #selectionChanged(): void {
    const panel = this.renderRoot.querySelector('cw-side-panel');
    if (panel instanceof SidePanel) panel.scrollToTop();
    if (this.selected) this.#history.visit(this.selected);
  }

  /** Selects what was selected before or after. */
  async #travel(step: -1 | 1): Promise<void> {
    const key = this.#history.go(step);
    if (key === null || !this.session?.model.has(key)) return;
    this.selected = key;
    this.announcement = `Selected ${this.session.model.nameOf(key)}`;
    await this.updateComplete;
    if (this.tab === 'graph') await this.#graph?.reveal(key);
  }

  #togglePanel(): void {
    this.panel = { ...this.panel, hidden: !this.panel.hidden };
  }

  /** Follows everything between the selected layer and the graph's inputs or outputs; the same again ends it. */
  #follow(direction: Direction | null): void {
    const model = this.session?.model;
    const item = model?.itemOf(this.selected);
    if (!model || item === undefined || direction === null) {
      this.trace = null;
      this.announcement = 'Trace ended';
      return;
    }
    this.trace = traceAll(model.flat, item, direction);
    this.tab = 'graph';
    this.announcement = `${this.trace.items.size - 1} layers between here and the ${direction}`;
  }

  get #graph(): GraphView | null {
    const panel = this.renderRoot.querySelector('cw-graph-panel');
    return panel instanceof GraphPanel ? panel.graphView : null;
  }

  get #find(): FindBox | null {
    const box = this.renderRoot.querySelector('cw-find');
    return box instanceof FindBox ? box : null;
  }

  async #selectThing(event: CustomEvent<{ key: SelectionKey | null; reveal: boolean }>): Promise<void> {
    const { key, reveal } = event.detail;
    const model = this.session?.model;
    this.selected = key && model?.has(key) ? key : null;
    const source = event.composedPath()[0];
    // The first-layer card and the inspector's links lead into the picture; find works on whichever view is open.
    const fromCard = reveal && !(source instanceof GraphView) && !(source instanceof FindBox);
    if (fromCard) this.tab = 'graph';
    this.announcement =
      this.selected && model
        ? `Selected ${model.nameOf(this.selected)}${this.#shapeOf(this.selected)}`
        : 'Nothing selected';
    await this.updateComplete;
    if (this.selected && reveal) await this.#graph?.reveal(this.selected);
    else if (this.selected && this.tab === 'layers') await this.#graph?.reveal(this.selected);
  }

  #shapeOf(key: SelectionKey): string {
    const item = this.session?.model.flat.items[this.session.model.itemOf(key) ?? -1];
    const shape = shapeText(item?.node?.outputs[0]?.dims ?? null);
    return shape ? `, output ${shape}` : '';
  }

  async #toggle(event: CustomEvent<{ key: SelectionKey }>): Promise<void> {
    const { key } = event.detail;
    const group = this.session?.model.groupOf(key);
    if (!this.session || group === undefined) return;
    const open = !this.session.isOpen(group);
    this.session.set([group], open);
    this.announcement = `${open ? 'Opened' : 'Closed'} ${this.session.model.nameOf(key)}`;
    this.selected = key;
    await this.#graph?.relayout(key);
  }

  #shortcut(event: KeyboardEvent): void {
    const shortcut = shortcutOf(event);
    if (!shortcut) return;
    event.preventDefault();
    const actions = {
      find: () => void this.#find?.show(),
      back: () => void this.#travel(-1),
      forward: () => void this.#travel(1),
      panel: () => this.#togglePanel(),
    };
    actions[shortcut]();
  }

  get #tabs(): TabBar | null {
    const bar = this.renderRoot.querySelector('cw-tab-bar');
    return bar instanceof TabBar ? bar : null;
  }

  /** The frame of one tab's content. Hidden ones stay in the document, so that they keep their place. */
  #panel(tab: Tab, content: TemplateResult | null): TemplateResult {
    return html`<div role="tabpanel" id=${`panel-${tab}`} aria-labelledby=${`tab-${tab}`} ?hidden=${this.tab !== tab}>
      ${content}
    </div>`;
  }

  override render(): TemplateResult | null {
    const m = this.model;
    if (!m || !this.session) return null;
    const { tab, selected, tensor, table, turn } = this;
    const state = { tab, selected, tensor, table, turn };
    return html`
      <header>
        <h1 class="quiet">${m.fileName}</h1>
        <cw-tab-bar
          .tab=${this.tab}
          .shown=${tabsOf(m)}
          @tab-chosen=${(e: CustomEvent<Tab>) => (this.tab = e.detail)}
        ></cw-tab-bar>
        <cw-header-bar
          .model=${m}
          .back=${this.#history.canGoBack}
          .forward=${this.#history.canGoForward}
          .panel=${TABS[this.tab].details ? !this.panel.hidden : null}
          @find=${() => void this.#find?.show()}
          @said=${(e: CustomEvent<string>) => (this.announcement = e.detail)}
          @failed=${(e: CustomEvent<string>) => (this.notice = e.detail)}
          @go-back=${() => void this.#travel(-1)}
          @go-forward=${() => void this.#travel(1)}
          @toggle-panel=${this.#togglePanel}
        ></cw-header-bar>
      </header>
      ${this.notice ? html`<div class="notice"><span role="alert">${this.notice}</span><button aria-label="Dismiss this message" title="Dismiss" @click=${() => (this.notice = '')}>×</button></div>` : null}
      ${m.dataTrouble && m.dataTrouble.message !== this.notice && TABS[this.tab].details ? html`<p class="trouble" role="status">${m.dataTrouble.message}</p>` : null}
      <main
        @select-thing=${this.#selectThing}
        @toggle-group=${this.#toggle}
        @trace=${(e: CustomEvent<Direction | null>) => this.#follow(e.detail)}
        @heat-failed=${(e: CustomEvent<string>) => (this.notice = e.detail)}
      >
        <div
          class="stage"
          @tensor-chosen=${(e: CustomEvent<string>) => (this.tensor = e.detail)}
          @table-view=${(e: CustomEvent<TableState>) => (this.table = e.detail)}
        >
          ${this.#panel(
            'graph',
            m.hasGraph
              ? html`<cw-graph-panel
                  .session=${this.session}
                  .selected=${this.selected}
                  .found=${this.found}
                  .trace=${this.trace}
                  @view-moved=${() => this.#save()}
                  @laid-out=${this.#laidOut}
                  @all-groups=${(e: CustomEvent<boolean>) => (this.announcement = e.detail ? 'Opened all groups' : 'Closed all groups')}
                ></cw-graph-panel>`
              : null,
          )}
          ${tabsOf(m).map((tab) => (tab === 'graph' ? null : this.#panel(tab, TAB_PANELS[tab]({ ...state, model: m }))))}
          <cw-find
            .model=${m}
            @found=${(e: CustomEvent<{ keys: SelectionKey[] }>) => (this.found = e.detail.keys)}
            @find-closed=${this.#findClosed}
          ></cw-find>
        </div>
        <cw-side-panel
          ?hidden=${this.panel.hidden || !TABS[this.tab].details}
          .width=${this.panel.width}
          @panel-resized=${(e: CustomEvent<number>) => (this.panel = { width: e.detail, hidden: false })}
        >
          <cw-details
            .model=${m}
            .session=${this.session}
            .selected=${this.selected}
            .tensor=${this.tensor}
            .opened=${this.opened}
            .traced=${this.trace !== null}
            .bind=${this.bind}
            @show-filters=${() => (this.tab = 'first')}
            @said=${(e: CustomEvent<string>) => (this.announcement = e.detail)}
            @failed=${(e: CustomEvent<string>) => (this.notice = e.detail)}
          ></cw-details>
        </cw-side-panel>
      </main>
      <div class="quiet" aria-live="polite">${this.announcement}</div>
    `;
  }

  #laidOut(): void {
    this.opened = this.session?.openPaths.length ?? 0;
    this.#save();
  }

  /** The graph view, for the tools beside it. */
  get graphView(): GraphView | null {
    return this.#graph;
  }

  #findClosed(): void {
    this.found = [];
    if (this.tab === 'graph') this.#graph?.canvas?.focus();
    else this.#tabs?.focusTab();
  }
}
customElements.define('cw-model-page', ModelPage);
