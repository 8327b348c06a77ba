import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';

/** A tab that has nothing to show yet: what it is for, or what went wrong, and the button that begins (`begin`). */
export class EmptyState extends LitElement {
  static override properties = {
    text: { attribute: false },
    problem: { attribute: false },
    button: { attribute: false },
    likely: { attribute: false },
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
    vscode-button {
      margin: 0 3px 6px;
    }
  `;
  declare text: string;
  /** One sentence; empty where nothing went wrong. */
  declare problem: string;
  declare button: string;
  /** What is most likely wanted, as a button in front of the other; empty for none. */
  declare likely: string;

  constructor() {
    super();
    this.text = '';
    this.problem = '';
    this.button = '';
    this.likely = '';
  }

  override render(): TemplateResult {
    return html`${this.problem ? html`<p role="alert">${this.problem}</p>` : null}
      ${this.text ? html`<p>${this.text}</p>` : null}
      ${
        this.likely
          ? html`<vscode-button @click=${() => this.dispatchEvent(new CustomEvent('likely-chosen'))}
              >${this.likely}</vscode-button
            >`
          : null
      }
      <vscode-button
        appearance=${this.likely ? 'secondary' : 'primary'}
        @click=${() => this.dispatchEvent(new CustomEvent('begin'))}
        >${this.button}</vscode-button
      >`;
  }
}
customElements.define('cw-empty-state', EmptyState);
