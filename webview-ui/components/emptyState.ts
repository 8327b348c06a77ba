import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';

/** A tab that has nothing to show yet: what it is for, or what went wrong, and the button that begins (`begin`). */
export class EmptyState extends LitElement {
  static override properties = {
    text: { attribute: false },
    problem: { attribute: false },
    button: { attribute: false },
  };
  static override styles = css`
    :host {
      display: block;
      margin: auto;
      padding: 24px;
      max-width: 540px;
      text-align: center;
      overflow-wrap: anywhere;
    }
    p {
      margin: 0 0 14px;
    }
  `;
  declare text: string;
  /** One sentence; empty where nothing went wrong. */
  declare problem: string;
  declare button: string;

  constructor() {
    super();
    this.text = '';
    this.problem = '';
    this.button = '';
  }

  override render(): TemplateResult {
    return html`${this.problem ? html`<p role="alert">${this.problem}</p>` : null}
      ${this.text ? html`<p>${this.text}</p>` : null}
      <vscode-button appearance="secondary" @click=${() => this.dispatchEvent(new CustomEvent('begin'))}
        >${this.button}</vscode-button
      >`;
  }
}
customElements.define('cw-empty-state', EmptyState);
