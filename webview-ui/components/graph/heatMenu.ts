import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';
import { COST_HEATS, costHeat, numbersHeat } from '../../graph/heat.ts';
import type { CostHeat, Heat } from '../../graph/heat.ts';
import { readLayerNumbers } from '../../graph/layerNumbers.ts';
import type { GraphModel } from '../../graph/graphModel.ts';

/** A profile of a large network is some tens of megabytes; more would stop the page for seconds. */
const MOST_BYTES = 128 * 1024 * 1024;

/** The choice of what the graph is coloured by. `heat-chosen` carries a Heat or null; `heat-failed` a sentence. */
export class HeatMenu extends LitElement {
  static override properties = { model: { attribute: false }, chosen: { state: true } };
  static override styles = css`
    :host {
      display: inline-flex;
    }
    select {
      height: 24px;
      font: inherit;
      font-size: 0.95em;
      color: var(--vscode-dropdown-foreground, var(--vscode-foreground));
      background: var(--vscode-dropdown-background, var(--vscode-editorWidget-background));
      border: 1px solid var(--vscode-dropdown-border, var(--vscode-contrastBorder, transparent));
    }
    select:focus-visible {
      outline: 1px solid var(--vscode-focusBorder);
      outline-offset: -1px;
    }
    input {
      display: none;
    }
  `;
  declare model: GraphModel | null;
  declare chosen: string;

  constructor() {
    super();
    this.model = null;
    this.chosen = 'kind';
  }

  #tell(heat: Heat | null): void {
    this.dispatchEvent(new CustomEvent('heat-chosen', { detail: heat, bubbles: true, composed: true }));
  }

  #choose(event: Event): void {
    const select = event.target as HTMLSelectElement;
    const { value } = select;
    if (value === 'file') {
      // The select goes back until a file was read.
      select.value = this.chosen;
      this.renderRoot.querySelector('input')?.click();
      return;
    }
    this.chosen = value;
    if (!this.model) return;
    this.#tell(value === 'kind' || value === 'numbers' ? null : costHeat(this.model, value as CostHeat));
  }

  /** Colours the graph by the numbers in a file that was picked or dropped. */
  async read(file: File): Promise<void> {
    const { model } = this;
    if (!model) return;
    try {
      if (file.size > MOST_BYTES) throw new Error(`${file.name} has more than ${MOST_BYTES / 2 ** 20} MB.`);
      const { title, numbers } = readLayerNumbers(await file.text(), file.name);
      const heat = numbersHeat(model, title, numbers);
      if (heat.values.every(Number.isNaN)) throw new Error(`${file.name} names no layer of this model.`);
      this.chosen = 'numbers';
      this.#tell(heat);
    } catch (error) {
      const sentence = error instanceof Error ? error.message : String(error);
      this.dispatchEvent(new CustomEvent('heat-failed', { detail: sentence, bubbles: true, composed: true }));
    }
  }

  #picked(event: Event): void {
    const input = event.target as HTMLInputElement;
    const [file] = input.files ?? [];
    if (file) void this.read(file);
    input.value = '';
  }

  override render(): TemplateResult {
    const costs = Object.entries(COST_HEATS);
    return html`<select
        aria-label="Colour layers by"
        title="Colour layers by"
        .value=${this.chosen}
        @change=${this.#choose}
      >
        <option value="kind" ?selected=${this.chosen === 'kind'}>Operator colours</option>
        ${costs.map(([by, { title }]) => html`<option value=${by} ?selected=${this.chosen === by}>${title}</option>`)}
        ${this.chosen === 'numbers' ? html`<option value="numbers" selected>Numbers from a file</option>` : null}
        <option value="file">Numbers from a file…</option>
      </select>
      <input type="file" accept=".json" aria-hidden="true" tabindex="-1" @change=${this.#picked} />`;
  }
}
customElements.define('cw-heat-menu', HeatMenu);
