import { LitElement, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { PageModel } from '../../../src/protocol/messages.ts';
import type { SelectionKey } from '../../graph/graphModel.ts';
import { COLUMNS, filterRows, layerRows, rowsCsv, rowsMarkdown, sortRows } from '../../graph/layerRows.ts';
import type { Column, LayerRow, SortKey } from '../../graph/layerRows.ts';
import { bytesText, countText, shortCount } from '../../text/format.ts';
import { saveBlob } from '../../state/download.ts';

import { layerTableStyles, ROW } from './layerTableStyles.ts';

export interface TableState {
  sort: string;
  down: boolean;
  filter: string;
}

/** Rows drawn above and below what is in view. */
const SPARE = 30;

function macsText(macs: number | null): string {
  if (macs === null) return 'unknown';
  return macs > 0 ? shortCount(macs) : '';
}

function percent(share: number | null): string {
  return share ? `${(share * 100).toFixed(2)} %` : '';
}

/** All layers as a table: the picture's text alternative. Only the rows near the view are in the document. */
export class LayerTable extends LitElement {
  static override properties = {
    model: { attribute: false },
    selected: { attribute: false },
    view: { attribute: false },
    top: { state: true },
    said: { state: true },
  };
  static override styles = layerTableStyles;
  declare model: PageModel | null;
  declare selected: SelectionKey | null;
  declare view: TableState;
  declare top: number;
  declare said: string;
  #all: LayerRow[] = [];
  #rows: LayerRow[] = [];
  #focusSoon = false;
  #resized = (): void => this.requestUpdate();

  constructor() {
    super();
    this.model = null;
    this.selected = null;
    this.view = { sort: 'order', down: false, filter: '' };
    this.top = 0;
    this.said = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('resize', this.#resized);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('resize', this.#resized);
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('model')) this.#all = this.model ? layerRows(this.model) : [];
    if (changed.has('model') || changed.has('view')) {
      this.said = '';
      const sort = COLUMNS.find((column) => column.key === this.view.sort)?.key ?? 'order';
      this.#rows = sortRows(filterRows(this.#all, this.view.filter), sort, this.view.down);
    }
  }

  protected override updated(changed: PropertyValues): void {
    const sizes = this.renderRoot.querySelectorAll<HTMLElement>('tr.space td');
    const { start, end } = this.#range();
    // Set here and not in the template: the policy forbids style attributes.
    if (sizes[0]) sizes[0].style.height = `${start * ROW}px`;
    if (sizes[1]) sizes[1].style.height = `${(this.#rows.length - end) * ROW}px`;
    if (changed.has('selected') || changed.has('view')) this.#bringIn();
    if (this.#focusSoon) {
      this.#focusSoon = false;
      this.renderRoot.querySelector<HTMLElement>('tr[aria-selected="true"]')?.focus();
    }
  }

  get #at(): number {
    return this.#rows.findIndex((row) => `n${row.id}` === this.selected);
  }

  /** Scrolls just far enough for the selected row to be seen. */
  #bringIn(): void {
    const scroll = this.renderRoot.querySelector('.scroll');
    const at = this.#at;
    if (!scroll || at < 0) return;
    const [y, room] = [at * ROW, scroll.clientHeight - 2 * ROW];
    if (y < scroll.scrollTop) scroll.scrollTop = y;
    else if (y > scroll.scrollTop + room) scroll.scrollTop = y - room;
    this.top = scroll.scrollTop;
  }

  /** The rows that are drawn, and how many they are at most. */
  #range(): { start: number; end: number; most: number } {
    const first = Math.floor(this.top / ROW);
    const inView = Math.ceil(window.innerHeight / ROW);
    const start = Math.max(0, Math.min(first, this.#rows.length) - SPARE);
    return { start, end: Math.min(this.#rows.length, first + inView + SPARE), most: SPARE + inView + SPARE };
  }

  #select(id: number): void {
    this.dispatchEvent(
      new CustomEvent('select-thing', { detail: { key: `n${id}`, reveal: false }, bubbles: true, composed: true }),
    );
  }

  #askMenu(id: number): void {
    this.dispatchEvent(new CustomEvent('menu-asked', { detail: `n${id}`, bubbles: true, composed: true }));
  }

  #key(event: KeyboardEvent): void {
    const at = Math.max(0, this.#at);
    const page = 20;
    const to: Record<string, number> = {
      ArrowDown: this.#at < 0 ? 0 : at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: this.#rows.length - 1,
    };
    const target = Object.hasOwn(to, event.key) ? to[event.key] : undefined;
    if (event.ctrlKey && event.key.toLowerCase() === 'c') {
      void this.#copy('CSV');
      return;
    }
    if (target === undefined || this.#rows.length === 0) return;
    event.preventDefault();
    this.#focusSoon = true;
    this.#select(this.#rows[Math.max(0, Math.min(this.#rows.length - 1, target))]!.id);
    this.requestUpdate();
  }

  #show(change: Partial<TableState>): void {
    this.dispatchEvent(
      new CustomEvent('table-view', {
        detail: { ...this.view, ...change },
        bubbles: true,
        composed: true,
      }),
    );
  }

  #sort(key: SortKey, number: boolean): void {
    // The largest comes first where size is the question.
    this.#show(this.view.sort === key ? { down: !this.view.down } : { sort: key, down: number && key !== 'order' });
  }

  #save(kind: 'CSV' | 'Markdown'): void {
    saveBlob(
      kind === 'CSV' ? 'layers.csv' : 'layers.md',
      new Blob([kind === 'CSV' ? rowsCsv(this.#rows) : rowsMarkdown(this.#rows)], { type: 'text/plain' }),
    );
    this.said = `Saved ${countText(this.#rows.length)} rows as ${kind}`;
  }

  async #copy(kind: 'CSV' | 'Markdown'): Promise<void> {
    const text = kind === 'CSV' ? rowsCsv(this.#rows) : rowsMarkdown(this.#rows);
    try {
      await navigator.clipboard.writeText(text);
      this.said = `Copied ${countText(this.#rows.length)} rows as ${kind}`;
    } catch {
      // Without the clipboard the same text is offered as a file.
      this.#save(kind);
    }
  }

  /** One verb with its two formats, in one row with the filter. */
  #out(verb: string, act: (kind: 'CSV' | 'Markdown') => void): TemplateResult {
    return html`<span class="out" role="group" aria-label=${verb}
      ><span aria-hidden="true">${verb}</span
      >${(['CSV', 'Markdown'] as const).map((kind) => html`<vscode-button appearance="secondary" aria-label=${`${verb} ${kind}`} @click=${() => act(kind)}>${kind}</vscode-button>`)}</span
    >`;
  }

  /** Rows that stay in view stay as they are; those that leave it at one end come back at the other with new texts. */
  #drawn(stop: number): unknown {
    const { start, end, most } = this.#range();
    return repeat(
      this.#rows.slice(start, end),
      (_, i) => (start + i) % most,
      (row, i) => this.#row(row, start + i, stop),
    );
  }

  #row(row: LayerRow, at: number, stop: number): TemplateResult {
    const chosen = `n${row.id}` === this.selected;
    return html`<tr
      class="row"
      aria-rowindex=${at + 2}
      aria-selected=${chosen ? 'true' : 'false'}
      tabindex=${row.id === stop ? 0 : -1}
      @click=${() => this.#select(row.id)}
      @contextmenu=${() => this.#askMenu(row.id)}
    >
      <td class="number">${row.order}</td>
      <th scope="row" class="name" title=${row.name}><bdi>${row.name}</bdi></th>
      <td title=${row.operator}>${row.operator}</td>
      <td class="shape" title=${row.output}>${row.output || 'unknown'}</td>
      <td class="number">${row.params > 0 ? countText(row.params) : ''}</td>
      <td class="number">${macsText(row.macs)}</td>
      <td class="shape" title=${row.input}>${row.input}</td>
      <td class="number">${percent(row.share)}</td>
      <td class="number">${percent(row.work)}</td>
      <td class="number">${row.memory === null ? 'unknown' : bytesText(row.memory)}</td>
    </tr>`;
  }

  #heading({ key, title, number }: Column): TemplateResult {
    const sorted = this.view.sort === key;
    const order = this.view.down ? 'descending' : 'ascending';
    const arrow = this.view.down ? ' ↓' : ' ↑';
    return html`<th scope="col" class=${number ? 'number' : ''} aria-sort=${sorted ? order : 'none'}>
      <button @click=${() => this.#sort(key, number)}>${title}${sorted && key !== 'order' ? arrow : ''}</button>
    </th>`;
  }

  override render(): TemplateResult | null {
    if (!this.model) return null;
    const rows = this.#rows;
    // One tab stop for the whole table; arrows move between its rows.
    const stop = rows[Math.max(0, this.#at)]?.id ?? -1;
    const all = this.#all.length;
    return html` <div class="bar">
        <input
          type="text"
          aria-label="Filter layers"
          placeholder="Name, operator, shape"
          spellcheck="false"
          .value=${this.view.filter}
          @input=${(event: InputEvent) => this.#show({ filter: (event.target as HTMLInputElement).value })}
        />
        <span class="count" role="status"
          >${this.said || (rows.length === all ? `${countText(all)} layers` : `${countText(rows.length)} of ${countText(all)} layers`)}</span
        >
        ${this.#out('Copy as', (kind) => void this.#copy(kind))}${this.#out('Save as', (kind) => this.#save(kind))}
      </div>
      <div
        class="scroll"
        @scroll=${(e: Event) => {
          const y = (e.target as HTMLElement).scrollTop;
          if (Math.abs(y - this.top) > (ROW * SPARE) / 3) this.top = y;
        }}
        @keydown=${this.#key}
      >
        <table role="grid" aria-label="Layers" aria-rowcount=${rows.length + 1}>
          <colgroup>
            ${COLUMNS.map((column) => html`<col class=${column.key} />`)}
          </colgroup>
          <thead>
            <tr aria-rowindex="1">
              ${COLUMNS.map((column) => this.#heading(column))}
            </tr>
          </thead>
          <tbody>
            <tr class="space" aria-hidden="true">
              <td colspan="10"></td>
            </tr>
            ${this.#drawn(stop)}
            <tr class="space" aria-hidden="true">
              <td colspan="10"></td>
            </tr>
          </tbody>
        </table>
        ${rows.length === 0 ? html`<p class="empty">${all === 0 ? 'The model has no layers.' : 'No layer matches the filter.'}</p>` : null}
      </div>`;
  }
}
customElements.define('cw-layer-table', LayerTable);
