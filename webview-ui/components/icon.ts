import { LitElement, css, html, nothing } from 'lit';
import type { TemplateResult } from 'lit';

/**
 * Code points in VS Code's icon font, which page.css loads:
 * https://microsoft.github.io/vscode-codicons/dist/codicon.html
 */
const ICONS = {
  search: 0xea6d,
  next: 0xea9a,
  previous: 0xeaa1,
  bookmark: 0xeaa5,
  path: 0xea99,
  close: 0xea76,
  back: 0xea9b,
  forward: 0xea9c,
  python: 0xeac4,
  'collapse-all': 0xeac5,
  gray: 0xeac6,
  picture: 0xeaea,
  heat: 0xeaf2,
  link: 0xeb15,
  fit: 0xeb4c,
  adapt: 0xeb52,
  verify: 0xeb77,
  'zoom-in': 0xeb81,
  'zoom-out': 0xeb82,
  'expand-all': 0xeb95,
  batch: 0xebcc,
  sideways: 0xebcb,
  names: 0xea66,
  columns: 0xebeb,
  export: 0xebac,
  'trace-inputs': 0xebbb,
  'trace-outputs': 0xebba,
  panel: 0xebf4,
  'panel-hidden': 0xec00,
} as const;

export type IconName = keyof typeof ICONS;

/** A button of a tool bar: an icon with its name as tooltip and for screen readers. */
export class IconButton extends LitElement {
  static override properties = {
    icon: {},
    label: {},
    hint: {},
    pressed: { attribute: false },
    popup: { attribute: false },
    disabled: { type: Boolean, reflect: true },
  };
  static override shadowRootOptions: ShadowRootInit = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = css`
    :host {
      display: inline-flex;
    }
    button {
      display: inline-flex;
      align-items: center;
      justify-content: center;
      width: 24px;
      height: 24px;
      padding: 0;
      color: var(--vscode-icon-foreground, var(--vscode-foreground));
      background: none;
      border: 1px solid transparent;
      border-radius: 5px;
      cursor: pointer;
      font: normal 16px/1 codicon;
      -webkit-font-smoothing: antialiased;
    }
    button:hover:enabled {
      background: var(--vscode-toolbar-hoverBackground, var(--vscode-list-hoverBackground));
      outline: 1px dashed var(--vscode-contrastActiveBorder, transparent);
      outline-offset: -1px;
    }
    button[aria-pressed='true'],
    button[aria-expanded='true'] {
      background: var(--vscode-toolbar-activeBackground, var(--vscode-list-activeSelectionBackground));
      border-color: var(--vscode-contrastActiveBorder, transparent);
    }
    @media (forced-colors: active) {
      button[aria-pressed='true'],
      button[aria-expanded='true'] {
        border-color: Highlight;
      }
    }
    button:focus-visible {
      outline: 1px solid var(--vscode-focusBorder);
      outline-offset: -1px;
    }
    button:disabled {
      opacity: 0.4;
      cursor: default;
    }
  `;
  declare icon: IconName;
  declare label: string;
  /** What the tooltip says; the label where it is ''. */
  declare hint: string;
  /** Whether what it switches is on; null for a button that only does something. */
  declare pressed: boolean | null;
  /** Whether the menu it opens is open; null for a button without one. */
  declare popup: boolean | null;
  declare disabled: boolean;

  constructor() {
    super();
    this.icon = 'search';
    this.label = '';
    this.hint = '';
    this.pressed = null;
    this.popup = null;
    this.disabled = false;
  }

  override render(): TemplateResult {
    return html`<button
      aria-label=${this.label}
      title=${this.hint || this.label}
      aria-pressed=${stateText(this.pressed)}
      aria-haspopup=${this.popup === null ? nothing : 'menu'}
      aria-expanded=${stateText(this.popup)}
      ?disabled=${this.disabled}
    >
      ${String.fromCodePoint(ICONS[this.icon])}
    </button>`;
  }
}
customElements.define('cw-icon-button', IconButton);

/** The text of an ARIA state; no attribute where a button has none. */
function stateText(on: boolean | null): 'true' | 'false' | typeof nothing {
  if (on === null) return nothing;
  return on ? 'true' : 'false';
}
