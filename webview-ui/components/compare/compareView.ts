import { LitElement, css, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { PageComparison, PageDifference } from '../../../src/protocol/comparison.ts';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import { messageOf } from '../../../src/text/messageOf.ts';
import { ComparedGraphs } from '../../state/comparedGraphs.ts';
import { isCancel, request, runCommand } from '../../state/host/host.ts';
import { shortNamer } from '../../text/shortNames.ts';
import '../emptyState.ts';
import '../longWork.ts';
import { partOf } from '../partOf.ts';
import './differenceList.ts';
import { TwinGraphs } from './twinGraphs.ts';

const WITH_GRAPHS =
  'Compare this model with another one: inputs and outputs, nodes, weights and metadata, with both graphs side by side.';
const WEIGHTS_ALONE = 'Compare this file with another one: names, shapes, types and numbers of all tensors.';

/** The Compare tab: what differs in one sentence, a list to walk through, and the two graphs beside each other. */
export class CompareView extends LitElement {
  static override properties = {
    model: { attribute: false },
    active: { attribute: false },
    turn: { attribute: false },
    comparison: { state: true },
    progress: { state: true },
    error: { state: true },
  };
  static override styles = css`
    :host {
      display: flex;
      flex-direction: column;
      width: 100%;
      height: 100%;
    }
    .top {
      display: flex;
      align-items: center;
      gap: 6px 14px;
      padding: 8px 14px;
      flex-wrap: wrap;
      border-bottom: 1px solid var(--edge);
    }
    .top p {
      flex: 1 1 260px;
      margin: 0;
      font-weight: 600;
      overflow-wrap: anywhere;
    }
    .body {
      display: flex;
      flex: 1;
      min-height: 0;
    }
    cw-difference-list {
      flex: 0 0 34%;
      max-width: 420px;
      min-width: 200px;
      border-right: 1px solid var(--edge);
    }
    cw-difference-list.alone {
      flex: 1;
      max-width: none;
      border-right: none;
    }
    cw-twin-graphs {
      flex: 1;
      min-width: 0;
    }
    @media (max-width: 760px) {
      .body {
        flex-direction: column;
      }
      cw-difference-list {
        flex: 0 0 34%;
        max-width: none;
        border-right: none;
        border-bottom: 1px solid var(--edge);
      }
    }
  `;
  declare model: PageModel | null;
  /** The tab is shown; nothing is compared before it is. */
  declare active: boolean;
  /** Counts up whenever a command asks for a comparison; null until that is known. */
  declare turn: number | null;
  declare comparison: PageComparison | null;
  /** 0 to 1 while the host compares. */
  declare progress: number | null;
  declare error: string;
  #graphs: ComparedGraphs | null = null;
  #running: AbortController | null = null;
  #loaded: number | null = null;
  #model: PageModel | null = null;

  constructor() {
    super();
    this.model = null;
    this.active = false;
    this.turn = null;
    this.comparison = null;
    this.progress = null;
    this.error = '';
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#running?.abort();
    this.#graphs?.close();
    this.#loaded = null;
  }

  protected override updated(_: PropertyValues): void {
    if (this.turn === null) return;
    const same = this.#loaded === this.turn && this.#model === this.model;
    if (this.active && this.model && !same) void this.#load(this.model);
  }

  async #load(model: PageModel): Promise<void> {
    this.#loaded = this.turn;
    this.#model = model;
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    this.progress = 0;
    this.error = '';
    try {
      const comparison = await request('comparison', null, {
        signal: running.signal,
        onProgress: (f) => {
          if (this.#running === running) this.progress = f;
        },
      });
      if (this.#running !== running) return;
      this.#graphs?.close();
      this.#graphs = comparison && model.hasGraph ? new ComparedGraphs(model, comparison) : null;
      this.comparison = comparison && inShortNames(model, comparison);
    } catch (error) {
      if (this.#running !== running) return;
      this.comparison = null;
      if (!isCancel(error)) this.error = messageOf(error);
    }
    this.progress = null;
  }

  #chosen(event: CustomEvent<PageDifference>): void {
    const { a, b } = event.detail;
    void partOf(this.renderRoot, 'cw-twin-graphs', TwinGraphs)?.show({ a, b });
  }

  #choose(text: string): TemplateResult {
    return html`<vscode-button appearance="secondary" @click=${() => runCommand('compare')}>${text}</vscode-button>`;
  }

  override render(): TemplateResult {
    const comparison = this.comparison;
    if (this.progress !== null)
      return html`<cw-long-work
        .text=${'Comparing the two models'}
        .fraction=${this.progress}
        @stop=${() => this.#running?.abort()}
      ></cw-long-work>`;
    if (!comparison || this.error)
      return html`<cw-empty-state
        .problem=${this.error}
        .text=${this.error ? '' : this.#purpose}
        .likely=${this.#original ? `Compare with ${this.#original}` : ''}
        .button=${this.error || this.#original ? 'Choose Another Model…' : 'Choose a Model…'}
        @likely-chosen=${() => runCommand('compareOriginal')}
        @begin=${() => runCommand('compare')}
      ></cw-empty-state>`;
    return html` <div class="top">
        <p role="status">${this.#between(comparison)}${comparison.statement}</p>
        ${this.#choose('Compare with Another…')}
      </div>
      <div class="body">${this.#differences(comparison)}${this.#twins(comparison)}</div>`;
  }

  /** The name of the model that this one was made from, where it can be read; else empty. */
  get #original(): string {
    const original = this.model?.adaptation?.original;
    return original && original.path !== null ? original.name : '';
  }

  get #purpose(): string {
    return this.model?.hasGraph ? WITH_GRAPHS : WEIGHTS_ALONE;
  }

  /** The names stand over the graphs where there are any. */
  #between({ aName, bName }: PageComparison): string {
    return this.#graphs ? '' : `${aName} → ${bName}: `;
  }

  #differences({ groups }: PageComparison): TemplateResult | null {
    if (groups.length === 0) return null;
    return html`<cw-difference-list
      class=${this.#graphs ? '' : 'alone'}
      .groups=${groups}
      @difference-chosen=${this.#chosen}
    ></cw-difference-list>`;
  }

  /** Files of weights alone have no graphs to show. */
  #twins({ aName, bName }: PageComparison): TemplateResult | null {
    if (!this.#graphs) return null;
    return html`<cw-twin-graphs .graphs=${this.#graphs} .names=${{ a: aName, b: bName }}></cw-twin-graphs>`;
  }
}
customElements.define('cw-compare', CompareView);

/** Rows whose texts have shapes. */
const SHAPED = new Set(['Inputs', 'Outputs', 'Declared shapes']);

/** Sizes have the names that the graphs have. */
function inShortNames({ sizeKey }: PageModel, comparison: PageComparison): PageComparison {
  const short = shortNamer(sizeKey, comparison.other.head.sizeKey);
  const groups = comparison.groups.map((group) => {
    if (!SHAPED.has(group.title)) return group;
    return { ...group, rows: group.rows.map((row) => ({ ...row, text: short(row.text), whole: row.text })) };
  });
  return { ...comparison, groups };
}
