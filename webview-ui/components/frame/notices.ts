import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';

/**
 * What the page says under its header: what went wrong, until the reader dismisses it (`dismissed`), and a trouble that
 * stays.
 */
export class Notices extends LitElement {
  static override properties = { notice: { attribute: false }, trouble: { attribute: false } };
  static override styles = css`
    .notice {
      display: flex;
      gap: 12px;
      justify-content: space-between;
      align-items: start;
      padding: 6px 14px;
      overflow-wrap: anywhere;
      color: var(--vscode-inputValidation-errorForeground, var(--vscode-foreground));
      background: var(--vscode-inputValidation-errorBackground);
      border-bottom: 1px solid var(--vscode-inputValidation-errorBorder, var(--edge));
    }
    button {
      flex: none;
      font: inherit;
      line-height: 1;
      padding: 2px 6px;
      color: inherit;
      background: none;
      border: none;
      cursor: pointer;
    }
    button:focus-visible {
      outline: 1px solid var(--vscode-focusBorder);
    }
    .trouble {
      margin: 0;
      padding: 6px 14px;
      overflow-wrap: anywhere;
      background: var(--vscode-sideBar-background, var(--vscode-editor-background));
      border-bottom: 1px solid var(--edge);
    }
    .trouble::before {
      content: '⚠ ' / '';
    }
  `;
  /** One sentence; empty for none. */
  declare notice: string;
  /** One sentence about the file; empty for none. */
  declare trouble: string;

  constructor() {
    super();
    this.notice = '';
    this.trouble = '';
  }

  #dismiss(): void {
    this.dispatchEvent(new CustomEvent('dismissed'));
  }

  override render(): TemplateResult {
    const { notice, trouble } = this;
    return html`${
      notice
        ? html`<div class="notice">
            <span role="alert">${notice}</span
            ><button aria-label="Dismiss this message" title="Dismiss" @click=${this.#dismiss}>×</button>
          </div>`
        : null
    }
    ${trouble && trouble !== notice ? html`<p class="trouble" role="status">${trouble}</p>` : null}`;
  }
}
customElements.define('cw-notices', Notices);
