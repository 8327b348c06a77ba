import type { LitElement } from 'lit';
import type { Tab } from '../../state/tabs.ts';
import { FindBox } from '../frame/findBox.ts';
import { SidePanel } from '../frame/sidePanel.ts';
import { TabBar } from '../frame/tabBar.ts';
import { GraphPanel } from '../graph/graphPanel.ts';
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

  /** Where the keyboard goes when what had the focus is gone: to the picture, or to the tab that is open. */
  focusView(tab: Tab): void {
    if (tab === 'graph') this.graphView?.canvas?.focus();
    else partOf(this.#page.renderRoot, 'cw-tab-bar', TabBar)?.focusTab();
  }
}
