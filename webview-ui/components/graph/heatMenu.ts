import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';
import { messageOf } from '../../../src/text/messageOf.ts';
import type { GraphModel } from '../../graph/graphModel.ts';
import { COST_HEATS, costHeat, heatFrom } from '../../graph/heat.ts';
import type { CostHeat, Heat } from '../../graph/heat.ts';
import { readLayerNumbers } from '../../graph/tables/layerNumbers.ts';
import type { LayerNumbers } from '../../graph/tables/layerNumbers.ts';
import { canBecomeGray } from '../../state/tabs.ts';
import { announce } from '../announce.ts';
import '../menuButton.ts';
import type { MenuEntry } from '../menuButton.ts';

/** A profile of a large network is some tens of megabytes; more would stop the page for seconds. */
const MOST_BYTES = 128 * 1024 * 1024;

/** The choice of what the graph is coloured by. `heat-chosen` carries a Heat or null; `heat-failed` a sentence. */
export class HeatMenu extends LitElement {
  static override properties = {
    model: { attribute: false },
    heat: { attribute: false },
  };
  static override styles = css`
    :host {
      display: inline-flex;
    }
    select {
      flex: 1 1 auto;
      min-width: 0;
      width: 100%;
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
  /** What colours the graph now; null for what operators do. */
  declare heat: Heat | null;

  constructor() {
    super();
    this.model = null;
    this.heat = null;
  }

  /** Whether some input may hold colours, which gray would take away. */
  get #hasColours(): boolean {
    return this.model !== null && canBecomeGray(this.model.page);
  }

  #tell(heat: Heat | null): void {
    announce(this, 'heat-chosen', heat);
  }

  #choose(event: Event): void {
    const { value } = event.target as HTMLSelectElement;
    if (!this.model) return;
    this.#tell(value === 'kind' || value === 'numbers' ? null : costHeat(this.model, value as CostHeat));
  }

  /**
   * Numbers that the file does not hold. They stand in a menu of their own: keys go through the entries of a select one
   * by one, and would measure on their way.
   */
  get #more(): MenuEntry[] {
    const ask = (what: 'time' | 'gray'): void => announce(this, 'measure-asked', what);
    const gray = { label: 'What gray costs…', act: () => ask('gray') };
    return [
      { label: 'Time, measured here…', act: () => ask('time') },
      ...(this.#hasColours ? [gray] : []),
      { label: 'Numbers from a file…', act: () => this.renderRoot.querySelector('input')?.click() },
    ];
  }

  /** Colours the graph by the numbers in a file that was picked or dropped. */
  async read(file: File): Promise<void> {
    const { model } = this;
    if (!model) return;
    try {
      if (file.size > MOST_BYTES) throw new Error(`${file.name} has more than ${MOST_BYTES / 2 ** 20} MB.`);
      this.show(readLayerNumbers(await file.text(), file.name), file.name);
    } catch (error) {
      announce(this, 'heat-failed', messageOf(error));
    }
  }

  /** Colours the graph by numbers that were read or measured. Throws an Error where they are of no layer here. */
  show(numbers: LayerNumbers, from: string): void {
    if (!this.model) return;
    const heat = heatFrom(this.model, numbers);
    if (!heat) throw new Error(`${from} names no layer of this model.`);
    this.#tell(heat);
  }

  #picked(event: Event): void {
    const input = event.target as HTMLInputElement;
    const [file] = input.files ?? [];
    if (file) void this.read(file);
    input.value = '';
  }

  override render(): TemplateResult {
    const costs = Object.entries(COST_HEATS);
    const chosen = chosenOf(this.heat);
    return html`<select aria-label="Colour layers by" title="Colour layers by" .value=${chosen} @change=${this.#choose}>
        <option value="kind" ?selected=${chosen === 'kind'}>Operator colours</option>
        ${costs.map(([by, { title }]) => html`<option value=${by} ?selected=${chosen === by}>${title}</option>`)}
        ${chosen === 'numbers' ? html`<option value="numbers" selected>${this.heat?.title}</option>` : null}
      </select>
      <cw-menu-button
        icon="heat"
        label="More numbers"
        hint="Colour layers by what is measured, or by a file"
        .entries=${this.#more}
      ></cw-menu-button>
      <input type="file" accept=".json" aria-hidden="true" tabindex="-1" @change=${this.#picked} />`;
  }
}
customElements.define('cw-heat-menu', HeatMenu);

function chosenOf(heat: Heat | null): string {
  if (!heat) return 'kind';
  return typeof heat.source === 'string' ? heat.source : 'numbers';
}
