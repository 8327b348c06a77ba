import { LitElement, css, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import { countText } from '../../../src/text/numbers.ts';
import { Finder } from '../../graph/search/find.ts';
import type { Found } from '../../graph/search/find.ts';
import { announce, askToSelect } from '../announce.ts';
import '../icon.ts';
import { fieldStyles } from '../styles.ts';

/** The list shows this many at once; next and previous go through all. */
const SHOWN = 100;

/** Find: a field, a list under it, next and previous. Announces the matches and the one chosen. */
export class FindBox extends LitElement {
  static override properties = {
    model: { attribute: false },
    open: { type: Boolean, reflect: true },
    query: { state: true },
    found: { state: true },
    at: { state: true },
  };
  static override styles = [
    fieldStyles,
    css`
      :host {
        display: none;
        position: absolute;
        z-index: 2;
        top: 8px;
        right: 8px;
        width: min(380px, calc(100% - 16px));
        background: var(--vscode-editorWidget-background);
        border: 1px solid var(--vscode-contrastBorder, var(--vscode-editorWidget-border));
        box-shadow: 0 2px 8px var(--vscode-widget-shadow, transparent);
      }
      :host([open]) {
        display: block;
      }
      /* Below the tools of the graph and the tables where both don't fit beside each other. */
      @container (max-width: 820px) {
        :host {
          top: 48px;
        }
      }
      @container (max-width: 354px) {
        :host {
          top: 80px;
        }
      }
      .row {
        display: flex;
        align-items: center;
        gap: 4px;
        padding: 6px;
      }
      input {
        flex: 1;
      }
      .count {
        min-width: 76px;
        text-align: center;
        font-size: 0.92em;
        color: var(--vscode-descriptionForeground);
        white-space: nowrap;
      }
      ul {
        margin: 0;
        padding: 0 0 4px;
        list-style: none;
        max-height: 260px;
        overflow-y: auto;
      }
      li {
        padding: 3px 10px;
        cursor: pointer;
        overflow: hidden;
      }
      li div {
        white-space: nowrap;
        overflow: hidden;
        text-overflow: ellipsis;
      }
      .why {
        font-size: 0.88em;
        color: var(--vscode-descriptionForeground);
      }
      li:hover {
        background: var(--vscode-list-hoverBackground);
      }
      li[aria-selected='true'] {
        background: var(--vscode-list-activeSelectionBackground);
        color: var(--vscode-list-activeSelectionForeground, inherit);
        outline: 1px solid var(--vscode-contrastActiveBorder, transparent);
        outline-offset: -1px;
      }
      li[aria-selected='true'] .why {
        color: inherit;
      }
    `,
  ];
  declare model: PageModel | null;
  declare open: boolean;
  declare query: string;
  declare found: Found[];
  declare at: number;
  #finder: Finder | null = null;

  constructor() {
    super();
    this.model = null;
    this.open = false;
    this.query = '';
    this.found = [];
    this.at = -1;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('model')) return;
    this.#finder = null;
    if (this.query) this.#search(this.query);
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('at'))
      this.renderRoot.querySelector('li[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }

  async show(): Promise<void> {
    this.open = true;
    await this.updateComplete;
    const input = this.renderRoot.querySelector('input');
    input?.focus();
    input?.select();
    this.#announce();
  }

  hide(): void {
    this.open = false;
    announce(this, 'find-closed');
  }

  #search(query: string): void {
    this.query = query;
    if (this.model) this.#finder ??= new Finder(this.model);
    this.found = this.#finder?.find(query) ?? [];
    this.at = -1;
    this.#announce();
  }

  #announce(): void {
    announce(this, 'found', { keys: this.found.map((found) => found.key) });
  }

  #go(at: number): void {
    if (this.found.length === 0) return;
    this.at = (at + this.found.length) % this.found.length;
    askToSelect(this, this.found[this.at]!.key, { reveal: true });
  }

  #next = (): void => this.#go(this.at + 1);
  #previous = (): void => this.#go(this.at < 0 ? -1 : this.at - 1);

  #key(event: KeyboardEvent): void {
    const actions: Record<string, () => void> = {
      Enter: event.shiftKey ? this.#previous : this.#next,
      F3: event.shiftKey ? this.#previous : this.#next,
      ArrowDown: this.#next,
      ArrowUp: this.#previous,
      Escape: () => this.hide(),
    };
    const action = Object.hasOwn(actions, event.key) ? actions[event.key] : undefined;
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }

  get #count(): string {
    if (this.query.trim() === '') return '';
    if (this.found.length === 0) return 'No results';
    const all = countText(this.found.length);
    return this.at < 0 ? `${all} found` : `${countText(this.at + 1)} of ${all}`;
  }

  #field(): TemplateResult {
    return html`<input
      type="text"
      role="combobox"
      aria-label="Find in the model"
      aria-controls="list"
      aria-expanded=${this.found.length === 0 ? 'false' : 'true'}
      aria-activedescendant=${this.at >= 0 ? `m${this.at}` : ''}
      placeholder="Name, operator, tensor, type, 64x112, attribute"
      spellcheck="false"
      .value=${this.query}
      @input=${(event: InputEvent) => this.#search((event.target as HTMLInputElement).value)}
    />`;
  }

  #buttons(): TemplateResult {
    const none = this.found.length === 0;
    return html`<cw-icon-button
        icon="previous"
        label="Previous match"
        hint="Previous match (Shift+Enter)"
        ?disabled=${none}
        @click=${this.#previous}
      ></cw-icon-button>
      <cw-icon-button
        icon="next"
        label="Next match"
        hint="Next match (Enter)"
        ?disabled=${none}
        @click=${this.#next}
      ></cw-icon-button>
      <cw-icon-button
        icon="close"
        label="Close find"
        hint="Close (Escape)"
        @click=${() => this.hide()}
      ></cw-icon-button>`;
  }

  #match({ title, why }: Found, at: number): TemplateResult {
    return html`<li
      role="option"
      id=${`m${at}`}
      aria-selected=${at === this.at ? 'true' : 'false'}
      @click=${() => this.#go(at)}
    >
      <div>${title}</div>
      <div class="why">${why}</div>
    </li>`;
  }

  override render(): TemplateResult {
    const { found } = this;
    // The list follows the chosen match, so that it can be reached among thousands.
    const start = Math.max(0, Math.min(this.at - SHOWN / 2, found.length - SHOWN));
    const shown = found.slice(start, start + SHOWN);
    return html`<div role="search" @keydown=${this.#key}>
      <div class="row">${this.#field()} <span class="count" role="status">${this.#count}</span> ${this.#buttons()}</div>
      <ul id="list" role="listbox" aria-label="Matches" ?hidden=${found.length === 0}>
        ${shown.map((match, i) => this.#match(match, start + i))}
      </ul>
    </div>`;
  }
}
customElements.define('cw-find', FindBox);
