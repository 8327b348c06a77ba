import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';

export const PANEL = { least: 220, usual: 320, most: 900 } as const;
const STEP = 24;

/**
 * The panel at the right, as wide as its reader drags its edge. `panel-resized` carries the width in pixels;
 * `details-left` says that the keyboard wants back to the view.
 */
export class SidePanel extends LitElement {
  static override properties = { width: { attribute: false } };
  static override styles = css`
    :host {
      position: relative;
      box-sizing: border-box;
      flex: none;
      min-width: 0;
      display: flex;
      background: var(--vscode-sideBar-background, var(--vscode-editor-background));
      border-left: 1px solid var(--edge);
      --muted: color-mix(in srgb, var(--vscode-descriptionForeground) 75%, var(--vscode-foreground));
    }
    :host([hidden]) {
      display: none;
    }
    /* Themes choose this colour for the editor's ground; on the side bar's, Visual Studio Light has 4.39 to 1. */
    aside {
      --vscode-descriptionForeground: var(--muted);
      flex: 1;
      min-width: 0;
      overflow-y: auto;
    }
    aside:focus-visible {
      outline: 1px solid var(--vscode-focusBorder);
      outline-offset: -1px;
    }
    .sash {
      position: absolute;
      z-index: 2;
      left: -3px;
      top: 0;
      bottom: 0;
      width: 5px;
      cursor: ew-resize;
      touch-action: none;
    }
    .sash:hover,
    .sash:focus-visible {
      outline: none;
      background: var(--vscode-sash-hoverBorder, var(--vscode-focusBorder));
    }
    @media (max-width: 620px) {
      :host {
        border-left: none;
        border-top: 1px solid var(--edge);
      }
      .sash {
        display: none;
      }
    }
  `;
  declare width: number;

  constructor() {
    super();
    this.width = PANEL.usual;
  }

  /** Through the style object: the policy of the page refuses style attributes. */
  protected override updated(): void {
    this.style.width = `${this.width}px`;
  }

  scrollToTop(): void {
    this.renderRoot.querySelector('aside')?.scrollTo(0, 0);
  }

  focusContent(): void {
    this.renderRoot.querySelector('aside')?.focus();
  }

  /** Escape leads back to the view, but first out of what lies over the details. */
  #escape(event: KeyboardEvent): void {
    const isOver = event.composedPath().some((around) => around instanceof HTMLDialogElement);
    if (event.key !== 'Escape' || event.defaultPrevented || isOver) return;
    this.dispatchEvent(new CustomEvent('details-left'));
  }

  #resize(width: number): void {
    const room = (this.parentElement?.clientWidth ?? PANEL.most) * 0.7;
    const fitting = Math.round(Math.max(PANEL.least, Math.min(width, PANEL.most, room)));
    this.dispatchEvent(new CustomEvent('panel-resized', { detail: fitting }));
  }

  #drag(event: PointerEvent): void {
    const sash = event.currentTarget as HTMLElement;
    if (event.type === 'pointerdown') sash.setPointerCapture(event.pointerId);
    if (event.buttons === 0) return;
    this.#resize(this.getBoundingClientRect().right - event.clientX);
  }

  #key(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowLeft: STEP, ArrowRight: -STEP };
    const step = Object.hasOwn(steps, event.key) ? steps[event.key] : undefined;
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.#resize(this.width + step);
  }

  override render(): TemplateResult {
    return html`<div
        class="sash"
        role="separator"
        tabindex="0"
        aria-orientation="vertical"
        aria-label="Width of the details"
        aria-valuemin=${PANEL.least}
        aria-valuemax=${PANEL.most}
        aria-valuenow=${this.width}
        @pointerdown=${this.#drag}
        @pointermove=${this.#drag}
        @dblclick=${() => this.#resize(PANEL.usual)}
        @keydown=${this.#key}
      ></div>
      <aside aria-label="Details" tabindex="0" @keydown=${this.#escape}><slot></slot></aside>`;
  }
}
customElements.define('cw-side-panel', SidePanel);
