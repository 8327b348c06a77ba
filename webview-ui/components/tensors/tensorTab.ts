import { LitElement, html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { PageModel, PageTensor } from '../../../src/protocol/pageModel.ts';
import { countOf, countText } from '../../../src/text/numbers.ts';
import { tensorsCsv, tensorsMarkdown } from '../../graph/tables/tensorExport.ts';
import { firstOpen, modulePaths, sortedBy, tensorTree, treeRows, withModule } from '../../graph/tables/tensorTree.ts';
import type { TreeNode, TreeSort, TreeView } from '../../graph/tables/tensorTree.ts';
import { tensorTarget } from '../../graph/targets.ts';
import { bytesText, shapeText } from '../../text/format.ts';
import { announce } from '../announce.ts';
import { exportEntries } from '../exportMenu.ts';
import '../icon.ts';
import '../menuButton.ts';
import type { MenuEntry } from '../menuButton.ts';
import { scrollToRow } from '../scrollToRow.ts';
import { sortState } from '../sortState.ts';
import { fieldStyles, quietStyles } from '../styles.ts';
import { tableStyles } from '../tableStyles.ts';
import { ROW_HEIGHT, tensorTabStyles } from './tensorTabStyles.ts';

/** Rows drawn above and below what is in view. */
const SPARE = 20;
/** In pixels, for each module around a row. */
const INDENT = 14;
/** Of the view in pixels, before it is there to be measured. */
const USUAL_HEIGHT = 800;

interface Column {
  readonly title: string;
  readonly number: boolean;
  /** What the column sorts by; null where it does not. */
  readonly sort: TreeSort | null;
}

const COLUMNS: readonly Column[] = [
  { sort: 'title', title: 'Name', number: false },
  { sort: null, title: 'Shape', number: false },
  { sort: null, title: 'Type', number: false },
  { sort: 'params', title: 'Parameters', number: true },
  { sort: null, title: 'Share', number: true },
];

/** The tensors of a file as a tree by module. `tensor-chosen` carries the name of the tensor that is looked at. */
export class TensorTab extends LitElement {
  static override properties = {
    model: { attribute: false },
    chosen: { attribute: false },
    view: { state: true },
    top: { state: true },
    said: { state: true },
  };
  static override styles = [fieldStyles, quietStyles, tableStyles, tensorTabStyles];
  declare model: PageModel | null;
  declare chosen: string | null;
  declare view: TreeView;
  /** How far the rows are scrolled, in pixels. */
  declare top: number;
  declare said: string;
  #root: TreeNode | null = null;
  #rows: readonly TreeNode[] = [];
  /** The path of the row that arrow keys start from. */
  #current = '';

  constructor() {
    super();
    this.model = null;
    this.chosen = null;
    this.view = { open: new Set(), filter: '', sort: 'order', down: false };
    this.top = 0;
    this.said = '';
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('model') && this.model) {
      this.#root = tensorTree(this.model.tensors ?? []);
      const inputs = this.model.inputLayers.map(({ weight }) => weight);
      this.view = { ...this.view, open: firstOpen(this.#root, inputs) };
    }
    if (this.#root && (changed.has('model') || changed.has('view'))) this.#rows = treeRows(this.#root, this.view);
  }

  /** The tree, which takes the keys. */
  get keyPlace(): HTMLElement | null {
    return this.renderRoot.querySelector('table');
  }

  #look(node: TreeNode): void {
    this.#current = node.path;
    if (node.tensor) announce(this, 'tensor-chosen', node.tensor.name);
    this.requestUpdate();
  }

  #press(node: TreeNode): void {
    this.#look(node);
    if (!node.tensor) this.#setOpen(node, !this.view.open.has(node.path));
  }

  #setOpen({ path }: TreeNode, open: boolean): void {
    this.view = withModule(this.view, path, { open });
  }

  #setAllOpen(open: boolean): void {
    this.view = { ...this.view, open: new Set(open && this.#root ? modulePaths(this.#root) : []) };
  }

  #key(event: KeyboardEvent): void {
    const place = Math.max(0, this.#place());
    const node = this.#rows[place];
    if (!node) return;
    const isOpen = !node.tensor && this.view.open.has(node.path);
    const isClosed = !node.tensor && !isOpen;
    const actions: Record<string, () => void> = {
      ArrowDown: () => this.#move(place + 1),
      ArrowUp: () => this.#move(place - 1),
      Home: () => this.#move(0),
      End: () => this.#move(this.#rows.length - 1),
      ArrowRight: () => (isClosed ? this.#setOpen(node, true) : this.#move(place + 1)),
      ArrowLeft: () => (isOpen ? this.#setOpen(node, false) : this.#moveUp(place)),
      Enter: () => this.#press(node),
      ' ': () => this.#press(node),
    };
    const action = Object.hasOwn(actions, event.key) ? actions[event.key] : undefined;
    if (!action) return;
    event.preventDefault();
    action();
  }

  #place(): number {
    return this.#rows.findIndex(({ path }) => path === this.#current);
  }

  #moveUp(place: number): void {
    const depth = this.#rows[place]?.depth ?? 0;
    const parent = this.#rows.slice(0, place).findLastIndex((row) => row.depth < depth);
    if (parent >= 0) this.#move(parent);
  }

  #move(place: number): void {
    const node = this.#rows[Math.max(0, Math.min(place, this.#rows.length - 1))];
    if (!node) return;
    this.#look(node);
    const scroll = this.renderRoot.querySelector('.scroll');
    if (scroll) scrollToRow(scroll, { row: this.#place(), rowHeight: ROW_HEIGHT, headingHeight: ROW_HEIGHT });
  }

  get #exports(): MenuEntry[] {
    const tensors = this.model?.tensors ?? [];
    return exportEntries({
      name: `${this.model?.fileName ?? ''}.tensors`,
      what: countOf(tensors.length, 'tensor'),
      text: (kind) => (kind === 'CSV' ? tensorsCsv(tensors) : tensorsMarkdown(tensors)),
      say: (words) => (this.said = words),
    });
  }

  override render(): TemplateResult | null {
    const root = this.#root;
    if (!this.model || !root) return null;
    return html`${this.#bar(root)}
      <div class="scroll" @scroll=${(event: Event) => (this.top = (event.target as HTMLElement).scrollTop)}>
        <table
          role="treegrid"
          aria-label="Tensors"
          aria-rowcount=${this.#rows.length + 1}
          aria-activedescendant=${this.#current === '' ? nothing : 'current'}
          tabindex="0"
          @keydown=${this.#key}
          @contextmenu=${this.#menuByKey}
        >
          ${this.#head()} ${this.#body(root)}
        </table>
      </div>`;
  }

  #bar(root: TreeNode): TemplateResult {
    const typed = (event: Event): void => {
      this.view = { ...this.view, filter: (event.target as HTMLInputElement).value };
    };
    return html`<div class="bar">
      <input
        type="search"
        aria-label="Filter tensors"
        placeholder="Filter by name, shape or type"
        .value=${this.view.filter}
        @input=${typed}
      />
      <span class="count" role="status"
        >${countOf(root.tensors, 'tensor')}, ${countText(root.params)} parameters, ${bytesText(root.bytes)}</span
      >
      <cw-icon-button
        icon="expand-all"
        label="Open all"
        hint="Open all modules"
        @click=${() => this.#setAllOpen(true)}
      ></cw-icon-button>
      <cw-icon-button
        icon="collapse-all"
        label="Close all"
        hint="Close all modules"
        @click=${() => this.#setAllOpen(false)}
      ></cw-icon-button>
      <cw-menu-button
        icon="export"
        label="Export…"
        hint="Export the list of tensors"
        right
        .entries=${this.#exports}
      ></cw-menu-button>
      <span class="quiet" aria-live="polite">${this.said}</span>
    </div>`;
  }

  #head(): TemplateResult {
    return html`<thead>
      <tr>
        ${COLUMNS.map((column) => this.#heading(column))}
      </tr>
    </thead>`;
  }

  #heading({ sort, title, number }: Column): TemplateResult {
    const kind = number ? 'number' : '';
    if (sort === null) return html`<th class=${kind}>${title}</th>`;
    const { aria, arrow } = sortState({ sorted: this.view.sort === sort, down: this.view.down });
    return html`<th class=${kind} aria-sort=${aria}>
      <button @click=${() => (this.view = sortedBy(this.view, sort))}>${title}${arrow}</button>
    </th>`;
  }

  /** Only the rows near the view are in the document. */
  #body(root: TreeNode): TemplateResult {
    const height = this.renderRoot.querySelector('.scroll')?.clientHeight ?? USUAL_HEIGHT;
    const first = Math.max(0, Math.floor(this.top / ROW_HEIGHT) - SPARE);
    const last = Math.min(this.#rows.length, Math.ceil((this.top + height) / ROW_HEIGHT) + SPARE);
    return html`<tbody>
      ${spacer(first)}
      ${repeat(
        this.#rows.slice(first, last),
        ({ path, tensor }) => `${tensor ? 't' : 'm'}${path}`,
        (node, i) => this.#row(node, first + i + 2, root),
      )}
      ${spacer(this.#rows.length - last)}
    </tbody>`;
  }

  #row(node: TreeNode, number: number, root: TreeNode): TemplateResult {
    const { tensor, path, depth, params } = node;
    const open = this.view.filter !== '' || this.view.open.has(path);
    const share = root.params > 0 ? (params / root.params) * 100 : 0;
    const classes = `${tensor ? 'tensor' : 'module'}${path === this.#current ? ' current' : ''}`;
    return html`<tr
      id=${path === this.#current ? 'current' : nothing}
      class=${classes}
      aria-level=${depth}
      aria-rowindex=${number}
      aria-expanded=${tensor ? nothing : String(open)}
      aria-selected=${tensor !== null && tensor.name === this.chosen ? 'true' : 'false'}
      @click=${() => this.#press(node)}
      @contextmenu=${() => this.#askMenu(tensor)}
    >
      ${this.#name(node, open)}
      <td class="shape">${tensor ? shapeText(tensor.dims) : countOf(node.tensors, 'tensor')}</td>
      <td>${tensor?.dtype ?? ''}</td>
      <td class="number">${countText(params)}</td>
      <td class="number">${share >= 0.005 ? `${share.toFixed(2)} %` : ''}</td>
    </tr>`;
  }

  /** By keyboard the menu is asked for on the table, which has the focus; it is that of the row that is looked at. */
  #menuByKey(event: MouseEvent): void {
    if (event.target === event.currentTarget) this.#askMenu(this.#rows[this.#place()]?.tensor ?? null);
  }

  #askMenu(tensor: PageTensor | null): void {
    if (tensor) announce(this, 'menu-asked', tensorTarget(tensor.name));
  }

  #name({ tensor, path, title, depth }: TreeNode, open: boolean): TemplateResult {
    const arrow = open ? 'open' : 'closed';
    const isInput = tensor !== null && (this.model?.inputLayers.some(({ weight }) => weight === tensor.name) ?? false);
    return html`<th scope="row" title=${path}>
      <span class="indent" .style=${`width: ${(depth - 1) * INDENT}px`}></span
      ><span class=${tensor ? 'twist' : `twist ${arrow}`}></span>${title || '(no name)'}
      ${isInput ? html`<span class="badge">input layer</span>` : null}
    </th>`;
  }
}
customElements.define('cw-tensor-tab', TensorTab);

/**
 * A row as tall as those that are not drawn. The height is set through the style object: the page's policy refuses
 * style attributes.
 */
function spacer(rows: number): TemplateResult | null {
  if (rows === 0) return null;
  return html`<tr aria-hidden="true">
    <td colspan=${COLUMNS.length}><div .style=${`height: ${rows * ROW_HEIGHT}px`}></div></td>
  </tr>`;
}
