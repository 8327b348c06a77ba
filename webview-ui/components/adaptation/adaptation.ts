import { LitElement, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { PageFold, PageMappedInput, PageOriginal, PageStep } from '../../../src/protocol/adaptation.ts';
import type { PageCommand, PageModel } from '../../../src/protocol/messages.ts';
import { countText, shapeText, sizeText } from '../../text/format.ts';
import { onHost, request } from '../../state/host.ts';
import { adaptationStyles } from './adaptationStyles.ts';
import { expectedInput } from './expectedInput.ts';
import './proofCard.ts';
import { breakable } from '../breakable.ts';
import { cardStyles, linkStyles } from '../styles.ts';

const ORIGINALS: Readonly<Record<PageOriginal['state'], string>> = {
  same: 'beside this file, unchanged since conversion',
  changed: 'beside this file, but it is another version or another model by now',
  missing: 'not beside this file any more',
  unnamed: 'the file names none that could lie beside it',
  likely: 'no record names it, but names and tensors of the two files fit',
};

const NOW: Readonly<Record<PageFold['now'], string>> = {
  same: '✓ as recorded',
  other: '✗ other shape',
  missing: '✗ no such weight',
  unknown: 'computed inside',
};

const NO_RECORD = 'Files of this format keep no record. This is read from the tensors of both files.';

function recordedBy({ version }: PageStep): string {
  const trust = 'Anybody can write such a record. Verifying tests the map it names and trusts nothing in it.';
  return `Recorded by Channelwise ${version} when the file was written. ${trust}`;
}

function isWrong({ now }: PageFold): boolean {
  return now === 'other' || now === 'missing';
}

/** The story of an adapted model: left what was checked now, right what the file says about itself. */
export class Adaptation extends LitElement {
  static override properties = {
    model: { attribute: false },
    error: { state: true },
    undoable: { state: true },
    undone: { state: true },
  };
  static override styles = [cardStyles, linkStyles, adaptationStyles];
  declare model: PageModel | null;
  /** What the last button could not do. */
  declare error: string;
  /** Whether this file was written a while ago and is as it was then. */
  declare undoable: boolean;
  /** What Undo did; empty before. */
  declare undone: string;
  #stop: (() => void) | null = null;

  constructor() {
    super();
    this.model = null;
    this.error = '';
    this.undoable = false;
    this.undone = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stop = onHost('findings', () => void this.#askUndoable());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop?.();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('model')) void this.#askUndoable();
  }

  async #askUndoable(): Promise<void> {
    this.undoable = this.model?.adaptation ? await request('canUndo', null).catch(() => false) : false;
  }

  async #undo(): Promise<void> {
    this.error = '';
    try {
      this.undone = await request('undoConversion', null);
      this.undoable = false;
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    }
  }

  override render(): TemplateResult | null {
    const pageAdaptation = this.model?.adaptation;
    const last = pageAdaptation?.steps.at(-1);
    if (!pageAdaptation || !last) return null;
    return html` <div class="column" role="region" aria-labelledby="now">
        <h2 id="now" class="title">Checked now</h2>
        <div class="card"><cw-proof .model=${this.model} .original=${pageAdaptation.original}></cw-proof></div>
        <div class="card">${this.#original(pageAdaptation.original)}</div>
        <div class="card">${expectedInput(pageAdaptation, last, this.model?.hasGraph ?? true)}</div>
        <div class="card">${this.#weights(last)}</div>
      </div>
      <div class="column" role="region" aria-labelledby="says">
        <h2 id="says" class="title">${pageAdaptation.isRecorded ? 'What the file says' : 'What the two files show'}</h2>
        <p class="hint">${pageAdaptation.isRecorded ? recordedBy(last) : NO_RECORD}</p>
        ${pageAdaptation.stepCount > 1 ? html`<p class="hint">Adapted ${countText(pageAdaptation.stepCount)} times, newest first.</p>` : null}
        ${[...pageAdaptation.steps].reverse().map((step) => this.#step(step))}
      </div>`;
  }

  #original(pageOriginal: PageOriginal): TemplateResult {
    return html`<h3>Original</h3>
      <p>
        ${pageOriginal.name ? html`<span class="name">${pageOriginal.name}</span>: ` : null}${ORIGINALS[pageOriginal.state]}.
      </p>
      ${
        pageOriginal.path === null
          ? null
          : html`<div class="row">
              <vscode-button appearance="secondary" @click=${() => this.#ask('openOriginal')}
                >Open the original</vscode-button
              >
              <vscode-button appearance="secondary" @click=${() => this.#ask('compareOriginal')}
                >Compare with it</vscode-button
              >
            </div>`
      }
      ${
        this.undoable
          ? html`<div class="row">
              <vscode-button appearance="secondary" @click=${() => void this.#undo()}
                >Undo the conversion</vscode-button
              >
              <span class="sub">deletes this file, which is as it was written</span>
            </div>`
          : null
      }
      <p role="status">${this.undone}</p>
      ${this.error ? html`<p class="bad" role="alert">${this.error}</p>` : null}`;
  }

  #ask(name: PageCommand): void {
    this.error = '';
    request('command', { name }).catch((error: unknown) => {
      this.error = error instanceof Error ? error.message : String(error);
    });
  }

  #weights(step: PageStep): TemplateResult {
    const wrong = step.folds.filter(isWrong).length;
    const length = step.folds.length;
    return html`<h3>
        ${this.model?.adaptation?.isRecorded ? 'Recorded weights in this file' : 'Weights of another shape'}
      </h3>
      <p class=${wrong ? 'bad' : ''}>
        ${this.model?.adaptation?.isRecorded ? recordedWeights(length, wrong) : step.folds.map(({ tensor }) => tensor).join(', ')}
      </p>
      ${this.#filters()}`;
  }

  /** The tab of the input layers has the pictures, of the original too. */
  #filters(): TemplateResult | null {
    if (!this.model?.firstLayers.length) return null;
    const show = (): void => {
      this.dispatchEvent(new CustomEvent('tab-chosen', { detail: 'first', bubbles: true, composed: true }));
    };
    return html`<div class="row">
      <vscode-button appearance="secondary" @click=${show}>Filters before and after</vscode-button>
    </div>`;
  }

  #step(step: PageStep): TemplateResult {
    const { saved } = step;
    return html`<div class="card step">
      <h3>${step.map || 'A map without a name'}</h3>
      <p>
        Made from <span class="name">${step.source.name || 'a file without a name'}</span>,
        ${sizeText(step.source.size)}.
      </p>
      ${step.warning ? html`<p class="warning">⚠ ${step.warning}</p>` : null} ${step.inputs.map((i) => this.#map(i))}
      ${
        step.foldCount
          ? html`<h4>${countText(step.foldCount)} changed weight${step.foldCount === 1 ? '' : 's'}</h4>
              ${this.#folds(step)}`
          : null
      }
      ${
        step.absorbed.length
          ? html`<h4>Nodes removed, as the changed weights do what they did</h4>
              <p>${groupText(step.absorbed)}</p>`
          : null
      }
      ${
        step.rebuiltCount
          ? html`<h4>
                ${countText(step.rebuiltCount)} tensor${step.rebuiltCount === 1 ? '' : 's'} rebuilt inside the model
              </h4>
              <ul>
                ${step.rebuilt.map(
                  (r) =>
                    html`<li>
                      ${r.tensor}${r.node ? html` <span class="sub">for ${r.node}</span>` : null}
                      <div class="reason">${r.reason}</div>
                    </li>`,
                )}
              </ul>
              ${more(step.rebuilt.length, step.rebuiltCount)}`
          : null
      }
      ${
        step.added.length
          ? html`<h4>Nodes added</h4>
              <p>${groupText(step.added)}</p>`
          : null
      }
      ${step.notes.map((note) => html`<p>${note}</p>`)}
      <h4>Size and cost</h4>
      <p>
        ${saving(saved.parameters, 'parameters')}${saved.multiplyAdds === null ? null : html`, ${saving(saved.multiplyAdds, 'multiply-adds per image')}`}.
      </p>
      ${
        step.exactness
          ? html`<h4>Exactness</h4>
              <p>${step.exactness}</p>`
          : null
      }
    </div>`;
  }

  #map(input: PageMappedInput): TemplateResult {
    const { matrix, shift } = input;
    const head = html`<h4>
      <span class="name">${input.name}</span>: ${countText(input.oldChannels)} → ${countText(input.newChannels)}
      ${input.newChannels === 1 ? 'channel' : 'channels'} on axis ${input.axis}
    </h4>`;
    if (!matrix || !shift)
      return html`${head}
        <p>The matrix is too large to show.</p>`;
    const shifted = shift.some((v) => v !== 0);
    return html`${head}
      <p class="hint">old = M · new${shifted ? ' + shift' : ''}</p>
      <div class="scroll">
        <table class="map" aria-label="Channel map of ${input.name}">
          <thead>
            <tr>
              <td></td>
              ${matrix[0]?.map((_, k) => html`<th scope="col">new ${k + 1}</th>`)}${shifted ? html`<th scope="col">shift</th>` : null}
            </tr>
          </thead>
          <tbody>
            ${matrix.map(
              (row, c) =>
                html`<tr>
                  <th scope="row">old ${c + 1}</th>
                  ${row.map((v) => html`<td class=${v === 0 ? 'zero' : ''}>${cell(v)}</td>`)}${shifted ? html`<td>${cell(shift[c] ?? 0)}</td>` : null}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`;
  }

  #folds(step: PageStep): TemplateResult {
    const isRecorded = this.model?.adaptation?.isRecorded ?? false;
    return html`<div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Weight</th>
              <th scope="col">Before</th>
              <th scope="col">After</th>
              ${isRecorded ? html`<th scope="col">In the file now</th>` : null}
            </tr>
          </thead>
          <tbody>
            ${step.folds.map(
              (fold) =>
                html`<tr>
                  <td>${this.#link(fold)}</td>
                  <td>${shapeText(fold.oldDims)}</td>
                  <td>${shapeText(fold.newDims)}</td>
                  ${isRecorded ? html`<td class=${isWrong(fold) ? 'bad' : ''}>${NOW[fold.now]}</td>` : null}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
      ${more(step.folds.length, step.foldCount)}`;
  }

  #link(fold: PageFold): TemplateResult {
    const node = this.model?.nodes.find((n) => n.inputs.some((i) => i.name === fold.tensor));
    if (!node) return html`<span class="name">${breakable(fold.tensor)}</span>`;
    const show = (): void =>
      void this.dispatchEvent(
        new CustomEvent('select-thing', {
          detail: { key: `n${node.id}`, reveal: true },
          bubbles: true,
          composed: true,
        }),
      );
    return html`<button class="link" title=${`Show ${node.opType} ${node.name} in the graph`} @click=${show}>
      ${breakable(fold.tensor)}
    </button>`;
  }
}
customElements.define('cw-adaptation', Adaptation);

function groupText(groups: readonly { opType: string; count: number }[]): string {
  return groups
    .map((group) => (group.count === 1 ? group.opType : `${countText(group.count)} ${group.opType}`))
    .join(', ');
}

function more(shown: number, total: number): TemplateResult | null {
  return total > shown ? html`<p>… and ${countText(total - shown)} more</p>` : null;
}

function saving(n: number | null, what: string): string {
  if (n === null) return `${what} not recorded`;
  return n === 0 ? `as many ${what} as before` : `${countText(Math.abs(n))} ${what} ${n < 0 ? 'more' : 'fewer'}`;
}

function cell(v: number): string {
  return String(Number(v.toPrecision(4)));
}

function recordedWeights(count: number, wrong: number): string {
  if (count === 0) return 'The record names none.';
  if (wrong > 0) return `✗ ${countText(wrong)} of ${countText(count)} are not as recorded.`;
  const which = count === 1 ? 'The one weight has' : `All ${countText(count)} have`;
  return `✓ ${which} the recorded shape. Verify measures whether the numbers are right.`;
}
