import { LitElement, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import { countOf, countText } from '../../../src/text/numbers.ts';
import type { SelectionKey } from '../../graph/graphModel.ts';
import { COLUMNS, shownColumns, withColumn } from '../../graph/tables/layerColumns.ts';
import type { Column } from '../../graph/tables/layerColumns.ts';
import { rowsCsv, rowsMarkdown } from '../../graph/tables/layerExport.ts';
import { filterRows, layerRows, sortRows } from '../../graph/tables/layerRows.ts';
import type { LayerRow, SortKey } from '../../graph/tables/layerRows.ts';
import type { TableState } from '../../state/kept/tableState.ts';
import { USUAL_TABLE } from '../../state/kept/tableState.ts';
import { announce, askToSelect } from '../announce.ts';
import { copyTable, exportEntries } from '../exportMenu.ts';
import type { ExportedTable } from '../exportMenu.ts';
import '../menuButton.ts';
import { scrollToRow } from '../scrollToRow.ts';
import { sortState } from '../sortState.ts';
import { fieldStyles } from '../styles.ts';
import { tableStyles } from '../tableStyles.ts';
import { ColumnEdges, setWidths } from './columnWidths.ts';
import { layerTableStyles, PADDING, ROW } from './layerTableStyles.ts';
import { NameRoom } from './nameRoom.ts';

/** Rows drawn above and below what is in view. */
const SPARE = 30;
/** Rows that Page Up and Page Down go over. */
const PAGE = 20;

/** All layers as a table: the picture's text alternative. Only the rows near the view are in the document. */
export class LayerTable extends LitElement {
  static override properties = {
    model: { attribute: false },
    selected: { attribute: false },
    view: { attribute: false },
    top: { state: true },
    said: { state: true },
  };
  static override styles = [fieldStyles, tableStyles, layerTableStyles];
  declare model: PageModel | null;
  declare selected: SelectionKey | null;
  declare view: TableState;
  declare top: number;
  declare said: string;
  #all: LayerRow[] = [];
  #rows: LayerRow[] = [];
  #focusSoon = false;
  readonly #names = new NameRoom();
  readonly #resize = new ResizeObserver(() => this.requestUpdate());
  readonly #edges = new ColumnEdges((key, width) => this.#show({ widths: { ...this.view.widths, [key]: width } }));

  constructor() {
    super();
    this.model = null;
    this.selected = null;
    this.view = USUAL_TABLE;
    this.top = 0;
    this.said = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
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
    setWidths(this.renderRoot, this.#columns, this.view);
    this.#measureNames();
    if (changed.has('selected') || changed.has('view')) this.#bringIn();
    if (this.#focusSoon) {
      this.#focusSoon = false;
      this.keyPlace?.focus();
    }
  }

  get #columns(): Column[] {
    return shownColumns(this.view, this.clientWidth || window.innerWidth);
  }

  /** Names are cut to the room that their column has come to. */
  #measureNames(): void {
    const cell = this.renderRoot.querySelector('th.name');
    if (!cell) return;
    if (this.#names.has(cell.clientWidth - 2 * PADDING, getComputedStyle(cell).font)) return;
    this.requestUpdate();
  }

  get #at(): number {
    return this.#rows.findIndex((row) => `n${row.id}` === this.selected);
  }

  /** Scrolls just far enough for the selected row to be seen. */
  #bringIn(): void {
    const scroll = this.renderRoot.querySelector('.scroll');
    if (!scroll || this.#at < 0) return;
    const headingHeight = this.renderRoot.querySelector('thead')?.clientHeight ?? ROW;
    scrollToRow(scroll, { row: this.#at, rowHeight: ROW, headingHeight });
    this.top = scroll.scrollTop;
  }

  /** Rows are drawn anew before the spare ones have all come into view. */
  #scrolled(event: Event): void {
    const y = (event.target as HTMLElement).scrollTop;
    if (Math.abs(y - this.top) > (ROW * SPARE) / 3) this.top = y;
  }

  /** The rows that are drawn, and how many they are at most. */
  #range(): { start: number; end: number; most: number } {
    const first = Math.floor(this.top / ROW);
    const inView = Math.ceil(window.innerHeight / ROW);
    const start = Math.max(0, Math.min(first, this.#rows.length) - SPARE);
    return { start, end: Math.min(this.#rows.length, first + inView + SPARE), most: SPARE + inView + SPARE };
  }

  /** The row that takes the keys. */
  get keyPlace(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>('tr.row[tabindex="0"]');
  }

  #select(id: number): void {
    askToSelect(this, `n${id}`, { reveal: false });
  }

  #askMenu(id: number): void {
    announce(this, 'menu-asked', `n${id}`);
  }

  #key(event: KeyboardEvent): void {
    const at = Math.max(0, this.#at);
    const to: Record<string, number> = {
      ArrowDown: this.#at < 0 ? 0 : at + 1,
      ArrowUp: at - 1,
      PageDown: at + PAGE,
      PageUp: at - PAGE,
      Home: 0,
      End: this.#rows.length - 1,
    };
    const target = Object.hasOwn(to, event.key) ? to[event.key] : undefined;
    if (event.ctrlKey && event.key.toLowerCase() === 'c') {
      void copyTable(this.#exported, 'CSV');
      return;
    }
    if (target === undefined || this.#rows.length === 0) return;
    event.preventDefault();
    this.#focusSoon = true;
    this.#select(this.#rows[Math.max(0, Math.min(this.#rows.length - 1, target))]!.id);
    this.requestUpdate();
  }

  #show(change: Partial<TableState>): void {
    announce(this, 'table-view', { ...this.view, ...change });
  }

  #sort(key: SortKey, number: boolean): void {
    // The largest comes first where size is the question.
    this.#show(this.view.sort === key ? { down: !this.view.down } : { sort: key, down: number && key !== 'order' });
  }

  get #exported(): ExportedTable {
    return {
      name: 'layers',
      what: countOf(this.#rows.length, 'row'),
      text: (kind) => (kind === 'CSV' ? rowsCsv(this.#rows) : rowsMarkdown(this.#rows)),
      say: (words) => (this.said = words),
    };
  }

  #tools(): TemplateResult {
    const shown = this.#columns;
    const columns = COLUMNS.filter(({ key }) => key !== 'name').map(({ key, title }) => ({
      label: key === 'order' ? 'Number' : title,
      checked: shown.some((column) => column.key === key),
      act: () => this.#show(withColumn(this.view, shown, key)),
    }));
    const usual = { label: 'Usual columns', act: () => this.#show({ columns: null, widths: {} }) };
    return html`<cw-menu-button
        icon="columns"
        label="Columns"
        hint="Choose columns"
        right
        .entries=${[...columns, usual]}
      ></cw-menu-button>
      <cw-menu-button
        icon="export"
        label="Export…"
        hint="Export the rows that are shown"
        right
        .entries=${exportEntries(this.#exported)}
      ></cw-menu-button>`;
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

  #cell(row: LayerRow, column: Column): TemplateResult {
    const text = column.text(row);
    if (column.key === 'name') {
      return html`<th scope="row" class="name" title=${text}><bdi>${this.#names.cut(text)}</bdi></th>`;
    }
    if (column.number) return html`<td class="number">${text}</td>`;
    return html`<td class=${column.key === 'operator' ? '' : 'shape'} title=${text}>${text}</td>`;
  }

  #row(row: LayerRow, at: number, stop: number): TemplateResult {
    const columns = this.#columns;
    const chosen = `n${row.id}` === this.selected;
    return html`<tr
      class="row"
      aria-rowindex=${at + 2}
      aria-selected=${chosen ? 'true' : 'false'}
      tabindex=${row.id === stop ? 0 : -1}
      @click=${() => this.#select(row.id)}
      @contextmenu=${() => this.#askMenu(row.id)}
    >
      ${columns.map((column) => this.#cell(row, column))}
    </tr>`;
  }

  #heading({ key, title, number }: Column): TemplateResult {
    const { aria, arrow } = sortState({ sorted: this.view.sort === key, down: this.view.down });
    const drag = (event: PointerEvent): void => this.#edges.drag(event, key);
    return html`<th scope="col" class=${number ? 'number' : ''} aria-sort=${aria}>
      <button
        title="Sort; Shift with Left or Right sets the width"
        @click=${() => this.#sort(key, number)}
        @keydown=${(event: KeyboardEvent) => this.#edges.press(event, key)}
      >
        ${title}${key === 'order' ? '' : arrow}</button
      ><span class="edge" @pointerdown=${drag} @pointermove=${drag}></span>
    </th>`;
  }

  override render(): TemplateResult | null {
    if (!this.model) return null;
    const rows = this.#rows;
    // One tab stop for the whole table; arrows move between its rows.
    const stop = rows[Math.max(0, this.#at)]?.id ?? -1;
    const all = countOf(this.#all.length, 'layer');
    const shown = rows.length === this.#all.length ? all : `${countText(rows.length)} of ${all}`;
    const none = this.#all.length === 0 ? 'The model has no layers.' : 'No layer matches the filter.';
    const columns = this.#columns;
    return html` <div class="bar">
        <input
          type="text"
          aria-label="Filter layers"
          placeholder="Name, operator, shape"
          spellcheck="false"
          .value=${this.view.filter}
          @input=${(event: InputEvent) => this.#show({ filter: (event.target as HTMLInputElement).value })}
        />
        <span class="count" role="status">${this.said || shown}</span>
        ${this.#tools()}
      </div>
      <div class="scroll" @scroll=${this.#scrolled} @keydown=${this.#key}>
        <table role="grid" aria-label="Layers" aria-rowcount=${rows.length + 1}>
          <colgroup>
            ${columns.map(() => html`<col />`)}
          </colgroup>
          <thead>
            <tr aria-rowindex="1">
              ${columns.map((column) => this.#heading(column))}
            </tr>
          </thead>
          <tbody>
            <tr class="space" aria-hidden="true">
              <td colspan=${columns.length}></td>
            </tr>
            ${this.#drawn(stop)}
            <tr class="space" aria-hidden="true">
              <td colspan=${columns.length}></td>
            </tr>
          </tbody>
        </table>
        ${rows.length === 0 ? html`<p class="empty">${none}</p>` : null}
      </div>`;
  }
}
customElements.define('cw-layer-table', LayerTable);
