import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';

/** Work that takes a while: what it is, how far it is, and a way out (`stop`). */
export class LongWork extends LitElement {
  static override properties = { text: { attribute: false }, fraction: { attribute: false } };
  static override shadowRootOptions: ShadowRootInit = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = css`
    :host {
      display: block;
      margin: auto;
      padding: 24px;
      width: min(420px, 90%);
      text-align: center;
    }
    p {
      margin: 0 0 10px;
    }
    progress {
      display: block;
      width: 100%;
      height: 4px;
      margin: 0 0 14px;
      appearance: none;
      border: none;
      background: var(--vscode-input-background);
      outline: 1px solid var(--vscode-contrastBorder, transparent);
      forced-color-adjust: none;
    }
    progress::-webkit-progress-bar {
      background: transparent;
    }
    progress::-webkit-progress-value {
      background: var(--vscode-progressBar-background);
    }
  `;
  declare text: string;
  /** 0 to 1. */
  declare fraction: number;

  constructor() {
    super();
    this.text = '';
    this.fraction = 0;
  }

  override render(): TemplateResult {
    return html`<p role="status">${this.text}…</p>
      <progress max="1" .value=${this.fraction} aria-label=${this.text}></progress>
      <vscode-button appearance="secondary" @click=${() => this.dispatchEvent(new CustomEvent('stop'))}
        >Cancel</vscode-button
      >`;
  }
}
customElements.define('cw-long-work', LongWork);
