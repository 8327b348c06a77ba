import { LitElement, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { PageAdaptation, PageOriginal, PageStep } from '../../../src/protocol/adaptation.ts';
import type { PageCommand } from '../../../src/protocol/messages.ts';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import { messageOf } from '../../../src/text/messageOf.ts';
import { countText } from '../../../src/text/numbers.ts';
import type { SelectionKey } from '../../graph/graphModel.ts';
import { onHost, request } from '../../state/host/host.ts';
import { announce, askToSelect } from '../announce.ts';
import { cardStyles, linkStyles } from '../styles.ts';
import { adaptationStyles } from './adaptationStyles.ts';
import { expectedInput } from './expectedInput.ts';
import './proofCard.ts';
import { isWrong, stepCard } from './stepCard.ts';

const ORIGINALS: Readonly<Record<PageOriginal['state'], string>> = {
  same: 'beside this file, unchanged since conversion',
  changed: 'beside this file, but it is another version or another model by now',
  missing: 'not beside this file any more',
  unnamed: 'the file names none that could lie beside it',
  likely: 'no record names it, but names and tensors of the two files fit',
};

const NO_RECORD = 'Files of this format keep no record. This is read from the tensors of both files.';

function recordedBy({ version }: PageStep): string {
  const trust = 'Anybody can write such a record. Verifying tests the map it names and trusts nothing in it.';
  return `Recorded by Channelwise ${version} when the file was written. ${trust}`;
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
      this.error = messageOf(error);
    }
  }

  override render(): TemplateResult | null {
    const { model } = this;
    const adaptation = model?.adaptation;
    const last = adaptation?.steps.at(-1);
    if (!model || !adaptation || !last) return null;
    const { isRecorded, original, steps, stepCount } = adaptation;
    const show = (key: SelectionKey): void => askToSelect(this, key, { reveal: true });
    return html` <div class="column" role="region" aria-labelledby="now">
        <h2 id="now" class="title">Checked now</h2>
        <div class="card"><cw-proof .model=${this.model} .original=${original}></cw-proof></div>
        <div class="card">${this.#original(original)}</div>
        <div class="card">${expectedInput(adaptation, last, model.hasGraph)}</div>
        <div class="card">${this.#weights(last, adaptation)}</div>
      </div>
      <div class="column" role="region" aria-labelledby="says">
        <h2 id="says" class="title">${isRecorded ? 'What the file says' : 'What the two files show'}</h2>
        <p class="hint">${isRecorded ? recordedBy(last) : NO_RECORD}</p>
        ${stepCount > 1 ? html`<p class="hint">Adapted ${countText(stepCount)} times, newest first.</p>` : null}
        ${[...steps].reverse().map((step) => stepCard(step, { model, isRecorded, show }))}
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
      this.error = messageOf(error);
    });
  }

  #weights({ folds }: PageStep, { isRecorded }: PageAdaptation): TemplateResult {
    const wrong = folds.filter(isWrong).length;
    return html`<h3>${isRecorded ? 'Recorded weights in this file' : 'Weights of another shape'}</h3>
      <p class=${wrong ? 'bad' : ''}>
        ${isRecorded ? recordedWeights(folds.length, wrong) : folds.map(({ tensor }) => tensor).join(', ')}
      </p>
      ${this.#filters()}`;
  }

  /** The tab of the input layers has the pictures, of the original too. */
  #filters(): TemplateResult | null {
    if (!this.model?.inputLayers.length) return null;
    const show = (): void => announce(this, 'tab-chosen', 'inputLayers');
    return html`<div class="row">
      <vscode-button appearance="secondary" @click=${show}>Filters before and after</vscode-button>
    </div>`;
  }
}
customElements.define('cw-adaptation', Adaptation);

function recordedWeights(count: number, wrong: number): string {
  if (count === 0) return 'The record names none.';
  if (wrong > 0) return `✗ ${countText(wrong)} of ${countText(count)} are not as recorded.`;
  const which = count === 1 ? 'The one weight has' : `All ${countText(count)} have`;
  return `✓ ${which} the recorded shape. Verify measures whether the numbers are right.`;
}
