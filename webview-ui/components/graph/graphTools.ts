import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';
import { sceneSvg, wholeRegion } from '../../draw/svg.ts';
import type { Region } from '../../draw/svg.ts';
import { paint } from '../../draw/paint.ts';
import type { GraphSession } from '../../state/graphSession.ts';
import { saveBlob } from '../../state/download.ts';
import type { GraphView } from './graphView.ts';

/** The longest side of a saved picture, in pixels: browsers refuse larger canvases. */
const MOST_PIXELS = 12_000;
const NOTHING = {
  selected: -1,
  hovered: -1,
  found: new Set<number>(),
  differing: new Map<number, never>(),
  into: [],
  out: [],
  traced: [],
  followed: null,
};

/** Buttons over the graph: zoom, fit, groups, save as a picture. */
export class GraphTools extends LitElement {
  static override properties = { session: { attribute: false }, target: { attribute: false }, saving: { state: true } };
  static override styles = css`
    :host {
      display: flex;
      gap: 2px;
      padding: 2px;
      background: var(--vscode-editorWidget-background);
      border: 1px solid var(--vscode-contrastBorder, var(--vscode-editorWidget-border, var(--vscode-panel-border)));
    }
    button {
      font: inherit;
      font-size: 0.95em;
      color: var(--vscode-foreground);
      background: none;
      border: none;
      min-width: 26px;
      padding: 3px 7px;
      cursor: pointer;
      white-space: nowrap;
    }
    button:hover {
      background: var(--vscode-list-hoverBackground);
      outline: 1px dashed var(--vscode-contrastActiveBorder, transparent);
    }
    button:focus-visible {
      outline: 1px solid var(--vscode-focusBorder);
    }
    .menu {
      position: relative;
    }
    .items {
      position: absolute;
      z-index: 3;
      top: 100%;
      left: 0;
      display: flex;
      flex-direction: column;
      min-width: 170px;
      background: var(--vscode-editorWidget-background);
      border: 1px solid var(--vscode-contrastBorder, var(--vscode-editorWidget-border));
      box-shadow: 0 2px 8px var(--vscode-widget-shadow, transparent);
    }
    .items button {
      text-align: left;
      padding: 5px 10px;
    }
  `;
  declare session: GraphSession | null;
  declare target: { readonly graphView: GraphView | null } | null;
  declare saving: boolean;

  constructor() {
    super();
    this.session = null;
    this.target = null;
    this.saving = false;
  }

  get #view(): GraphView | null {
    return this.target?.graphView ?? null;
  }

  #tell(type: string): void {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, composed: true }));
  }

  #region(visible: boolean): Region | null {
    const view = this.#view;
    if (!view?.scene) return null;
    if (!visible) return wholeRegion(view.scene);
    const { x, y, scale } = view.view;
    return { x: -x / scale, y: -y / scale, width: view.clientWidth / scale, height: view.clientHeight / scale };
  }

  get #name(): string {
    return (this.session?.model.page.fileName ?? 'model').replace(/\.onnx$/i, '');
  }

  #saveSvg(visible: boolean): void {
    this.saving = false;
    const region = this.#region(visible);
    const view = this.#view;
    if (region && view?.scene && view.colours)
      saveBlob(
        `${this.#name}.svg`,
        new Blob([sceneSvg({ scene: view.scene, theme: view.theme, colours: view.colours, region })], {
          type: 'image/svg+xml',
        }),
      );
  }

  #savePng(visible: boolean): void {
    this.saving = false;
    const region = this.#region(visible);
    const view = this.#view;
    const colours = view?.colours;
    if (!region || !view?.scene || !colours) return;
    const scale = Math.min(visible ? 2 * view.view.scale : 2, MOST_PIXELS / region.width, MOST_PIXELS / region.height);
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(region.width * scale));
    canvas.height = Math.max(1, Math.round(region.height * scale));
    const ctx = canvas.getContext('2d', { alpha: false });
    if (!ctx) return;
    const from = { x: -region.x * scale, y: -region.y * scale, scale };
    const { scene, theme } = view;
    paint(ctx, { scene, view: from, theme, colours, page: canvas, ratio: 1, motion: null }, NOTHING);
    canvas.toBlob((blob) => {
      if (blob) saveBlob(`${this.#name}.png`, blob);
    }, 'image/png');
  }

  #menuKey(event: KeyboardEvent): void {
    if (!this.saving) return;
    const items = [...this.renderRoot.querySelectorAll<HTMLElement>('[role="menuitem"]')];
    const at = items.findIndex((item) => item.matches(':focus'));
    const to: Record<string, HTMLElement | null | undefined> = {
      ArrowDown: items[(at + 1) % items.length],
      ArrowUp: items[(Math.max(0, at) + items.length - 1) % items.length],
      Home: items[0],
      End: items[items.length - 1],
      Escape: this.renderRoot.querySelector<HTMLElement>('#save'),
    };
    const target = Object.hasOwn(to, event.key) ? to[event.key] : null;
    if (!target) return;
    if (event.key === 'Escape') this.saving = false;
    target.focus();
    event.preventDefault();
    event.stopPropagation();
  }

  /** A menu that is left closes. */
  #menuLeft(event: FocusEvent): void {
    const to = event.relatedTarget;
    if (!(to instanceof Node && (event.currentTarget as HTMLElement).contains(to))) this.saving = false;
  }

  override render(): TemplateResult {
    const groups = (this.session?.model.hierarchy.groups.length ?? 1) > 1;
    const item = (text: string, act: () => void): TemplateResult =>
      html`<button role="menuitem" @click=${act}>${text}</button>`;
    return html` <button aria-label="Zoom in" title="Zoom in (+)" @click=${() => this.#view?.zoom(1.25)}>+</button>
      <button aria-label="Zoom out" title="Zoom out (-)" @click=${() => this.#view?.zoom(0.8)}>−</button>
      <button id="fit" title="Show the whole graph (0)" @click=${() => this.#view?.fit()}>Fit</button>
      ${
        groups
          ? html`<button title="Open all groups" @click=${() => this.#tell('open-all')}>Open all</button>
              <button title="Close all groups" @click=${() => this.#tell('close-all')}>Close all</button>`
          : null
      }
      <div class="menu" @keydown=${this.#menuKey} @focusout=${this.#menuLeft}>
        <button
          id="save"
          aria-haspopup="menu"
          aria-expanded=${this.saving ? 'true' : 'false'}
          title="Save the graph as a picture"
          @click=${() => (this.saving = !this.saving)}
        >
          Save picture
        </button>
        ${
          this.saving
            ? html`<div class="items" role="menu" aria-label="Save the graph as a picture">
                ${item('SVG, whole graph', () => this.#saveSvg(false))}${item('SVG, visible part', () => this.#saveSvg(true))}
                ${item('PNG, whole graph', () => this.#savePng(false))}${item('PNG, visible part', () => this.#savePng(true))}
              </div>`
            : null
        }
      </div>`;
  }
}
customElements.define('cw-graph-tools', GraphTools);
