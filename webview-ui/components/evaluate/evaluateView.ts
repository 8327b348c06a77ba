import { LitElement, html } from 'lit';
import type { TemplateResult } from 'lit';
import type {
  PageEvaluation,
  PageEvaluationChoice,
  PageEvaluationSetup,
  PageGrayByLayer,
} from '../../../src/protocol/evaluation.ts';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import { messageOf } from '../../../src/text/messageOf.ts';
import { countText } from '../../../src/text/numbers.ts';
import { isCancel, onHost, request, runCommand } from '../../state/host/host.ts';
import { canBecomeGray } from '../../state/tabs.ts';
import { classNames } from '../../text/classNames.ts';
import { announce, askToSelect } from '../announce.ts';
import '../emptyState.ts';
import { KeepFocus } from '../keepFocus.ts';
import '../longWork.ts';
import { linkStyles } from '../styles.ts';
import { evaluateForm } from './evaluateForm.ts';
import { evaluateStyles } from './evaluateStyles.ts';
import { evaluationResult } from './evaluationResult.ts';
import { grayLayers, grayNumbers } from './grayLayers.ts';

const PURPOSE =
  'Is gray good enough? Take a folder of your own images, one sub-folder per class or unlabelled. Channelwise runs the ' +
  'model on their colours, on gray repeated for each channel, and on gray through the adapted model, and shows in ' +
  'which layers colour was used.';

type Running = 'evaluate' | 'grayByLayer';

/** The Evaluate tab: what gray and the conversion cost on a folder of the user's own images. */
export class EvaluateView extends LitElement {
  static override properties = {
    model: { attribute: false },
    active: { attribute: false },
    turn: { attribute: false },
    setup: { state: true },
    choice: { state: true },
    evaluation: { state: true },
    gray: { state: true },
    running: { state: true },
    progress: { state: true },
    error: { state: true },
    said: { state: true },
  };
  static override styles = [linkStyles, evaluateStyles];
  declare model: PageModel | null;
  declare active: boolean;
  /** Counts up whenever a command has chosen a folder; null until that is known. */
  declare turn: number | null;
  declare setup: PageEvaluationSetup | null;
  declare choice: PageEvaluationChoice;
  declare evaluation: PageEvaluation | null;
  declare gray: PageGrayByLayer | null;
  declare running: Running | null;
  /** 0 to 1 while something runs. */
  declare progress: number;
  declare error: string;
  declare said: string;
  #stop: AbortController | null = null;
  #loaded: number | null = null;
  #unlisten: (() => void) | null = null;

  constructor() {
    super();
    new KeepFocus(this, 'cw-long-work, vscode-button:not([appearance], [disabled])');
    this.model = null;
    this.active = false;
    this.turn = null;
    this.setup = null;
    this.choice = { preset: 'imagenet', stretch: false, order: 'rgb', mean: '', std: '', scale: '', labels: '' };
    this.evaluation = null;
    this.gray = null;
    this.running = null;
    this.progress = 0;
    this.error = '';
    this.said = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unlisten = onHost('findings', () => void this.#recall());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unlisten?.();
    this.#stop?.abort();
  }

  protected override updated(): void {
    if (this.active && this.turn !== null && this.#loaded !== this.turn) void this.#prepare();
  }

  async #prepare(): Promise<void> {
    this.#loaded = this.turn;
    this.#stop?.abort();
    this.#forget();
    try {
      this.setup = await request('evaluationSetup', null);
      const preset = this.setup?.presets[0]?.name;
      if (preset !== undefined) this.choice = { ...this.choice, preset };
      await this.#recall();
    } catch (error) {
      this.setup = null;
      this.error = messageOf(error);
    }
  }

  /** Shows what was found before this page was there, or by another page of the model. */
  async #recall(): Promise<void> {
    const last = this.setup ? await request('lastEvaluation', null).catch(() => null) : null;
    if (!last || this.running !== null || this.#loaded !== this.turn) return;
    this.#forget();
    this.choice = last.choice;
    this.evaluation = last.evaluation;
    this.gray = last.gray;
  }

  #forget(): void {
    this.evaluation = null;
    this.gray = null;
    this.error = '';
    this.said = '';
  }

  async #run(what: Running): Promise<void> {
    if (this.running !== null) return;
    const stop = new AbortController();
    this.#stop = stop;
    this.#forget();
    this.running = what;
    this.progress = 0;
    const onProgress = (fraction: number): void => {
      if (this.#stop === stop) this.progress = fraction;
    };
    const options = { signal: stop.signal, onProgress };
    try {
      if (what === 'evaluate') this.evaluation = await request('evaluate', this.choice, options);
      else this.gray = await request('grayByLayer', this.choice, options);
    } catch (error) {
      if (!isCancel(error)) this.error = messageOf(error);
    }
    if (this.#stop === stop) this.running = null;
  }

  async #save(): Promise<void> {
    try {
      const name = await request('saveEvaluation', null);
      this.said = name === null ? '' : `Saved ${name}.`;
    } catch (error) {
      this.said = messageOf(error);
    }
  }

  #saving(): TemplateResult {
    return html`<div class="row">
      <vscode-button appearance="secondary" @click=${() => void this.#save()}>Save as CSV…</vscode-button
      ><span role="status">${this.said}</span>
    </div>`;
  }

  #chooseFolder(): void {
    runCommand('evaluate');
  }

  #colour(gray: PageGrayByLayer): void {
    announce(this, 'colour-layers', grayNumbers(gray));
  }

  #showLayer({ tensor }: PageGrayByLayer['layers'][number]): void {
    const node = this.model?.nodes.find(({ outputs }) => outputs.some(({ name }) => name === tensor));
    if (node) askToSelect(this, `n${node.id}`, { reveal: true });
  }

  /** The names of classes from 0 on that the model's metadata give. */
  get #classes(): readonly string[] {
    for (const { key, value } of this.model?.metadata ?? []) {
      const found = classNames(key, value);
      if (found?.first === 0) return found.names;
    }
    return [];
  }

  #workText({ images }: PageEvaluationSetup): string {
    if (this.running === 'grayByLayer') return 'Measuring how far each layer moves without colours';
    return `Running the models: ${countText(Math.round(this.progress * images))} of ${countText(images)} images`;
  }

  #results(setup: PageEvaluationSetup): TemplateResult {
    const { evaluation, gray } = this;
    if (this.running !== null)
      return html`<cw-long-work
        .text=${this.#workText(setup)}
        .fraction=${this.progress}
        @stop=${() => this.#stop?.abort()}
      ></cw-long-work>`;
    const actions = {
      onGraph: () => gray && this.#colour(gray),
      onLayer: this.#showLayer.bind(this),
      save: this.#saving(),
    };
    return html`${evaluation ? evaluationResult(evaluation, this.#classes, this.#saving()) : null}
    ${gray ? grayLayers(gray, actions) : null}`;
  }

  override render(): TemplateResult {
    const { setup, choice } = this;
    if (!setup)
      return html`<cw-empty-state
        .problem=${this.error}
        .text=${PURPOSE}
        .button=${'Choose a Folder of Images…'}
        @begin=${this.#chooseFolder}
      ></cw-empty-state>`;
    return html`${evaluateForm({
      setup,
      choice,
      running: this.running !== null,
      colours: this.model !== null && canBecomeGray(this.model),
      onChange: (part) => (this.choice = { ...this.choice, ...part }),
      onFolder: () => this.#chooseFolder(),
      onEvaluate: () => void this.#run('evaluate'),
      onLayers: () => void this.#run('grayByLayer'),
    })}
    ${this.error ? html`<p class="error" role="alert">${this.error}</p>` : null} ${this.#results(setup)}`;
  }
}
customElements.define('cw-evaluate', EvaluateView);
