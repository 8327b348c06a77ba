import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageOriginal, PageProof } from '../../../src/protocol/adaptation.ts';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import { messageOf } from '../../../src/text/messageOf.ts';
import { countOf, countText } from '../../../src/text/numbers.ts';
import { isCancel, onHost, request } from '../../state/host/host.ts';
import { KeepFocus } from '../keepFocus.ts';
import { cardStyles } from '../styles.ts';

const VERDICTS: Readonly<Record<PageProof['verdict'], string>> = {
  proved: '✓ Verified',
  failed: '✗ Not the same function',
  unproved: '? Not verified',
};

/** Before the first proof; of a model with a graph, which holds a record, and of weights, which hold none. */
const NOT_YET = {
  graph: 'Not verified since VS Code was opened. A record in the file is no evidence; verifying runs both models.',
  weights:
    'Not verified since VS Code was opened. Verifying runs the changed layers of both files and compares the rest.',
};

/** The proof of an adapted model: what the last one found, and a button to run it now. */
export class ProofCard extends LitElement {
  static override properties = {
    model: { attribute: false },
    original: { attribute: false },
    proof: { state: true },
    error: { state: true },
    fraction: { state: true },
  };
  static override styles = [
    cardStyles,
    css`
      section {
        border-bottom: none;
        padding: 0;
      }
      .verdict {
        font-weight: 600;
        color: var(--vscode-foreground);
        margin-bottom: 4px;
      }
      .failed {
        color: var(--vscode-errorForeground);
      }
      .statement {
        color: var(--vscode-foreground);
        margin-bottom: 8px;
      }
      progress {
        width: 160px;
        accent-color: var(--vscode-progressBar-background);
        vertical-align: middle;
      }
      .error {
        color: var(--vscode-errorForeground);
        margin-top: 6px;
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 4px 10px;
        margin-top: 8px;
      }
      .row vscode-button {
        margin-top: 0;
      }
    `,
  ];
  declare model: PageModel | null;
  declare original: PageOriginal | null;
  declare proof: PageProof | null;
  declare error: string;
  /** 0 to 1 while a proof runs, else null. */
  declare fraction: number | null;
  #running: AbortController | null = null;
  #stop: (() => void) | null = null;

  constructor() {
    super();
    new KeepFocus(this, 'vscode-button:not([disabled])');
    this.model = null;
    this.original = null;
    this.proof = null;
    this.error = '';
    this.fraction = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // The proof may be run from a menu, by an agent or on another page of the file.
    this.#stop = onHost('findings', () => void this.#recall(this.model));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop?.();
    this.#running?.abort();
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has('model')) return;
    this.#running?.abort();
    this.proof = null;
    this.error = '';
    void this.#recall(this.model);
  }

  async #recall(model: PageModel | null): Promise<void> {
    const proof = await request('lastProof', null).catch(() => null);
    if (this.model === model && !this.#running) this.proof = proof;
  }

  async #prove(): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    this.fraction = 0;
    this.error = '';
    try {
      const proof = await request('prove', null, {
        signal: running.signal,
        onProgress: (f) => {
          if (this.#running === running) this.fraction = f;
        },
      });
      if (this.#running === running) this.proof = proof;
    } catch (error) {
      if (this.#running === running && !isCancel(error)) this.error = messageOf(error);
    } finally {
      if (this.#running === running) {
        this.#running = null;
        this.fraction = null;
      }
    }
  }

  override render(): TemplateResult {
    const { proof, original, fraction } = this;
    const there = original?.path !== null && original !== null;
    const notYet = this.model?.hasGraph ? NOT_YET.graph : NOT_YET.weights;
    return html`<section aria-labelledby="p">
      <h2 id="p">Verification</h2>
      <div role="status">
        ${proof ? this.#found(proof) : html`<p>${fraction === null ? notYet : 'Running both models…'}</p>`}
      </div>
      <div class="row">
        ${
          fraction === null
            ? html`<vscode-button id="prove" ?disabled=${!there} @click=${() => void this.#prove()}
                >${proof ? 'Verify again' : 'Verify now'}</vscode-button
              >`
            : html`<progress max="1" .value=${fraction} aria-label="Verifying"></progress
                ><vscode-button id="cancel" appearance="secondary" @click=${() => this.#running?.abort()}
                  >Cancel</vscode-button
                >`
        }
        ${there ? null : html`<span class="sub">The original is not beside this file; Verify asks where it is.</span>`}
      </div>
      ${this.error ? html`<p class="error" role="alert">${this.error}</p>` : null}
    </section>`;
  }

  #compared({ stemNodes, identicalNodes }: PageProof): string {
    if (this.model?.hasGraph)
      return `${countOf(stemNodes, 'node')} run, ${countOf(identicalNodes, 'node')} behind the same, byte for byte`;
    return `${countOf(stemNodes, 'changed layer')} run, all other tensors byte for byte`;
  }

  #found(proof: PageProof): TemplateResult {
    return html` <p class=${proof.verdict === 'failed' ? 'verdict failed' : 'verdict'}>${VERDICTS[proof.verdict]}</p>
      <p class="statement">${withoutVerdict(proof.statement)}</p>
      <dl>
        <dt>Against</dt>
        <dd>${proof.against}</dd>
        ${
          proof.maxAbs === null
            ? null
            : html`<dt>Largest difference</dt>
                <dd>
                  <div>${errorNumber(proof.maxAbs)}</div>
                  <div class="sub">${errorText(proof)}</div>
                </dd>`
        }
        ${
          proof.runs.length
            ? html`<dt>Run on</dt>
                <dd>${proof.runs.map((run) => html`<div>${run.on}: ${run.sizes}</div>`)}</dd>`
            : null
        }
        ${
          proof.bytesCompared
            ? html`<dt>Compared</dt>
                <dd>
                  ${this.#compared(proof)}
                  <span class="sub">(${countText(proof.bytesCompared)} bytes)</span>
                </dd>`
            : null
        }
        ${
          proof.runtime
            ? html`<dt>Runtime</dt>
                <dd>${proof.runtime}</dd>`
            : null
        }
        ${
          proof.warnings.length
            ? html`<dt>Notes</dt>
                <dd>${proof.warnings.map((warning) => html`<div>${warning}</div>`)}</dd>`
            : null
        }
      </dl>`;
  }
}
customElements.define('cw-proof', ProofCard);

function errorText({ maxRel, tolerance }: PageProof): string {
  if (maxRel === null) return '';
  const error = `relative error ${errorNumber(maxRel)}`;
  return tolerance === null ? error : `${error}, rounding tolerance ${errorNumber(tolerance)}`;
}

/** The verdict stands above it already. */
function withoutVerdict(statement: string): string {
  const rest = statement.replace(/^(Verified|Not verified|Not the same function): /, '');
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}

/** An error or a tolerance in few figures: 0.0123, 4.1e-7. */
function errorNumber(value: number): string {
  if (value === 0) return '0';
  const plain = Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5;
  return plain ? String(Number(value.toPrecision(3))) : value.toExponential(1);
}
