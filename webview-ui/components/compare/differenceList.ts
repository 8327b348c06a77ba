import { LitElement, css, html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { PageDifference, PageDifferenceGroup } from '../../../src/protocol/comparison.ts';
import { countText } from '../../../src/text/numbers.ts';
import { breakable } from '../breakable.ts';
import { linkStyles, quietStyles } from '../styles.ts';

/** Rows of a group shown before the reader asks for more. */
const FIRST_ROWS = 200;
const PAGE_ROWS = 10;
const SIGN_WORDS = { '-': 'only in the first', '+': 'only in the second', '~': 'changed' } as const;

/** Differences by group. Arrow keys walk through them; `difference-chosen` carries each one walked to. */
export class DifferenceList extends LitElement {
  static override properties = { groups: { attribute: false }, at: { state: true }, whole: { state: true } };
  static override styles = [
    linkStyles,
    quietStyles,
    css`
      :host {
        display: block;
        overflow: auto;
      }
      [role='listbox']:focus-visible {
        outline: 1px solid var(--vscode-focusBorder);
        outline-offset: -1px;
      }
      .title {
        margin: 0;
        padding: 10px 14px 4px;
        font-size: 0.92em;
        font-weight: 600;
      }
      .title span {
        color: var(--vscode-descriptionForeground);
        font-weight: 400;
      }
      [role='option'] {
        display: flex;
        gap: 8px;
        padding: 3px 14px;
        cursor: pointer;
        overflow-wrap: anywhere;
        font-family: var(--code-font);
        font-size: 0.95em;
      }
      [role='option']:hover {
        background: var(--vscode-list-hoverBackground);
        outline: 1px dashed var(--vscode-contrastActiveBorder, transparent);
        outline-offset: -1px;
      }
      [role='option'][aria-selected='true'] {
        background: var(--vscode-list-activeSelectionBackground);
        color: var(--vscode-list-activeSelectionForeground);
        outline: 1px solid var(--vscode-contrastActiveBorder, transparent);
        outline-offset: -1px;
      }
      .sign {
        flex: none;
        width: 1ch;
        font-weight: 700;
      }
      [data-sign='+'] .sign {
        color: var(--vscode-gitDecoration-addedResourceForeground, var(--vscode-charts-green));
      }
      [data-sign='-'] .sign {
        color: var(--vscode-gitDecoration-deletedResourceForeground, var(--vscode-charts-red));
      }
      [data-sign='~'] .sign {
        color: var(--vscode-gitDecoration-modifiedResourceForeground, var(--vscode-charts-yellow));
      }
      [aria-selected='true'] .sign {
        color: inherit !important;
      }
      .text {
        min-width: 0;
        white-space: pre-wrap;
      }
      .link {
        margin: 6px 14px 10px 32px;
      }
    `,
  ];
  declare groups: readonly PageDifferenceGroup[];
  /** The chosen row, counted over all shown ones. */
  declare at: number;
  /** Titles of groups shown whole. */
  declare whole: ReadonlySet<string>;

  constructor() {
    super();
    this.groups = [];
    this.at = -1;
    this.whole = new Set();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('groups')) return;
    this.at = -1;
    this.whole = new Set();
  }

  #shown(group: PageDifferenceGroup): readonly PageDifference[] {
    return this.whole.has(group.title) ? group.rows : group.rows.slice(0, FIRST_ROWS);
  }

  async #choose(at: number): Promise<void> {
    const rows = this.groups.flatMap((group) => this.#shown(group));
    const next = Math.max(0, Math.min(rows.length - 1, at));
    const row = rows[next];
    if (!row) return;
    this.at = next;
    this.dispatchEvent(new CustomEvent('difference-chosen', { detail: row }));
    await this.updateComplete;
    this.renderRoot.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }

  #key(event: KeyboardEvent): void {
    const count = this.groups.reduce((total, group) => total + this.#shown(group).length, 0);
    const to: Record<string, number> = {
      ArrowDown: this.at + 1,
      ArrowUp: this.at - 1,
      Home: 0,
      End: count - 1,
      PageDown: this.at + PAGE_ROWS,
      PageUp: this.at - PAGE_ROWS,
      Enter: this.at,
      ' ': this.at,
    };
    if (!Object.hasOwn(to, event.key) || event.target instanceof HTMLButtonElement) return;
    event.preventDefault();
    void this.#choose(to[event.key] ?? 0);
  }

  override render(): TemplateResult {
    let n = 0;
    const option = (row: PageDifference): TemplateResult => {
      const i = n++;
      return html`<div
        role="option"
        id=${`d${i}`}
        data-sign=${row.sign}
        title=${row.whole !== undefined && row.whole !== row.text ? row.whole : nothing}
        aria-selected=${this.at === i ? 'true' : 'false'}
        @click=${() => this.#choose(i)}
      >
        <span class="sign" aria-hidden="true">${row.sign === '-' ? '−' : row.sign}</span
        ><span class="text"><span class="quiet">${SIGN_WORDS[row.sign]}: </span>${breakable(row.text)}</span>
      </div>`;
    };
    return html`<div
        role="listbox"
        tabindex="0"
        aria-label="Differences"
        aria-activedescendant=${this.at >= 0 ? `d${this.at}` : ''}
        @keydown=${this.#key}
      >
        ${this.groups.map(
          (group) =>
            html`<div role="group" aria-label=${`${group.title}, ${group.count}`}>
              <div class="title" aria-hidden="true">${group.title} <span>${countText(group.count)}</span></div>
              ${this.#shown(group).map(option)}
            </div>`,
        )}
      </div>
      ${this.groups.map((group) => this.#rest(group))}`;
  }

  /** What the list leaves out of a group; it stands behind the list, which holds nothing but differences. */
  #rest(group: PageDifferenceGroup): TemplateResult | null {
    const left = group.rows.length - this.#shown(group).length;
    const title = group.title.toLowerCase();
    if (left > 0)
      return html`<button class="link" @click=${() => (this.whole = new Set([...this.whole, group.title]))}>
        Show ${countText(left)} more of ${title}
      </button>`;
    const missing = group.count - group.rows.length;
    if (missing === 0) return null;
    return html`<p class="title">
      <span>and ${countText(missing)} more of ${title}; channelwise compare --json lists all</span>
    </p>`;
  }
}
customElements.define('cw-difference-list', DifferenceList);
