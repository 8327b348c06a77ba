import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageCommand, PageModel } from '../../../src/protocol/messages.ts';
import { request } from '../../state/host.ts';

interface Button {
  readonly name: PageCommand;
  readonly label: string;
  title(model: PageModel): string;
}

const BUTTONS: readonly Button[] = [
  {
    name: 'adaptChannels',
    label: 'Adapt Channels…',
    title: () => 'Another channel map; the plan is shown before anything is written',
  },
  {
    name: 'verify',
    label: 'Verify',
    title: (model) =>
      model.adaptation
        ? 'Prove this model against the one it was made from'
        : 'Prove this model against the one it was made from; you will be asked which, because this file names none',
  },
  {
    name: 'copyAsPython',
    label: 'Copy as Python…',
    title: () => 'The same change for a PyTorch state dict, a timm model or a Keras layer',
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
    return (
      model &&
      html`${BUTTONS.map(
        ({ name, label, title }) =>
          html` <vscode-button
            appearance="secondary"
            title=${title(model)}
            @click=${() => void request('command', { name }).catch(() => undefined)}
            >${label}</vscode-button
          >`,
      )}`
    );
  }
}
customElements.define('cw-action-bar', ActionBar);
