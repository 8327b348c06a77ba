import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';
import './icon.ts';
import type { IconName } from './icon.ts';

export interface MenuEntry {
  readonly label: string;
  /** Whether what it switches is on; absent for an entry that does something and closes the menu. */
  readonly checked?: boolean;
  readonly act: () => void;
}

/** A button of a tool bar that opens a menu. Walked with the arrows; a menu that is left closes. */
export class MenuButton extends LitElement {
  static override properties = {
    icon: {},
    label: {},
    hint: {},
    entries: { attribute: false },
    right: { type: Boolean, reflect: true },
    open: { state: true },
  };
  static override styles = css`
    :host {
      position: relative;
      display: inline-flex;
    }
    .items {
      position: absolute;
      z-index: 3;
      top: 100%;
      left: 0;
      display: flex;
      flex-direction: column;
      min-width: 170px;
      background: var(--vscode-menu-background, var(--vscode-editorWidget-background));
      border: 1px solid var(--vscode-contrastBorder, var(--vscode-editorWidget-border));
      box-shadow: 0 2px 8px var(--vscode-widget-shadow, transparent);
    }
    :host([right]) .items {
      left: auto;
      right: 0;
    }
    .items button {
      font: inherit;
      font-size: 0.95em;
      color: var(--vscode-menu-foreground, var(--vscode-foreground));
      background: none;
      border: none;
      text-align: left;
      white-space: nowrap;
      padding: 5px 10px;
      cursor: pointer;
    }
    .items button[role='menuitemcheckbox']::before {
      content: '' / '';
      display: inline-block;
      width: 20px;
      font: 14px/1 codicon;
      vertical-align: -2px;
    }
    .items button[aria-checked='true']::before {
      content: '\\eab2' / '';
    }
    .items button:hover {
      background: var(--vscode-list-hoverBackground);
      outline: 1px dashed var(--vscode-contrastActiveBorder, transparent);
    }
    .items button:focus-visible {
      outline: 1px solid var(--vscode-focusBorder);
      outline-offset: -1px;
    }
  `;
  declare icon: IconName;
  declare label: string;
  declare hint: string;
  declare entries: readonly MenuEntry[];
  /** Whether the menu ends where the button does, in place of beginning there. */
  declare right: boolean;
  declare open: boolean;

  constructor() {
    super();
    this.icon = 'export';
    this.label = '';
    this.hint = '';
    this.entries = [];
    this.right = false;
    this.open = false;
  }

  get #button(): HTMLElement | null {
    return this.renderRoot.querySelector('cw-icon-button');
  }

  get #items(): HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>('[role^="menuitem"]')];
  }

  /** A menu that was opened by a key has the focus on its first entry. */
  async #switch({ detail }: MouseEvent): Promise<void> {
    this.open = !this.open;
    const isByKey = detail === 0;
    if (!this.open || !isByKey) return;
    await this.updateComplete;
    this.#items[0]?.focus();
  }

  #key(event: KeyboardEvent): void {
    if (!this.open) return;
    const items = this.#items;
    const at = items.findIndex((item) => item.matches(':focus'));
    const to: Record<string, HTMLElement | null | undefined> = {
      ArrowDown: items[(at + 1) % items.length],
      ArrowUp: items[(Math.max(0, at) + items.length - 1) % items.length],
      Home: items[0],
      End: items[items.length - 1],
      Escape: this.#button,
    };
    const target = Object.hasOwn(to, event.key) ? to[event.key] : null;
    if (!target) return;
    if (event.key === 'Escape') this.open = false;
    target.focus();
    event.preventDefault();
    event.stopPropagation();
  }

  #left(event: FocusEvent): void {
    const to = event.relatedTarget;
    if (!(to instanceof Node && (event.currentTarget as HTMLElement).contains(to))) this.open = false;
  }

  #press({ checked, act }: MenuEntry): void {
    if (checked === undefined) {
      this.#button?.focus();
      this.open = false;
    }
    act();
  }

  #entry(entry: MenuEntry): TemplateResult {
    const press = (): void => this.#press(entry);
    if (entry.checked === undefined) return html`<button role="menuitem" @click=${press}>${entry.label}</button>`;
    const state = entry.checked ? 'true' : 'false';
    return html`<button role="menuitemcheckbox" aria-checked=${state} @click=${press}>${entry.label}</button>`;
  }

  override render(): TemplateResult {
    return html`<div @keydown=${this.#key} @focusout=${this.#left}>
      <cw-icon-button
        icon=${this.icon}
        label=${this.label}
        hint=${this.hint}
        .popup=${this.open}
        @click=${this.#switch}
      ></cw-icon-button>
      ${
        this.open
          ? html`<div class="items" role="menu" aria-label=${this.hint || this.label}>
              ${this.entries.map((entry) => this.#entry(entry))}
            </div>`
          : null
      }
    </div>`;
  }
}
customElements.define('cw-menu-button', MenuButton);
