import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageCommand } from '../../src/protocol/messages.ts';
import { request } from '../state/host.ts';

const BUTTONS: readonly { readonly name: PageCommand; readonly label: string; readonly title: string }[] = [
  { name: 'adaptChannels', label: 'Adapt Channels…', title: 'Another channel map; the plan is shown before anything is written' },
  { name: 'verify', label: 'Verify', title: 'Prove this model against the one it was made from' },
  { name: 'copyAsPython', label: 'Copy as Python…', title: 'The same change for a PyTorch state dict, a timm model or a Keras layer' },
];

/** Buttons for commands that VS Code runs on this file. */
export class ActionBar extends LitElement {
  static styles = css`:host { display: contents; }`;

  render(): TemplateResult {
    return html`${BUTTONS.map(({ name, label, title }) => html`
      <vscode-button appearance="secondary" title=${title} @click=${() => void request('command', { name }).catch(() => undefined)}>${label}</vscode-button>`)}`;
  }
}
customElements.define('cw-action-bar', ActionBar);
