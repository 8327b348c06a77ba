import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import type { SelectionKey } from '../../graph/graphModel.ts';
import type { Target } from '../../graph/targets.ts';
import type { GraphSession } from '../../state/graphSession.ts';
import type { Saved } from '../../state/kept/saved.ts';
import type { TableState } from '../../state/kept/tableState.ts';
import { TABS, tabsOf } from '../../state/tabs.ts';
import type { Tab } from '../../state/tabs.ts';
import '../frame/findBox.ts';
import '../frame/headerBar.ts';
import '../frame/notices.ts';
import '../frame/tabBar.ts';
import '../graph/graphPanel.ts';
import type { Reading } from './reading.ts';
import { TAB_PANELS } from './tabPanels.ts';
import type { TabState } from './tabPanels.ts';

/** What the page is drawn from: its state, and the graph that all its views share. */
export interface FramedPage extends Omit<TabState, 'model'> {
  readonly session: GraphSession | null;
  readonly panel: Saved['panel'];
}

/** What a reader does with the frame that the page answers. */
export interface FrameActions {
  readonly find: () => void;
  readonly showTab: (tab: Tab) => void;
  readonly togglePanel: () => void;
  readonly dismiss: () => void;
  readonly offerMenu: (target: Target) => void;
  readonly chooseTensor: (name: string) => void;
  readonly viewTable: (table: TableState) => void;
  readonly closeFind: () => void;
  /** The picture was moved, or coloured by something else. */
  readonly changeView: () => void;
  readonly layOut: () => void;
}

/** The model's name, its tabs and the tools beside them. */
export function pageHeader(
  model: PageModel,
  { tab, panel }: FramedPage,
  reading: Reading,
  actions: FrameActions,
): TemplateResult {
  return html`<header>
    <h1 class="quiet">${model.fileName}</h1>
    <cw-tab-bar
      .tab=${tab}
      .shown=${tabsOf(model)}
      @tab-chosen=${(event: CustomEvent<Tab>) => actions.showTab(event.detail)}
    ></cw-tab-bar>
    <cw-header-bar
      .model=${model}
      .back=${reading.canGoBack}
      .forward=${reading.canGoForward}
      .panel=${TABS[tab].details ? !panel.hidden : null}
      @find=${actions.find}
      @said=${(event: CustomEvent<string>) => reading.say(event.detail)}
      @failed=${(event: CustomEvent<string>) => reading.fail(event.detail)}
      @go-back=${() => void reading.travel(-1)}
      @go-forward=${() => void reading.travel(1)}
      @toggle-panel=${actions.togglePanel}
    ></cw-header-bar>
  </header>`;
}

/** What went wrong, and what is wrong with the model's data beside the tabs that show it. */
export function pageNotices(
  { dataTrouble }: PageModel,
  { tab }: FramedPage,
  reading: Reading,
  actions: FrameActions,
): TemplateResult {
  const trouble = TABS[tab].details ? dataTrouble?.message : undefined;
  return html`<cw-notices
    .notice=${reading.notice}
    .trouble=${trouble ?? ''}
    @dismissed=${actions.dismiss}
  ></cw-notices>`;
}

/** The content of all tabs, and the find box over them. */
export function pageStage(model: PageModel, page: FramedPage, reading: Reading, actions: FrameActions): TemplateResult {
  const { tab, selected, tensor, table, asked } = page;
  const state = { model, tab, selected, tensor, table, asked };
  return html`<div
    class="stage"
    @menu-asked=${(event: CustomEvent<Target>) => actions.offerMenu(event.detail)}
    @tensor-chosen=${(event: CustomEvent<string>) => actions.chooseTensor(event.detail)}
    @table-view=${(event: CustomEvent<TableState>) => actions.viewTable(event.detail)}
    @tab-chosen=${(event: CustomEvent<Tab>) => actions.showTab(event.detail)}
  >
    ${tabPanel('graph', tab, model.hasGraph ? graphPanel(page, reading, actions) : null)}
    ${tabsOf(model).map((shown) => (shown === 'graph' ? null : tabPanel(shown, tab, TAB_PANELS[shown](state))))}
    <cw-find
      .model=${model}
      @found=${(event: CustomEvent<{ keys: SelectionKey[] }>) => reading.mark(event.detail.keys)}
      @find-closed=${actions.closeFind}
    ></cw-find>
  </div>`;
}

/** The frame of one tab's content. Hidden ones stay in the document, so that they keep their place. */
function tabPanel(tab: Tab, open: Tab, content: TemplateResult | null): TemplateResult {
  return html`<div role="tabpanel" id=${`panel-${tab}`} aria-labelledby=${`tab-${tab}`} ?hidden=${open !== tab}>
    ${content}
  </div>`;
}

function graphPanel({ session, selected }: FramedPage, reading: Reading, actions: FrameActions): TemplateResult {
  return html`<cw-graph-panel
    .session=${session}
    .selected=${selected}
    .found=${reading.found}
    .trace=${reading.trace}
    .bookmarks=${reading.bookmarks}
    @view-moved=${actions.changeView}
    @heat-chosen=${actions.changeView}
    @laid-out=${actions.layOut}
    @all-groups=${(event: CustomEvent<boolean>) => reading.say(event.detail ? 'Opened all groups' : 'Closed all groups')}
  ></cw-graph-panel>`;
}
