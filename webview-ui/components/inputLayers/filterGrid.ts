import { LitElement, css, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { pictureScale, pixels } from '../../draw/filterPicture.ts';
import type { Picture } from '../../draw/filterPicture.ts';
import { announce } from '../announce.ts';

/** One filter: its pictures side by side, and one that lies over the first and is wiped in from the right. */
export interface Tile {
  readonly label: string;
  readonly pictures: readonly Picture[];
  readonly over: Picture | null;
}

/**
 * Filters as small pictures in a list that wraps. Arrow keys, Home and End move; `filter-at` says which one has the
 * focus or the pointer.
 */
export class FilterGrid extends LitElement {
  static override properties = {
    tiles: { attribute: false },
    at: { attribute: false },
    name: { attribute: false },
    wipe: { attribute: false },
    room: { attribute: false },
    width: { state: true },
  };
  static override styles = css`
    :host {
      display: block;
    }
    .list {
      display: flex;
      flex-wrap: wrap;
      gap: 6px;
      padding: 2px;
    }
    .tile {
      display: flex;
      gap: 2px;
      padding: 2px;
      border: 1px solid transparent;
      cursor: default;
      position: relative;
    }
    .tile[aria-selected='true'] {
      border-color: var(--vscode-focusBorder);
    }
    .tile:focus-visible {
      outline: 2px solid var(--vscode-focusBorder);
      outline-offset: 0;
    }
    .tile:focus {
      outline-offset: 0;
    }
    canvas {
      display: block;
      image-rendering: pixelated;
      background: repeating-conic-gradient(var(--vscode-editorWidget-border, gray) 0 25%, transparent 0 50%) 0 0 / 6px
        6px;
    }
    .stack {
      position: relative;
    }
    .over {
      position: absolute;
      inset: 0;
      clip-path: inset(0 0 0 var(--wipe, 50%));
    }
    .line {
      position: absolute;
      top: 0;
      bottom: 0;
      left: var(--wipe, 50%);
      width: 1px;
      background: var(--vscode-focusBorder);
    }
  `;
  declare tiles: readonly Tile[];
  declare at: number;
  declare name: string;
  /** Where the picture on top begins, in percent from the left. */
  declare wipe: number;
  /** How high the list may become before it is better to draw smaller pictures, in CSS pixels. */
  declare room: number;
  declare width: number;
  readonly #widthWatch = new ResizeObserver(() => (this.width = this.clientWidth));

  constructor() {
    super();
    this.tiles = [];
    this.at = 0;
    this.name = '';
    this.wipe = 50;
    this.room = 0;
    this.width = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#widthWatch.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#widthWatch.disconnect();
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('wipe')) this.style.setProperty('--wipe', `${this.wipe}%`);
    if (changed.has('tiles')) this.#draw();
    if (changed.has('tiles') || changed.has('room') || changed.has('width')) this.#scale();
  }

  #draw(): void {
    const pictures = this.tiles.flatMap((tile) => [
      ...tile.pictures.slice(0, 1),
      ...(tile.over ? [tile.over] : []),
      ...tile.pictures.slice(1),
    ]);
    this.renderRoot.querySelectorAll('canvas').forEach((canvas, i) => {
      const picture = pictures[i];
      if (picture) draw(canvas, picture);
    });
  }

  #scale(): void {
    const [first] = this.tiles;
    const picture = first?.pictures[0];
    if (!first || !picture) return;
    const scale = pictureScale(picture, {
      tiles: this.tiles.length,
      pictures: first.pictures.length,
      width: this.width,
      height: this.room,
    });
    for (const canvas of this.renderRoot.querySelectorAll('canvas')) {
      canvas.style.width = `${canvas.width * scale}px`;
      canvas.style.height = `${canvas.height * scale}px`;
    }
  }

  #go(at: number, { focus }: { readonly focus: boolean }): void {
    const to = Math.max(0, Math.min(this.tiles.length - 1, at));
    announce(this, 'filter-at', to);
    if (focus) this.#tiles()[to]?.focus();
  }

  #tiles(): HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>('.tile')];
  }

  #key(event: KeyboardEvent): void {
    const tiles = this.#tiles();
    const top = tiles[0]?.offsetTop;
    const columns = Math.max(1, tiles.filter((tile) => tile.offsetTop === top).length);
    const to: Record<string, number> = {
      ArrowLeft: this.at - 1,
      ArrowRight: this.at + 1,
      ArrowUp: this.at - columns,
      ArrowDown: this.at + columns,
      Home: 0,
      End: tiles.length - 1,
    };
    if (!Object.hasOwn(to, event.key)) return;
    event.preventDefault();
    this.#go(to[event.key] ?? 0, { focus: true });
  }

  override render(): TemplateResult {
    return html`<div class="list" role="listbox" aria-label=${this.name} @keydown=${this.#key}>
      ${this.tiles.map(
        (tile, i) =>
          html` <div
            class="tile"
            role="option"
            aria-label=${tile.label}
            title=${tile.label}
            aria-selected=${i === this.at ? 'true' : 'false'}
            tabindex=${i === this.at ? 0 : -1}
            @pointerenter=${() => this.#go(i, { focus: false })}
            @click=${() => this.#go(i, { focus: true })}
            @focus=${() => this.#go(i, { focus: false })}
          >
            <span class="stack"
              ><canvas></canvas
              >${tile.over ? html`<canvas class="over"></canvas><span class="line"></span>` : null}</span
            >
            ${tile.pictures.slice(1).map(() => html`<canvas></canvas>`)}
          </div>`,
      )}
    </div>`;
  }
}
customElements.define('cw-filter-grid', FilterGrid);

/**
 * Drawn at one canvas pixel per number; the browser enlarges it without smoothing, crisp at every zoom and pixel ratio.
 */
function draw(canvas: HTMLCanvasElement, picture: Picture): void {
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext('2d')?.putImageData(new ImageData(pixels(picture), picture.width, picture.height), 0, 0);
}
