import { LitElement, css, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { BoxColours } from '../../../draw/boxColours.ts';
import { fitView } from '../../../draw/camera.ts';
import type { Extent, View } from '../../../draw/camera.ts';
import { miniScale, miniWindow, paintMinimap, viewFromMini } from '../../../draw/minimap.ts';
import type { MiniScale } from '../../../draw/minimap.ts';
import type { Theme } from '../../../draw/theme/theme.ts';
import type { Scene } from '../../../graph/scene.ts';

/** What the map needs of the graph view. */
export interface MapTarget {
  readonly page: Extent;
  readonly view: View;
  readonly theme: Theme;
  readonly colours: BoxColours | null;
  setView(view: View): void;
}

/** A map would lie over the boxes of a page that is smaller, such as a half of Compare beside its list. */
const LEAST_PAGE: Extent = { width: 640, height: 260 };

/** A picture that can be read when all of it is shown needs no map. */
const WHOLE = 0.6;

/** The whole graph in a corner, with a mark of what is in view; pressing on it goes there. */
export class MiniMap extends LitElement {
  static override properties = { scene: { attribute: false }, view: { attribute: false } };
  static override styles = css`
    :host {
      display: block;
      border: 1px solid var(--vscode-contrastBorder, var(--vscode-editorWidget-border, var(--vscode-panel-border)));
      opacity: 0.92;
    }
    :host([hidden]) {
      display: none;
    }
    :host([whole]) {
      visibility: hidden;
    }
    .map {
      position: relative;
      overflow: hidden;
      cursor: pointer;
      touch-action: none;
    }
    canvas {
      display: block;
      width: 100%;
      height: 100%;
    }
    .window {
      position: absolute;
      left: 0;
      top: 0;
      box-sizing: border-box;
      border: 1px solid var(--vscode-focusBorder);
      background: color-mix(in srgb, var(--vscode-focusBorder) 18%, transparent);
      pointer-events: none;
    }
  `;
  declare scene: Scene | null;
  declare view: MapTarget | null;
  #mini: MiniScale | null = null;
  #size = '';

  constructor() {
    super();
    this.scene = null;
    this.view = null;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('scene')) this.repaint();
  }

  repaint(): void {
    const { scene, view } = this;
    const canvas = this.renderRoot.querySelector('canvas');
    const map = this.renderRoot.querySelector<HTMLElement>('.map');
    const ctx = canvas?.getContext('2d', { alpha: false });
    if (!scene || !view?.colours || !canvas || !map || !ctx) return;
    const { page } = view;
    // Where everything is in view, or the page is small, a map is in the way.
    const isSmall = page.width < LEAST_PAGE.width || page.height < LEAST_PAGE.height;
    this.hidden = isSmall || fitView(scene.geometry, page).scale >= WHOLE;
    if (this.hidden) return;
    const mini = (this.#mini = miniScale(scene.geometry, page));
    const ratio = window.devicePixelRatio || 1;
    map.style.width = `${mini.width}px`;
    map.style.height = `${mini.height}px`;
    canvas.width = Math.round(mini.width * ratio);
    canvas.height = Math.round(mini.height * ratio);
    paintMinimap(ctx, { scene, theme: view.theme, colours: view.colours, mini, ratio });
    this.#size = `${page.width} ${page.height}`;
    this.mark(view.view, page);
  }

  mark(view: View, page: Extent): void {
    if (!this.scene || !this.#mini) return;
    if (this.#size !== `${page.width} ${page.height}`) this.repaint();
    this.toggleAttribute('whole', isAllSeen(view, this.scene.geometry, page));
    const rect = this.renderRoot.querySelector<HTMLElement>('.window');
    if (!rect) return;
    const { x, y, w, h } = miniWindow({ view, picture: this.scene.geometry, page, mini: this.#mini });
    rect.style.transform = `translate(${x}px, ${y}px)`;
    rect.style.width = `${w}px`;
    rect.style.height = `${h}px`;
  }

  #go(event: PointerEvent): void {
    if (event.buttons === 0 || !this.view || !this.scene || !this.#mini) return;
    const map = event.currentTarget as HTMLElement;
    if (event.type === 'pointerdown') map.setPointerCapture(event.pointerId);
    const at = map.getBoundingClientRect();
    this.view.setView(
      viewFromMini(
        { view: this.view.view, picture: this.scene.geometry, page: this.view.page, mini: this.#mini },
        event.clientX - at.left,
        event.clientY - at.top,
      ),
    );
  }

  override render(): TemplateResult {
    return html`<div class="map" @pointerdown=${this.#go} @pointermove=${this.#go}>
      <canvas></canvas>
      <div class="window"></div>
    </div>`;
  }
}
customElements.define('cw-mini-map', MiniMap);

function isAllSeen({ x, y, scale }: View, picture: Extent, page: Extent): boolean {
  return x >= 0 && y >= 0 && x + picture.width * scale <= page.width && y + picture.height * scale <= page.height;
}
