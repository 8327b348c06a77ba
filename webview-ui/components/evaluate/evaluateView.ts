import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';
import type {
  PageEvaluation,
  PageEvaluationChoice,
  PageEvaluationRun,
  PageEvaluationSetup,
} from '../../../src/protocol/evaluation.ts';
import type { PageModel } from '../../../src/protocol/messages.ts';
import { countText } from '../../text/format.ts';
import { HostError, request } from '../../state/host.ts';
import '../app/longWork.ts';

/** The Evaluate tab: what grayness and the conversion cost on a folder of the user's own images. */
export class EvaluateView extends LitElement {
  static override properties = {
    model: { attribute: false },
    active: { attribute: false },
    turn: { attribute: false },
    setup: { state: true },
    choice: { state: true },
    evaluation: { state: true },
    progress: { state: true },
    error: { state: true },
    said: { state: true },
  };
  static override styles = css`
    :host {
      display: flex;
      flex-direction: column;
      width: 100%;
      height: 100%;
      overflow: auto;
    }
    .form {
      display: grid;
      grid-template-columns: max-content minmax(0, 1fr);
      gap: 8px 14px;
      align-items: center;
      padding: 14px;
      border-bottom: 1px solid var(--vscode-contrastBorder, var(--vscode-panel-border));
    }
    .form > label,
    .form > .name {
      color: var(--vscode-descriptionForeground);
    }
    .row {
      display: flex;
      gap: 6px 12px;
      align-items: center;
      flex-wrap: wrap;
      min-width: 0;
    }
    .row label {
      display: flex;
      gap: 6px;
      align-items: center;
    }
    select {
      font: inherit;
      max-width: 100%;
      padding: 3px 6px;
      color: var(--vscode-dropdown-foreground, var(--vscode-foreground));
      background: var(--vscode-dropdown-background, var(--vscode-input-background));
      border: 1px solid var(--vscode-dropdown-border, var(--vscode-input-border, var(--vscode-panel-border)));
    }
    select:focus-visible,
    input:focus-visible {
      outline: 1px solid var(--vscode-focusBorder);
      outline-offset: 1px;
    }
    input[type='checkbox'] {
      accent-color: var(--vscode-focusBorder);
      margin: 0;
    }
    .result {
      padding: 14px;
      max-width: 900px;
    }
    .result p {
      margin: 0 0 6px;
      overflow-wrap: anywhere;
    }
    .result p.first {
      font-weight: 600;
      font-size: 1.08em;
    }
    .scroll {
      overflow-x: auto;
      margin: 12px 0;
    }
    table {
      border-collapse: collapse;
      min-width: 100%;
    }
    th,
    td {
      padding: 5px 12px;
      text-align: right;
      white-space: nowrap;
      font-weight: inherit;
      border-bottom: 1px solid var(--vscode-contrastBorder, var(--vscode-panel-border));
      font-variant-numeric: tabular-nums;
    }
    th:first-child {
      text-align: left;
      padding-left: 0;
    }
    thead th {
      font-weight: 600;
      white-space: normal;
      vertical-align: bottom;
    }
    h3 {
      margin: 14px 0 4px;
      font-size: 0.92em;
      font-weight: 600;
      color: var(--vscode-descriptionForeground);
    }
    ul {
      margin: 0;
      padding: 0 0 0 18px;
    }
    li {
      margin: 0 0 3px;
      overflow-wrap: anywhere;
    }
    .empty {
      margin: auto;
      padding: 24px;
      max-width: 560px;
      text-align: center;
      overflow-wrap: anywhere;
    }
    .empty p {
      margin: 0 0 14px;
    }
    .error {
      margin: 14px;
      overflow-wrap: anywhere;
    }
  `;
  declare model: PageModel | null;
  declare active: boolean;
  /** Counts up whenever a command has chosen a folder. */
  declare turn: number;
  declare setup: PageEvaluationSetup | null;
  declare choice: PageEvaluationChoice;
  declare evaluation: PageEvaluation | null;
  declare progress: number | null;
  declare error: string;
  declare said: string;
  #running: AbortController | null = null;
  #loaded = '';

  constructor() {
    super();
    this.model = null;
    this.active = false;
    this.turn = 0;
    this.setup = null;
    this.choice = { preset: 'imagenet', stretch: false, order: 'rgb' };
    this.evaluation = null;
    this.progress = null;
    this.error = '';
    this.said = '';
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#running?.abort();
  }

  protected override updated(): void {
    if (this.active && this.#loaded !== String(this.turn)) void this.#prepare();
  }

  async #prepare(): Promise<void> {
    this.#loaded = String(this.turn);
    this.#running?.abort();
    this.evaluation = null;
    this.error = '';
    try {
      this.setup = await request('evaluationSetup', null);
      const preset = this.setup?.presets[0]?.name;
      if (preset !== undefined) this.choice = { ...this.choice, preset };
    } catch (error) {
      this.setup = null;
      this.error = textOf(error);
    }
  }

  async #evaluate(): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    this.progress = 0;
    this.error = '';
    this.said = '';
    this.evaluation = null;
    try {
      this.evaluation = await request('evaluate', this.choice, {
        signal: running.signal,
        onProgress: (f) => {
          if (this.#running === running) this.progress = f;
        },
      });
    } catch (error) {
      if (!(error instanceof HostError && error.code === 'cancelled')) this.error = textOf(error);
    }
    if (this.#running === running) this.progress = null;
  }

  async #save(): Promise<void> {
    try {
      const name = await request('saveEvaluation', null);
      this.said = name === null ? '' : `Saved ${name}.`;
    } catch (error) {
      this.said = textOf(error);
    }
  }

  #folder(text: string): TemplateResult {
    return html`<vscode-button
      appearance="secondary"
      ?disabled=${this.progress !== null}
      @click=${() => void request('command', { name: 'evaluate' })}
      >${text}</vscode-button
    >`;
  }

  #form(evaluationSetup: PageEvaluationSetup): TemplateResult {
    const set = (part: Partial<PageEvaluationChoice>): void => {
      this.choice = { ...this.choice, ...part };
    };
    const off = this.progress !== null;
    const pictures =
      `${countText(evaluationSetup.images)} ` +
      `image${evaluationSetup.images === 1 ? '' : 's'}${evaluationSetup.subFolders ? ` in ${countText(evaluationSetup.subFolders)} sub-folder${evaluationSetup.subFolders === 1 ? '' : 's'}` : ', unlabelled'}`;
    return html`<form
      class="form"
      aria-label="What to evaluate"
      @submit=${(e: Event) => {
        e.preventDefault();
        void this.#evaluate();
      }}
    >
      <span class="name">Images</span>
      <div class="row"><span>${evaluationSetup.folder}: ${pictures}</span>${this.#folder('Other Folder…')}</div>
      <label for="preset">Preprocessing</label>
      <div class="row">
        <select
          id="preset"
          ?disabled=${off}
          @change=${(e: Event) => set({ preset: (e.target as HTMLSelectElement).value })}
        >
          ${evaluationSetup.presets.map((preset) => html`<option value=${preset.name} ?selected=${preset.name === this.choice.preset}>${preset.text}</option>`)}
        </select>
      </div>
      <label for="order">Channels</label>
      <div class="row">
        <select
          id="order"
          ?disabled=${off}
          @change=${(e: Event) => set({ order: (e.target as HTMLSelectElement).value === 'bgr' ? 'bgr' : 'rgb' })}
        >
          <option value="rgb" ?selected=${this.choice.order === 'rgb'}>RGB</option>
          <option value="bgr" ?selected=${this.choice.order === 'bgr'}>BGR</option>
        </select>
        <label
          ><input
            type="checkbox"
            ?disabled=${off}
            .checked=${this.choice.stretch}
            @change=${(e: Event) => set({ stretch: (e.target as HTMLInputElement).checked })}
          />Stretch instead of cropping the middle</label
        >
      </div>
      <span></span>
      <div class="row">
        <vscode-button ?disabled=${off} @click=${() => void this.#evaluate()}>Evaluate</vscode-button>
      </div>
    </form>`;
  }

  #result(pageEvaluation: PageEvaluation): TemplateResult {
    const percent = (v: number | null): string => (v === null ? '–' : `${(v * 100).toFixed(1)} %`);
    const row = (evaluationRun: PageEvaluationRun, i: number): TemplateResult =>
      html`<tr>
        <th scope="row">${evaluationRun.title}</th>
        <td>${percent(evaluationRun.top1)}</td>
        <td>${percent(evaluationRun.top5)}</td>
        <td>${percent(evaluationRun.agreesWithRgb)}</td>
        <td>${percent(evaluationRun.agreesWithRepeated)}</td>
        <td>${i === 0 ? '–' : scoreText(evaluationRun.scoreDifference)}</td>
      </tr>`;
    const labels = pageEvaluation.labelled ? `${countText(pageEvaluation.labelled)} with labels` : 'no labels';
    return html`<div class="result" role="region" aria-label="Result">
      ${pageEvaluation.conclusions.map((text, i) => html`<p class=${i === 0 ? 'first' : ''} role=${i === 0 ? 'status' : 'none'}>${text}</p>`)}
      <div class="scroll" tabindex="0" aria-label="Table of runs" role="group">
        <table>
          <thead>
            <tr>
              <th scope="col">n = ${countText(pageEvaluation.images)}, ${labels}</th>
              <th scope="col">Top-1</th>
              <th scope="col">Top-5</th>
              <th scope="col">Agrees with RGB</th>
              <th scope="col">Agrees with gray repeated</th>
              <th scope="col">Score difference</th>
            </tr>
          </thead>
          <tbody>
            ${pageEvaluation.runs.map(row)}
          </tbody>
        </table>
      </div>
      <div class="row">
        <vscode-button appearance="secondary" @click=${() => void this.#save()}>Save as CSV…</vscode-button
        ><span role="status">${this.said}</span>
      </div>
      <h3>How it was measured</h3>
      <ul>
        <li>
          ${pageEvaluation.original}${pageEvaluation.adapted === null ? ', adapted in memory' : ` and ${pageEvaluation.adapted}`}
        </li>
        ${pageEvaluation.details.map((detail) => html`<li>${detail}</li>`)}
        <li>A score difference is the largest from gray repeated, as a part of the largest score.</li>
      </ul>
      ${
        pageEvaluation.notes.length
          ? html`<h3>Notes</h3>
              <ul>
                ${pageEvaluation.notes.map((note) => html`<li>${note}</li>`)}
              </ul>`
          : null
      }
    </div>`;
  }

  override render(): TemplateResult {
    const problem = this.error ? html`<p class="error" role="alert">${this.error}</p>` : null;
    if (!this.setup) {
      return html`<div class="empty">
        ${problem}
        <p>
          Is gray good enough? Take a folder of your own images, one sub-folder per class or unlabelled. Channelwise
          runs the model on their colours, on gray repeated for each channel, and on gray through the adapted model.
        </p>
        ${this.#folder('Choose a Folder of Images…')}
      </div>`;
    }
    return html`${this.#form(this.setup)}${problem}
    ${this.progress === null ? null : html`<cw-long-work .text=${'Running the models on the images'} .fraction=${this.progress} @stop=${() => this.#running?.abort()}></cw-long-work>`}
    ${this.evaluation ? this.#result(this.evaluation) : null}`;
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

customElements.define('cw-evaluate', EvaluateView);

function scoreText(difference: number): string {
  return difference === 0 ? '0' : difference.toExponential(1);
}
