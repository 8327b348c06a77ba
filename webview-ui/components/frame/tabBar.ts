import { LitElement, html } from 'lit';
import type { TemplateResult } from 'lit';
import { TABS } from '../../state/tabs.ts';
import type { Tab } from '../../state/tabs.ts';

/** The row of tabs. Arrow keys, Home and End move along it; `tab-chosen` carries the tab. */
export class TabBar extends LitElement {
  static override properties = { tab: { attribute: false }, shown: { attribute: false } };
  declare tab: Tab;
  /** The tabs that this model has. */
  declare shown: readonly Tab[];

  constructor() {
    super();
    this.tab = 'graph';
    this.shown = [];
  }

  /** No shadow root of its own, so that tabs can name their panels. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  #choose(tab: Tab): void {
    this.dispatchEvent(new CustomEvent('tab-chosen', { detail: tab }));
  }

  async #key(event: KeyboardEvent): Promise<void> {
    const last = this.shown.length - 1;
    const at = this.shown.indexOf(this.tab);
    const to: Record<string, number> = {
      ArrowLeft: at === 0 ? last : at - 1,
      ArrowRight: at === last ? 0 : at + 1,
      Home: 0,
      End: last,
    };
    const tab = Object.hasOwn(to, event.key) ? this.shown[to[event.key] ?? 0] : undefined;
    if (!tab) return;
    event.preventDefault();
    this.#choose(tab);
    await this.updateComplete;
    this.focusTab();
  }

  /** Puts the focus on the chosen tab. */
  focusTab(): void {
    this.querySelector<HTMLElement>(`#tab-${this.tab}`)?.focus();
  }

  override render(): TemplateResult {
    return html`<div role="tablist" aria-label="View">
      ${this.shown.map(
        (tab) =>
          html` <button
            role="tab"
            id=${`tab-${tab}`}
            aria-controls=${`panel-${tab}`}
            aria-selected=${this.tab === tab ? 'true' : 'false'}
            tabindex=${this.tab === tab ? 0 : -1}
            @click=${() => this.#choose(tab)}
            @keydown=${this.#key}
          >
            ${TABS[tab].label}
          </button>`,
      )}
    </div>`;
  }
}
customElements.define('cw-tab-bar', TabBar);
