import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageWishes } from '../../../src/protocol/messages.ts';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import type { SelectionKey } from '../../graph/graphModel.ts';
import type { TableState } from '../../state/kept/tableState.ts';
import type { Tab } from '../../state/tabs.ts';
import '../adaptation/adaptation.ts';
import '../compare/compareView.ts';
import '../evaluate/evaluateView.ts';
import '../inputLayers/inputLayerTab.ts';
import '../table/layerTable.ts';
import '../tensors/tensorTab.ts';

/** What the tabs show of the page's state. */
export interface TabState {
  readonly model: PageModel;
  readonly tab: Tab;
  readonly selected: SelectionKey | null;
  readonly tensor: string | null;
  readonly table: TableState;
  /** How often commands have asked for each view, which starts anew then; null where that is not known yet. */
  readonly asked: PageWishes['asked'] | null;
}

/** The content of each tab but the graph's, which the page holds itself. A new tab goes here and into TABS. */
export const TAB_PANELS: { readonly [T in Exclude<Tab, 'graph'>]: (state: TabState) => TemplateResult | null } = {
  tensors: ({ model, tensor }) => html`<cw-tensor-tab .model=${model} .chosen=${tensor}></cw-tensor-tab>`,
  layers: ({ model, tab, selected, table }) =>
    tab === 'layers'
      ? html`<cw-layer-table .model=${model} .selected=${selected} .view=${table}></cw-layer-table>`
      : null,
  inputLayers: ({ model, tab }) =>
    html`<cw-input-layer-tab .model=${model} .shown=${tab === 'inputLayers'}></cw-input-layer-tab>`,
  adaptation: ({ model }) => html`<cw-adaptation .model=${model}></cw-adaptation>`,
  compare: ({ model, tab, asked }) =>
    html`<cw-compare .model=${model} .active=${tab === 'compare'} .turn=${asked?.compare ?? null}></cw-compare>`,
  evaluate: ({ model, tab, asked }) =>
    html`<cw-evaluate .model=${model} .active=${tab === 'evaluate'} .turn=${asked?.evaluate ?? null}></cw-evaluate>`,
};
