import { LitElement, css, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { PageModel } from '../../src/protocol/messages.ts';
import { drawScene, readTheme } from '../layout/draw.ts';
import type { Theme, View } from '../layout/draw.ts';
import { buildScene } from '../layout/scene.ts';
import type { Scene, SceneBox } from '../layout/scene.ts';

const MIN_SCALE = 0.005;
const MAX_SCALE = 4;
const MARGIN = 24;

export class GraphView extends LitElement {
  static properties = { model: { attribute: false }, selected: { attribute: false } };
  static styles = css`
    :host { display: block; position: relative; width: 100%; height: 100%; overflow: hidden; }
    canvas { position: absolute; inset: 0; width: 100%; height: 100%; touch-action: none; cursor: grab; outline: none; }
    canvas:focus-visible { outline: 2px solid var(--vscode-focusBorder); outline-offset: -2px; }
  `;
  declare model: PageModel | null;
  declare selected: number | null;
  #scene: Scene | null = null;
  #theme: Theme | null = null;
  #view: View = { x: 0, y: 0, scale: 1 };
  #placed = false;
  #frame = 0;
  #drag: { id: number; x: number; y: number; moved: boolean } | null = null;
  #resize = new ResizeObserver(() => this.#place());
  #themes = new MutationObserver(() => {
    this.#theme = null;
    this.#draw();
  });

  constructor() {
    super();
    this.model = null;
    this.selected = null;
  }

  connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
    // VS Code changes themes by rewriting the body's class and the root's style.
    this.#themes.observe(document.body, { attributes: true });
    this.#themes.observe(document.documentElement, { attributes: true });
  }

  disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
    this.#themes.disconnect();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  protected firstUpdated(): void {
    // Registered by hand: a wheel listener must be non-passive to stop the page from scrolling.
    this.#canvas?.addEventListener('wheel', (e) => this.#wheel(e), { passive: false });
  }

  protected updated(changed: PropertyValues): void {
    if (changed.has('model')) {
      this.#scene = this.model ? buildScene(this.model) : null;
      this.#placed = false;
      this.#place();
    }
    this.#draw();
  }

  get #canvas(): HTMLCanvasElement | null {
    return this.renderRoot.querySelector('canvas');
  }

  /** The first view is readable: full width where that is legible, from the top. */
  #place(): void {
    const { clientWidth: w, clientHeight: h } = this;
    if (this.#scene && !this.#placed && w > 0 && h > 0) {
      this.#placed = true;
      const scale = Math.min(1, Math.max(0.65, (w - 2 * MARGIN) / this.#scene.width));
      const first = this.#scene.boxes.find((b) => b.kind === 'input') ?? this.#scene.boxes[0];
      const fits = this.#scene.width * scale <= w;
      const centre = fits || !first ? this.#scene.width / 2 : first.x + first.w / 2;
      this.#view = { scale, x: w / 2 - centre * scale, y: MARGIN };
    }
    this.#draw();
  }

  fit(): void {
    const { clientWidth: w, clientHeight: h } = this;
    if (!this.#scene || w === 0 || h === 0) return;
    const { width, height } = this.#scene;
    const scale = Math.min(1.5, Math.max(MIN_SCALE, Math.min((w - 2 * MARGIN) / Math.max(1, width), (h - 2 * MARGIN) / Math.max(1, height))));
    this.#view = { scale, x: (w - width * scale) / 2, y: (h - height * scale) / 2 };
    this.#draw();
  }

  reveal(id: number): void {
    const box = this.#scene?.boxes.find((b) => b.nodeId === id);
    if (!box || this.clientWidth === 0) return;
    const scale = Math.max(this.#view.scale, 0.7);
    this.#view = { scale, x: this.clientWidth / 2 - (box.x + box.w / 2) * scale, y: this.clientHeight / 2 - (box.y + box.h / 2) * scale };
    this.#draw();
  }

  #draw(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      const canvas = this.#canvas;
      const ctx = canvas?.getContext('2d');
      const { clientWidth: w, clientHeight: h } = this;
      if (!canvas || !ctx || !this.#scene || w === 0 || h === 0) return;
      const ratio = window.devicePixelRatio || 1;
      const [pw, ph] = [Math.round(w * ratio), Math.round(h * ratio)];
      if (canvas.width !== pw || canvas.height !== ph) {
        canvas.width = pw;
        canvas.height = ph;
      }
      this.#theme ??= readTheme(this);
      drawScene(ctx, this.#scene, this.#view, this.#theme, w, h, ratio, this.selected);
    });
  }

  #zoom(factor: number, px: number, py: number): void {
    const v = this.#view;
    const scale = Math.min(MAX_SCALE, Math.max(MIN_SCALE, v.scale * factor));
    const k = scale / v.scale;
    this.#view = { scale, x: px - (px - v.x) * k, y: py - (py - v.y) * k };
    this.#draw();
  }

  #pan(dx: number, dy: number): void {
    this.#view = { ...this.#view, x: this.#view.x + dx, y: this.#view.y + dy };
    this.#draw();
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const step = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
    this.#zoom(Math.exp(-Math.max(-200, Math.min(200, step)) * 0.0025), event.offsetX, event.offsetY);
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#canvas?.setPointerCapture(event.pointerId);
    this.#drag = { id: event.pointerId, x: event.clientX, y: event.clientY, moved: false };
  }

  #move(event: PointerEvent): void {
    const drag = this.#drag;
    if (!drag || drag.id !== event.pointerId) return;
    const dx = event.clientX - drag.x;
    const dy = event.clientY - drag.y;
    if (!drag.moved && Math.hypot(dx, dy) < 4) return;
    this.#drag = { id: drag.id, x: event.clientX, y: event.clientY, moved: true };
    this.#pan(dx, dy);
  }

  #up(event: PointerEvent): void {
    const drag = this.#drag;
    this.#drag = null;
    if (!drag || drag.moved || event.type === 'pointercancel') return;
    const x = (event.offsetX - this.#view.x) / this.#view.scale;
    const y = (event.offsetY - this.#view.y) / this.#view.scale;
    const hit = this.#scene?.boxes.find((b) => x >= b.x && x <= b.x + b.w && y >= b.y && y <= b.y + b.h);
    this.#select(hit?.nodeId ?? null, false);
  }

  #select(id: number | null, reveal: boolean): void {
    this.dispatchEvent(new CustomEvent('select-node', { detail: { id, reveal }, bubbles: true, composed: true }));
  }

  /** Next or previous node in reading order: down the page, then across. */
  #step(by: number): void {
    const nodes = (this.#scene?.boxes ?? []).filter((b): b is SceneBox & { nodeId: number } => b.nodeId !== null);
    if (nodes.length === 0) return;
    nodes.sort((a, b) => a.y + a.h / 2 - (b.y + b.h / 2) || a.x - b.x);
    const at = nodes.findIndex((b) => b.nodeId === this.selected);
    const next = at < 0 ? 0 : Math.min(nodes.length - 1, Math.max(0, at + by));
    this.#select(nodes[next]!.nodeId, true);
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey) return;
    const [cx, cy] = [this.clientWidth / 2, this.clientHeight / 2];
    const actions: Record<string, () => void> = event.altKey
      ? { ArrowDown: () => this.#step(1), ArrowUp: () => this.#step(-1) }
      : {
          ArrowLeft: () => this.#pan(60, 0),
          ArrowRight: () => this.#pan(-60, 0),
          ArrowUp: () => this.#pan(0, 60),
          ArrowDown: () => this.#pan(0, -60),
          '+': () => this.#zoom(1.25, cx, cy),
          '=': () => this.#zoom(1.25, cx, cy),
          '-': () => this.#zoom(0.8, cx, cy),
          '0': () => this.fit(),
          f: () => this.fit(),
          F: () => this.fit(),
          Escape: () => this.#select(null, false),
        };
    const action = Object.hasOwn(actions, event.key) ? actions[event.key] : undefined;
    if (!action) return;
    event.preventDefault();
    action();
  }

  render(): TemplateResult {
    const count = this.model?.nodes.length ?? 0;
    return html`<canvas
      role="application"
      tabindex="0"
      aria-label=${`Layer graph, ${count} layers. Arrow keys pan, plus and minus zoom, 0 fits, Alt with Up or Down selects a layer. The Layers tab lists the same layers as a table.`}
      @pointerdown=${this.#down}
      @pointermove=${this.#move}
      @pointerup=${this.#up}
      @pointercancel=${this.#up}
      @keydown=${this.#key}
    ></canvas>`;
  }
}
customElements.define('cw-graph-view', GraphView);
