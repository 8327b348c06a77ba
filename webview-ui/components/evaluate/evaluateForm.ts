import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageEvaluationChoice, PageEvaluationSetup } from '../../../src/protocol/evaluation.ts';
import { countOf } from '../../../src/text/numbers.ts';

/** What may be done with the choices: nothing while something runs. */
export interface EvaluateForm {
  readonly setup: PageEvaluationSetup;
  readonly choice: PageEvaluationChoice;
  readonly running: boolean;
  /** Whether the model takes colours, which gray would take away. */
  readonly colours: boolean;
  readonly onChange: (part: Partial<PageEvaluationChoice>) => void;
  readonly onFolder: () => void;
  readonly onEvaluate: () => void;
  readonly onLayers: () => void;
}

/** The choices of an evaluation: pictures, how they are prepared, and which class each folder is. */
export function evaluateForm(form: EvaluateForm): TemplateResult {
  const { setup, running } = form;
  const submit = (event: Event): void => {
    event.preventDefault();
    form.onEvaluate();
  };
  return html`<form class="form" aria-label="What to evaluate" @submit=${submit}>
    <span class="name">Images</span>
    <div class="row">
      <span>${setup.folder}: ${picturesText(setup)}</span>
      <vscode-button appearance="secondary" ?disabled=${running} @click=${form.onFolder}>Other Folder…</vscode-button>
    </div>
    ${preprocessing(form)}
    <span class="name">Own numbers</span>
    <div class="row">${numbers(form)}</div>
    ${channels(form)} ${setup.subFolders > 0 ? labels(form) : null}
    <span></span>
    <div class="row">
      <vscode-button ?disabled=${running} @click=${form.onEvaluate}>Evaluate</vscode-button>
      ${
        form.colours
          ? html`<vscode-button appearance="secondary" ?disabled=${running} @click=${form.onLayers}
              >What Gray Costs, Layer by Layer</vscode-button
            >`
          : null
      }
    </div>
  </form>`;
}

/** Another preset takes its own numbers. */
function preprocessing({ setup, choice, running, onChange }: EvaluateForm): TemplateResult {
  const choose = (event: Event): void => onChange({ preset: valueOf(event), mean: '', std: '', scale: '' });
  return html`<label for="preset">Preprocessing</label>
    <div class="row">
      <select id="preset" ?disabled=${running} @change=${choose}>
        ${setup.presets.map(({ name, text }) => html`<option value=${name} ?selected=${name === choice.preset}>${text}</option>`)}
      </select>
    </div>`;
}

function channels({ choice, running, onChange }: EvaluateForm): TemplateResult {
  const chooseOrder = (event: Event): void => onChange({ order: valueOf(event) === 'bgr' ? 'bgr' : 'rgb' });
  const chooseStretch = (event: Event): void => onChange({ stretch: (event.target as HTMLInputElement).checked });
  return html`<label for="order">Channels</label>
    <div class="row">
      <select id="order" ?disabled=${running} @change=${chooseOrder}>
        <option value="rgb" ?selected=${choice.order === 'rgb'}>RGB</option>
        <option value="bgr" ?selected=${choice.order === 'bgr'}>BGR</option>
      </select>
      <label
        ><input type="checkbox" ?disabled=${running} .checked=${choice.stretch} @change=${chooseStretch} />Stretch
        instead of cropping the middle</label
      >
    </div>`;
}

function numbers({ setup, choice, running, onChange }: EvaluateForm): TemplateResult {
  const preset = setup.presets.find(({ name }) => name === choice.preset);
  const field = (key: 'mean' | 'std' | 'scale'): TemplateResult =>
    html`<label
      >${key}
      <input
        class=${key === 'scale' ? 'number' : 'numbers'}
        ?disabled=${running}
        .value=${choice[key]}
        placeholder=${preset?.[key] ?? ''}
        @input=${(event: Event) => onChange({ [key]: valueOf(event) })}
    /></label>`;
  return html`${field('mean')} ${field('std')} ${field('scale')}`;
}

function labels({ choice, running, onChange }: EvaluateForm): TemplateResult {
  return html`<label for="labels">Classes</label>
    <div class="row">
      <input
        id="labels"
        class="long"
        ?disabled=${running}
        .value=${choice.labels}
        placeholder='from the folder; or its sub-folders in class order: cat, dog; or {"cat": 281}'
        @input=${(event: Event) => onChange({ labels: valueOf(event) })}
      />
    </div>`;
}

function picturesText({ images, subFolders }: PageEvaluationSetup): string {
  const count = countOf(images, 'image');
  if (subFolders === 0) return `${count}, unlabelled`;
  return `${count} in ${countOf(subFolders, 'sub-folder')}`;
}

function valueOf(event: Event): string {
  return (event.target as HTMLInputElement | HTMLSelectElement).value;
}
