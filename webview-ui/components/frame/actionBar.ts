import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageCommand } from '../../../src/protocol/messages.ts';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import { runCommand } from '../../state/host/host.ts';
import '../icon.ts';
import type { IconName } from '../icon.ts';

interface Action {
  readonly name: PageCommand;
  readonly icon: IconName;
  readonly label: string;
  readonly hint: string;
  /** Only actions that apply are shown. */
  applies(model: PageModel): boolean;
}

const ACTIONS: readonly Action[] = [
  {
    name: 'adaptChannels',
    icon: 'adapt',
    label: 'Adapt Channels…',
    hint: 'Adapt Channels…: another channel map; the plan is shown before anything is written',
    applies: (model) => model.imageInputs.length > 0,
  },
  {
    name: 'verify',
    icon: 'verify',
    label: 'Verify',
    hint: 'Verify: compare this model with the one it was made from, in ONNX Runtime',
    applies: (model) => model.adaptation !== null,
  },
  {
    name: 'copyAsPython',
    icon: 'python',
    label: 'Copy as Python…',
    hint: 'Copy as Python…: the same change for a PyTorch state dict, a timm model or a Keras layer',
    applies: (model) => model.imageInputs.length > 0,
  },
];

/** Buttons for commands that VS Code runs on this file. */
export class ActionBar extends LitElement {
  static override properties = { model: { attribute: false } };
  static override styles = css`
    :host {
      display: contents;
    }
  `;
  declare model: PageModel | null;

  constructor() {
    super();
    this.model = null;
  }

  override render(): TemplateResult | null {
    const { model } = this;
    if (!model) return null;
    const shown = ACTIONS.filter(({ applies }) => applies(model));
    return html`${shown.map(
      ({ name, icon, label, hint }) =>
        html`<cw-icon-button
          icon=${icon}
          label=${label}
          hint=${hint}
          @click=${() => runCommand(name)}
        ></cw-icon-button>`,
    )}`;
  }
}
customElements.define('cw-action-bar', ActionBar);
