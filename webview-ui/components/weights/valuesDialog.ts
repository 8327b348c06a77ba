import { LitElement, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { PageWeight } from '../../../src/protocol/pageModel.ts';
import { countText } from '../../../src/text/numbers.ts';
import { Blocks } from '../../state/host/blocks.ts';
import { listText } from '../../text/format.ts';
import { COLUMN, HEAD, ROW, valuesDialogStyles } from './valuesDialogStyles.ts';
import { valuesTable } from './valuesTable.ts';
import type { CellPlace } from './valuesTable.ts';

/** Browsers can't lay out boxes much taller than this; beyond it a pixel of scrolling is more than a pixel of rows. */
const TALLEST = 8_000_000;

/**
 * All values of a weight as a scrolled grid in a dialog. Only the cells in view are loaded; of more than two axes the
 * reader chooses which are rows and columns.
 */
export class ValuesDialog extends LitElement {
  static override properties = {
    weight: { state: true },
    rowAxis: { state: true },
    columnAxis: { state: true },
    fixed: { state: true },
    top: { state: true },
    left: { state: true },
    at: { state: true },
    error: { state: true },
    loads: { state: true },
  };
  static override styles = valuesDialogStyles;
  declare weight: PageWeight | null;
  declare rowAxis: number | null;
  declare columnAxis: number | null;
  declare fixed: number[];
  declare top: number;
  declare left: number;
  declare at: CellPlace;
  declare error: string;
  declare loads: number;
  #blocks: Blocks | null = null;

  constructor() {
    super();
    this.weight = null;
    this.rowAxis = null;
    this.columnAxis = null;
    this.fixed = [];
    this.top = 0;
    this.left = 0;
    this.at = [0, 0];
    this.error = '';
    this.loads = 0;
  }

  /** Opens on a weight: the last two axes as rows and columns, the others at 0. */
  async show(weight: PageWeight): Promise<void> {
    const dims = shapeOf(weight);
    const rank = dims.length;
    this.weight = weight;
    this.rowAxis = rank === 0 ? null : Math.max(0, rank - 2);
    this.columnAxis = rank >= 2 ? rank - 1 : null;
    this.fixed = dims.map(() => 0);
    this.#open();
    await this.updateComplete;
    this.renderRoot.querySelector('dialog')?.showModal();
    this.renderRoot.querySelector<HTMLElement>('.scroll')?.focus();
    this.requestUpdate();
  }

  /** Begins anew on the plane that is chosen now. */
  #open(): void {
    this.#blocks?.close();
    this.error = '';
    this.at = [0, 0];
    const { weight, rowAxis, columnAxis, fixed } = this;
    this.#blocks =
      weight &&
      new Blocks(
        { tensor: weight.name, dims: shapeOf(weight), rowAxis, columnAxis, fixed },
        () => this.loads++,
        (message) => (this.error = message),
      );
    const scroll = this.renderRoot.querySelector('.scroll');
    if (scroll) scroll.scrollTop = scroll.scrollLeft = 0;
    this.top = this.left = 0;
  }

  #closed(): void {
    this.#blocks?.close();
    this.#blocks = null;
    this.weight = null;
  }

  protected override updated(changed: PropertyValues): void {
    const [space, view, scroll] = ['.space', '.view', '.scroll'].map((s) =>
      this.renderRoot.querySelector<HTMLElement>(s),
    );
    if (!space || !view || !scroll || !this.#blocks) return;
    // Set here and not in the template: the policy forbids style attributes.
    const width = Math.max(scroll.clientWidth, this.#blocks.columns * COLUMN + HEAD);
    space.style.width = `${Math.min(TALLEST, width)}px`;
    space.style.height = `${Math.min(TALLEST, (this.#blocks.rows + 1) * ROW)}px`;
    view.style.width = `${scroll.clientWidth}px`;
    view.style.height = `${scroll.clientHeight}px`;
    if (changed.has('at')) this.#bringIn(scroll);
  }

  /** The whole rows and columns that fit in view. */
  #room(scroll: Element): { rows: number; columns: number } {
    return {
      rows: Math.max(1, Math.floor(scroll.clientHeight / ROW) - 1),
      columns: Math.max(1, Math.floor((scroll.clientWidth - HEAD) / COLUMN)),
    };
  }

  #scrolled(event: Event): void {
    const scroll = event.target as HTMLElement;
    const blocks = this.#blocks;
    if (!blocks) return;
    const room = this.#room(scroll);
    // By parts of the whole, so that the ends are reached however many rows there are.
    const along = (part: number, hidden: number): number =>
      Number.isFinite(part) ? Math.round(part * Math.max(0, hidden)) : 0;
    const down = scroll.scrollTop / (scroll.scrollHeight - scroll.clientHeight);
    const across = scroll.scrollLeft / (scroll.scrollWidth - scroll.clientWidth);
    this.top = along(down, blocks.rows - room.rows);
    this.left = along(across, blocks.columns - room.columns);
  }

  /** Moves the view just far enough for the chosen cell to be seen. */
  #bringIn(scroll: HTMLElement): void {
    const blocks = this.#blocks;
    if (!blocks) return;
    const room = this.#room(scroll);
    const [row, column] = this.at;
    const top = firstShown(this.top, row, room.rows);
    const left = firstShown(this.left, column, room.columns);
    const down = top / Math.max(1, blocks.rows - room.rows);
    const across = left / Math.max(1, blocks.columns - room.columns);
    if (top !== this.top) scroll.scrollTop = down * (scroll.scrollHeight - scroll.clientHeight);
    if (left !== this.left) scroll.scrollLeft = across * (scroll.scrollWidth - scroll.clientWidth);
    this.top = top;
    this.left = left;
  }

  #key(event: KeyboardEvent): void {
    const blocks = this.#blocks;
    const scroll = this.renderRoot.querySelector('.scroll');
    if (!blocks || !scroll) return;
    const [row, column] = this.at;
    const page = this.#room(scroll).rows;
    const to: Record<string, CellPlace> = {
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      PageUp: [row - page, column],
      PageDown: [row + page, column],
      Home: [event.ctrlKey ? 0 : row, 0],
      End: [event.ctrlKey ? blocks.rows - 1 : row, blocks.columns - 1],
    };
    const target = Object.hasOwn(to, event.key) ? to[event.key] : undefined;
    if (!target || blocks.rows === 0) return;
    event.preventDefault();
    this.at = [Math.max(0, Math.min(blocks.rows - 1, target[0])), Math.max(0, Math.min(blocks.columns - 1, target[1]))];
  }

  override render(): TemplateResult {
    const weight = this.weight;
    return html`<dialog aria-label=${weight ? `Values of ${weight.name}` : 'Values'} @close=${this.#closed}>
      ${
        weight && this.#blocks
          ? html` <header>
                <h2>${weight.name} <span>${weight.dtype} ${listText(shapeOf(weight))}${orderText(weight)}</span></h2>
                <button @click=${() => this.renderRoot.querySelector('dialog')?.close()}>Close</button>
                ${shapeOf(weight).length > 2 ? html`<div class="axes">${this.#axes(shapeOf(weight))}</div>` : null}
              </header>
              ${this.error ? html`<p class="error" role="alert">${this.error}</p>` : this.#grid(this.#blocks)}`
          : null
      }
    </dialog>`;
  }

  #axes(dims: readonly number[]): TemplateResult {
    const choose =
      (which: 'rowAxis' | 'columnAxis') =>
      (event: Event): void => {
        const axis = Number((event.target as HTMLSelectElement).value);
        const other = which === 'rowAxis' ? 'columnAxis' : 'rowAxis';
        if (this[other] === axis) this[other] = this[which];
        this[which] = axis;
        this.#open();
      };
    const select = (label: string, which: 'rowAxis' | 'columnAxis'): TemplateResult =>
      html`<label
        >${label}
        <select @change=${choose(which)}>
          ${dims.map((dim, axis) => html`<option value=${axis} .selected=${this[which] === axis}>axis ${axis} (${countText(dim)})</option>`)}
        </select></label
      >`;
    const fix =
      (axis: number) =>
      (event: Event): void => {
        const field = event.target as HTMLInputElement;
        const value = Math.max(0, Math.min((dims[axis] ?? 1) - 1, Math.floor(Number(field.value)) || 0));
        field.value = String(value);
        this.fixed = this.fixed.map((old, i) => (i === axis ? value : old));
        this.#open();
      };
    return html`${select('Rows', 'rowAxis')}${select('Columns', 'columnAxis')}${dims.map((dim, axis) =>
      axis === this.rowAxis || axis === this.columnAxis
        ? null
        : html`<label
            >axis ${axis} at
            <input type="number" min="0" max=${dim - 1} .value=${String(this.fixed[axis] ?? 0)} @change=${fix(axis)}
          /></label>`,
    )}`;
  }

  #grid(blocks: Blocks): TemplateResult {
    const scroll = this.renderRoot.querySelector('.scroll');
    const room = scroll ? this.#room(scroll) : { rows: 1, columns: 1 };
    const [row, column] = this.at;
    return html`<div
        class="scroll"
        tabindex="0"
        role="grid"
        aria-label="Values"
        aria-rowcount=${blocks.rows + 1}
        aria-colcount=${blocks.columns + 1}
        aria-activedescendant="at"
        @scroll=${this.#scrolled}
        @keydown=${this.#key}
      >
        <div class="space" role="presentation">
          <div class="view" role="presentation">
            ${valuesTable({
              blocks,
              rows: placesFrom(this.top, room.rows + 1, blocks.rows),
              columns: placesFrom(this.left, room.columns + 1, blocks.columns),
              at: this.at,
              choose: (at) => (this.at = at),
            })}
          </div>
        </div>
      </div>
      <div class="place" role="status">
        ${blocks.rows === 0 ? 'The weight is empty.' : html`[${this.#index().join(', ')}] = ${blocks.cell(row, column) ?? '…'}`}
      </div>`;
  }

  /** The chosen cell's index in the tensor. */
  #index(): number[] {
    return this.fixed.map((fixed, axis) => {
      if (axis === this.rowAxis) return this.at[0];
      return axis === this.columnAxis ? this.at[1] : fixed;
    });
  }
}
customElements.define('cw-values', ValuesDialog);

/** The first row or column to be shown, so that the one `at` is among as many as are seen at once. */
function firstShown(first: number, at: number, seen: number): number {
  return Math.min(at, Math.max(first, at - seen + 1));
}

/** As many places as are shown, from the first on and within all. */
function placesFrom(first: number, shown: number, all: number): number[] {
  return Array.from({ length: Math.min(shown, all - first) }, (_, i) => first + i);
}

/** Dims in the order of axes that the grid, its indices and the files saved from it have. */
function shapeOf({ stored, dims }: PageWeight): readonly number[] {
  return stored ?? dims;
}

/** Where the graph's operators read the weight with its axes in another order. */
function orderText({ stored }: PageWeight): string {
  return stored ? ', as layer.get_weights() gives it' : '';
}
