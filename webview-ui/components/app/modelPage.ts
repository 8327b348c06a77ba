import { LitElement, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageAction } from '../../../src/protocol/actions.ts';
import type { PageWishes } from '../../../src/protocol/messages.ts';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import type { PageBinding } from '../../../src/protocol/sizes.ts';
import type { GraphModel, SelectionKey } from '../../graph/graphModel.ts';
import type { LayerNumbers } from '../../graph/tables/layerNumbers.ts';
import { GROUND, isTarget, menuContext } from '../../graph/targets.ts';
import type { Target } from '../../graph/targets.ts';
import { offerMenu } from '../../state/contextMenu.ts';
import { foldedSections, restoreFolds } from '../../state/kept/folds.ts';
import type { GraphSession } from '../../state/graphSession.ts';
import type { Saved } from '../../state/kept/saved.ts';
import type { TableState } from '../../state/kept/tableState.ts';
import { USUAL_TABLE } from '../../state/kept/tableState.ts';
import { TABS, tabsOf } from '../../state/tabs.ts';
import type { Tab } from '../../state/tabs.ts';
import '../details/details.ts';
import { FindBox } from '../frame/findBox.ts';
import { PANEL } from '../frame/sidePanel.ts';
import type { GraphPanel } from '../graph/graphPanel.ts';
import { GraphView } from '../graph/view/graphView.ts';
import { quietStyles } from '../styles.ts';
import { FocusKeeper } from './focusKeeper.ts';
import { HostWishes } from './hostWishes.ts';
import { KeptPlace } from './keptPlace.ts';
import { modelPageStyles } from './modelPageStyles.ts';
import { pageHeader, pageNotices, pageStage } from './pageFrame.ts';
import type { FrameActions } from './pageFrame.ts';
import { PageParts } from './pageParts.ts';
import { Reading } from './reading.ts';
import { Shortcuts, shortcutOf } from './shortcuts.ts';

/** The page of one model: what its reader does, and the views that show it. */
export class ModelPage extends LitElement {
  static override properties = {
    model: { attribute: false },
    session: { attribute: false },
    bind: { attribute: false },
    tab: { state: true },
    tensor: { state: true },
    table: { state: true },
    opened: { state: true },
    asked: { state: true },
    panel: { state: true },
  };
  static override styles = [quietStyles, modelPageStyles];
  declare model: PageModel | null;
  declare session: GraphSession | null;
  /** Numbers for names of sizes: shapes and costs are for these. */
  declare bind: PageBinding;
  declare tab: Tab;
  /** The tensor that is looked at in a file without a graph. */
  declare tensor: string | null;
  declare table: TableState;
  /** How many groups are open: what shows a group's state follows this. */
  declare opened: number;
  /** How often commands have asked for each view, which starts anew then; null until the host has said so. */
  declare asked: PageWishes['asked'] | null;
  declare panel: Saved['panel'];
  readonly #parts = new PageParts(this);
  readonly #reading = new Reading(this);
  readonly #wishes = new HostWishes(this, this.#reading);
  readonly #kept = new KeptPlace(this);
  readonly #frame: FrameActions = {
    find: () => void this.#parts.find?.show(),
    showTab: (tab) => (this.tab = tab),
    togglePanel: () => this.#togglePanel(),
    dismiss: () => {
      this.#reading.fail('');
      this.#focusView();
    },
    offerMenu: (target) => this.#offerMenu(target),
    chooseTensor: (name) => (this.tensor = name),
    viewTable: (table) => (this.table = table),
    closeFind: () => {
      this.#reading.mark([]);
      this.#focusView();
    },
    changeView: () => this.#kept.changed(),
    layOut: () => this.#laidOut(),
  };

  constructor() {
    super();
    this.model = null;
    this.session = null;
    this.bind = {};
    this.tab = 'graph';
    this.tensor = null;
    this.opened = 0;
    this.asked = null;
    this.panel = { width: PANEL.usual, hidden: false };
    this.table = USUAL_TABLE;
    new Shortcuts(this, {
      find: this.#frame.find,
      back: () => void this.#reading.travel(-1),
      forward: () => void this.#reading.travel(1),
      panel: this.#frame.togglePanel,
      bookmark: () => void this.#reading.act('toggleBookmark', null),
    });
    new FocusKeeper(this, {
      isTaken: (event) => shortcutOf(event) !== null,
      keyPlace: () => this.#parts.keyPlace(this.tab),
      focusView: () => this.#focusView(),
    });
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
    this.tensor = null;
    this.#reading.begin(session.model, place);
    await this.updateComplete;
    const graph = this.#parts.graphView;
    if (graph && place.view) graph.camera.startView = place.view;
    if (place.heat) this.#parts.graphPanel?.colourBy(place.heat);
    await this.#wishes.catchUp();
  }

  /** What had the focus may be in a tab or a panel that is hidden now. */
  protected override updated(): void {
    if (this.shadowRoot?.activeElement?.checkVisibility() === false) this.#focusView();
  }

  get isShown(): boolean {
    if (!this.model) return false;
    return !this.model.hasGraph || Boolean(this.#parts.graphView?.scene);
  }

  get place(): Saved {
    const { selected, bookmarks } = this.#reading;
    return {
      file: this.model?.fileName ?? '',
      nodes: this.model?.nodes.length ?? 0,
      tab: this.tab,
      selected,
      open: this.session?.openPaths ?? [],
      view: this.#parts.graphView?.camera.chosen ?? null,
      query: '',
      table: this.table,
      bind: this.bind,
      panel: this.panel,
      folds: foldedSections(),
      bookmarks: [...bookmarks],
      heat: this.#parts.graphPanel?.heat?.source ?? null,
    };
  }

  get graphModel(): GraphModel | null {
    return this.session?.model ?? null;
  }

  get graphPanel(): GraphPanel | null {
    return this.#parts.graphPanel;
  }

  /** The picture of the graph, where tests look for it. */
  get graphView(): GraphView | null {
    return this.#parts.graphView;
  }

  get selected(): SelectionKey | null {
    return this.#reading.selected;
  }

  get hasModel(): boolean {
    return this.model !== null && this.session !== null;
  }

  takeWishes({ view, asked }: PageWishes): void {
    this.asked = asked;
    if (view) this.tab = view;
  }

  async reveal(key: SelectionKey): Promise<void> {
    await this.#parts.graphView?.reveal(key);
  }

  /** What is selected stands first in the details, which may have been scrolled. */
  selectionChanged(): void {
    this.#parts.sidePanel?.scrollToTop();
  }

  #togglePanel(): void {
    const within = this.#parts.sidePanel?.contains(this.shadowRoot?.activeElement ?? null);
    this.panel = { ...this.panel, hidden: !this.panel.hidden };
    if (within) this.#focusView();
  }

  #removeBookmark(event: CustomEvent<SelectionKey>): void {
    this.#reading.toggleBookmark(event.detail);
    if (this.#reading.bookmarks.length === 0) this.#focusView();
  }

  async #readDetails(): Promise<void> {
    this.panel = { ...this.panel, hidden: false };
    await this.updateComplete;
    this.#parts.sidePanel?.focusContent();
  }

  #focusView(): void {
    this.#parts.focusView(this.tab);
  }

  #offerMenu(target: Target): void {
    const model = this.graphModel;
    const isThere = model !== null && (target === GROUND || isTarget(model, target));
    if (isThere) offerMenu(menuContext(model, target, this.selected));
  }

  /** Shows the graph, coloured by numbers that another tab has measured. */
  async #colourLayers(numbers: LayerNumbers): Promise<void> {
    this.tab = 'graph';
    await this.updateComplete;
    this.#parts.graphPanel?.showNumbers(numbers);
  }

  async #selectThing(event: CustomEvent<{ key: SelectionKey | null; reveal: boolean }>): Promise<void> {
    const { key, reveal } = event.detail;
    const source = event.composedPath()[0];
    // The input-layer card and the inspector's links lead into the picture; find works on whichever view is open.
    const fromCard = reveal && !(source instanceof GraphView) && !(source instanceof FindBox);
    if (fromCard) this.tab = 'graph';
    await this.#reading.choose(key, { reveal });
  }

  async #toggle(event: CustomEvent<{ key: SelectionKey }>): Promise<void> {
    const { key } = event.detail;
    const { session } = this;
    const group = session?.model.groupOf(key);
    if (!session || group === undefined) return;
    const open = !session.isOpen(group);
    session.set([group], open);
    await this.#reading.choose(key, { reveal: false });
    this.#reading.say(`${open ? 'Opened' : 'Closed'} ${session.model.nameOf(key)}`);
    await this.#parts.graphView?.relayout(key);
  }

  #laidOut(): void {
    this.opened = this.session?.openPaths.length ?? 0;
    this.#kept.changed();
  }

  override render(): TemplateResult | null {
    const page = this.model;
    if (!page || !this.session) return null;
    const reading = this.#reading;
    const frame = this.#frame;
    return html`${pageHeader(page, this, reading, frame)} ${pageNotices(page, this, reading, frame)}
      <main
        @select-thing=${this.#selectThing}
        @toggle-group=${this.#toggle}
        @layer-action=${(event: CustomEvent<PageAction>) => void this.#reading.act(event.detail, null)}
        @details-asked=${() => void this.#readDetails()}
        @trace-ended=${() => reading.endTrace()}
        @path-asked=${() => reading.askForPath()}
        @measure-asked=${() => (this.tab = 'evaluate')}
        @colour-layers=${(event: CustomEvent<LayerNumbers>) => void this.#colourLayers(event.detail)}
        @heat-failed=${(event: CustomEvent<string>) => reading.fail(event.detail)}
      >
        ${pageStage(page, this, reading, frame)}
        <cw-side-panel
          ?hidden=${this.panel.hidden || !TABS[this.tab].details}
          .width=${this.panel.width}
          @details-left=${this.#focusView}
          @panel-resized=${(event: CustomEvent<number>) => (this.panel = { width: event.detail, hidden: false })}
        >
          <cw-details
            .model=${page}
            .session=${this.session}
            .selected=${this.selected}
            .tensor=${this.tensor}
            .opened=${this.opened}
            .traced=${reading.trace !== null}
            .pathAsked=${reading.pathFrom !== null}
            .bookmarks=${reading.bookmarks}
            .bind=${this.bind}
            @show-filters=${() => (this.tab = 'inputLayers')}
            @bookmark-removed=${this.#removeBookmark}
          ></cw-details>
        </cw-side-panel>
      </main>
      <div class="quiet" aria-live="polite">${reading.announcement}</div>`;
  }
}
customElements.define('cw-model-page', ModelPage);
