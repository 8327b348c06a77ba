import type { LitElement } from 'lit';
import type { Tab } from '../../state/tabs.ts';
import { FindBox } from '../frame/findBox.ts';
import { SidePanel } from '../frame/sidePanel.ts';
import { TabBar } from '../frame/tabBar.ts';
import { GraphPanel } from '../graph/graphPanel.ts';
import { LayerTable } from '../table/layerTable.ts';
import { TensorTab } from '../tensors/tensorTab.ts';
import type { GraphView } from '../graph/view/graphView.ts';
import { partOf } from '../partOf.ts';

/** The parts of the page that it speaks to; null until they are drawn. */
export class PageParts {
  readonly #page: LitElement;

  constructor(page: LitElement) {
    this.#page = page;
  }

  get graphPanel(): GraphPanel | null {
    return partOf(this.#page.renderRoot, 'cw-graph-panel', GraphPanel);
  }

  get graphView(): GraphView | null {
    return this.graphPanel?.graphView ?? null;
  }

  get find(): FindBox | null {
    return partOf(this.#page.renderRoot, 'cw-find', FindBox);
  }

  get sidePanel(): SidePanel | null {
    return partOf(this.#page.renderRoot, 'cw-side-panel', SidePanel);
  }

  /** What takes the keys in a tab: the picture, or the rows of a table; null for a tab that has many such places. */
  keyPlace(tab: Tab): HTMLElement | null {
    const root = this.#page.renderRoot;
    if (tab === 'graph') return this.graphView?.canvas ?? null;
    if (tab === 'layers') return partOf(root, 'cw-layer-table', LayerTable)?.keyPlace ?? null;
    return tab === 'tensors' ? (partOf(root, 'cw-tensor-tab', TensorTab)?.keyPlace ?? null) : null;
  }

  /** Where the keyboard goes when what had the focus is gone: to the view, or to its tab. */
  focusView(tab: Tab): void {
    const place = this.keyPlace(tab);
    if (place) place.focus();
    else partOf(this.#page.renderRoot, 'cw-tab-bar', TabBar)?.focusTab();
  }
}
