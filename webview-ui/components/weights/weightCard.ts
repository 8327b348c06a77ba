import { LitElement, css, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { PageWeight } from '../../../src/protocol/pageModel.ts';
import type { PageStatistics, TensorFormat } from '../../../src/protocol/weights.ts';
import { messageOf } from '../../../src/text/messageOf.ts';
import { countText, numberText } from '../../../src/text/numbers.ts';
import { request } from '../../state/host/host.ts';
import { shapeText } from '../../text/format.ts';
import { KeepFocus } from '../keepFocus.ts';
import { partOf } from '../partOf.ts';
import { cardStyles } from '../styles.ts';
import { histogramView } from './histogram.ts';
import { ValuesDialog } from './valuesDialog.ts';

/** One stored weight: statistics and histogram when asked for, its values, and saving it. Nothing is read before. */
export class WeightCard extends LitElement {
  static override properties = {
    weight: { attribute: false },
    stats: { state: true },
    busy: { state: true },
    fraction: { state: true },
    said: { state: true },
    failed: { state: true },
  };
  static override styles = [
    cardStyles,
    css`
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: 4px;
        margin: 3px 0 2px;
      }
      button {
        font: inherit;
        font-family: var(--text-font);
        padding: 1px 5px;
        color: var(--vscode-button-secondaryForeground, var(--vscode-foreground));
        background: var(--vscode-button-secondaryBackground, transparent);
        border: 1px solid var(--vscode-contrastBorder, var(--vscode-button-border, transparent));
        cursor: pointer;
      }
      button:hover {
        background: var(--vscode-button-secondaryHoverBackground, var(--vscode-list-hoverBackground));
      }
      button:focus-visible,
      summary:focus-visible,
      .scroll:focus-visible {
        outline: 1px solid var(--vscode-focusBorder);
        outline-offset: 1px;
      }
      dl {
        margin: 6px 0;
      }
      p {
        font-family: var(--text-font);
      }
      figure {
        margin: 8px 0 4px;
      }
      svg {
        display: block;
        width: 100%;
        height: 72px;
        border-bottom: 1px solid var(--vscode-descriptionForeground);
      }
      rect {
        fill: var(--vscode-charts-blue, var(--vscode-foreground));
      }
      rect:hover {
        fill: var(--vscode-charts-orange, var(--vscode-focusBorder));
      }
      line {
        stroke: var(--vscode-descriptionForeground);
        stroke-width: 1;
        stroke-dasharray: 2 2;
        vector-effect: non-scaling-stroke;
      }
      figcaption {
        display: flex;
        justify-content: space-between;
        color: var(--vscode-descriptionForeground);
        font-size: 0.92em;
      }
      details {
        margin-top: 4px;
      }
      summary {
        cursor: pointer;
        font-family: var(--text-font);
      }
      .scroll {
        max-height: 180px;
        overflow: auto;
      }
      th,
      td {
        padding: 0 12px 0 0;
        text-align: right;
        font-weight: normal;
        font-variant-numeric: tabular-nums;
      }
      progress {
        width: 100px;
        accent-color: var(--vscode-progressBar-background);
      }
    `,
  ];
  declare weight: PageWeight | null;
  declare stats: PageStatistics | null;
  /** What is under way, in words; '' when nothing is. */
  declare busy: string;
  declare fraction: number;
  declare said: string;
  declare failed: boolean;
  #work: AbortController | null = null;

  constructor() {
    super();
    new KeepFocus(this, '.buttons button');
    this.weight = null;
    this.#reset();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#work?.abort();
  }

  #reset(): void {
    this.#work?.abort();
    this.stats = null;
    this.busy = '';
    this.fraction = 0;
    this.said = '';
    this.failed = false;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('weight') && changed.get('weight') !== undefined) this.#reset();
  }

  /** Runs one request at a time, with its progress shown and a way to stop it. */
  async #run(
    busy: string,
    work: (options: { signal: AbortSignal; onProgress: (fraction: number) => void }) => Promise<void>,
  ): Promise<void> {
    this.#reset();
    const { signal } = (this.#work = new AbortController());
    this.busy = busy;
    try {
      await work({
        signal,
        onProgress: (fraction) => {
          if (!signal.aborted) this.fraction = fraction;
        },
      });
    } catch (error) {
      if (signal.aborted) return;
      this.failed = true;
      this.said = messageOf(error);
    } finally {
      if (!signal.aborted) this.busy = '';
    }
  }

  #statistics(weight: PageWeight): void {
    void this.#run('Reading', async (options) => {
      const stats = await request('tensorStatistics', { tensor: weight.name }, options);
      if (!options.signal.aborted) this.stats = stats;
    });
  }

  /** Saves with the axes as the file has them, and says so where the graph has them in another order. */
  #save(weight: PageWeight, format: TensorFormat): void {
    void this.#run('Saving', async (options) => {
      const { name, note } = await request('saveTensor', { tensor: weight.name, format }, options);
      if (name !== null && !options.signal.aborted)
        this.said = `Saved as ${name}${orderText(weight)}${note ? `; ${note}` : ''}.`;
    });
  }

  #values(weight: PageWeight): void {
    void partOf(this.renderRoot, 'cw-values', ValuesDialog)?.show(weight);
  }

  override render(): TemplateResult | null {
    const weight = this.weight;
    if (!weight) return null;
    const texts = weight.dtype === 'string';
    const order = orderText(weight);
    return html` <div class="buttons" role="group" aria-label=${`Weight ${weight.name}`}>
        ${texts ? null : html`<button @click=${() => this.#statistics(weight)}>Statistics</button>`}
        <button @click=${() => this.#values(weight)}>Values…</button>
        ${texts ? null : html`<button title=${`Save the weight as a NumPy array${order}`} @click=${() => this.#save(weight, 'npy')}>Save .npy</button>`}
        <button title=${`Save the weight as comma-separated values${order}`} @click=${() => this.#save(weight, 'csv')}>
          Save CSV
        </button>
      </div>
      ${this.busy ? this.#progress() : null}
      <p role=${this.failed ? 'alert' : 'status'}>${this.said}</p>
      ${this.stats ? this.#facts(weight, this.stats) : null}
      <cw-values></cw-values>`;
  }

  #progress(): TemplateResult {
    return html`<p role="status">
      ${this.busy} <progress max="1" .value=${this.fraction} aria-label=${this.busy}></progress>
      <button @click=${() => this.#reset()}>Cancel</button>
    </p>`;
  }

  #facts(weight: PageWeight, statistics: PageStatistics): TemplateResult {
    const percent = (n: number): string => ((n / statistics.count) * 100).toFixed(n === statistics.count ? 0 : 2);
    const share = (n: number): TemplateResult =>
      html`${countText(n)} ${n > 0 ? html`<span class="sub">${percent(n)} %</span>` : null}`;
    const number = (value: number | null, none: string): string => (value === null ? none : numberText(value));
    const none = statistics.count === statistics.nan + statistics.infinite ? 'none' : 'beyond double precision';
    return html`<dl aria-label=${`Statistics of ${weight.name}`}>
        <dt>Values</dt>
        <dd>
          ${countText(statistics.count)}
          <span class="sub"
            >${weight.dtype}
            ${shapeText(weight.stored ?? weight.dims)}${weight.dtype.startsWith('complex') ? ', real and imaginary parts' : ''}</span
          >
        </dd>
        <dt>Minimum</dt>
        <dd>${statistics.min ?? 'none'}</dd>
        <dt>Maximum</dt>
        <dd>${statistics.max ?? 'none'}</dd>
        <dt>Mean</dt>
        <dd>${number(statistics.mean, none)}</dd>
        <dt title="Population standard deviation">Std. deviation</dt>
        <dd>${number(statistics.deviation, none)}</dd>
        <dt>Zeros</dt>
        <dd>${share(statistics.zeros)}</dd>
        ${
          statistics.nan > 0
            ? html`<dt>NaN</dt>
                <dd>${share(statistics.nan)}</dd>`
            : null
        }
        ${
          statistics.infinite > 0
            ? html`<dt>Infinite</dt>
                <dd>${share(statistics.infinite)}</dd>`
            : null
        }
      </dl>
      ${this.#spread(statistics)}`;
  }

  /** The histogram; one value has none. */
  #spread({ histogram, min, max, count, nan, infinite }: PageStatistics): TemplateResult | null {
    if (!histogram || count === 1) return null;
    return min === max
      ? html`<p>${nan + infinite > 0 ? 'All finite values are the same.' : 'All values are the same.'}</p>`
      : histogramView(histogram);
  }
}
customElements.define('cw-weight', WeightCard);

function orderText({ stored }: PageWeight): string {
  return stored ? `, ${shapeText(stored)} as layer.get_weights() gives it` : '';
}
